import type { ApplicationState } from "@mailbrake/contract";

/** What can happen to an application. The executor, reconciler and prober turn everything they see into one of these. */
export const applicationEvents = [
  /** A new order was recorded: apply, extend, lift, retry, or a repair by the reconciler. */
  "ordered",
  /** The line was handed to the connection. */
  "line-sent",
  /** There is no connection, and the line surely never went out. */
  "host-unreachable",
  /** The connection went after the line, or the server stopped while it may have gone out. */
  "answer-lost",
  "host-refused",
  /** The host says that the brake stands, with what it read back. */
  "host-applied",
  /** The host says that the brake is gone (lifted, expired, or it never had it). */
  "host-lifted",
  /** The host is not as the last settled order left it. */
  "host-drifted",
  "probe-in-force",
  "probe-open",
] as const;
export type ApplicationEvent = (typeof applicationEvents)[number];

type Row = Record<ApplicationEvent, ApplicationState>;

/**
 * Every state × every event. A row lists what the event leads to; an event that proves nothing in a state leaves it as it is.
 * Never from here to `applied` or `lifted` but by the host's word, nor to `proved` or `open` but by a probe.
 */
const row = (state: ApplicationState, moves: Partial<Row>): Row => ({
  ordered: "asked",
  "line-sent": state,
  "host-unreachable": state,
  "answer-lost": state,
  "host-refused": state,
  "host-applied": "applied",
  "host-lifted": "lifted",
  "host-drifted": state,
  "probe-in-force": state,
  "probe-open": state,
  ...moves,
});

export const applicationStateTable: Readonly<Record<ApplicationState, Row>> = {
  asked: row("asked", {
    "line-sent": "sent",
    "host-unreachable": "unreachable",
    "answer-lost": "unknown",
    "host-refused": "refused",
  }),
  // A line is already out, so a failure to send another proves nothing about the first.
  sent: row("sent", {
    "host-unreachable": "unknown",
    "answer-lost": "unknown",
    "host-refused": "refused",
    "host-drifted": "drifted",
  }),
  // An earlier line may have gone out: only the host's word or a new order leads out of here.
  unknown: row("unknown", { "host-refused": "refused", "host-drifted": "drifted" }),
  unreachable: row("unreachable", { "line-sent": "sent", "answer-lost": "unknown", "host-refused": "refused" }),
  refused: row("refused", { "host-applied": "refused" }),
  applied: row("applied", { "host-drifted": "drifted", "probe-in-force": "proved", "probe-open": "drifted" }),
  proved: row("proved", { "host-applied": "proved", "host-drifted": "drifted", "probe-open": "drifted" }),
  drifted: row("drifted", { "probe-in-force": "proved" }),
  lifted: row("lifted", { "host-applied": "drifted", "host-drifted": "drifted", "probe-open": "open" }),
  open: row("open", { "host-applied": "drifted", "host-lifted": "open", "host-drifted": "drifted" }),
};

/** The state after `event`; total over both. */
export function nextState(state: ApplicationState, event: ApplicationEvent): ApplicationState {
  return applicationStateTable[state][event];
}

/** States in which the executor still owes the host a line or the person an answer. */
export const pendingStates = ["asked", "sent", "unknown", "unreachable"] as const satisfies readonly ApplicationState[];
export const inForceStates = ["applied", "proved"] as const satisfies readonly ApplicationState[];

export function isPending(state: ApplicationState): boolean {
  return (pendingStates as readonly ApplicationState[]).includes(state);
}
export function isInForce(state: ApplicationState): boolean {
  return (inForceStates as readonly ApplicationState[]).includes(state);
}
