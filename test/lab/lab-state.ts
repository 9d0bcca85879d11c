/**
 * What is known of each lab on this machine: /run/mailbrake-lab/<name>/, so that any process can use a lab or take it down.
 * Guarantees: a name belongs to one lab (its folder is made atomically); lab.json is replaced, never half written; the folder
 * is readable by root alone, for it holds the lab's private key. If the writer is killed, the folder stays until `lab down`.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HostSpec } from "./host-spec.ts";
import { LabError } from "./lab-error.ts";
import type { LayerCache } from "./layer-cache.ts";

export const labsFolder = "/run/mailbrake-lab";

export interface LabRecord {
  name: string;
  /** First three octets, as in "10.77.0"; undefined until one is taken. */
  network: string | undefined;
  hosts: HostSpec[];
  /** Where the hosts' disks are. */
  disksFolder: string;
  layers: LayerCache;
  /** The process that brought it up: with `keep` false, the lab is left over once that process is gone. */
  ownerPid: number;
  ownerStartTicks: string;
  keep: boolean;
  state: "starting" | "up";
}

export function labFolder(name: string): string {
  return join(labsFolder, name);
}

export function hostFolder(labName: string, hostName: string): string {
  return join(labFolder(labName), "hosts", hostName);
}

/** Takes the name for a new lab and records it; LabError if it is in use. */
export async function claimLab(record: LabRecord): Promise<void> {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(record.name)) {
    throw new LabError(
      `"${record.name}" can't be the name of a lab.`,
      "Use at most 31 of a-z, 0-9 and -, a letter first.",
    );
  }
  await mkdir(labsFolder, { recursive: true, mode: 0o700 });
  try {
    await mkdir(labFolder(record.name), { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new LabError(
      `A lab named "${record.name}" is already up, or was left over.`,
      `Take it down with: npm run lab -- down --name ${record.name}`,
    );
  }
  await writeRecord(record);
}

/** Replaces the record of a lab. */
export async function writeRecord(record: LabRecord): Promise<void> {
  const path = join(labFolder(record.name), "lab.json");
  await writeFile(`${path}.new`, JSON.stringify(record, undefined, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Reads the record of a lab; undefined when there is none by that name. */
export async function readRecord(name: string): Promise<LabRecord | undefined> {
  if (!existsSync(labFolder(name))) return undefined;
  try {
    return JSON.parse(await readFile(join(labFolder(name), "lab.json"), "utf8")) as LabRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Names of all labs with a folder, left-overs included. */
export async function labNames(): Promise<string[]> {
  if (!existsSync(labsFolder)) return [];
  const entries = await readdir(labsFolder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Removes the folder of a lab, and the folder of all labs when it was the last. */
export async function forgetLab(name: string): Promise<void> {
  await rm(labFolder(name), { recursive: true, force: true });
  if (existsSync(labsFolder) && (await readdir(labsFolder)).length === 0) {
    await rm(labsFolder, { recursive: true, force: true });
  }
}

/** Whether the process that brought the lab up is gone, before it was up or although the lab was only meant to live as long. */
export function isLeftOver(record: LabRecord): boolean {
  return (!record.keep || record.state === "starting") && startTicks(record.ownerPid) !== record.ownerStartTicks;
}

/** When a process started, in clock ticks since boot: with its pid this names one process for good. "" when there is none. */
export function startTicks(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command, in parentheses, may hold spaces; starttime is field 22, the 20th after it (proc(5)).
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH") return "";
    throw error;
  }
}
