import type { DiscoveredInstance, DiscoveredPoint } from "@mailbrake/contract";
import { newId } from "../../platform/new-id.ts";
import type { StoreTransaction } from "../../platform/store.ts";

export interface Discovery {
  instances: DiscoveredInstance[];
  points: DiscoveredPoint[];
}

/** What a discovery changed, in the agent's names (`postfix:/etc/postfix listener:smtp/inet`). */
export interface DiscoveryChanges {
  added: string[];
  gone: string[];
}

/**
 * Brings the catalogue of one host to what its agent found. Nothing is deleted: what is gone is marked, for its history and its runbook.
 * A role that a person chose stays.
 * @throws Error when a point names an instance that the agent did not tell of
 */
export async function recordDiscovery(
  transaction: StoreTransaction,
  hostId: string,
  { instances, points }: Discovery,
  now: Date,
): Promise<DiscoveryChanges> {
  const changes: DiscoveryChanges = { added: [], gone: [] };
  const instanceIds = new Map<string, string>();
  for (const found of instances) {
    const content = {
      mta: found.mta,
      version: found.version,
      configDir: found.configDir,
      name: found.name,
      hostname: found.hostname,
      running: found.running,
      armed: found.armed,
      domains: JSON.stringify(found.domains),
      seenAt: now,
      goneAt: null,
    };
    const row = await transaction.instance.upsert({
      where: { hostId_instance: { hostId, instance: found.instance } },
      create: { id: newId(), hostId, instance: found.instance, ...content },
      update: content,
    });
    instanceIds.set(found.instance, row.id);
  }

  const known = await transaction.blockPoint.findMany({ where: { hostId }, include: { instance: true } });
  const nameOf = (instance: string, point: string) => `${instance} ${point}`;
  const before = new Map(known.map((row) => [nameOf(row.instance.instance, row.point), row]));
  const presentIds: string[] = [];
  for (const found of points) {
    const instanceId = instanceIds.get(found.instance);
    if (instanceId === undefined)
      throw new Error(`the agent told of ${found.point} at ${found.instance}, but not of that instance`);
    const name = nameOf(found.instance, found.point);
    const old = before.get(name);
    const content = {
      kind: found.kind,
      label: found.label,
      ...(old?.roleChosen === true ? {} : { role: found.role }),
      listens: JSON.stringify(found.listens),
      cells: JSON.stringify(found.cells),
      probe: found.probe == null ? null : JSON.stringify(found.probe),
      seenAt: now,
      goneAt: null,
    };
    if (old === undefined || old.goneAt !== null) changes.added.push(name);
    const row = await transaction.blockPoint.upsert({
      where: { instanceId_point: { instanceId, point: found.point } },
      create: { id: newId(), hostId, instanceId, point: found.point, ...content },
      update: content,
    });
    presentIds.push(row.id);
  }

  const present = new Set(presentIds);
  for (const [name, row] of before) if (!present.has(row.id) && row.goneAt === null) changes.gone.push(name);
  await transaction.blockPoint.updateMany({
    where: { hostId, goneAt: null, id: { notIn: presentIds } },
    data: { goneAt: now },
  });
  await transaction.instance.updateMany({
    where: { hostId, goneAt: null, id: { notIn: [...instanceIds.values()] } },
    data: { goneAt: now, running: false },
  });
  return changes;
}
