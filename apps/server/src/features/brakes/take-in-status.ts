/**
 * Purpose: asks a host what it has, and brings the record in line with the answer: orders in doubt, endings by the host, drift, brakes made there by hand.
 * Guarantees: nothing is written but what the host said; an order recorded while it was being asked is left alone.
 * Fails: `lost` where no answer came (ask again), `ask-later` where the host can't say yet.
 * Killed in the middle: the next status says the same again.
 */
import type { FleetResult } from "@mailbrake/fleet";
import type { OutcomeWriter } from "../../platform/outcome-writer.ts";
import { type ApplicationRow, applicationRowInclude } from "./application-row.ts";
import type { BrakesDeps, BrakesLimits } from "./brakes-deps.ts";
import { compareReport, type Finding, type HostReport } from "./compare-report.ts";
import { findingSettlement } from "./finding-settlement.ts";
import { type Settled, settleApplication } from "./settle-application.ts";
import { takeInForeign, takeInForeignEnding } from "./take-in-foreign.ts";

export interface TakeInStatusOptions {
  hostId: string;
  deps: BrakesDeps;
  limits: BrakesLimits;
  writer: OutcomeWriter;
  onSettled: (row: ApplicationRow, settled: Settled) => void;
}

/** What can't be said of a host while its agent is still repairing what an earlier one left half done. */
const unsettled: ReadonlySet<Finding["kind"]> = new Set(["stands", "drifted", "missing", "ended", "not-there"]);

/** Endings that have been looked up once need not be looked up at each status; a host repeats them for 30 days. */
const endedSeen = new Set<string>();

export async function takeInStatus(options: TakeInStatusOptions): Promise<"taken" | "lost" | "ask-later"> {
  const { hostId, deps, limits } = options;
  const { store, fleet, clock, log } = deps;
  const step = deps.onStep ?? (() => {});
  const open = await store.application.findMany({
    where: { hostId, endedAt: null },
    include: applicationRowInclude,
    orderBy: [{ askedAt: "asc" }, { id: "asc" }],
  });
  const result = await fleet.request(hostId, "status", {}, { timeoutMs: limits.statusTimeoutMs });
  step("status-answered");
  switch (result.outcome) {
    case "unreachable":
    case "unknown":
      return "lost";
    case "refused":
      log.warn({ hostId, failure: result.failure }, "a host can't say what it has; it is asked again");
      return "ask-later";
    case "answered":
      break;
  }
  const report = reportOf(result);
  // Still being repaired there: what it reads back now is not what it will be.
  const settling = result.answer.dirty;
  const openIds = new Set(open.map(({ id }) => id));
  const others = report.applications.map(({ app }) => app).filter((app) => !openIds.has(app));
  const newlyEnded = report.ended.filter(({ app }) => !openIds.has(app) && !endedSeen.has(`${hostId} ${app}`));
  const known = await store.application.findMany({
    where: { hostId, id: { in: [...others, ...newlyEnded.map(({ app }) => app)] } },
    include: applicationRowInclude,
  });
  // Those that were recorded while the host was being asked are not in `open`; their order says all.
  const held = known.filter((row) => row.endedAt !== null);
  const recent = new Set(known.filter((row) => row.endedAt === null).map(({ id }) => id));
  const fresh = {
    ...report,
    ended: report.ended.filter((ended) => openIds.has(ended.app) || newlyEnded.includes(ended)),
  };
  const findings = compareReport(open, held, fresh, clock()).filter(
    (finding) =>
      !(settling && unsettled.has(finding.kind)) &&
      !(finding.kind === "foreign" && recent.has(finding.reported.app)) &&
      !(finding.kind === "foreign-ended" && recent.has(finding.ended.app)),
  );
  await Promise.all(findings.map((finding) => takeIn(options, finding, report)));
  if (endedSeen.size > 100_000) endedSeen.clear();
  for (const { app } of newlyEnded) endedSeen.add(`${hostId} ${app}`);
  step("status-recorded");
  return settling ? "ask-later" : "taken";
}

function reportOf(result: Extract<FleetResult<"status">, { outcome: "answered" }>): HostReport {
  return {
    hostTime: result.answer.time,
    applications: result.parts.flatMap((part) => ("application" in part ? [part.application] : [])),
    ended: result.parts.flatMap((part) => ("ended" in part ? [part.ended] : [])),
  };
}

async function takeIn(options: TakeInStatusOptions, finding: Finding, report: HostReport): Promise<void> {
  const { deps, writer, onSettled } = options;
  if (finding.kind === "foreign") return takeInForeign(options, finding.reported, report);
  if (finding.kind === "foreign-ended") return takeInForeignEnding(options, finding.ended);
  if (finding.kind === "stands" && (await wasSeenOpen(deps, finding.row))) return;
  const settlement = findingSettlement(finding, report, deps.clock());
  if (settlement === null) return;
  let settled: Settled = { outcome: "skipped" };
  const { row } = finding;
  await writer.write(async (scope) => {
    if (finding.kind === "still-there")
      await scope.transaction.brake.update({ where: { id: row.brakeId }, data: { endedAt: null } });
    settled = await settleApplication(scope, deps.audit, row, settlement);
    // Its lift was wanted, and is still: this time nobody has to ask for it.
    if (finding.kind === "still-there" && row.wanted === "lifted")
      settled = await settleApplication(scope, deps.audit, row, {
        event: "ordered",
        patch: { askedAt: deps.clock(), nextAttemptAt: null },
      });
  });
  onSettled(row, settled);
}

/** Where a probe got through after the host last said that all is well, its word does not settle it: only another probe does. */
async function wasSeenOpen({ store }: BrakesDeps, row: ApplicationRow): Promise<boolean> {
  if (row.state !== "drifted") return false;
  const probe = await store.evidence.findFirst({
    where: { applicationId: row.id, kind: "dialogue" },
    orderBy: { takenAt: "desc" },
  });
  return probe?.verdict === "open" && (row.answeredAt === null || probe.takenAt > row.answeredAt);
}
