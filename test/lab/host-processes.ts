/**
 * The processes that keep a lab alive: one `unshare` for the switch and one a host. All that runs in a host, its network and
 * its mounts end with that one process, so nothing else has to be remembered, and a lab survives the process that started it.
 * Guarantees: a pid is only ever signalled when its command line still names this lab's folder.
 * If this process is killed between the start and the write of parent.pid: the started shell writes that file itself.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LabError } from "./lab-error.ts";

const startTimeoutMs = 15_000;
const endTimeoutMs = 10_000;

/**
 * Starts `script` as pid 1 of new namespaces (`flags` for unshare(1)) and waits until it has printed "ready".
 * `$1` of the script is `folder`, which gets parent.pid and console.log; `args` follow. Gives the pid of that pid 1 as seen here.
 */
export async function startNamespaces(
  folder: string,
  flags: string[],
  script: string,
  args: string[],
): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const consoleLog = await open(join(folder, "console.log"), "w", 0o600);
  try {
    const launch = 'echo $$ > "$1/parent.pid"; shift; exec "$@"';
    const unshare = [
      "unshare",
      ...flags,
      "--fork",
      "--kill-child",
      "sh",
      "-euc",
      script,
      "mailbrake-lab",
      folder,
      ...args,
    ];
    const child = spawn("sh", ["-euc", launch, "mailbrake-lab", folder, ...unshare], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", consoleLog.fd, consoleLog.fd],
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    });
    let failure: Error | undefined;
    child.once("error", (error) => {
      failure = error;
    });
    child.unref();
    for (const started = Date.now(); Date.now() - started < startTimeoutMs; await sleep(5)) {
      if (failure) throw failure;
      const said = await readFile(join(folder, "console.log"), "utf8");
      if (/^ready$/m.test(said)) {
        const pid = firstProcess(folder);
        if (pid !== undefined) return pid;
      }
      if (child.exitCode !== null) throw new LabError(`A part of the lab didn't start (${folder}): ${said.trim()}`);
    }
    throw new LabError(`A part of the lab didn't start within ${startTimeoutMs / 1000} s (${folder}).`);
  } finally {
    await consoleLog.close();
  }
}

/** The pid, as seen here, of pid 1 of the namespaces started in `folder`; undefined when they are not running. */
export function firstProcess(folder: string): number | undefined {
  const parent = parentProcess(folder);
  if (parent === undefined) return undefined;
  try {
    const child = Number.parseInt(readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8"), 10);
    return Number.isNaN(child) ? undefined : child;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Ends the namespaces started in `folder` with all that runs in them, and waits until they are gone. */
export async function endNamespaces(folder: string): Promise<void> {
  const parent = parentProcess(folder);
  if (parent === undefined) return;
  const first = firstProcess(folder);
  // The first process goes first: unshare then reaps it, and once unshare is gone every process inside is.
  for (const pid of [first, parent]) {
    if (pid === undefined) continue;
    kill(pid);
    for (const started = Date.now(); isRunning(pid); await sleep(5)) {
      if (Date.now() - started > endTimeoutMs) throw new LabError(`Process ${pid} of the lab doesn't end (${folder}).`);
    }
  }
}

function parentProcess(folder: string): number | undefined {
  const path = join(folder, "parent.pid");
  if (!existsSync(path)) return undefined;
  const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
  if (Number.isNaN(pid)) return undefined;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(folder) ? pid : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    // A zombie holds nothing any more; whoever started it will reap it.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH";
}
