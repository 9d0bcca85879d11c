/** Instances that have queues: mail servers, no firewalls. */
import { MailbrakeError } from "@mailbrake/contract";
import { hasQueues } from "@mailbrake/domain";
import type { Prisma } from "@mailbrake/prisma";
import type { Store } from "../../platform/store.ts";

export const queueInstanceInclude = { host: true } as const satisfies Prisma.InstanceInclude;
export type QueueInstanceRow = Prisma.InstanceGetPayload<{ include: typeof queueInstanceInclude }>;

const present = { goneAt: null, host: { removedAt: null } } as const satisfies Prisma.InstanceWhereInput;
/** Ten instances on each of a thousand hosts. */
const mostInstances = 10_000;

export async function findQueueInstances(store: Store): Promise<QueueInstanceRow[]> {
  const rows = await store.instance.findMany({
    where: present,
    include: queueInstanceInclude,
    orderBy: [{ host: { name: "asc" } }, { instance: "asc" }],
    take: mostInstances,
  });
  return rows.filter(({ mta }) => hasQueues(mta));
}

/** @throws MailbrakeError not-found */
export async function findQueueInstance(store: Store, instanceId: string): Promise<QueueInstanceRow> {
  const row = await store.instance.findFirst({ where: { ...present, id: instanceId }, include: queueInstanceInclude });
  if (row === null) throw new MailbrakeError("not-found", { detail: "There is no such instance." });
  if (!hasQueues(row.mta)) throw new MailbrakeError("not-found", { detail: `${row.instance} has no queues.` });
  return row;
}

/**
 * The instances of an action, in its order.
 * @throws MailbrakeError bad-input naming the first id that is unknown, gone, without queues, or given twice
 */
export async function readChosenInstances(store: Store, instanceIds: readonly string[]): Promise<QueueInstanceRow[]> {
  const found = await store.instance.findMany({
    where: { ...present, id: { in: [...instanceIds] } },
    include: queueInstanceInclude,
  });
  const byId = new Map(found.map((row) => [row.id, row]));
  return instanceIds.map((id, index) => {
    const field = `instanceIds.${index}`;
    const row = byId.get(id);
    if (row === undefined)
      throw new MailbrakeError("bad-input", { field, detail: "There is no such instance; reload the list." });
    if (!hasQueues(row.mta))
      throw new MailbrakeError("bad-input", { field, detail: `${row.instance} on ${row.host.name} has no queues.` });
    if (instanceIds.indexOf(id) !== index)
      throw new MailbrakeError("bad-input", { field, detail: "This instance is there twice; take one out." });
    return row;
  });
}
