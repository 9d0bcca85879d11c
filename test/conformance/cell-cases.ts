/** From what `discover` declares to the cases that are tried: one for each block point kind × effect × match, and throttles for each limit. */
import type { BlockPointKind, Cell, DiscoveredPoint, Effect, MatchKind } from "@mailbrake/contract";
import type { MatchSample } from "./match-samples.ts";

export const limits = ["connections", "messages", "recipients"] as const;
export type Limit = (typeof limits)[number];

export interface CellCase {
  /** "listener · hold · sender+recipient" */
  name: string;
  kind: BlockPointKind;
  /** "throttle: messages" for a throttle, else the effect's name. */
  effectLabel: string;
  matchLabel: string;
  point: DiscoveredPoint;
  cell: Cell;
  /** ANDed. */
  samples: MatchSample[];
  limit?: Limit;
}

/** What is not declared by a cell itself: the samples of a kind of match, and the limits that a throttle takes. */
export interface CaseSources {
  samples: (kind: MatchKind, effect: Effect) => MatchSample[];
  limits: (point: DiscoveredPoint, cell: Cell) => Promise<Limit[]>;
  /** Whether people log in there. */
  takesLogins: (point: DiscoveredPoint) => boolean;
}

/** Each cell once a kind of block point: at the first point that declares it; one with a login where people log in. */
export async function cellCases(points: readonly DiscoveredPoint[], sources: CaseSources): Promise<CellCase[]> {
  const cases = new Map<string, CellCase>();
  for (const point of points) {
    for (const cell of point.cells) {
      const numbers = cell.effect === "throttle" ? await sources.limits(point, cell) : [undefined];
      const combinations = [
        ...cell.matches.flatMap((kind) => sources.samples(kind, cell.effect).map((sample) => [sample])),
        ...(cell.pairs ?? []).map((pair) => pair.map((kind) => firstOf(sources.samples(kind, cell.effect)))),
      ];
      for (const samples of combinations) {
        for (const limit of numbers) {
          const effectLabel = limit ? `${cell.effect}: ${limit}` : cell.effect;
          const matchLabel = samples.map((sample) => sample.label).join("+");
          const name = `${point.kind} · ${effectLabel} · ${matchLabel}`;
          const here: CellCase = { name, kind: point.kind, effectLabel, matchLabel, point, cell, samples };
          if (limit) here.limit = limit;
          if (!cases.has(name) || (matchLabel.includes("login") && sources.takesLogins(point))) cases.set(name, here);
        }
      }
    }
  }
  return [...cases.values()];
}

function firstOf(samples: readonly MatchSample[]): MatchSample {
  const [first] = samples;
  if (!first) throw new Error("a kind of match without a sample");
  return first;
}
