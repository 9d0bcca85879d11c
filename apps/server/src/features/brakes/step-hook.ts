/**
 * Every step of an order, in the order in which they come. Tests kill the server at each of them; the product passes no hook.
 */
export const orderSteps = [
  /** Brake, applications and intent are committed; the executor has not been told. */
  "recorded",
  /** The line is about to be handed to the connection. */
  "sending",
  /** The line was handed to the connection. */
  "sent",
  /** The host has answered; nothing of it is recorded. */
  "answered",
  /** Outcome, evidence and audit are committed. */
  "outcome-recorded",
  /** A host's status was answered; nothing of it is recorded. */
  "status-answered",
  "status-recorded",
  /** A probe's dialogue is over; nothing of it is recorded. */
  "probed",
  "probe-recorded",
] as const;
export type OrderStep = (typeof orderSteps)[number];
export type StepHook = (step: OrderStep) => void;
