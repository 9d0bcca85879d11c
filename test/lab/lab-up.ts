/**
 * Brings a lab up.
 * Guarantees: it is all up, with every service answering, or nothing is left; SIGINT, SIGTERM and SIGHUP meanwhile count as failure
 * and then end this process as they would have. If this process is killed outright, `labDown` (or the next `labUp`) removes
 * what it made, from the state in /run.
 */
import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { makeDisk, startHost } from "./host-boot.ts";
import { defaultFleet, type HostSpec } from "./host-spec.ts";
import { type Lab, labOf } from "./lab.ts";
import { removeLab, risingLabs, sweepLeftOvers } from "./lab-down.ts";
import { LabError } from "./lab-error.ts";
import { labHost, setUpHost } from "./lab-host.ts";
import { clientOctets, machineOctet, startNetwork } from "./lab-network.ts";
import { claimLab, type LabRecord, labFolder, startTicks, writeRecord } from "./lab-state.ts";
import { cacheFolder, ensureLayers } from "./layer-cache.ts";
import { checkMachine } from "./machine-check.ts";
import { runCommand } from "./run-command.ts";

export interface LabOptions {
  /** Default: a name of its own for each call. */
  name?: string;
  /** Default: `defaultFleet()`. */
  hosts?: HostSpec[];
  /** "10.77.0.0/24" to "10.77.254.0/24". Default: the first that nothing on this machine uses. */
  subnet?: string;
  /** Default false: the lab is left over, and swept by the next `labUp`, once this process has ended. True: it stays until `labDown`. */
  keep?: boolean;
  onProgress?: (message: string) => void;
}

/** Builds what is missing in the cache and brings a lab up; LabError, with nothing left behind, when that isn't possible. */
export async function labUp(options: LabOptions = {}): Promise<Lab> {
  const hosts = options.hosts ?? defaultFleet();
  checkHosts(hosts);
  await checkMachine();
  const onProgress = options.onProgress ?? ((): void => undefined);
  for (const name of await sweepLeftOvers()) onProgress(`Removed the lab "${name}", whose process was killed`);

  const name = options.name ?? `lab-${process.pid}-${randomBytes(3).toString("hex")}`;
  const interrupt = new AbortController();
  // Every host's commands listen to it.
  setMaxListeners(0, interrupt.signal);
  const onSignal = (signal: NodeJS.Signals): void => interrupt.abort(new Interrupted(signal));
  for (const signal of deadlySignals) process.on(signal, onSignal);
  const stopListening = (): void => {
    for (const signal of deadlySignals) process.off(signal, onSignal);
  };
  const rising = bringUp({ ...options, name, hosts, onProgress }, interrupt.signal);
  const settled = rising.then(
    () => undefined,
    () => undefined,
  );
  risingLabs.set(name, {
    interrupt: () => interrupt.abort(new LabError(`The lab "${name}" was taken down.`)),
    settled,
  });
  try {
    return await rising;
  } catch (error) {
    stopListening();
    const reason: unknown = interrupt.signal.reason;
    if (reason instanceof Interrupted && process.listenerCount(reason.signalName) === 0) {
      process.kill(process.pid, reason.signalName);
    }
    throw reason instanceof LabError ? reason : error;
  } finally {
    risingLabs.delete(name);
    stopListening();
  }
}

const deadlySignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type Plan = LabOptions & { name: string; hosts: HostSpec[]; onProgress: (message: string) => void };

async function bringUp(plan: Plan, signal: AbortSignal): Promise<Lab> {
  const { name, hosts, onProgress } = plan;
  const layers = await ensureLayers({ layers: hosts.map((host) => host.layer), onProgress, signal });
  const record: LabRecord = {
    name,
    network: undefined,
    hosts,
    disksFolder: join(cacheFolder(), "disks", name),
    layers,
    ownerPid: process.pid,
    ownerStartTicks: startTicks(process.pid),
    keep: plan.keep ?? false,
    state: "starting",
  };
  await claimLab(record);
  try {
    record.network = await startNetwork(name, hosts, plan.subnet);
    await writeRecord(record);
    signal.throwIfAborted();
    const comment = `root of the lab ${name}`;
    await runCommand([
      "ssh-keygen",
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-C",
      comment,
      "-f",
      join(labFolder(name), "key"),
    ]);
    await settleAll(hosts.map((host) => bringUpHost(record, host, onProgress, signal)));
    signal.throwIfAborted();
    record.state = "up";
    await writeRecord(record);
    onProgress(`The lab "${name}" is up on ${record.network}.0/24`);
    return labOf(record);
  } catch (error) {
    await removeLab(name);
    throw error;
  }
}

async function bringUpHost(
  record: LabRecord,
  spec: HostSpec,
  onProgress: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await makeDisk(record, spec);
  signal.throwIfAborted();
  await startHost(record, spec);
  signal.throwIfAborted();
  const host = labHost(record, spec);
  await setUpHost(record, host, signal);
  onProgress(`${spec.name} is up at ${host.address}`);
}

/** Waits for all, even when one fails, so that nothing is still being made while it is taken down; then fails as the first did. */
async function settleAll(tasks: Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks)) {
    if (result.status === "rejected") throw result.reason;
  }
}

class Interrupted extends LabError {
  readonly signalName: NodeJS.Signals;

  constructor(signalName: NodeJS.Signals) {
    super(`Interrupted (${signalName}).`);
    this.signalName = signalName;
  }
}

function checkHosts(hosts: readonly HostSpec[]): void {
  const names = new Set<string>();
  const octets = new Set([machineOctet, ...clientOctets]);
  for (const host of hosts) {
    if (!/^[a-z][a-z0-9-]{0,10}$/.test(host.name)) {
      throw new LabError(
        `"${host.name}" can't be the name of a host.`,
        "Use at most 11 of a-z, 0-9 and -, a letter first.",
      );
    }
    if (names.has(host.name)) throw new LabError(`Two hosts are named "${host.name}".`);
    names.add(host.name);
    if (!Number.isInteger(host.octet) || host.octet < 2 || host.octet > 254 || octets.has(host.octet)) {
      throw new LabError(
        `The host "${host.name}" can't have the address .${host.octet}.`,
        "Use a free one of 2 to 254.",
      );
    }
    octets.add(host.octet);
  }
}
