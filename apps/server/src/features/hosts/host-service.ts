import {
  type Actor,
  type HostSurroundings,
  type HostView,
  type InstanceView,
  MailbrakeError,
  surroundingsSchema,
} from "@mailbrake/contract";
import { type Fleet, readHostKey, type ShownHostKey } from "@mailbrake/fleet";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import { answerOf } from "../../platform/host-answer.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import type { DiscoveryService } from "./discovery-service.ts";
import { type ArmVerb, armingEvents, hostEvents } from "./host-events.ts";
import { type HostRow, toHostView, toInstanceView } from "./host-row.ts";
import { findHost, findHosts, findInstance, markRemoved, toFleetHost } from "./host-store.ts";
import type { LinkWatcher } from "./link-watcher.ts";
import { toApiError } from "./ssh-error.ts";

const hostKeyTimeoutMs = 10_000;
/** Arming may rebuild tables and reload; nothing brakes while it waits. */
const armTimeoutMs = 60_000;

export interface HostService {
  list(page: {
    cursor?: string | undefined;
    pageSize: number;
  }): Promise<{ hosts: HostView[]; nextCursor: string | null }>;
  /** @throws MailbrakeError not-found */
  get(hostId: string): Promise<HostView>;
  /** What stood around its mail systems at the last discovery. @throws MailbrakeError not-found */
  surroundings(hostId: string): Promise<HostSurroundings>;
  /** What a host shows on the network. @throws MailbrakeError host-unreachable */
  readKey(to: { address: string; port: number; preferredHostKey?: string }): Promise<ShownHostKey>;
  /** @throws MailbrakeError not-found, host-unreachable, host-refused */
  discover(actor: Actor, hostId: string): Promise<HostView>;
  /** Pins the key that the host shows now, if it is the one confirmed. @throws MailbrakeError fingerprint-mismatch, host-unreachable */
  pin(actor: Actor, hostId: string, fingerprint: string): Promise<HostView>;
  /** @throws MailbrakeError conflict while applications are active on it */
  remove(actor: Actor, hostId: string, reason: string): Promise<void>;
  /** @throws MailbrakeError not-found, host-unreachable, host-refused */
  arm(actor: Actor, verb: ArmVerb, instanceId: string): Promise<InstanceView>;
}

export interface HostServiceOptions {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  fleet: Fleet;
  discovery: DiscoveryService;
  watcher: LinkWatcher;
  clock: Clock;
}

export function createHostService(options: HostServiceOptions): HostService {
  const { store, transactor, audit, fleet, discovery, watcher, clock } = options;
  const viewOf = (row: HostRow) => toHostView(row, fleet.link(row.id), clock());
  const get = async (hostId: string) => viewOf(await findHost(store, hostId));

  async function readKey(to: { address: string; port: number; preferredHostKey?: string }): Promise<ShownHostKey> {
    try {
      return await readHostKey({ ...to, timeoutMs: hostKeyTimeoutMs });
    } catch (error) {
      throw toApiError(error, `${to.address} port ${to.port}`);
    }
  }

  return {
    async list(page) {
      const rows = await findHosts(store, page);
      const shown = rows.slice(0, page.pageSize);
      return { hosts: shown.map(viewOf), nextCursor: rows.length > page.pageSize ? (shown.at(-1)?.id ?? null) : null };
    },
    get,
    async surroundings(hostId) {
      const { surroundings } = await findHost(store, hostId);
      return { surroundings: surroundings === null ? null : surroundingsSchema.parse(JSON.parse(surroundings)) };
    },
    readKey,

    async discover(actor, hostId) {
      await discovery.discover(actor, hostId);
      return get(hostId);
    },

    async pin(actor, hostId, fingerprint) {
      const host = await findHost(store, hostId);
      const shown = await readKey({ address: host.address, port: host.port, preferredHostKey: host.hostKey });
      if (shown.fingerprint !== fingerprint) {
        await transactor.inTransaction((scope) =>
          audit.append(scope, hostEvents.keyNotPinned(actor, host, fingerprint, shown.fingerprint)),
        );
        throw new MailbrakeError("fingerprint-mismatch", {
          field: "fingerprint",
          detail: `${host.name} shows ${shown.fingerprint}, confirmed was ${fingerprint}.`,
        });
      }
      const pinned = await transactor.inTransaction(async (scope) => {
        await findHost(scope.transaction, hostId);
        await audit.append(scope, hostEvents.keyPinned(actor, host, host.fingerprint, fingerprint));
        scope.publish({ kind: "host", hostId });
        return scope.transaction.host.update({
          where: { id: hostId },
          data: { hostKey: shown.hostKey, hostKeyType: shown.keyType, fingerprint },
        });
      });
      watcher.watch(toFleetHost(pinned));
      return get(hostId);
    },

    async remove(actor, hostId, reason) {
      await transactor.inTransaction(async (scope) => {
        const host = await findHost(scope.transaction, hostId);
        const active = host._count.applications;
        if (active > 0) {
          throw new MailbrakeError("conflict", {
            detail: `${active} ${active === 1 ? "brake is" : "brakes are"} active on ${host.name}: lift first.`,
          });
        }
        await markRemoved(scope.transaction, host, clock());
        await audit.append(scope, hostEvents.removed(actor, host, reason));
        scope.publish({ kind: "host", hostId });
        scope.publish({ kind: "catalogue", hostId });
      });
      await fleet.remove(hostId);
    },

    async arm(actor, verb, instanceId) {
      const instance = await findInstance(store, instanceId);
      await transactor.inTransaction((scope) => audit.append(scope, armingEvents.asked(actor, verb, instance)));
      const result = await fleet.request(
        instance.hostId,
        verb,
        { instance: instance.instance },
        { timeoutMs: armTimeoutMs },
      );
      await transactor.inTransaction(async (scope) => {
        if (result.outcome === "answered") {
          await scope.transaction.instance.update({ where: { id: instanceId }, data: { armed: verb === "arm" } });
          const { outcome, readback } = result.answer;
          await audit.append(scope, armingEvents.done(actor, verb, instance, outcome, readback));
        } else {
          const detail = result.outcome === "refused" ? result.failure.message : result.detail;
          await audit.append(scope, armingEvents.notDone(actor, verb, instance, result.outcome, detail));
          // Whether it is armed now is not known: the host is discovered at once, or as soon as it is back.
          if (result.outcome === "unknown") {
            await scope.transaction.host.update({ where: { id: instance.hostId }, data: { discoveredAt: null } });
          }
        }
        scope.publish({ kind: "catalogue", hostId: instance.hostId });
        scope.publish({ kind: "host", hostId: instance.hostId });
      });
      if (result.outcome === "unknown") discovery.discoverSoon(instance.hostId);
      answerOf(instance.host.name, result);
      discovery.replanSoon(instance.hostId, instance.host.name);
      return toInstanceView(await findInstance(store, instanceId));
    },
  };
}
