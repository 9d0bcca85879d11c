import { readFileSync } from "node:fs";
import { join } from "node:path";
import { labDown } from "./lab-down.ts";
import { LabError } from "./lab-error.ts";
import { type LabHost, labHost } from "./lab-host.ts";
import { clientOctets, machineOctet } from "./lab-network.ts";
import { type LabSender, labSender } from "./lab-sender.ts";
import { type LabSink, labSink } from "./lab-sink.ts";
import { type LabRecord, labFolder, readRecord } from "./lab-state.ts";

/** A lab that is up. */
export interface Lab {
  readonly name: string;
  /** "10.77.0.0/24", or another third octet. */
  readonly subnet: string;
  /** The address from which this machine speaks to the hosts. */
  readonly machineAddress: string;
  /** More addresses of this machine: a test's SMTP client may bind to any of them and is then that client to the hosts. */
  readonly clientAddresses: readonly string[];
  readonly hosts: readonly LabHost[];
  /** Private key (OpenSSH format, ed25519) that logs in as root on every host: what an admin enrols hosts with. */
  readonly privateKey: string;
  readonly privateKeyPath: string;
  /** The host by that name; LabError when there is none. */
  host(name: string): LabHost;
  /** LabError on use when the lab has no host with that role. */
  readonly sender: LabSender;
  readonly sink: LabSink;
  /** Ends everything and removes every trace but the cache. */
  down(): Promise<void>;
}

/** The lab of a record whose network is known. */
export function labOf(record: LabRecord): Lab {
  const hosts = record.hosts.map((spec) => labHost(record, spec));
  const withRole = (role: "sender" | "sink"): LabHost => {
    const found = hosts.find((host) => host.spec.role === role);
    if (!found) throw new LabError(`The lab "${record.name}" has no ${role}.`);
    return found;
  };
  const keyPath = join(labFolder(record.name), "key");
  let sender: LabSender | undefined;
  let sink: LabSink | undefined;
  return {
    name: record.name,
    subnet: `${record.network}.0/24`,
    machineAddress: `${record.network}.${machineOctet}`,
    clientAddresses: clientOctets.map((octet) => `${record.network}.${octet}`),
    hosts,
    privateKey: readFileSync(keyPath, "utf8"),
    privateKeyPath: keyPath,
    host: (name) => {
      const found = hosts.find((host) => host.name === name);
      if (!found) {
        const names = hosts.map((host) => host.name).join(", ");
        throw new LabError(`The lab "${record.name}" has no host "${name}".`, `It has: ${names}.`);
      }
      return found;
    },
    get sender() {
      sender ??= labSender(withRole("sender"));
      return sender;
    },
    get sink() {
      sink ??= labSink(record.name, withRole("sink"));
      return sink;
    },
    down: async () => await labDown({ name: record.name }),
  };
}

/** The lab that another process brought up; LabError when there is none by that name. */
export async function labAttach(name: string): Promise<Lab> {
  const record = await readRecord(name);
  if (record?.state !== "up") {
    throw new LabError(`There is no lab "${name}" up.`, "Bring it up with: npm run lab -- up");
  }
  return labOf(record);
}
