/**
 * Purpose: brings every queue action to its end: one lane a host, woken by new actions and by the host's link.
 * Guarantees: hosts wait for nothing of each other; the same loop carries on after a crash, there is no second path.
 * Fails: into states with words; nothing here throws at its callers.
 * Killed in the middle: at the start, what may have gone out is in doubt (`unknown`) until its host has answered.
 */
import type { OutcomeWriter } from "../../platform/outcome-writer.ts";
import { queueJobInclude } from "./queue-action-store.ts";
import { createQueueLane, type QueueLane } from "./queue-lane.ts";
import type { QueuesDeps, QueuesLimits } from "./queues-deps.ts";
import { queueJobEvent } from "./queues-events.ts";
import { settleJob } from "./settle-job.ts";

export interface QueueExecutor {
  wake(hostIds: Iterable<string>): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createQueueExecutor(deps: QueuesDeps, limits: QueuesLimits, writer: OutcomeWriter): QueueExecutor {
  const { store, transactor, audit, fleet } = deps;
  const lanes = new Map<string, QueueLane>();
  let stopListening: (() => void) | undefined;
  let stopped = false;

  const laneOf = (hostId: string): QueueLane => {
    const known = lanes.get(hostId);
    if (known !== undefined) return known;
    const lane = createQueueLane({ hostId, deps, limits, writer });
    lanes.set(hostId, lane);
    return lane;
  };

  /** What was on its way when the server stopped may have gone out or not; only the host knows. */
  const doubtInterrupted = async () => {
    const rows = await store.queueJob.findMany({
      where: { endedAt: null, attempts: { gt: 0 }, state: { in: ["asked", "sent", "unreachable"] } },
      include: queueJobInclude,
    });
    if (rows.length === 0) return;
    await transactor.inTransaction(async (scope) => {
      for (const row of rows)
        await settleJob(scope, audit, row.id, {
          patch: {
            state: "unknown",
            detail: "The server was started again before the host had answered; it is being asked.",
          },
          audit: () =>
            queueJobEvent("queue-job.unknown", row, { what: "the server stopped before the host had answered" }),
        });
    });
  };

  const wake = (hostIds: Iterable<string>) => {
    if (!stopped) for (const hostId of new Set(hostIds)) laneOf(hostId).wake();
  };

  return {
    wake,
    async start() {
      await doubtInterrupted();
      stopListening = fleet.onLink((hostId) => lanes.get(hostId)?.wake());
      const owing = await store.queueJob.findMany({
        where: { endedAt: null },
        select: { hostId: true },
        distinct: ["hostId"],
      });
      wake(owing.map(({ hostId }) => hostId));
    },
    async stop() {
      stopped = true;
      stopListening?.();
      await Promise.all([...lanes.values()].map((lane) => lane.stop()));
    },
  };
}
