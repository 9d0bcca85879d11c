/**
 * Purpose: the jobs of one host: starts them, asks how they go, stops them. There is one lane a host, so that no slow host delays another.
 * Guarantees: a start goes out only after `attempts` says that it may have; a job that may be there is asked about (`op=job`) before anything is believed of it,
 *   and its id is ours, so that starting it again is the same job; a start that never went out within `startWithinMs` is given up.
 * Fails: into a state with words; a database that refuses leaves the job as it was, to be asked about again.
 * Killed in the middle: what may have gone out is `unknown` after the restart, and the same loop asks the host; the host goes on by itself.
 */
import type { OutcomeWriter } from "../../platform/outcome-writer.ts";
import {
  hostRemoved,
  type JobOutcome,
  jobOutcome,
  neverStarted,
  refusedJob,
  startOutcome,
  unreachableJob,
} from "./job-outcome.ts";
import { jobArguments, startArguments, stopArguments } from "./job-request.ts";
import { type QueueJobRow, readOwedJobs } from "./queue-action-store.ts";
import { readQueueAnswer } from "./queue-answer.ts";
import type { QueuesDeps, QueuesLimits } from "./queues-deps.ts";
import { type JobSettlement, settleJob } from "./settle-job.ts";

export interface QueueLane {
  /** Something may be due here: a new action, a stop, the link. */
  wake(): void;
  stop(): Promise<void>;
}

export interface QueueLaneOptions {
  hostId: string;
  deps: QueuesDeps;
  limits: QueuesLimits;
  writer: OutcomeWriter;
}

interface Waiting {
  /** Epoch milliseconds. */
  notBefore: number;
  lostAnswers: number;
  busy: number;
}

