import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { databasePath } from "./open-store.ts";

const migrationLimitMs = 600_000;
/** Holds schema.prisma and migrations/; seen from src and from dist alike. */
const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Brings the database up to the newest migration, in a child process of its own so that the engine's memory goes with it.
 * @param url `file:/path/to/mailbrake.sqlite`; made with mode 0600 where it doesn't exist
 * @returns the names of the migrations that were applied; empty where nothing was pending
 * @throws Error with the engine's words
 */
export async function applyMigrations(url: string): Promise<string[]> {
  const path = databasePath(url);
  const { stdout } = await promisify(execFile)(process.execPath, [runnerPath(), "deploy", path], {
    timeout: migrationLimitMs,
    maxBuffer: 1_000_000,
  }).catch((error: Error & { stderr?: string }) => {
    throw new Error(`The database could not be brought up to date: ${error.stderr?.trim() || error.message}`, {
      cause: error,
    });
  });
  return stdout.split("\n").filter((name) => name !== "");
}

/** The same in this process, which keeps the engine's memory: for tests and tools. */
export async function applyMigrationsHere(url: string): Promise<string[]> {
  const { deployMigrations } = await import("./deploy-migrations.ts");
  return deployMigrations(packageFolder, url);
}

/** Built code lies in dist; from src (tests) the built runner beside it is used, for Node 20 can't run TypeScript. */
function runnerPath(): string {
  const built = fileURLToPath(new URL("../dist/migrate.js", import.meta.url));
  if (!existsSync(built)) throw new Error("The migration runner is not built; run `npm run build` first.");
  return built;
}
