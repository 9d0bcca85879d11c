/**
 * Purpose: brings every application to the state that was asked for: one lane a host, woken by new orders, by the host's link and by the clock.
 * Guarantees: hosts wait for nothing of each other; the same loop carries on after a crash, there is no second path.
 * Fails: into states with words; nothing here throws at its callers.
 * Killed in the middle: at the start, what may have gone out is in doubt (`unknown`) until its host has answered.
 */

import type { OutcomeWriter } from "../../platform/outcome-writer.ts";
import { type ApplicationRow, applicationRowInclude } from "./application-row.ts";
import type { BrakesDeps, BrakesLimits } from "./brakes-deps.ts";
import { applicationEvent } from "./brakes-events.ts";
import { createHostLane, type HostLane } from "./host-lane.ts";
import { type Settled, settleApplication } from "./settle-application.ts";

export interface Executor {
  /** Orders that have just been committed; they go out at once. */
  nudge(orders: readonly ApplicationRow[]): void;
  /** Asks the host what it has. */
  check(hostId: string): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface ExecutorOptions {
  deps: BrakesDeps;
  limits: BrakesLimits;
  writer: OutcomeWriter;
  /** The host has said something new of the application. */
  onSettled: (row: ApplicationRow, settled: Settled) => void;
}

export function createExecutor({ deps, limits, writer, onSettled }: ExecutorOptions): Executor {
  const { store, transactor, audit, fleet, log } = deps;
  const lanes = new Map<string, HostLane>();
  let stopListening: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const laneOf = (hostId: string): HostLane => {
    const known = lanes.get(hostId);
    if (known !== undefined) return known;
    const lane = createHostLane({ hostId, deps, limits, writer, onSettled });
    lanes.set(hostId, lane);
    return lane;
  };

  /** What was on its way when the server stopped may have gone out or not; only the host knows. */
  const doubtInterrupted = async () => {
    const rows = await store.application.findMany({
      where: { endedAt: null, attempts: { gt: 0 }, state: { in: ["asked", "sent", "unreachable"] } },
      include: applicationRowInclude,
    });
    if (rows.length === 0) return;
    await transactor.inTransaction(async (scope) => {
      for (const row of rows)
        await settleApplication(scope, audit, row, {
          event: "answer-lost",
          patch: { detail: "The server was started again before the host had answered; it is being asked." },
          audit: () =>
            applicationEvent("application.unknown", row, { what: "the server stopped before the host had answered" }),
        });
    });
  };

  const reconcileAll = async () => {
    const hosts = await store.host.findMany({ where: { removedAt: null }, select: { id: true } });
    const ids = new Set(hosts.map(({ id }) => id));
    for (const [hostId, lane] of lanes)
      if (!ids.has(hostId)) {
        lanes.delete(hostId);
        await lane.stop();
      }
    // One after another through the interval: many hosts are no storm.
    const gapMs = Math.min(1_000, limits.reconcileIntervalMs / Math.max(1, ids.size) / 2);
    for (const id of ids) {
      if (stopped) return;
      laneOf(id).check();
      await new Promise((resolve) => setTimeout(resolve, gapMs));
    }
  };

  const tick = () => {
    timer = setTimeout(() => {
      reconcileAll()
        .catch((error: unknown) => log.error({ err: error }, "the hosts could not be looked at; trying again"))
        .finally(() => {
          if (!stopped) tick();
        });
    }, limits.reconcileIntervalMs);
  };

  return {
    nudge(orders) {
      const byHost = new Map<string, ApplicationRow[]>();
      for (const order of orders) byHost.set(order.hostId, [...(byHost.get(order.hostId) ?? []), order]);
      for (const [hostId, rows] of byHost) laneOf(hostId).give(rows);
    },
    check: (hostId) => laneOf(hostId).check(),
    async start() {
      await doubtInterrupted();
      stopListening = fleet.onLink((hostId, link) => {
        if (stopped) return;
        if (link.state === "connected") laneOf(hostId).check();
        else laneOf(hostId).wake();
      });
      for (const { id } of await store.host.findMany({ where: { removedAt: null }, select: { id: true } }))
        laneOf(id).check();
      tick();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      stopListening?.();
      await Promise.all([...lanes.values()].map((lane) => lane.stop()));
    },
  };
}
