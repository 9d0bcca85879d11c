/**
 * The lab's network: a switch (a bridge in a network namespace of its own), one link from it to each host, and one to this
 * machine, which gets the address .1 so that a control plane here reaches the hosts as over any network.
 * Guarantees: a /24 is taken by one lab only; this machine gets one link and its addresses, nothing is routed or forwarded;
 * addresses have fixed MACs known to all, so no peer waits for ARP after a reboot, and a cut host is silence, not an error.
 * If killed: the links end with the switch's namespace, which `endNamespaces` ends.
 */
import { join } from "node:path";
import { endNamespaces, firstProcess, startNamespaces } from "./host-processes.ts";
import type { HostSpec } from "./host-spec.ts";
import { LabError } from "./lab-error.ts";
import { labFolder } from "./lab-state.ts";
import { runCommand } from "./run-command.ts";

/** Last octet of this machine's address in a lab. */
export const machineOctet = 1;
/** More addresses of this machine in a lab: SMTP clients of a test may speak from any of them. */
export const clientOctets = [111, 112, 113, 114, 115, 116, 117];

const networkPrefix = "10.77";

export function switchFolder(labName: string): string {
  return join(labFolder(labName), "switch");
}

/** The MAC that belongs to `network`.`octet`. */
function macAddress(network: string, octet: number): string {
  const bytes = [...network.split(".").map(Number), octet].slice(1);
  return ["02", "4d", "4c", ...bytes.map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

/** Name of this machine's link into the lab on `network`; at most one lab has it. */
function machineLink(network: string): string {
  return `mailbrake-${network.split(".")[2]}`;
}

/** The name of a host's port on the switch. */
function portName(hostName: string): string {
  return `v-${hostName}`;
}

/**
 * Starts the switch, takes a /24 that nothing on this machine uses (or `wanted`, as "10.77.0.0/24") and links this machine to it.
 * Gives the network's first three octets.
 */
export async function startNetwork(labName: string, hosts: readonly HostSpec[], wanted?: string): Promise<string> {
  const script = `ip link set lo up; ip link add br0 type bridge; ip link set br0 up
echo ready; trap : TERM; while :; do sleep 3600 & wait $!; done`;
  const switchPid = await startNamespaces(switchFolder(labName), ["--net", "--mount", "--pid"], script, []);
  const network = await takeNetwork(switchPid, wanted);
  const link = machineLink(network);
  const machineOctets = [machineOctet, ...clientOctets];
  await ipBatch(["nsenter", "-t", String(switchPid), "-n"], ["link set machine master br0 up"]);
  await ipBatch(
    [],
    [
      ...machineOctets.map((octet) => `addr add ${network}.${octet}/24 dev ${link}`),
      `link set ${link} up`,
      ...neighbours(network, hosts, link, machineOctet),
    ],
  );
  return network;
}

/** Ends the switch, and with it every link of the lab, this machine's included. */
export async function stopNetwork(labName: string, network: string | undefined): Promise<void> {
  if (network !== undefined && firstProcess(switchFolder(labName)) !== undefined) {
    // Deleted by hand because the kernel clears a dead namespace only some time later.
    await runCommand(["ip", "link", "delete", machineLink(network)], { check: false });
  }
  await endNamespaces(switchFolder(labName));
}

/** Gives a host that has just started (pid 1 = `hostPid`) its port on the switch and its addresses. */
export async function plugHost(
  labName: string,
  network: string,
  hosts: readonly HostSpec[],
  host: HostSpec,
  hostPid: number,
): Promise<void> {
  const inSwitch = enterSwitch(labName);
  const port = portName(host.name);
  await ipBatch(inSwitch, [
    `link add ${port} type veth peer name eth0 address ${macAddress(network, host.octet)} netns ${hostPid}`,
    `link set ${port} master br0 up`,
  ]);
  await ipBatch(
    ["nsenter", "-t", String(hostPid), "-n"],
    [
      "link set lo up",
      `addr add ${network}.${host.octet}/24 dev eth0`,
      "link set eth0 up",
      ...neighbours(network, hosts, "eth0", host.octet),
    ],
  );
}

/** Removes the port of a host that has ended, so that it can be plugged in again at once. */
export async function unplugHost(labName: string, hostName: string): Promise<void> {
  await runCommand([...enterSwitch(labName), "ip", "link", "delete", portName(hostName)], { check: false });
}

/** Cuts a host from the network: what it sends and what is sent to it vanishes, without an error for anyone. */
export async function cutHost(labName: string, hostName: string): Promise<void> {
  await ipBatch(enterSwitch(labName), [`link set ${portName(hostName)} nomaster`]);
}

/** Undoes `cutHost`. */
export async function mendHost(labName: string, hostName: string): Promise<void> {
  await ipBatch(enterSwitch(labName), [`link set ${portName(hostName)} master br0`]);
}

function enterSwitch(labName: string): string[] {
  const pid = firstProcess(switchFolder(labName));
  if (pid === undefined)
    throw new LabError(`The switch of the lab "${labName}" isn't running.`, "Take the lab down and up again.");
  return ["nsenter", "-t", String(pid), "-n"];
}

async function takeNetwork(switchPid: number, wanted: string | undefined): Promise<string> {
  const routes = await runCommand(["ip", "-4", "-o", "route", "show", "table", "all"]);
  const candidates = Array.from({ length: 255 }, (_, index) => `${networkPrefix}.${index}`).filter(
    (network) => wanted === undefined || wanted === `${network}.0/24`,
  );
  if (candidates.length === 0) {
    throw new LabError(`"${wanted}" can't be a lab's subnet.`, "Use 10.77.0.0/24 to 10.77.254.0/24.");
  }
  for (const network of candidates) {
    if (routes.stdout.includes(`${network}.`)) continue;
    const mac = macAddress(network, machineOctet);
    const added = await runCommand(
      [
        "ip",
        "link",
        "add",
        machineLink(network),
        "address",
        mac,
        "type",
        "veth",
        "peer",
        "name",
        "machine",
        "netns",
        String(switchPid),
      ],
      { check: false },
    );
    if (added.exitCode === 0) return network;
    // Another lab was faster: its link has the name.
    if (!/File exists/.test(added.stderr))
      throw new LabError(`Could not link this machine to the lab: ${added.stderr.trim()}`);
  }
  throw new LabError(
    wanted ? `The subnet ${wanted} is in use on this machine.` : "All of 10.77.0.0/16 is in use on this machine.",
    "See which labs are up with: npm run lab -- status",
  );
}

function neighbours(network: string, hosts: readonly HostSpec[], link: string, selfOctet: number): string[] {
  const line = (octet: number, owner: number): string =>
    `neigh replace ${network}.${octet} lladdr ${macAddress(network, owner)} dev ${link} nud permanent`;
  const ofHosts = hosts.filter((host) => host.octet !== selfOctet).map((host) => line(host.octet, host.octet));
  if (selfOctet === machineOctet) return ofHosts;
  return [...ofHosts, ...[machineOctet, ...clientOctets].map((octet) => line(octet, machineOctet))];
}

async function ipBatch(enter: readonly string[], lines: string[]): Promise<void> {
  await runCommand([...enter, "ip", "-batch", "-"], { input: `${lines.join("\n")}\n`, timeoutSeconds: 20 });
}
