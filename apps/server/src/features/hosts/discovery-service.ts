/**
 * Asks agents what is on their hosts and brings the catalogue to it.
 * Guarantees: one discovery of a host at a time, shared by all who ask; catalogue, host row and audit event change in one transaction.
 * Fails: MailbrakeError, with nothing changed. The manual commands follow in the background; where they fail, the old ones stay.
 */
import type { Actor, DiscoveredInstance, DiscoveredPoint } from "@mailbrake/contract";
import type { Fleet } from "@mailbrake/fleet";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import { answerOf } from "../../platform/host-answer.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import { type MechanismPlanner, recordDiscovery } from "../catalogue/index.ts";
import { hostEvents, serverActor } from "./host-events.ts";
import { findHost } from "./host-store.ts";
import type { SliceLog } from "./slice-log.ts";

const discoverTimeoutMs = 60_000;

export interface DiscoveryService {
  /** @throws MailbrakeError not-found, host-unreachable, host-refused */
  discover(actor: Actor, hostId: string): Promise<void>;
  /** The same by the server itself, in the background. */
  discoverSoon(hostId: string): void;
  /** Takes the manual commands of a host anew, in the background. */
  replanSoon(hostId: string, hostName: string): void;
  /** Resolves when nothing runs in the background any more. */
  settled(): Promise<void>;
}

export function createDiscoveryService(options: {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  fleet: Pick<Fleet, "request">;
  planner: MechanismPlanner;
  clock: Clock;
  log: SliceLog;
}): DiscoveryService {
  const { store, transactor, audit, fleet, planner, clock, log } = options;
  const running = new Map<string, Promise<void>>();
  const planning = new Map<string, Promise<void>>();

  async function discover(actor: Actor, hostId: string): Promise<void> {
    const { name } = await findHost(store, hostId);
    const result = await fleet.request(hostId, "discover", {}, { channel: "observe", timeoutMs: discoverTimeoutMs });
    const { parts } = answerOf(name, result);
    const instances: DiscoveredInstance[] = parts.flatMap((part) => ("instance" in part ? [part.instance] : []));
    const points: DiscoveredPoint[] = parts.flatMap((part) => ("point" in part ? [part.point] : []));
    const [surroundings] = parts.flatMap((part) => ("surroundings" in part ? [part.surroundings] : []));
    await transactor.inTransaction(async (scope) => {
      const host = await findHost(scope.transaction, hostId);
      const now = clock();
      const changes = await recordDiscovery(scope.transaction, hostId, { instances, points }, now);
      await scope.transaction.host.update({
        where: { id: hostId },
        data: { discoveredAt: now, surroundings: surroundings === undefined ? null : JSON.stringify(surroundings) },
      });
      const counts = { instances: instances.length, points: points.length };
      await audit.append(scope, hostEvents.discovered(actor, host, { ...counts, ...changes }));
      scope.publish({ kind: "catalogue", hostId });
      scope.publish({ kind: "host", hostId });
    });
    replanSoon(hostId, name);
  }

  function replanSoon(hostId: string, hostName: string): void {
    const before = planning.get(hostId) ?? Promise.resolve();
    const now = before
      .then(() => planner.replanHost(hostId, hostName))
      .catch((error: unknown) =>
        log.warn({ hostId, error: String(error) }, "manual commands could not be taken from the agent"),
      )
      .finally(() => {
        if (planning.get(hostId) === now) planning.delete(hostId);
      });
    planning.set(hostId, now);
  }

  function discoverOnce(actor: Actor, hostId: string): Promise<void> {
    const already = running.get(hostId);
    if (already !== undefined) return already;
    const now = discover(actor, hostId).finally(() => running.delete(hostId));
    running.set(hostId, now);
    return now;
  }

  return {
    discover: discoverOnce,
    discoverSoon(hostId) {
      discoverOnce(serverActor, hostId).catch((error: unknown) =>
        log.warn({ hostId, error: String(error) }, "a host could not be discovered"),
      );
    },
    replanSoon,
    async settled() {
      await Promise.allSettled(running.values());
      await Promise.allSettled(planning.values());
    },
  };
}
