/** What the queues slice stands on; each part takes of it what it needs. */
import type { Match } from "@mailbrake/contract";
import type { Fleet } from "@mailbrake/fleet";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import type { LiveConnections } from "../../platform/live-connections.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import type { QueueStepHook } from "./queue-step-hook.ts";

/** What of a pino logger the slice needs. */
export interface QueuesLog {
  error(data: object, message: string): void;
}

export interface QueuesDeps {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  fleet: Fleet;
  clock: Clock;
  log: QueuesLog;
  connections: Pick<LiveConnections, "stream">;
  /** Matches that the operator protects. */
  protectedLane: readonly Match[];
  /** Told at each step of an action; for crash tests. */
  onStep?: QueueStepHook;
  limits?: Partial<QueuesLimits>;
}

/** Every wait, in milliseconds. */
export interface QueuesLimits {
  /** How long a question waits for those before it at the same host. */
  turnWaitMs: number;
  readTimeoutMs: number;
  countTimeoutMs: number;
  surveyTimeoutMs: number;
  /** The selection is made before the host answers. */
  startTimeoutMs: number;
  jobTimeoutMs: number;
  /** An action that could not be sent for so long is given up: what it was meant for is another queue by then. */
  startWithinMs: number;
  /** Between two questions about a running job: first, and after it has run for `pollQuickForMs`. */
  pollQuickMs: number;
  pollSlowMs: number;
  pollQuickForMs: number;
  /** Waits before asking again after an answer was lost; the last one repeats. */
  askAgainMs: readonly number[];
  busyRetryMs: number;
  busyRetries: number;
  /** One `follow` request lasts so long; another takes its place while somebody watches. */
  followSeconds: number;
  followPauseMs: number;
}

/** Longer than the agent's own limits: 2 minutes to read a queue, 5 to make a selection for an action. */
export const defaultQueuesLimits: QueuesLimits = {
  turnWaitMs: 60_000,
  readTimeoutMs: 150_000,
  countTimeoutMs: 150_000,
  surveyTimeoutMs: 180_000,
  startTimeoutMs: 330_000,
  jobTimeoutMs: 60_000,
  startWithinMs: 3_600_000,
  pollQuickMs: 1_500,
  pollSlowMs: 6_000,
  pollQuickForMs: 60_000,
  askAgainMs: [0, 1_000, 2_000, 5_000],
  busyRetryMs: 2_000,
  busyRetries: 30,
  followSeconds: 60,
  followPauseMs: 500,
};
