import { MailbrakeError } from "@mailbrake/contract";
import type { FleetHost } from "@mailbrake/fleet";
import type { Prisma } from "@mailbrake/prisma";
import { newId } from "../../platform/new-id.ts";
import type { Store, StoreTransaction } from "../../platform/store.ts";
import { type HostRow, hostRowInclude, type InstanceRow } from "./host-row.ts";

type Reader = Store | StoreTransaction;

/** Hosts by name; one more than `pageSize` where there is a next page. */
export function findHosts(store: Reader, page: { cursor?: string | undefined; pageSize: number }): Promise<HostRow[]> {
  return store.host.findMany({
    where: { removedAt: null },
    include: hostRowInclude,
    orderBy: [{ name: "asc" }, { id: "asc" }],
    take: page.pageSize + 1,
    ...(page.cursor === undefined ? {} : { cursor: { id: page.cursor }, skip: 1 }),
  });
}

/** @throws MailbrakeError not-found */
export async function findHost(store: Reader, hostId: string): Promise<HostRow> {
  const row = await store.host.findFirst({ where: { id: hostId, removedAt: null }, include: hostRowInclude });
  if (row === null) throw new MailbrakeError("not-found", { detail: "There is no such host." });
  return row;
}

/** @throws MailbrakeError not-found */
export async function findInstance(
  store: Reader,
  instanceId: string,
): Promise<InstanceRow & { host: { name: string } }> {
  const row = await store.instance.findFirst({
    where: { id: instanceId, goneAt: null, host: { removedAt: null } },
    include: { host: { select: { name: true } } },
  });
  if (row === null) throw new MailbrakeError("not-found", { detail: "There is no such instance." });
  return row;
}

const fleetHostSelect = {
  id: true,
  address: true,
  port: true,
  user: true,
  hostKey: true,
} as const satisfies Prisma.HostSelect;

export function toFleetHost(row: Prisma.HostGetPayload<{ select: typeof fleetHostSelect }>): FleetHost {
  return { hostId: row.id, address: row.address, port: row.port, user: row.user, hostKey: row.hostKey };
}

export async function findFleetHosts(store: Reader): Promise<FleetHost[]> {
  const rows = await store.host.findMany({ where: { removedAt: null }, select: fleetHostSelect });
  return rows.map(toFleetHost);
}

export interface HostPlace {
  name: string;
  address: string;
  port: number;
}

/**
 * A name and a place belong to one host. The same name at the same place is that host again: enrolling it brings its agent up to date.
 * @returns id of the host that is there already, or null
 * @throws MailbrakeError conflict naming `name` or `address`
 */
export async function findSameHost(store: Reader, { name, address, port }: HostPlace): Promise<string | null> {
  const named = await store.host.findUnique({ where: { name } });
  const placed = await store.host.findFirst({ where: { address, port, removedAt: null } });
  if (named !== null && named.id === placed?.id) return named.id;
  if (named !== null) {
    const detail = `A host named ${name} is enrolled already, at ${named.address} port ${named.port}: choose another name.`;
    throw new MailbrakeError("conflict", { field: "name", detail });
  }
  if (placed !== null) {
    const detail = `${address} port ${port} is enrolled already, as ${placed.name}: use that name, or remove that host first.`;
    throw new MailbrakeError("conflict", { field: "address", detail });
  }
  return null;
}

export interface NewHost {
  name: string;
  address: string;
  port: number;
  user: string;
  hostKey: string;
  hostKeyType: string;
  fingerprint: string;
  agentVersion: string;
  enrolledAt: Date;
}

/** Adds the host, or brings the row of the same host up to date. @throws MailbrakeError conflict, as `findSameHost` */
export async function putHost(
  transaction: StoreTransaction,
  { enrolledAt, ...host }: NewHost,
): Promise<{ host: FleetHost; again: boolean }> {
  const sameId = await findSameHost(transaction, host);
  const row =
    sameId === null
      ? await transaction.host.create({ data: { id: newId(), enrolledAt, ...host } })
      : // Another agent may find more, and brake in other ways: the host is discovered anew when it connects.
        await transaction.host.update({ where: { id: sameId }, data: { ...host, discoveredAt: null } });
  return { host: toFleetHost(row), again: sameId !== null };
}

/** Its rows stay, for the history of its brakes; its name is free again, and its block points are gone. */
export async function markRemoved(
  transaction: StoreTransaction,
  host: { id: string; name: string },
  now: Date,
): Promise<void> {
  await transaction.host.update({
    where: { id: host.id },
    data: { removedAt: now, name: `${host.name} (removed ${now.toISOString().slice(0, 10)}, ${host.id})` },
  });
  const gone = { where: { hostId: host.id, goneAt: null }, data: { goneAt: now } };
  await transaction.blockPoint.updateMany(gone);
  await transaction.instance.updateMany(gone);
}
