/**
 * Purpose: sees from outside whether a brake is in force, or a lifted door open, and records the dialogue as evidence.
 * Guarantees: `proved` and `open` are written only on a dialogue that shows it, taken after the order it is about; at most 4 dialogues at once to a host.
 * Fails: into an inconclusive verdict; the state stays what the host said.
 * Killed in the middle: the probes are taken up again at the start, from what is recorded.
 */
import type { ApplicationState } from "@mailbrake/contract";
import type { OutcomeWriter } from "../../platform/outcome-writer.ts";
import { type ApplicationRow, applicationRowInclude, effectOf } from "./application-row.ts";
import type { BrakesDeps, BrakesLimits } from "./brakes-deps.ts";
import { applicationEvent } from "./brakes-events.ts";
import { addEvidence } from "./evidence-store.ts";
import { type ProbeVerdict, probeVerdict } from "./probe-verdict.ts";
import { type Settlement, settleApplication } from "./settle-application.ts";
import type { SmtpDialogueResult } from "./smtp-dialogue.ts";
import { provabilityOf, takeProbe } from "./take-probe.ts";

export interface Prober {
  /** The host has just said something new of this application: look at once, and again a few times where it doesn't show yet. */
  expect(applicationId: string): void;
  /** Takes up what is in force. */
  start(): Promise<void>;
  stop(): void;
}

const probedAtOnceOnAHost = 4;
const expectsInForce: readonly ApplicationState[] = ["applied", "proved", "drifted"];
const expectsOpen: readonly ApplicationState[] = ["lifted"];

interface Watch {
  applicationId: string;
  /** Probes since the last `expect`. */
  count: number;
  timer: NodeJS.Timeout | undefined;
  /** A newer `expect` made this one void. */
  over: boolean;
  /** The host that it waits for, as there was no connection. */
  waitsFor: string | null;
}

export interface ProberOptions {
  deps: BrakesDeps;
  limits: BrakesLimits;
  writer: OutcomeWriter;
  /** A probe says other than the host: it should be asked. */
  onContradiction: (hostId: string) => void;
}

