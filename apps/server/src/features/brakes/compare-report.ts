/** Compares what a host reports with what is wanted of it. Decides, and does nothing. */
import type { EndedApplication, ReportedApplication } from "@mailbrake/contract";
import { ttlSeconds } from "@mailbrake/domain";
import type { ApplicationRow } from "./application-row.ts";
import { wasEverApplied } from "./order-outcome.ts";

export interface HostReport {
  /** The host's clock, epoch seconds. */
  hostTime: number;
  applications: readonly ReportedApplication[];
  ended: readonly EndedApplication[];
}

export type Finding =
  /** It stands there as ordered. */
  | { kind: "stands"; row: ApplicationRow; reported: ReportedApplication }
  /** It stands there, but is not as the brake left it. */
  | { kind: "drifted"; row: ApplicationRow; reported: ReportedApplication; why: string }
  /** An order in doubt did not arrive, or a lift must be tried again: send it. */
  | { kind: "send-again"; row: ApplicationRow }
  /** It should stand there and is not there at all: apply it again, and say so. */
  | { kind: "missing"; row: ApplicationRow }
  | { kind: "ended"; row: ApplicationRow; ended: EndedApplication }
  /** A lift was wanted and the host has nothing of it any more. */
  | { kind: "not-there"; row: ApplicationRow; everApplied: boolean }
  /** Its time ran out before the host ever had it. */
  | { kind: "too-late"; row: ApplicationRow }
  /** We hold it for ended, the host has it. */
  | { kind: "still-there"; row: ApplicationRow; reported: ReportedApplication }
  | { kind: "foreign"; reported: ReportedApplication }
  | { kind: "foreign-ended"; ended: EndedApplication };

/** Host and server may count a second differently; more than this is another expiry. */
const sameExpirySeconds = 30;

function expiryDiffers(row: ApplicationRow, reported: ReportedApplication, report: HostReport, now: Date): boolean {
  const wanted = row.brake.expiresAt === null ? null : (row.brake.expiresAt.getTime() - now.getTime()) / 1_000;
  const there = reported.expires === 0 ? null : reported.expires - report.hostTime;
  if (wanted === null || there === null) return wanted !== there;
  // About to run out: the ending will be reported soon, and no order could be in time.
  if (wanted < sameExpirySeconds && there < sameExpirySeconds) return false;
  return Math.abs(wanted - there) > sameExpirySeconds;
}

function reportedFinding(
  row: ApplicationRow,
  reported: ReportedApplication,
  report: HostReport,
  now: Date,
): Finding | null {
  const inDoubt = row.state === "sent" || row.state === "unknown";
  // A recorded order that has not gone out yet will say all that is to say.
  if (row.state === "asked" || row.state === "unreachable") return null;
  if (row.wanted === "lifted")
    return inDoubt || row.state === "refused" || row.state === "drifted" ? { kind: "send-again", row } : null;
  if (row.state === "refused") return null;
  const tooLate = ttlSeconds(row.brake.expiresAt, now) === null;
  if (expiryDiffers(row, reported, report, now) && !tooLate) return { kind: "send-again", row };
  if (!reported.intact) {
    const why = reported.drift.length > 0 ? reported.drift.join("; ") : "the host says that it is not intact";
    return { kind: "drifted", row, reported, why };
  }
  return { kind: "stands", row, reported };
}

function missingFinding(
  row: ApplicationRow,
  ended: EndedApplication | undefined,
  report: HostReport,
  now: Date,
): Finding | null {
  const waits = row.state === "asked" || row.state === "unreachable";
  if (ended !== undefined) {
    const endedAgoSeconds = report.hostTime - ended.at;
    const askedAgoSeconds = (now.getTime() - row.askedAt.getTime()) / 1_000;
    // Ended before this order was asked: the order stands and goes out.
    if (!(waits && row.wanted === "applied" && endedAgoSeconds > askedAgoSeconds)) return { kind: "ended", row, ended };
  }
  if (row.wanted === "lifted") return waits ? null : { kind: "not-there", row, everApplied: wasEverApplied(row) };
  if (ttlSeconds(row.brake.expiresAt, now) === null) return { kind: "too-late", row };
  if (waits || row.state === "refused") return null;
  return row.state === "sent" || row.state === "unknown" ? { kind: "send-again", row } : { kind: "missing", row };
}

/**
 * @param open the host's applications that have not ended, read before the host was asked
 * @param known the others of ours that the host reports: those that we hold for ended
 */
export function compareReport(
  open: readonly ApplicationRow[],
  known: readonly ApplicationRow[],
  report: HostReport,
  now: Date,
): Finding[] {
  const active = new Map(report.applications.map((application) => [application.app, application]));
  const ended = new Map(report.ended.map((application) => [application.app, application]));
  const findings: Finding[] = [];
  for (const row of open) {
    const reported = active.get(row.id);
    const finding =
      reported === undefined
        ? missingFinding(row, ended.get(row.id), report, now)
        : reportedFinding(row, reported, report, now);
    if (finding !== null) findings.push(finding);
  }
  const ours = new Set([...open, ...known].map(({ id }) => id));
  for (const row of known) {
    const reported = active.get(row.id);
    if (reported !== undefined) findings.push({ kind: "still-there", row, reported });
  }
  for (const reported of active.values()) if (!ours.has(reported.app)) findings.push({ kind: "foreign", reported });
  for (const ending of ended.values())
    if (!ours.has(ending.app) && !active.has(ending.app)) findings.push({ kind: "foreign-ended", ended: ending });
  return findings;
}
