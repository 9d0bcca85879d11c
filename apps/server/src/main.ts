/**
 * The program. The only reader of the environment and the only writer on the console.
 * How it fails: one sentence that says what to do, exit 1. SIGINT and SIGTERM end it in order within 15 s.
 */
import "./platform/small-heap.ts";
import { MailbrakeError } from "@mailbrake/contract";
import { resetPassword } from "./features/access/index.ts";
import { ConfigError, readConfig } from "./platform/config.ts";
import { StartError } from "./platform/data-folder.ts";
import { openPlatform, type Undo, undoAll } from "./platform/open-platform.ts";
import { startServer } from "./start-server.ts";

const stopLimitMs = 15_000;

const usage = `usage: npm start                              the control plane
       npm start -- reset-password EMAIL      with the control plane stopped: a new password for a user`;

function fail(error: unknown): never {
  const expected = error instanceof ConfigError || error instanceof StartError || error instanceof MailbrakeError;
  console.error(expected ? `\nMailbrake can't do this.\n${error.message}\n` : error);
  process.exit(1);
}

async function reset(email: string): Promise<void> {
  const undo: Undo = [];
  try {
    const password = await resetPassword(await openPlatform(readConfig(process.env), undo), email);
    console.log(
      `\nThe new password of ${email}:\n\n  ${password}\n\nAll sessions of this user have ended. Start Mailbrake again, sign in, and change it.`,
    );
  } finally {
    await undoAll(undo);
  }
}

async function serve(): Promise<void> {
  const config = readConfig(process.env);
  const server = await startServer(config);
  console.log(`\nMailbrake is up: ${config.url}\nIts data: ${config.dataFolder}`);
  if (server.setupLink)
    console.log(
      `\nThere is no user yet. Make the first admin with this link, once, until ${server.setupLink.expiresAt.toISOString()}:\n\n  ${server.setupLink.url}\n`,
    );

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      console.error(
        `Mailbrake did not stop within ${stopLimitMs / 1000} s and is ended now; it goes on from its records at the next start.`,
      );
      process.exit(1);
    }, stopLimitMs).unref();
    server.stop().then(() => process.exit(0), fail);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

async function main([command, email, ...rest]: string[]): Promise<void> {
  if (command === undefined) return serve();
  if (command === "reset-password" && email !== undefined && rest.length === 0) return reset(email);
  throw new StartError(usage);
}

main(process.argv.slice(2)).catch(fail);
