/** What the rest of the control plane knows of a fleet. `createFleet` is the real one. */
import type {
  AgentArguments,
  AgentFailure,
  AgentVerb,
  FinalAnswer,
  HostLinkState,
  PartialAnswer,
} from "@mailbrake/contract";

export interface FleetHost {
  hostId: string;
  address: string;
  port: number;
  user: string;
  /** Base64 of the pinned public host key; any other key stops everything for the host (`key-changed`). */
  hostKey: string;
}

export interface HostLink {
  state: HostLinkState;
  /** In a postmaster's words: what is, what is being tried. */
  detail: string;
  /** Epoch milliseconds of the next attempt, where one is planned. */
  nextAttemptAt: number | null;
  /** Address of the control plane as the host sees it; null while not connected. */
  managementAddress: string | null;
}

/** A union to be matched exhaustively; nothing here is an exception. */
export type FleetResult<V extends AgentVerb> =
  | { outcome: "answered"; answer: FinalAnswer<V>; parts: PartialAnswer[] }
  | { outcome: "refused"; failure: AgentFailure; parts: PartialAnswer[] }
  /** The line never went out. */
  | { outcome: "unreachable"; detail: string }
  /** The line went out and no answer came: ask `status` before believing anything. */
  | { outcome: "unknown"; detail: string };

/**
 * `control` and `observe` are kept open; `queues` (what is read of queues) and `jobs` (what is done to them) are opened by their first request and closed
 * when they have not been used for a while; each request on `follow` has a channel of its own, which ends with it.
 */
export const fleetChannels = ["control", "observe", "queues", "jobs", "follow"] as const;
export type FleetChannel = (typeof fleetChannels)[number];

export interface RequestOptions {
  /** Default `control`. */
  channel?: FleetChannel;
  /** From the moment that the line is written; required, every wait has a limit. */
  timeoutMs: number;
  /** Called when the line has been handed to the connection. */
  onSent?: () => void;
  onPart?: (part: PartialAnswer) => void;
  /** For `follow` alone: ends the request and its channel; the outcome is `unknown` then. */
  signal?: AbortSignal;
}

export interface Fleet {
  /** Starts to connect and keeps the connection warm; the same hostId again replaces address and key. */
  add(host: FleetHost): void;
  remove(hostId: string): Promise<void>;
  link(hostId: string): HostLink;
  /** Tries at once a host that is waiting for its next attempt. */
  nudge(hostId: string): void;
  request<V extends AgentVerb>(
    hostId: string,
    verb: V,
    values: AgentArguments,
    options: RequestOptions,
  ): Promise<FleetResult<V>>;
  /** Told on every change of a host's link; returns the way to stop. */
  onLink(listener: (hostId: string, link: HostLink) => void): () => void;
  close(): Promise<void>;
}
