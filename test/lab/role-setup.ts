import type { HostSpec } from "./host-spec.ts";
import type { SeedFile } from "./seed-file.ts";

/** The domain the lab's mx hosts take mail for. */
export const labDomain = "lab.example";
/** The domain of the sender outside. */
export const outsideDomain = "outside.example";
/** A name with the addresses of all mx hosts. */
export const exchangerName = `mx.${labDomain}`;

/** What a role sees of its lab when it writes its configuration. */
export interface SetupContext {
  host: HostSpec;
  hosts: readonly HostSpec[];
  /** First three octets, as in "10.77.0". */
  network: string;
}

/** What a role puts on a host: files, shell text run once after them, shell text run at every boot, ports it then listens on. */
export interface RoleSetup {
  files: SeedFile[];
  configure: string;
  start: string;
  ports: number[];
}

/** The name of a host as others know it. */
export function fullName(host: HostSpec): string {
  return host.role === "sender" ? `${host.name}.${outsideDomain}` : `${host.name}.${labDomain}`;
}
