/** What an answer to an order means, as a settlement. Decides, and does nothing. */
import type { FleetResult } from "@mailbrake/fleet";
import type { ApplicationRow } from "./application-row.ts";
import { applicationEvent } from "./brakes-events.ts";
import type { EndedHow, Settlement } from "./settle-application.ts";

/** `again`: nothing can be believed, ask `status`. `busy`: the host asks for patience. */
export type OrderOutcome =
  | { next: "settled"; settlement: Settlement }
  | { next: "ask-status"; settlement: Settlement | null }
  | { next: "busy"; words: string };

/** Whether the host has ever said that it had this application: only that sets `answeredAt`. */
export function wasEverApplied(row: ApplicationRow): boolean {
  return row.answeredAt !== null;
}

export function applyOutcome(row: ApplicationRow, result: FleetResult<"apply">, now: Date): OrderOutcome {
  if (result.outcome !== "answered") return failedOutcome(row, result, now);
  const { readback, checked, outcome } = result.answer;
  const good = checked.every(({ ok }) => ok);
  const what = outcome === "already" ? "was already in force, read back" : "in force, read back";
  return {
    next: "settled",
    settlement: {
      event: "host-applied",
      patch: { detail: "", answeredAt: now, sentAt: row.sentAt ?? now, nextAttemptAt: null },
      evidence: {
        kind: "readback",
        verdict: good ? "in-force" : "inconclusive",
        summary: good ? `The host applied it and read it back.` : "The host applied it, but not every check was good.",
        takenAt: now,
        readback,
        checked,
      },
      audit: () => applicationEvent("application.applied", row, { what, data: { readback, checked } }),
    },
  };
}

export function liftOutcome(row: ApplicationRow, result: FleetResult<"lift">, now: Date): OrderOutcome {
  if (result.outcome === "refused" && result.failure.error === "no-such-application") {
    const how: EndedHow = wasEverApplied(row) ? "lifted" : "never-applied";
    return {
      next: "settled",
      settlement: {
        event: "host-lifted",
        patch: { detail: "The host has no such brake.", answeredAt: now, nextAttemptAt: null },
        ended: { how, at: now },
        evidence: { kind: "readback", verdict: "open", summary: "The host has no such brake.", takenAt: now },
        audit: () => applicationEvent("application.lifted", row, { what: "the host has no such brake", data: { how } }),
      },
    };
  }
  if (result.outcome !== "answered") return failedOutcome(row, result, now);
  const { readback, checked, outcome, released } = result.answer;
  // It had ended there before; `status` says how and when (its own clock, or its root).
  if (outcome === "already") return { next: "ask-status", settlement: null };
  return {
    next: "settled",
    settlement: {
      event: "host-lifted",
      patch: { detail: "", answeredAt: now, sentAt: row.sentAt ?? now, nextAttemptAt: null },
      ended: { how: "lifted", at: now, releasedCount: released },
      evidence: {
        kind: "readback",
        verdict: "open",
        summary: released > 0 ? `The host lifted it and let ${released} held messages go.` : "The host lifted it.",
        takenAt: now,
        readback,
        checked,
      },
      audit: () =>
        applicationEvent("application.lifted", row, { what: "lifted, read back", data: { released, readback } }),
    },
  };
}

function failedOutcome(
  row: ApplicationRow,
  result: Exclude<FleetResult<"apply" | "lift">, { outcome: "answered" }>,
  now: Date,
): OrderOutcome {
  switch (result.outcome) {
    case "refused": {
      const { error, message, field } = result.failure;
      if (error === "busy") return { next: "busy", words: message };
      const words = message === "" ? error : message;
      return {
        next: "settled",
        settlement: {
          event: "host-refused",
          patch: { detail: words, nextAttemptAt: null },
          audit: (before) =>
            before === "refused" && row.detail === words
              ? null
              : applicationEvent("application.refused", row, {
                  what: `${row.wanted === "lifted" ? "lift " : ""}refused by the host: ${words}`,
                  data: { error, field },
                }),
        },
      };
    }
    case "unreachable":
      return { next: "settled", settlement: unreachableSettlement(row, result.detail, null) };
    case "unknown":
      return {
        next: "ask-status",
        settlement: {
          event: "answer-lost",
          patch: { detail: result.detail, sentAt: row.sentAt ?? now },
          audit: (before, after) =>
            before === after
              ? null
              : applicationEvent("application.unknown", row, {
                  what: `no answer after the line went out: ${result.detail}`,
                }),
        },
      };
  }
}

/** The line surely did not go out now. Where none ever did, `attempts` says so again, so that a lift need not reach the host. */
export function unreachableSettlement(row: ApplicationRow, detail: string, nextAttemptAt: Date | null): Settlement {
  const neverSent = row.attempts <= 1 && row.sentAt === null;
  return {
    event: "host-unreachable",
    patch: { detail, nextAttemptAt, ...(neverSent ? { attempts: 0 } : {}) },
    audit: (before, after) =>
      before === after
        ? null
        : applicationEvent("application.unreachable", row, { what: `the host can't be reached: ${detail}` }),
  };
}

/** For an order that the host surely never saw and need not see any more. */
export function neverAppliedSettlement(row: ApplicationRow, now: Date, why: string): Settlement {
  return {
    event: "host-lifted",
    patch: { detail: why, nextAttemptAt: null },
    ended: { how: "never-applied", at: now },
    audit: () =>
      applicationEvent("application.lifted", row, { what: `never applied: ${why}`, data: { how: "never-applied" } }),
  };
}
