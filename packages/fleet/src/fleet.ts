/**
 * The hosts that the control plane is connected to. See agent-link for what is kept for each.
 * Guarantees: no exception for anything that a host or the network does; hosts share nothing but this map, so a slow one delays no other.
 */
import type { AgentArguments, AgentVerb } from "@mailbrake/contract";
import { type AgentLink, createAgentLink } from "./agent-link.ts";
import type { Fleet, FleetResult, HostLink, RequestOptions } from "./fleet-contract.ts";
import { defaultFleetLimits, type FleetLimits } from "./limits.ts";

/** What of a pino logger the fleet needs. */
export interface FleetLog {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
}

export interface FleetOptions {
  /** The control plane's private key, asked for at each connection and not kept. */
  privateKey: () => Promise<string | Buffer>;
  log: FleetLog;
  limits?: Partial<FleetLimits>;
}

export function createFleet({ privateKey, log, limits: chosen }: FleetOptions): Fleet {
  const limits = { ...defaultFleetLimits, ...chosen };
  const links = new Map<string, AgentLink>();
  const listeners = new Set<(hostId: string, link: HostLink) => void>();
  let closed = false;

  const lastLogged = new Map<string, string>();

  const announce = (hostId: string, link: HostLink) => {
    // A host that stays away is tried for ever; one line says so.
    if (lastLogged.get(hostId) !== link.state) {
      lastLogged.set(hostId, link.state);
      const level = link.state === "connected" || link.state === "connecting" ? "info" : "warn";
      log[level]({ hostId, state: link.state, detail: link.detail }, "host link");
    }
    for (const listener of listeners) {
      try {
        listener(hostId, link);
      } catch (error) {
        log.warn({ hostId, error: String(error) }, "a listener to host links failed");
      }
    }
  };

  return {
    add(host) {
      if (closed) throw new Error("the fleet is closed");
      void links.get(host.hostId)?.close("the host's address or key was replaced");
      const link = createAgentLink({
        host: { ...host },
        privateKey,
        limits,
        onChange: (state) => announce(host.hostId, state),
      });
      links.set(host.hostId, link);
      announce(host.hostId, link.link());
    },
    async remove(hostId) {
      const link = links.get(hostId);
      links.delete(hostId);
      lastLogged.delete(hostId);
      await link?.close("the host was removed");
    },
    link: (hostId) => links.get(hostId)?.link() ?? notInFleet,
    nudge: (hostId) => links.get(hostId)?.nudge(),
    async request<V extends AgentVerb>(hostId: string, verb: V, values: AgentArguments, options: RequestOptions) {
      const link = links.get(hostId);
      if (link === undefined) return { outcome: "unreachable", detail: notInFleet.detail };
      try {
        return await link.request(verb, values, options);
      } catch (error) {
        return notSendable<V>(error);
      }
    },
    onLink(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      const closing = [...links.values()].map((link) => link.close("the control plane is shutting down"));
      links.clear();
      await Promise.all(closing);
    },
  };
}

const notInFleet: HostLink = {
  state: "unreachable",
  detail: "this host is not enrolled",
  nextAttemptAt: null,
  managementAddress: null,
};

/** A value that the protocol can't carry is refused as the agent itself would; nothing has been written. */
function notSendable<V extends AgentVerb>(error: unknown): FleetResult<V> {
  if (!(error instanceof RangeError)) throw error;
  const field = /^([a-z0-9]+):/.exec(error.message)?.[1];
  return {
    outcome: "refused",
    failure: {
      id: "-",
      done: true,
      ok: false,
      error: "bad-value",
      message: error.message,
      ...(field === undefined ? {} : { field }),
    },
    parts: [],
  };
}
