import type { FollowTick, QueueName } from "@mailbrake/contract";

/** So many seconds are kept and drawn. */
export const followedSeconds = 60;

export const flows = ["received", "delivered", "deferred", "bounced", "rejected"] as const;

export interface FollowWindow {
  /** Oldest first, at most `followedSeconds` of them. */
  ticks: readonly FollowTick[];
  /** Of the last tick. */
  queues: readonly { queue: QueueName; messages: number }[];
  total: number;
  /** What the queue has grown (or shrunk, negative) since the first tick that is kept. */
  grown: number;
  /** Sums over the ticks that are kept. */
  flow: Record<(typeof flows)[number], number>;
  /** How many seconds they cover. */
  seconds: number;
}

export function addTick(ticks: readonly FollowTick[], tick: FollowTick): FollowTick[] {
  return [...ticks, tick].slice(-followedSeconds);
}

export const totalOf = ({ queues }: Pick<FollowTick, "queues">) =>
  queues.reduce((sum, { messages }) => sum + messages, 0);

/** Null before the first tick. */
export function followWindow(ticks: readonly FollowTick[]): FollowWindow | null {
  const first = ticks[0];
  const last = ticks.at(-1);
  if (first === undefined || last === undefined) return null;
  const flow = Object.fromEntries(
    flows.map((name) => [name, ticks.reduce((sum, tick) => sum + tick[name], 0)]),
  ) as FollowWindow["flow"];
  const total = totalOf(last);
  return {
    ticks,
    queues: last.queues,
    total,
    grown: total - totalOf(first),
    flow,
    seconds: Math.max(1, last.time - first.time + 1),
  };
}

/** Points of a line in a box of `width` × `height`, newest at the right; a queue that doesn't change is a line through the middle. */
export function sparkPoints(values: readonly number[], width: number, height: number): string {
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  const step = width / (followedSeconds - 1);
  const from = width - step * (values.length - 1);
  return values
    .map((value, index) => {
      const y = range === 0 ? height / 2 : height - ((value - least) / range) * height;
      return `${(from + index * step).toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
