/**
 * Ends a lab, whichever process brought it up and however far it got.
 * Guarantees: afterwards none of its processes, namespaces, links, mounts, disks or state is left; the cache stays; doing it
 * twice, or to a lab that never was, is no error. If killed half way, doing it again finishes it.
 */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { endNamespaces } from "./host-processes.ts";
import { stopNetwork } from "./lab-network.ts";
import { forgetLab, isLeftOver, labFolder, labNames, readRecord } from "./lab-state.ts";
import { cacheFolder } from "./layer-cache.ts";

/** Labs that this process is bringing up just now. */
export const risingLabs = new Map<string, { interrupt: () => void; settled: Promise<void> }>();

/** Takes down the lab by that name. One that this process is still bringing up is interrupted first. */
export async function labDown({ name }: { name: string }): Promise<void> {
  const rising = risingLabs.get(name);
  rising?.interrupt();
  await rising?.settled;
  await removeLab(name);
}

/** Removes what there is of the lab, as `labDown`, without waiting for whoever brings it up. */
export async function removeLab(name: string): Promise<void> {
  const hostsFolder = join(labFolder(name), "hosts");
  const hosts = existsSync(hostsFolder) ? await readdir(hostsFolder) : [];
  await Promise.all(hosts.map((host) => endNamespaces(join(hostsFolder, host))));
  const record = await readRecord(name);
  await stopNetwork(name, record?.network);
  if (record) {
    await rm(record.disksFolder, { recursive: true, force: true });
    const disks = dirname(record.disksFolder);
    if (existsSync(disks) && (await readdir(disks)).length === 0) await rm(disks, { recursive: true, force: true });
  }
  await forgetLab(name);
}

/** Takes down every lab whose process was killed before it could; gives their names. */
export async function sweepLeftOvers(): Promise<string[]> {
  const swept: string[] = [];
  for (const name of await labNames()) {
    const record = await readRecord(name);
    if (record && isLeftOver(record)) {
      await removeLab(name);
      swept.push(name);
    }
  }
  await removeForgottenDisks();
  return swept;
}

/** Disks outlive a reboot of this machine; what is known of their labs, in /run, does not. */
async function removeForgottenDisks(): Promise<void> {
  const disks = join(cacheFolder(), "disks");
  const names = existsSync(disks) ? await readdir(disks) : [];
  // Read after the disks: a lab takes its name before it makes any.
  const known = await labNames();
  for (const name of names) if (!known.includes(name)) await rm(join(disks, name), { recursive: true, force: true });
}
