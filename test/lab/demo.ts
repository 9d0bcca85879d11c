/**
 * The demo: a real fleet on this machine, the control plane on SQLite, and a way in. Ctrl-C takes down all that it brought up.
 * Killed outright, it leaves the lab behind; `npm run lab -- down` (or the next demo) clears that.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ControlPlane, freePort } from "../stack/control-plane.ts";
import { enrolFleet } from "../stack/enrol-fleet.ts";
import { type Lab, LabError, labDown, labUp, mixedFleet } from "./index.ts";

const name = "demo";
const say = (text: string) => process.stdout.write(`${text}\n`);
const started = Date.now();
const progress = (text: string) => say(`  ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);

let lab: Lab | undefined;
let plane: ControlPlane | undefined;
let leaving = false;

async function takeDown(): Promise<void> {
  await plane?.discard().catch((error: unknown) => say(`The control plane did not end cleanly: ${String(error)}`));
  await labDown({ name });
  say("All that the demo brought up is down again.");
}

async function leave(code: number): Promise<void> {
  if (leaving) return;
  leaving = true;
  say("\nTaking the demo down …");
  try {
    await takeDown();
    process.exit(code);
  } catch (error) {
    say(`Not all could be taken down: ${String(error)}\nRun: npm run lab -- down --name ${name}`);
    process.exit(1);
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void leave(0));

async function choosePort(): Promise<number> {
  const asked = process.env.MAILBRAKE_PORT;
  return asked ? Number(asked) : freePort();
}

async function demo(): Promise<void> {
  say(
    "Bringing up the lab: mx1 (Postfix), mx2 (Exim), relay (Sendmail), lists (OpenSMTPD), a sender outside and a sink, each a host of its own",
  );
  await labDown({ name });
  lab = await labUp({ name, hosts: mixedFleet(), onProgress: progress });
  const port = await choosePort();
  plane = await ControlPlane.start({
    ...(process.env.MAILBRAKE_HOST ? { host: process.env.MAILBRAKE_HOST } : {}),
    port,
    dataFolder: mkdtempSync(join(tmpdir(), "mailbrake-demo-")),
  });
  progress(`control plane started (pid ${plane.pid})`);
  const admin = await plane.makeFirstAdmin();
  await enrolFleet(plane, lab, ["mx1", "mx2", "relay", "lists"], progress);
  say(`
  Mailbrake is up.

    Open      ${plane.url}
    Sign in   ${admin.email}
    Password  ${admin.password}   (made for this run; it goes with the demo)

  Try: Board → "Tempfail all inbound mail" → read the plan → Apply the brake. Then lift it.
  In another terminal, mail from outside:  npm run lab -- shell sender --name ${name}

  Ctrl-C takes all of it down.
`);
}

try {
  await demo();
} catch (error) {
  say(`\n${error instanceof LabError ? error.message : (error as Error).stack}`);
  await leave(1);
}
