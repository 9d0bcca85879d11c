/** What the brakes slice stands on; each part takes of it what it needs. */
import type { Match } from "@mailbrake/contract";
import type { Fleet } from "@mailbrake/fleet";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import type { StepHook } from "./step-hook.ts";

/** What of a pino logger the slice needs. */
export interface BrakesLog {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

export interface BrakesDeps {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  fleet: Fleet;
  clock: Clock;
  log: BrakesLog;
  /** Matches that the operator protects, beside the management addresses. */
  protectedLane: readonly Match[];
  /** Told at each step of an order; for crash tests. */
  onStep?: StepHook;
  limits?: Partial<BrakesLimits>;
}

/** Every wait, in milliseconds. */
export interface BrakesLimits {
  applyTimeoutMs: number;
  liftTimeoutMs: number;
  statusTimeoutMs: number;
  planTimeoutMs: number;
  /** Between two looks at what a host has. */
  reconcileIntervalMs: number;
  /** Waits before asking again after an answer was lost; the last one repeats. */
  askAgainMs: readonly number[];
  /** Where a host can't say yet what it has. */
  askLaterMs: number;
  busyRetryMs: number;
  busyRetries: number;
  /** Waits between the first probes after an order. */
  probeRetriesMs: readonly number[];
  probeIntervalMs: number;
  /** How often a lifted door that still answers with our reference is looked at again. */
  lateLiftProbes: number;
  clockIntervalMs: number;
}

export const defaultBrakesLimits: BrakesLimits = {
  // Longer than the agent waits for its own lock and a slow MTA's reload together.
  applyTimeoutMs: 60_000,
  liftTimeoutMs: 60_000,
  statusTimeoutMs: 30_000,
  planTimeoutMs: 20_000,
  reconcileIntervalMs: 30_000,
  askAgainMs: [0, 1_000, 2_000, 5_000],
  askLaterMs: 5_000,
  busyRetryMs: 2_000,
  busyRetries: 5,
  // A process of the MTA that was there before the order may answer as before for a while.
  probeRetriesMs: [50, 200, 1_000, 3_000],
  probeIntervalMs: 60_000,
  lateLiftProbes: 10,
  clockIntervalMs: 1_000,
};
