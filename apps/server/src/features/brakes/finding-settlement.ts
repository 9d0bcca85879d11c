/** What a finding of the status means, as a settlement; null where there is nothing new to record. */

import type { ApplicationState } from "@mailbrake/contract";
import { isInForce } from "@mailbrake/domain";
import { applicationEvent, executorActor, hostActor } from "./brakes-events.ts";
import type { Finding, HostReport } from "./compare-report.ts";
import type { Settlement } from "./settle-application.ts";

type OwnFinding = Exclude<Finding, { kind: "foreign" } | { kind: "foreign-ended" }>;

export function findingSettlement(finding: OwnFinding, report: HostReport, now: Date): Settlement | null {
  const { row } = finding;
  /** The server's time of something that the host dates by its own clock. */
  const hostTime = (epochSeconds: number) => new Date(now.getTime() - (report.hostTime - epochSeconds) * 1_000);
  switch (finding.kind) {
    case "stands": {
      if (isInForce(row.state as ApplicationState)) return null;
      const { readback } = finding.reported;
      return {
        event: "host-applied",
        patch: { detail: "", answeredAt: now, sentAt: row.sentAt ?? now, nextAttemptAt: null },
        evidence: {
          kind: "status",
          verdict: "in-force",
          summary: "Asked again, the host has it as ordered.",
          takenAt: now,
          readback,
        },
        audit: () =>
          applicationEvent("application.applied", row, {
            what: row.state === "drifted" ? "as ordered again" : "in force: the host was asked again and has it",
            data: { readback },
          }),
      };
    }
    case "drifted": {
      if (row.state === "drifted" && row.detail === finding.why) return null;
      return {
        event: "host-drifted",
        patch: { detail: finding.why.slice(0, 2_000), answeredAt: now },
        evidence: {
          kind: "status",
          verdict: "inconclusive",
          summary: `The host is not as the brake left it: ${finding.why}`,
          takenAt: now,
          readback: finding.reported.readback,
        },
        audit: () => applicationEvent("application.drifted", row, { what: `not as the brake left it: ${finding.why}` }),
      };
    }
    case "send-again":
      return { event: "ordered", patch: { detail: "", nextAttemptAt: null } };
    case "missing":
      return {
        event: "ordered",
        patch: { detail: "It was missing on the host and is applied again.", nextAttemptAt: null },
        evidence: {
          kind: "status",
          verdict: "open",
          summary: "The host does not have it, and did not end it.",
          takenAt: now,
        },
        audit: () => applicationEvent("application.drifted", row, { what: "missing on the host; applied again" }),
      };
    case "ended": {
      const { ended } = finding;
      const at = hostTime(ended.at);
      const expired = ended.how === "expired";
      const byUs = !expired && row.wanted === "lifted";
      const what = expired
        ? `expired on the host at ${at.toISOString()}`
        : `lifted on the host${ended.by === "" ? "" : ` by ${ended.by}`} at ${at.toISOString()}${ended.reason === "" ? "" : `: ${ended.reason}`}`;
      return {
        event: "host-lifted",
        patch: {
          detail: byUs ? "" : what.slice(0, 2_000),
          answeredAt: now,
          sentAt: row.sentAt ?? now,
          nextAttemptAt: null,
        },
        ended: { how: expired ? "expired" : "lifted", at, releasedCount: ended.released },
        evidence: { kind: "status", verdict: "open", summary: `The host says: ${what}.`, takenAt: now },
        audit: () =>
          applicationEvent(expired ? "application.expired" : "application.lifted", row, {
            what,
            actor: byUs ? executorActor : hostActor(row.host, expired ? "" : ended.by),
            data: { ended },
          }),
      };
    }
    case "not-there":
      return {
        event: "host-lifted",
        patch: { detail: "", answeredAt: now, nextAttemptAt: null },
        ended: { how: finding.everApplied ? "lifted" : "never-applied", at: now },
        evidence: { kind: "status", verdict: "open", summary: "Asked again, the host does not have it.", takenAt: now },
        audit: () =>
          applicationEvent("application.lifted", row, {
            what: finding.everApplied ? "the host no longer has it" : "the host never had it",
            data: { how: finding.everApplied ? "lifted" : "never-applied" },
          }),
      };
    case "too-late": {
      const how = row.answeredAt === null ? "never-applied" : "expired";
      return {
        event: "host-lifted",
        patch: { detail: "", nextAttemptAt: null },
        ended: { how, at: now },
        evidence: {
          kind: "status",
          verdict: "open",
          summary: "Its time has run out and the host does not have it.",
          takenAt: now,
        },
        audit: () =>
          applicationEvent("application.expired", row, {
            what:
              how === "expired"
                ? "its time has run out and the host no longer has it"
                : "its time ran out before the host had it",
            data: { how },
          }),
      };
    }
    case "still-there":
      return {
        event: "host-drifted",
        patch: {
          endedAt: null,
          endedHow: null,
          detail: "It had ended, and the host has it again.",
        },
        evidence: {
          kind: "status",
          verdict: "in-force",
          summary: "It had ended, and the host has it again.",
          takenAt: now,
          readback: finding.reported.readback,
        },
        audit: () => applicationEvent("application.drifted", row, { what: "it had ended, and the host has it again" }),
      };
  }
}
