import type { ApplicationState, DoorState, HostLinkState } from "@mailbrake/contract";

export interface DoorStateInput {
  link: HostLinkState;
  /** The block point was no longer there at the last discovery. */
  gone: boolean;
  /** The point's applications; ended ones (`lifted`, `open`) count for nothing. */
  applications: readonly { state: ApplicationState; wanted: "applied" | "lifted" }[];
}

/**
 * What the board says of one block point, the worst of what is known.
 * Without a link nothing is known of the host now, so the door is `unknown` whatever was proved before.
 * A refused order counts as `drifted`: the host is not as ordered and only a person can settle it.
 */
export function doorState({ link, gone, applications }: DoorStateInput): DoorState {
  if (gone) return "gone";
  if (link !== "connected") return "unknown";
  const active = applications.filter(({ state }) => state !== "lifted" && state !== "open");
  const has = (...states: ApplicationState[]) => active.some(({ state }) => states.includes(state));
  if (has("unknown")) return "unknown";
  if (has("drifted", "refused")) return "drifted";
  if (has("asked", "sent", "unreachable") || active.some(({ wanted }) => wanted === "lifted")) return "changing";
  return active.length > 0 ? "braked" : "open";
}
