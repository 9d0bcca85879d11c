/**
 * Keeps the fleet connected to every enrolled host, and the database told of how each link stands.
 * Guarantees: each change of a link is published live; what it means for people (reachable, unreachable, key changed) is audited once, in the transaction that
 * records it, in the order in which it happened, also over a restart of the server; a host that is back is asked who it is, and discovered when that is long ago.
 * Fails: with a line in the log; the next change of the link tries again.
 */
import type { HostLinkState } from "@mailbrake/contract";
import type { Fleet, FleetHost, HostLink } from "@mailbrake/fleet";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import type { EventBus } from "../../platform/event-bus.ts";
import type { Store, StoreTransaction, Transactor } from "../../platform/store.ts";
import type { DiscoveryService } from "./discovery-service.ts";
import { hostEvents, linkActions } from "./host-events.ts";
import { findFleetHosts } from "./host-store.ts";
import type { SliceLog } from "./slice-log.ts";

const rediscoverAfterMs = 600_000;
const helloTimeoutMs = 10_000;

export interface LinkWatcher {
  /** Adds all hosts to the fleet. */
  start(): Promise<void>;
  watch(host: FleetHost): void;
  /** Close the fleet first: what waits for hosts ends at once then. */
  close(): Promise<void>;
}

export interface LinkWatcherOptions {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  events: EventBus;
  fleet: Fleet;
  discovery: DiscoveryService;
  clock: Clock;
  log: SliceLog;
}

export function createLinkWatcher(options: LinkWatcherOptions): LinkWatcher {
  const { store, transactor, audit, events, fleet, discovery, clock, log } = options;
  const lastStates = new Map<string, HostLinkState>();
  const lanes = new Map<string, Promise<void>>();

  /** One after another for a host, side by side for different hosts. */
  const inLane = (hostId: string, work: () => Promise<void>) => {
    const lane = (lanes.get(hostId) ?? Promise.resolve()).then(work).catch((error: unknown) => {
      log.warn({ hostId, error: String(error) }, "a change of a host's link could not be recorded");
    });
    lanes.set(hostId, lane);
    void lane.finally(() => {
      if (lanes.get(hostId) === lane) lanes.delete(hostId);
    });
  };

  const stopListening = fleet.onLink((hostId, link) => {
    events.publish({ kind: "host", hostId });
    if (lastStates.get(hostId) === link.state) return;
    const before = lastStates.get(hostId);
    lastStates.set(hostId, link.state);
    if (link.state === "connecting") return;
    inLane(hostId, () => record(hostId, link, before));
    if (link.state === "connected") inLane(hostId, () => greet(hostId));
  });

  async function record(hostId: string, link: HostLink, before: HostLinkState | undefined): Promise<void> {
    await transactor.inTransaction(async (scope) => {
      const host = await scope.transaction.host.findFirst({ where: { id: hostId, removedAt: null } });
      if (host === null) return;
      const connected = link.state === "connected";
      if (connected || before === "connected") {
        await scope.transaction.host.update({
          where: { id: hostId },
          data: { lastSeenAt: clock(), ...(connected ? { managementAddress: link.managementAddress } : {}) },
        });
      }
      if ((await lastTold(scope.transaction, hostId)) !== link.state) {
        if (link.state === "connected") await audit.append(scope, hostEvents.reachable(host));
        if (link.state === "unreachable") await audit.append(scope, hostEvents.unreachable(host, link.detail));
        if (link.state === "key-changed") await audit.append(scope, hostEvents.keyChanged(host, link.detail));
      }
      scope.publish({ kind: "host", hostId });
      scope.publish({ kind: "catalogue", hostId });
    });
  }

  async function greet(hostId: string): Promise<void> {
    const askedAt = clock().getTime();
    const hello = await fleet.request(hostId, "hello", {}, { channel: "observe", timeoutMs: helloTimeoutMs });
    if (hello.outcome !== "answered") return;
    const answeredAt = clock().getTime();
    const host = await transactor.inTransaction(async (scope) => {
      const present = await scope.transaction.host.findFirst({ where: { id: hostId, removedAt: null } });
      if (present === null) return null;
      scope.publish({ kind: "host", hostId });
      return scope.transaction.host.update({
        where: { id: hostId },
        data: {
          agentVersion: hello.answer.agent,
          os: `${hello.answer.os} ${hello.answer.kernel}`,
          // The host's clock has whole seconds: half of one is the best guess of what it cut off.
          clockSkewSeconds: Math.round(hello.answer.time + 0.5 - (askedAt + answeredAt) / 2_000),
        },
      });
    });
    if (host === null) return;
    const age = host.discoveredAt === null ? Number.POSITIVE_INFINITY : clock().getTime() - host.discoveredAt.getTime();
    if (age > rediscoverAfterMs) discovery.discoverSoon(hostId);
  }

  return {
    async start() {
      for (const host of await findFleetHosts(store)) fleet.add(host);
    },
    watch(host) {
      lastStates.delete(host.hostId);
      fleet.add(host);
    },
    async close() {
      stopListening();
      await Promise.allSettled(lanes.values());
      await discovery.settled();
    },
  };
}

/** What the audit log told last of a host's link; a host of which nothing was told yet counts as connected. */
async function lastTold(transaction: StoreTransaction, hostId: string): Promise<HostLinkState> {
  const event = await transaction.auditEvent.findFirst({
    where: { target: `host:${hostId}`, action: { in: Object.keys(linkActions) } },
    orderBy: { sequence: "desc" },
  });
  return linkActions[event?.action as keyof typeof linkActions] ?? "connected";
}
