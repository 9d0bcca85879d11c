import type { BlockPointKind, Effect, EntryPointRole } from "@mailbrake/contract";

export interface PlacedPoint {
  kind: BlockPointKind;
  role: EntryPointRole | null;
  /** As the agent names it, e.g. `postfix:/etc/postfix`. */
  instance: string;
}

/** Whether the point is a firewall's: a second hand on the ports of whatever listens there. */
export function isFirewallPoint({ instance }: Pick<PlacedPoint, "instance">): boolean {
  return instance.startsWith("nftables:");
}

/** Whether mail gets in by it: every kind but delivery, and a firewall's port only where no mail system's own listener stands for it (discovery gives it a role then). */
export function isEntryPoint(point: PlacedPoint): boolean {
  return point.kind !== "delivery" && !(isFirewallPoint(point) && point.role === null);
}

export interface Door extends PlacedPoint {
  id: string;
  hostId: string;
  hostName: string;
  label: string;
  /** Ports that it listens on. */
  ports: readonly number[];
  gone: boolean;
}

/**
 * Doors on the same hosts through which mail still gets in, in words. A pause stops no door and leaves none open that it was meant to close.
 * A brake on a port at the firewall covers whatever listens on that port.
 * @param doors every block point of the hosts that the brake is on
 * @param effects all that the brake has somewhere
 */
export function uncoveredDoors(
  doors: readonly Door[],
  chosenIds: readonly string[],
  effects: readonly Effect[],
): string[] {
  if (effects.every((effect) => effect === "pause")) return [];
  const chosen = new Set(chosenIds);
  const hosts = new Set(doors.filter(({ id }) => chosen.has(id)).map(({ hostId }) => hostId));
  const behind = new Set(
    doors
      .filter((door) => chosen.has(door.id) && isFirewallPoint(door))
      .flatMap(({ hostId, ports }) => ports.map((port) => `${hostId} ${port}`)),
  );
  const isBehind = ({ hostId, ports }: Door) =>
    ports.length > 0 && ports.every((port) => behind.has(`${hostId} ${port}`));
  return doors
    .filter((door) => hosts.has(door.hostId) && !chosen.has(door.id) && !door.gone && isEntryPoint(door))
    .filter((door) => !isBehind(door))
    .map((door) => `${door.label} on ${door.hostName} stays open`);
}
