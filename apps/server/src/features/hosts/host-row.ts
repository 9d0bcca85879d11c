/** A host with what its page shows. */
import type { HostView, InstanceView } from "@mailbrake/contract";
import type { HostLink } from "@mailbrake/fleet";
import type { Prisma } from "@mailbrake/prisma";
import { z } from "zod";

export const hostRowInclude = {
  instances: { where: { goneAt: null }, orderBy: { instance: "asc" } },
  _count: {
    select: { blockPoints: { where: { goneAt: null } }, applications: { where: { endedAt: null } } },
  },
} as const satisfies Prisma.HostInclude;

export type HostRow = Prisma.HostGetPayload<{ include: typeof hostRowInclude }>;
export type InstanceRow = HostRow["instances"][number];

const storedDomains = z.array(z.string());

export function toInstanceView(row: InstanceRow): InstanceView {
  return {
    id: row.id,
    hostId: row.hostId,
    instance: row.instance,
    mta: row.mta,
    version: row.version,
    configDir: row.configDir,
    name: row.name,
    hostname: row.hostname,
    running: row.running,
    armed: row.armed,
    domains: storedDomains.parse(JSON.parse(row.domains)),
  };
}

/** @param now what `lastSeenAt` is for a host that is connected: its keepalive is answered every few seconds */
export function toHostView(row: HostRow, link: HostLink, now: Date): HostView {
  const seenAt = link.state === "connected" ? now : row.lastSeenAt;
  return {
    id: row.id,
    name: row.name,
    address: row.address,
    port: row.port,
    user: row.user,
    fingerprint: row.fingerprint,
    link: link.state,
    linkDetail: link.detail,
    nextAttemptAt: link.nextAttemptAt === null ? null : new Date(link.nextAttemptAt).toISOString(),
    lastSeenAt: seenAt?.toISOString() ?? null,
    clockSkewSeconds: row.clockSkewSeconds,
    agentVersion: row.agentVersion,
    os: row.os,
    discoveredAt: row.discoveredAt?.toISOString() ?? null,
    enrolledAt: row.enrolledAt.toISOString(),
    instances: row.instances.map(toInstanceView),
    blockPointCount: row._count.blockPoints,
    activeApplicationCount: row._count.applications,
  };
}
