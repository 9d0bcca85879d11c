/** Every step of a queue action, in the order in which they come. Tests kill the server at each of them; the product passes no hook. */
export const queueSteps = [
  /** Action, jobs and intent are committed; no lane has been told. */
  "recorded",
  /** The line is about to be handed to the connection, and `attempts` says so. */
  "sending",
  /** The line was handed to the connection. */
  "sent",
  /** The host has answered; nothing of it is recorded. */
  "answered",
  /** Outcome and audit are committed. */
  "outcome-recorded",
] as const;
export type QueueStep = (typeof queueSteps)[number];
export type QueueStepHook = (step: QueueStep) => void;
