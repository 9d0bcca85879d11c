import type { QueueActionView, QueueJobView } from "@mailbrake/contract";
import { countInWords, messagesInWords } from "./queue-words.ts";

export type JobTone = "moving" | "settled" | "trouble";

/** Messages that a job is through with, in whatever way. */
export const throughWith = ({ done, skipped, failed }: Pick<QueueJobView, "done" | "skipped" | "failed">) =>
  done + skipped + failed;

/** The state of a job in a person's words; counts only where the host has told them. */
export function jobInWords(job: QueueJobView): string {
  const through = countInWords(throughWith(job));
  const of = `${through} of ${messagesInWords(job.total)}`;
  if (job.stopping && job.state === "running") return `Stopping, ${of}`;
  switch (job.state) {
    case "asked":
      return job.stopping ? "Stopping before it starts" : "Asked, not sent yet";
    case "sent":
      return "Sent, no answer yet";
    case "unknown":
      return "Unknown: the connection went after it was sent";
    case "unreachable":
      return "Host unreachable: sent when it is back, within an hour";
    case "refused":
      return "Refused by the host";
    case "running":
      return `Running, ${of}`;
    case "done":
      return job.failed === 0 ? `Done, ${of}` : `Ended, ${of}; ${countInWords(job.failed)} failed`;
    case "stopped":
      return job.startedAt === null ? "Stopped before it started" : `Stopped at ${of}`;
    case "failed":
      return job.startedAt === null ? "Failed, nothing was done" : `Failed at ${of}`;
  }
}

export function jobTone(job: Pick<QueueJobView, "state" | "failed" | "endedAt">): JobTone {
  if (job.failed > 0) return "trouble";
  switch (job.state) {
    case "done":
    case "stopped":
      return "settled";
    case "asked":
    case "sent":
    case "running":
      return "moving";
    case "unknown":
    case "unreachable":
    case "refused":
    case "failed":
      return "trouble";
  }
}

/** How an action stands over all its instances. */
export function actionStanding({ jobs, ended }: Pick<QueueActionView, "jobs" | "ended">): {
  words: string;
  tone: JobTone;
} {
  const sum = (of: (job: QueueJobView) => number) => jobs.reduce((total, job) => total + of(job), 0);
  const counted = jobs.filter(({ startedAt }) => startedAt !== null);
  const total = sum(({ total: one }) => one);
  const parts = [
    counted.length === 0
      ? ended
        ? "Nothing was done"
        : "Not started yet"
      : `${countInWords(sum(({ done }) => done))} of ${messagesInWords(total)} done`,
  ];
  const skipped = sum((job) => job.skipped);
  const failed = sum((job) => job.failed);
  if (skipped > 0) parts.push(`${countInWords(skipped)} had left the queue before`);
  if (failed > 0) parts.push(`${countInWords(failed)} failed`);
  for (const [state, words] of [
    ["running", "running"],
    ["stopped", "stopped"],
    ["failed", "failed"],
    ["refused", "refused by the host"],
    ["unreachable", "host unreachable"],
    ["unknown", "unknown"],
  ] as const) {
    const count = jobs.filter((job) => job.state === state).length;
    if (count > 0) parts.push(jobs.length === 1 ? words : `${count} of ${jobs.length} instances ${words}`);
  }
  const tones = jobs.map(jobTone);
  const tone = tones.includes("trouble") ? "trouble" : ended ? "settled" : "moving";
  return { words: parts.join(" · "), tone };
}
