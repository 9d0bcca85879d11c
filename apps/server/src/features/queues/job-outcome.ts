/** What an answer about a job means, as a settlement. Decides, and does nothing. */
import type { QueueJob } from "@mailbrake/contract";
import type { QueueJobRow } from "./queue-action-store.ts";
import type { QueueResult } from "./queue-answer.ts";
import { queueJobEvent } from "./queues-events.ts";
import type { JobSettlement } from "./settle-job.ts";

/** `ask-job`: nothing can be believed, ask the host for the job. `busy`: it asks for patience. */
export type JobOutcome =
  | { next: "settled"; settlement: JobSettlement }
  | { next: "ask-job"; settlement: JobSettlement | null }
  | { next: "ask-start"; settlement: JobSettlement }
  | { next: "busy"; words: string };

const settled = (settlement: JobSettlement): JobOutcome => ({ next: "settled", settlement });

export function startOutcome(row: QueueJobRow, result: QueueResult<"start">, now: Date): JobOutcome {
  switch (result.outcome) {
    case "answered": {
      const { total, outcome } = result.answer;
      return settled({
        patch: { state: "running", total, detail: "", startedAt: row.startedAt ?? now, answeredAt: now },
        audit: (before) =>
          before.state === "running"
            ? null
            : queueJobEvent("queue-job.started", row, {
                what: `${outcome === "already" ? "had started" : "started"}, ${total} messages`,
                data: { total },
              }),
      });
    }
    case "refused":
      return refusedOutcome(row, result.failure, now);
    case "unreachable":
      return settled(unreachableJob(row, result.detail));
    case "unknown":
      return {
        next: "ask-job",
        settlement: {
          patch: { state: "unknown", detail: result.detail },
          audit: (before) =>
            before.state === "unknown"
              ? null
              : queueJobEvent("queue-job.unknown", row, {
                  what: `no answer after the line went out: ${result.detail}`,
                }),
        },
      };
  }
}

/** The id is ours and has the form, so a value that it refuses is a job that it doesn't have. */
const isNoSuchJob = ({ error, field }: { error: string; field?: string | undefined }) =>
  error === "bad-value" && field === "job";

/** For `op=job` and `op=stop`. */
export function jobOutcome(
  row: QueueJobRow,
  op: "job" | "stop",
  result: QueueResult<"job" | "stop">,
  now: Date,
): JobOutcome {
  switch (result.outcome) {
    case "answered":
      return settled(reportedJob(row, result.answer.job, now));
    case "refused":
      if (isNoSuchJob(result.failure)) return notThere(row, op, now);
      if (op === "stop") return { next: "busy", words: result.failure.message || result.failure.error };
      return refusedOutcome(row, result.failure, now);
    // What was last known of it stays so.
    case "unreachable":
    case "unknown":
      return { next: "ask-job", settlement: null };
  }
}

/** What the host itself says of the job. */
function reportedJob(row: QueueJobRow, job: QueueJob, now: Date): JobSettlement {
  const { total, done, skipped, failed, backup, why } = job;
  const counts = { total, done, skipped, failed };
  const ended = job.state === "running" ? {} : { endedAt: now };
  return {
    patch: {
      ...counts,
      ...ended,
      state: job.state,
      backup,
      detail: why,
      startedAt: row.startedAt ?? now,
      answeredAt: now,
    },
    audit: (before) => {
      if (job.state !== "running") {
        const words = `${job.state}: ${done} done, ${skipped} had left, ${failed} failed of ${total}`;
        return queueJobEvent("queue-job.ended", row, {
          what: why === "" ? words : `${words}; ${why}`,
          data: { state: job.state, ...counts, backup, why },
        });
      }
      if (before.state === "running") return null;
      return queueJobEvent("queue-job.started", row, { what: `started, ${total} messages`, data: { total } });
    },
  };
}

/** The host has no such job. The order never arrived there, so it may be sent again; a stop has nothing to stop. */
function notThere(row: QueueJobRow, op: "job" | "stop", now: Date): JobOutcome {
  if (op === "stop") return settled(neverStarted(row, now, "stopped", "stopped before the host had it"));
  if (row.startedAt === null)
    return {
      next: "ask-start",
      settlement: { patch: { state: "asked", detail: "The host has not had it; it is sent again." } },
    };
  return settled({
    patch: { state: "failed", detail: "The host has no record of it any more.", endedAt: now, answeredAt: now },
    audit: () =>
      queueJobEvent("queue-job.ended", row, {
        what: "the host has no record of it any more",
        data: { state: "failed" },
      }),
  });
}

export function neverStarted(row: QueueJobRow, now: Date, state: "stopped" | "failed", why: string): JobSettlement {
  const detail = `Never started: ${why}.`;
  return {
    patch: { state, detail, endedAt: now },
    audit: () => queueJobEvent("queue-job.ended", row, { what: `never started: ${why}`, data: { state } }),
  };
}

export function hostRemoved(row: QueueJobRow, now: Date): JobSettlement {
  const detail = "The host was removed from Mailbrake; what the job has done there is not known.";
  return {
    patch: { state: "failed", detail, endedAt: now },
    audit: () => queueJobEvent("queue-job.ended", row, { what: detail, data: { state: "failed" } }),
  };
}

/** The line surely did not go out now; where none ever did, `attempts` says so again. */
export function unreachableJob(row: QueueJobRow, detail: string): JobSettlement {
  return {
    patch: { state: "unreachable", detail, ...(row.attempts <= 1 ? { attempts: 0 } : {}) },
    audit: (before) =>
      before.state === "unreachable"
        ? null
        : queueJobEvent("queue-job.unreachable", row, { what: `the host can't be reached: ${detail}` }),
  };
}

function refusedOutcome(
  row: QueueJobRow,
  failure: { error: string; message: string; field?: string | undefined },
  now: Date,
): JobOutcome {
  const words = failure.message === "" ? failure.error : failure.message;
  if (failure.error === "busy") return { next: "busy", words };
  return settled(refusedJob(row, words, now, failure));
}

export function refusedJob(
  row: QueueJobRow,
  words: string,
  now: Date,
  failure: { error: string; field?: string | undefined },
): JobSettlement {
  return {
    patch: { state: "refused", detail: words, answeredAt: now, endedAt: now },
    audit: () =>
      queueJobEvent("queue-job.refused", row, {
        what: `refused by the host: ${words}`,
        data: { error: failure.error, field: failure.field },
      }),
  };
}
