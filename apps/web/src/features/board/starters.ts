import type { BlockPointView, Effect } from "@mailbrake/contract";
import { cellFor, isEntryPoint, isFirewallPoint } from "@mailbrake/domain";

export const starterIds = ["tempfail-inbound", "hold-all", "pause-delivery"] as const;
export type StarterId = (typeof starterIds)[number];

export interface Starter {
  id: StarterId;
  label: string;
  effect: Effect;
  /** One line: what it does to mail. */
  meaning: string;
  /** Which block points it is meant for, in words, for when there are none. */
  meantFor: string;
  isMeantFor: (point: BlockPointView) => boolean;
}

/** The brakes that one wants at three in the morning, over all mail and everywhere. */
export const starters: readonly Starter[] = [
  {
    id: "tempfail-inbound",
    label: "Tempfail all inbound mail",
    effect: "tempfail",
    meaning: "Senders outside keep their mail and try again.",
    meantFor: "entry points with the role inbound-mx or backup-mx",
    isMeantFor: ({ role }) => role === "inbound-mx" || role === "backup-mx",
  },
  {
    id: "hold-all",
    label: "Hold all mail",
    effect: "hold",
    meaning: "Take everything in at every door, and park it.",
    meantFor: "entry points",
    isMeantFor: isEntryPoint,
  },
  {
    id: "pause-delivery",
    label: "Pause all delivery",
    effect: "pause",
    meaning: "Take mail in, queue it, send nothing on.",
    meantFor: "delivery sides",
    isMeantFor: (point) => point.kind === "delivery" && !isFirewallPoint(point),
  },
];

/** The block points that a starter brakes: meant for it, still there, and able to. */
export function starterPoints(starter: Starter, points: readonly BlockPointView[]): BlockPointView[] {
  return points.filter(
    (point) =>
      point.door !== "gone" && starter.isMeantFor(point) && cellFor(point.cells, starter.effect, ["all"]) !== null,
  );
}
