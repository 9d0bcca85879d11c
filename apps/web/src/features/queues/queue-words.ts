import type { QueueActionName, QueueName, QueueSelection } from "@mailbrake/contract";
import { selectionInWords } from "@mailbrake/domain";
import { durationInWords } from "../../ui/format-time.ts";

interface ActionWords {
  name: string;
  /** What happens to the messages, in one line. */
  meaning: string;
}

export const actionWords: Record<QueueActionName, ActionWords> = {
  hold: { name: "Hold", meaning: "Park them in the queue: nothing is delivered until they are released." },
  release: { name: "Release", meaning: "Let held ones go again, all at once or so many a minute." },
  requeue: { name: "Requeue", meaning: "Take them in anew, so that routes and rewriting are worked out again." },
  flush: { name: "Flush", meaning: "Try to deliver them now, instead of at their next turn." },
  bounce: { name: "Bounce", meaning: "Return them to their senders as undeliverable. This can't be undone." },
  delete: { name: "Delete", meaning: "Take them out of the queue. A backup is kept for 30 days; nobody is told." },
  restore: { name: "Restore", meaning: "Put back what a delete took, held." },
};

/** "Hold queued mail from alice@good.test", "Delete all queued mail, in the queue hold". */
export function actionInWords(action: QueueActionName, selection: QueueSelection): string {
  const which = selectionInWords(selection);
  const { name } = actionWords[action];
  const rest = which.replace(/^all mail/, "");
  return rest === which ? `${name} queued mail ${which}` : `${name} all queued mail${rest}`;
}

/** What a person may choose; a restore is ordered from its delete. In the order of harm. */
export const orderableActions = ["hold", "release", "flush", "requeue", "bounce", "delete"] as const;
export type OrderableAction = (typeof orderableActions)[number];

/** A release touches what is held alone, so that is what is counted for it, unless something else was chosen. */
export function heldOnly(action: OrderableAction, chosen: { queue?: QueueName; held?: string }): { queue?: QueueName } {
  return action === "release" && chosen.queue === undefined && chosen.held === undefined ? { queue: "hold" } : {};
}

export const queueNameWords: Record<QueueName, string> = {
  incoming: "Incoming",
  active: "Active",
  deferred: "Deferred",
  hold: "On hold",
  local: "Local drop",
};

const grouped = new Intl.NumberFormat("en-GB");

/** `12,345` */
export function countInWords(count: number): string {
  return grouped.format(count);
}

/** `1 message`, `12,345 messages` */
export function messagesInWords(count: number): string {
  return `${countInWords(count)} ${count === 1 ? "message" : "messages"}`;
}

/** `640 B`, `12 kB`, `3.4 MB`, in thousands as mail servers' limits are written. */
export function bytesInWords(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, "")} ${units[unit]}`;
}

/** How old what arrived then is, e.g. `3 h 12 min`. */
export function ageInWords(arrivedEpochSeconds: number, nowMs: number): string {
  return durationInWords(nowMs / 1_000 - arrivedEpochSeconds);
}

/** The lower end of an age bucket and the next one's, in words; the last one is open. */
export function bucketInWords(fromSeconds: number, toSeconds: number | undefined): string {
  if (toSeconds === undefined) return `over ${durationInWords(fromSeconds)}`;
  if (fromSeconds === 0) return `under ${durationInWords(toSeconds)}`;
  return `${durationInWords(fromSeconds)} to ${durationInWords(toSeconds)}`;
}

/** The null sender, said as mail servers write it. */
export function senderInWords(sender: string): string {
  return sender === "" ? "<>" : sender;
}
