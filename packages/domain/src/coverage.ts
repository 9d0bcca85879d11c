import type { BlockPointKind, Effect } from "@mailbrake/contract";

export interface Door {
  id: string;
  hostId: string;
  hostName: string;
  label: string;
  kind: BlockPointKind;
  gone: boolean;
}

/**
 * Doors on the same hosts through which mail still gets in, in words. A pause stops no door and leaves none open that it was meant to close.
 * @param doors every block point of the hosts that the brake is on
 */
export function uncoveredDoors(doors: readonly Door[], chosenIds: readonly string[], effect: Effect): string[] {
  if (effect === "pause") return [];
  const chosen = new Set(chosenIds);
  const hosts = new Set(doors.filter(({ id }) => chosen.has(id)).map(({ hostId }) => hostId));
  return doors
    .filter((door) => hosts.has(door.hostId) && !chosen.has(door.id) && !door.gone && door.kind !== "delivery")
    .map((door) => `${door.label} on ${door.hostName} stays open`);
}