export function createProber({ deps, limits, writer, onContradiction }: ProberOptions): Prober {
  const { store, fleet, audit, clock, log } = deps;
  const step = deps.onStep ?? (() => {});
  const watches = new Map<string, Watch>();
  const busyHosts = new Map<string, number>();
  let stopped = false;
  const stopListening = fleet.onLink((hostId, link) => {
    if (link.state !== "connected") return;
    for (const watch of watches.values()) if (watch.waitsFor === hostId) schedule(watch, 0);
  });

  const schedule = (watch: Watch, milliseconds: number) => {
    if (stopped || watch.over) return;
    clearTimeout(watch.timer);
    watch.timer = setTimeout(() => {
      look(watch).catch((error: unknown) => {
        log.error({ applicationId: watch.applicationId, err: error }, "a probe failed");
        schedule(watch, limits.probeIntervalMs);
      });
    }, milliseconds);
  };
  const end = (watch: Watch) => {
    watch.over = true;
    clearTimeout(watch.timer);
    if (watches.get(watch.applicationId) === watch) watches.delete(watch.applicationId);
  };
  const begin = (applicationId: string, milliseconds: number, count: number) => {
    const earlier = watches.get(applicationId);
    if (earlier !== undefined) end(earlier);
    const watch: Watch = { applicationId, count, timer: undefined, over: false, waitsFor: null };
    watches.set(applicationId, watch);
    schedule(watch, milliseconds);
  };

  const look = async (watch: Watch): Promise<void> => {
    watch.waitsFor = null;
    const row = await store.application.findUnique({
      where: { id: watch.applicationId },
      include: applicationRowInclude,
    });
    const state = row?.state as ApplicationState | undefined;
    if (row === null || state === undefined || watch.over) return end(watch);
    const wantsInForce = row.wanted === "applied" && row.endedAt === null && expectsInForce.includes(state);
    const wantsOpen = row.endedAt !== null && row.endedHow !== "never-applied" && expectsOpen.includes(state);
    if (!wantsInForce && !wantsOpen) return end(watch);
    const link = fleet.link(row.hostId);
    if (link.state !== "connected") {
      watch.waitsFor = row.hostId;
      return schedule(watch, limits.probeIntervalMs);
    }
    if (!provabilityOf(row, fleet).provable) return end(watch);
    const busy = busyHosts.get(row.hostId) ?? 0;
    if (busy >= probedAtOnceOnAHost) return schedule(watch, 100);
    busyHosts.set(row.hostId, busy + 1);
    let result: SmtpDialogueResult;
    const takenAt = clock();
    try {
      result = await takeProbe(row, fleet);
    } finally {
      const left = (busyHosts.get(row.hostId) ?? 1) - 1;
      if (left > 0) busyHosts.set(row.hostId, left);
      else busyHosts.delete(row.hostId);
    }
    step("probed");
    const verdict = probeVerdict(effectOf(row), row.brake.ref, result);
    await conclude(watch, row, wantsInForce, verdict, result, takenAt);
  };

  const conclude = async (
    watch: Watch,
    row: ApplicationRow,
    wantsInForce: boolean,
    { verdict, summary }: ProbeVerdict,
    result: SmtpDialogueResult,
    takenAt: Date,
  ): Promise<void> => {
    const asExpected = verdict === (wantsInForce ? "in-force" : "open");
    const retryMs = limits.probeRetriesMs[watch.count];
    watch.count += 1;
    // It may only not show yet; what is not conclusive by then is recorded as that.
    if (!asExpected && retryMs !== undefined) return schedule(watch, retryMs);
    const from = wantsInForce ? expectsInForce : expectsOpen;
    const evidence = { kind: "dialogue", verdict, summary, takenAt, dialogue: result.dialogue } as const;
    if (verdict === "inconclusive") await writeEvidence(row, evidence);
    else {
      const settlement = wantsInForce
        ? inForceSettlement(row, verdict, summary, takenAt)
        : openSettlement(row, verdict, summary);
      await writer.write(async (scope) => {
        const settled = await settleApplication(scope, audit, row, { ...settlement, evidence, from });
        if (settled.outcome === "superseded") log.info({ applicationId: row.id }, "a probe came after a newer order");
      });
    }
    step("probe-recorded");
    if (wantsInForce) {
      if (verdict === "open") onContradiction(row.hostId);
      return schedule(watch, limits.probeIntervalMs);
    }
    const tooOften = watch.count >= limits.probeRetriesMs.length + limits.lateLiftProbes;
    if (asExpected || tooOften) return end(watch);
    schedule(watch, limits.probeIntervalMs);
  };

  const writeEvidence = (row: ApplicationRow, evidence: NonNullable<Settlement["evidence"]>) =>
    writer.write(async (scope) => {
      await addEvidence(scope.transaction, row.id, evidence);
      scope.publish({ kind: "brake", brakeId: row.brakeId });
    });

  return {
    expect: (applicationId) => begin(applicationId, 0, 0),
    async start() {
      const rows = await store.application.findMany({
        where: {
          OR: [
            { endedAt: null, state: { in: [...expectsInForce] } },
            {
              state: "lifted",
              endedHow: { not: "never-applied" },
              endedAt: { gte: new Date(clock().getTime() - 600_000) },
            },
          ],
        },
        select: { id: true, state: true },
      });
      // What nobody has seen yet comes first; the rest is spread over one interval, so that a start is no storm.
      const seen = rows.filter(({ state }) => state === "proved" || state === "drifted");
      const unseen = rows.filter((row) => !seen.includes(row));
      for (const [index, { id }] of unseen.entries()) begin(id, index * 20, 0);
      for (const [index, { id }] of seen.entries())
        begin(id, 1_000 + Math.round((index * limits.probeIntervalMs) / Math.max(10, seen.length)), 0);
    },
    stop() {
      stopped = true;
      stopListening();
      for (const watch of [...watches.values()]) end(watch);
    },
  };
}

function inForceSettlement(
  row: ApplicationRow,
  verdict: "in-force" | "open",
  summary: string,
  takenAt: Date,
): Settlement {
  if (verdict === "in-force")
    return {
      event: "probe-in-force",
      patch: { provedAt: takenAt, detail: "" },
      audit: (before, after) =>
        before === after ? null : applicationEvent("application.proved", row, { what: `proved: ${summary}` }),
    };
  return {
    event: "probe-open",
    patch: { detail: `The host says that it is in force, but a probe got through. ${summary}`.slice(0, 2_000) },
    audit: (before, after) =>
      before === after
        ? null
        : applicationEvent("application.drifted", row, { what: `a probe got through: ${summary}` }),
  };
}

function openSettlement(row: ApplicationRow, verdict: "in-force" | "open", summary: string): Settlement {
  if (verdict === "open")
    return {
      event: "probe-open",
      patch: { provedAt: null, detail: "" },
      audit: (before, after) =>
        before === after ? null : applicationEvent("application.opened", row, { what: `open again: ${summary}` }),
    };
  return {
    event: "probe-in-force",
    patch: {
      detail: `The host has lifted it, but a probe is still answered with its reference. ${summary}`.slice(0, 2_000),
    },
  };
}