export function createQueueLane({ hostId, deps, limits, writer }: QueueLaneOptions): QueueLane {
  const { store, fleet, audit, clock, log } = deps;
  const step = deps.onStep ?? (() => {});
  const waits = new Map<string, Waiting>();
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const write = (row: QueueJobRow, settlement: JobSettlement) =>
    writer.write(async (scope) => {
      await settleJob(scope, audit, row.id, settlement);
    });
  const waitOf = (row: QueueJobRow): Waiting => waits.get(row.id) ?? { notBefore: 0, lostAnswers: 0, busy: 0 };
  const put = (row: QueueJobRow, milliseconds: number, more: Partial<Waiting> = {}) =>
    waits.set(row.id, { ...waitOf(row), ...more, notBefore: Date.now() + milliseconds });

  const ask = async <O extends "start" | "job" | "stop">(row: QueueJobRow, op: O, onSent = () => {}) => {
    const values = { start: startArguments, job: jobArguments, stop: stopArguments }[op](row);
    const timeoutMs = op === "start" ? limits.startTimeoutMs : limits.jobTimeoutMs;
    const result = await fleet.request(hostId, "queue", values, { channel: "jobs", timeoutMs, onSent });
    return readQueueAnswer(op, result);
  };

  /** Says ahead, in the database, that the line may go out. False where it was stopped meanwhile. */
  const claim = async (row: QueueJobRow): Promise<boolean> => {
    const { count } = await store.queueJob.updateMany({
      where: { id: row.id, endedAt: null, stopWanted: false },
      data: { attempts: { increment: 1 } },
    });
    return count === 1;
  };

  const start = async (row: QueueJobRow): Promise<JobOutcome | null> => {
    if (!(await claim(row))) return null;
    const claimed = { ...row, attempts: row.attempts + 1 };
    step("sending");
    const writes: Promise<void>[] = [];
    const result = await ask(claimed, "start", () => {
      step("sent");
      writes.push(
        write(claimed, { patch: { state: "sent", detail: "" } }).catch((error: unknown) =>
          log.error({ jobId: row.id, err: error }, "could not record that a line went out"),
        ),
      );
    });
    await Promise.all(writes);
    step("answered");
    return startOutcome(claimed, result, clock());
  };

  const next = async (row: QueueJobRow): Promise<JobOutcome | null> => {
    const mayBeThere = row.attempts > 0;
    if (row.stopWanted && !mayBeThere)
      return { next: "settled", settlement: neverStarted(row, clock(), "stopped", "stopped before it was sent") };
    // A host that refuses to stop it is asked in between how the job goes: it may have ended.
    if (row.stopWanted && waitOf(row).busy % 2 === 0) return jobOutcome(row, "stop", await ask(row, "stop"), clock());
    if (!row.stopWanted && (row.state === "asked" || row.state === "unreachable")) return start(row);
    return jobOutcome(row, "job", await ask(row, "job"), clock());
  };

  const follow = async (row: QueueJobRow, outcome: JobOutcome): Promise<void> => {
    const { lostAnswers, busy } = waitOf(row);
    switch (outcome.next) {
      case "settled": {
        const { endedAt, startedAt = row.startedAt } = outcome.settlement.patch;
        await write(row, outcome.settlement);
        if (endedAt !== undefined) waits.delete(row.id);
        else {
          const longRunning = startedAt !== null && clock().getTime() - startedAt.getTime() > limits.pollQuickForMs;
          put(row, longRunning ? limits.pollSlowMs : limits.pollQuickMs, { lostAnswers: 0, busy: 0 });
        }
        break;
      }
      case "ask-start":
        await write(row, outcome.settlement);
        put(row, 0);
        break;
      case "ask-job":
        if (outcome.settlement !== null) await write(row, outcome.settlement);
        put(row, limits.askAgainMs[Math.min(lostAnswers, limits.askAgainMs.length - 1)] ?? 5_000, {
          lostAnswers: lostAnswers + 1,
        });
        break;
      case "busy": {
        const detail = `The host is busy: ${outcome.words}`;
        const givenUp = busy >= limits.busyRetries && !row.stopWanted && row.startedAt === null;
        await write(
          row,
          givenUp
            ? refusedJob(row, detail, clock(), { error: "busy" })
            : { patch: { state: row.startedAt === null ? "asked" : "running", detail } },
        );
        put(row, limits.busyRetryMs, { busy: busy + 1 });
      }
    }
    step("outcome-recorded");
  };

  const tooLate = (row: QueueJobRow) =>
    row.attempts === 0 && clock().getTime() - row.askedAt.getTime() > limits.startWithinMs;

  const pass = async (): Promise<void> => {
    clearTimeout(timer);
    const rows = await readOwedJobs(store, hostId);
    for (const id of waits.keys()) if (!rows.some((row) => row.id === id)) waits.delete(id);
    if (rows.length === 0) return;
    for (const row of rows) {
      if (stopped) return;
      const link = fleet.link(hostId);
      if (row.host.removedAt !== null) await write(row, hostRemoved(row, clock()));
      else if (tooLate(row))
        await write(row, neverStarted(row, clock(), "failed", "the host could not be reached in time; ask again"));
      else if (link.state === "connected" && waitOf(row).notBefore <= Date.now()) {
        const outcome = await next(row);
        if (outcome !== null) await follow(row, outcome);
      } else if (row.attempts === 0 && row.stopWanted)
        await write(row, neverStarted(row, clock(), "stopped", "stopped before it was sent"));
      else if (link.state !== "connected" && link.state !== "connecting" && row.state === "asked" && row.attempts === 0)
        await write(row, unreachableJob(row, link.detail));
    }
    schedule();
  };

  /** While the host is away the link wakes the lane; only what is given up in time needs the clock then. */
  const schedule = () => {
    if (stopped || again) return;
    const times = [...waits.values()].map(({ notBefore }) => notBefore - Date.now());
    const away = fleet.link(hostId).state !== "connected";
    timer = setTimeout(wake, away ? 5_000 : Math.max(10, Math.min(5_000, ...times)));
    timer.unref();
  };

  const run = async (): Promise<void> => {
    try {
      do {
        again = false;
        await pass();
      } while (again && !stopped);
    } catch (error) {
      log.error({ hostId, err: error }, "a host's queue actions stopped for a moment");
      if (!stopped) timer = setTimeout(wake, 1_000).unref();
    } finally {
      running = null;
    }
  };

  function wake(): void {
    if (stopped) return;
    again = true;
    running ??= run();
  }

  return {
    wake,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      // A selection may take minutes to be made; the start is in doubt then, and asked about after the next start.
      const limit = new Promise<void>((resolve) => setTimeout(resolve, 3_000).unref());
      await Promise.race([running ?? Promise.resolve(), limit]);
    },
  };
}
