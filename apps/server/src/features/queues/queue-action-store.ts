/** Queue actions and their jobs in the database; every list has a page. */
import { MailbrakeError, type queueActionListQuerySchema } from "@mailbrake/contract";
import type { Prisma } from "@mailbrake/prisma";
import type { z } from "zod";
import type { Store } from "../../platform/store.ts";

export const queueJobInclude = {
  queueAction: true,
  instance: true,
  host: true,
} as const satisfies Prisma.QueueJobInclude;
/** A job with all that is needed to send it. */
export type QueueJobRow = Prisma.QueueJobGetPayload<{ include: typeof queueJobInclude }>;

export const queueActionInclude = {
  jobs: { orderBy: [{ host: { name: "asc" } }, { id: "asc" }], include: { host: true, instance: true } },
} as const satisfies Prisma.QueueActionInclude;
export type QueueActionRow = Prisma.QueueActionGetPayload<{ include: typeof queueActionInclude }>;

export type QueueActionListQuery = z.infer<typeof queueActionListQuerySchema>;

/** @throws MailbrakeError not-found */
export async function readQueueAction(store: Store, queueActionId: string): Promise<QueueActionRow> {
  const row = await store.queueAction.findUnique({ where: { id: queueActionId }, include: queueActionInclude });
  if (row === null) throw new MailbrakeError("not-found", { detail: "There is no such queue action." });
  return row;
}

/** Newest first; the cursor is the id of the last action of the page before. */
export async function readQueueActions(
  store: Store,
  query: QueueActionListQuery,
): Promise<{ actions: QueueActionRow[]; nextCursor: string | null }> {
  const where: Prisma.QueueActionWhereInput = {
    ...(query.state === "all" ? {} : { endedAt: query.state === "running" ? null : { not: null } }),
    ...(query.instanceId === undefined ? {} : { jobs: { some: { instanceId: query.instanceId } } }),
  };
  if (query.cursor !== undefined && (await store.queueAction.count({ where: { id: query.cursor } })) === 0)
    throw new MailbrakeError("bad-input", {
      field: "cursor",
      detail: "This page can't be continued; begin at the first.",
    });
  const rows = await store.queueAction.findMany({
    where,
    include: queueActionInclude,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: query.pageSize + 1,
    ...(query.cursor === undefined ? {} : { cursor: { id: query.cursor }, skip: 1 }),
  });
  const actions = rows.slice(0, query.pageSize);
  return { actions, nextCursor: rows.length > query.pageSize ? (actions.at(-1)?.id ?? null) : null };
}

/** What a host still owes, oldest first. */
export function readOwedJobs(store: Store, hostId: string): Promise<QueueJobRow[]> {
  return store.queueJob.findMany({
    where: { hostId, endedAt: null },
    include: queueJobInclude,
    orderBy: [{ askedAt: "asc" }, { id: "asc" }],
    take: 1_000,
  });
}
