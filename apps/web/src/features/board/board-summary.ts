import type { BlockPointView, HostView } from "@mailbrake/contract";
import { isEntryPoint } from "@mailbrake/domain";
import { isBrakedForAll } from "./door-words.ts";

export interface BoardSummary {
  entryPoints: number;
  braked: number;
  /** Of those, the ones where no brake is on all mail. */
  brakedInPart: number;
  /** Doors of which we can't say now what they are: unknown, drifted, changing. */
  unsettled: { unknown: number; drifted: number; changing: number };
  /** Names of hosts that can't be reached, or whose key changed. */
  unreachable: string[];
  pausedDeliveries: number;
}

/** Counts entry points only; points that are gone count for nothing. */
export function summarise(points: readonly BlockPointView[], hosts: readonly HostView[]): BoardSummary {
  const present = points.filter(({ door }) => door !== "gone");
  const entries = present.filter(isEntryPoint);
  const count = (door: BlockPointView["door"]) => entries.filter((point) => point.door === door).length;
  return {
    entryPoints: entries.length,
    braked: count("braked"),
    brakedInPart: entries.filter((point) => point.door === "braked" && !isBrakedForAll(point)).length,
    unsettled: { unknown: count("unknown"), drifted: count("drifted"), changing: count("changing") },
    unreachable: hosts.filter(({ link }) => link === "unreachable" || link === "key-changed").map(({ name }) => name),
    pausedDeliveries: present.filter(({ kind, door }) => kind === "delivery" && door === "braked").length,
  };
}

/** The line that must be understood in ten seconds. */
export function headline(summary: BoardSummary): string {
  const { entryPoints, braked, unsettled } = summary;
  if (entryPoints === 0) return "No entry points yet";
  const points = entryPoints === 1 ? "entry point" : "entry points";
  const uncertain = unsettled.unknown + unsettled.drifted + unsettled.changing;
  if (braked > 0 && summary.brakedInPart > 0) {
    const whole = braked - summary.brakedInPart;
    return `${whole} of ${entryPoints} ${points} braked, ${summary.brakedInPart} in part`;
  }
  if (braked > 0)
    return braked === entryPoints
      ? `All ${entryPoints} ${points} braked`
      : `${braked} of ${entryPoints} ${points} braked`;
  if (uncertain === 0) return entryPoints === 1 ? "The one entry point is open" : `All ${entryPoints} ${points} open`;
  if (unsettled.changing === uncertain) return `${uncertain} of ${entryPoints} ${points} changing`;
  return `${entryPoints - uncertain} of ${entryPoints} ${points} known to be open`;
}

/** What needs a look, worst first; empty when nothing does. */
export function worries(summary: BoardSummary): string[] {
  const { unsettled, unreachable, pausedDeliveries } = summary;
  const found: string[] = [];
  const some = (count: number, words: string) => {
    if (count > 0) found.push(`${count} ${words}`);
  };
  if (unreachable.length > 0) {
    const names = unreachable.slice(0, 3).join(", ") + (unreachable.length > 3 ? " and more" : "");
    found.push(`${unreachable.length === 1 ? "1 host" : `${unreachable.length} hosts`} unreachable: ${names}`);
  }
  some(unsettled.unknown, "unknown");
  some(unsettled.drifted, "drifted");
  some(unsettled.changing, "changing");
  some(pausedDeliveries, pausedDeliveries === 1 ? "delivery paused" : "deliveries paused");
  return found;
}
