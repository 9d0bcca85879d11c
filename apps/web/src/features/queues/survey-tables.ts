import type { Match, SurveyView } from "@mailbrake/contract";
import { ageBucketSeconds, queueNames } from "@mailbrake/contract";
import { checkMatch } from "@mailbrake/domain";
import { bucketInWords } from "./queue-words.ts";

type Top = SurveyView["tops"][number];
export type TopKind = Top["of"];
export type TopRow = Top["rows"][number];

export const topTitles: Record<TopKind, string> = {
  sender: "Senders",
  senderDomain: "Sender domains",
  recipient: "Recipients",
  recipientDomain: "Recipient domains",
  client: "Clients",
  reason: "Reasons for deferral",
};

/** What a row is of, as a match that selections and brakes know; null where it can't be chosen by (a reason, a hostile address). */
export function matchOfTop(of: TopKind, value: string): Match | null {
  const given = matchGiven(of, value);
  if (given === null) return null;
  const checked = checkMatch(given);
  return checked.ok ? checked.match : null;
}

function matchGiven(of: TopKind, value: string): Match | null {
  switch (of) {
    case "sender":
      return { kind: "sender", value: value === "" ? "<>" : value };
    case "senderDomain":
      return { kind: "sender", value };
    case "recipient":
    case "recipientDomain":
      return { kind: "recipient", value };
    case "client":
      return { kind: "client", value };
    case "reason":
      return null;
  }
}

export interface AgeTable {
  queues: { queue: (typeof queueNames)[number]; messages: number; bytes: number }[];
  /** Youngest first; `counts` in the order of `queues`. */
  rows: { fromSeconds: number; toSeconds: number | undefined; words: string; counts: number[]; total: number }[];
  total: number;
  bytes: number;
}

/** Counts by age and queue; queues in the order that mail takes through them, empty ones left out. */
export function ageTable({ queues, ages }: Pick<SurveyView, "queues" | "ages">): AgeTable {
  const present = queueNames.flatMap((name) => queues.filter(({ queue, messages }) => queue === name && messages > 0));
  const rows = ageBucketSeconds.map((fromSeconds, index) => {
    const toSeconds = ageBucketSeconds[index + 1];
    const counts = present.map(({ queue }) =>
      ages
        .filter((age) => age.queue === queue && age.olderThan === fromSeconds)
        .reduce((sum, { messages }) => sum + messages, 0),
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    return { fromSeconds, toSeconds, words: bucketInWords(fromSeconds, toSeconds), counts, total };
  });
  return {
    queues: present,
    rows,
    total: present.reduce((sum, { messages }) => sum + messages, 0),
    bytes: present.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Recipient domains by their oldest message: where mail has waited longest. */
export function oldestDomains(tops: SurveyView["tops"], most: number): TopRow[] {
  const rows = tops.find(({ of }) => of === "recipientDomain")?.rows ?? [];
  return [...rows].sort((a, b) => a.oldest - b.oldest || b.messages - a.messages).slice(0, most);
}

export interface RateRow {
  name: string;
  count: number;
  perMinute: number;
}

/** The log's counts a minute; null where the log says too little. */
export function ratesPerMinute(rates: SurveyView["rates"]): { rows: RateRow[]; minutes: number } | null {
  if (rates === null) return null;
  const minutes = Math.max(1, rates.to - rates.from) / 60;
  const row = (name: string, count: number): RateRow => ({ name, count, perMinute: count / Math.max(minutes, 1 / 60) });
  return {
    minutes,
    rows: [
      row("Taken in", rates.received),
      row("Delivered", rates.delivered),
      row("Deferred", rates.deferred),
      row("Bounced", rates.bounced),
      row("Rejected", rates.rejected),
    ],
  };
}

/** `0`, `0.4`, `12`, `1,204` */
export function rateInWords(perMinute: number): string {
  if (perMinute > 0 && perMinute < 10) return perMinute < 0.05 ? "under 0.1" : perMinute.toFixed(1).replace(/\.0$/, "");
  return new Intl.NumberFormat("en-GB").format(Math.round(perMinute));
}
