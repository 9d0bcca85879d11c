/** Enrols lab hosts as an admin would: sees the fingerprint, compares it with the host's own, confirms, and lets the server install the agent over SSH. */
import type { BlockPointView, HostView } from "@mailbrake/contract";
import type { Lab } from "../lab/index.ts";
import type { ControlPlane } from "./control-plane.ts";
import { waitUntil } from "./wait-until.ts";

export async function enrolHost(plane: ControlPlane, lab: Lab, name: string): Promise<HostView> {
  const host = lab.host(name);
  const seen = await plane.call<{ fingerprint: string }>("POST", "/api/hosts/fingerprint", {
    address: host.address,
    port: host.sshPort,
  });
  if (seen.fingerprint !== host.hostKeyFingerprint) {
    throw new Error(`${name} shows ${seen.fingerprint} over the network and ${host.hostKeyFingerprint} on its console`);
  }
  return plane.call<HostView>(
    "POST",
    "/api/hosts/enrol-by-ssh",
    {
      name,
      address: host.address,
      port: host.sshPort,
      user: "root",
      privateKey: lab.privateKey,
      fingerprint: seen.fingerprint,
    },
    120_000,
  );
}

/** Waits until a host is connected and its block points are in the catalogue. */
export async function catalogued(plane: ControlPlane, hostId: string, timeoutMs = 60_000): Promise<BlockPointView[]> {
  return waitUntil(
    `host ${hostId} is in the catalogue`,
    async () => {
      const { blockPoints } = await plane.call<{ blockPoints: BlockPointView[] }>(
        "GET",
        `/api/block-points?hostId=${hostId}`,
      );
      return blockPoints.length > 0 ? blockPoints : undefined;
    },
    timeoutMs,
  );
}

/** Two at a time: what one waits for, the other uses. */
export async function enrolFleet(
  plane: ControlPlane,
  lab: Lab,
  names: readonly string[],
  onProgress: (text: string) => void = () => {},
): Promise<Map<string, HostView>> {
  const hosts = new Map<string, HostView>();
  const waiting = [...names];
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const host = await enrolHost(plane, lab, name);
      const points = await catalogued(plane, host.id);
      onProgress(`${name} enrolled: ${points.length} block points`);
      hosts.set(name, host);
    }
  };
  await Promise.all([lane(), lane()]);
  return hosts;
}
