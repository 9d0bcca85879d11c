/** What the brakes slice reads and writes; every list has a page. */
import { type BrakeListQuery, MailbrakeError } from "@mailbrake/contract";
import type { Prisma } from "@mailbrake/prisma";
import type { Store } from "../../platform/store.ts";
import { type BrakeWithEvidence, brakeViewInclude } from "./brake-view.ts";

export const chosenPointInclude = { host: true, instance: true } as const satisfies Prisma.BlockPointInclude;
export type ChosenPoint = Prisma.BlockPointGetPayload<{ include: typeof chosenPointInclude }>;

/**
 * The block points of an order, in its order.
 * @throws MailbrakeError bad-input naming the first id that is unknown or gone, or given twice
 */
export async function readChosenPoints(store: Store, blockPointIds: readonly string[]): Promise<ChosenPoint[]> {
  const found = await store.blockPoint.findMany({
    where: { id: { in: [...blockPointIds] } },
    include: chosenPointInclude,
  });
  const byId = new Map(found.map((point) => [point.id, point]));
  const seen = new Set<string>();
  return blockPointIds.map((id, index) => {
    const field = `blockPointIds.${index}`;
    const point = byId.get(id);
    if (point === undefined)
      throw new MailbrakeError("bad-input", { field, detail: "There is no such block point; reload the list." });
    if (point.goneAt !== null)
      throw new MailbrakeError("bad-input", {
        field,
        detail: `${point.label} on ${point.host.name} was gone at the last discovery; take it out or discover the host again.`,
      });
    if (seen.has(id))
      throw new MailbrakeError("bad-input", { field, detail: "This block point is there twice; take one out." });
    seen.add(id);
    return point;
  });
}

/** @throws MailbrakeError not-found */
export async function readBrake(store: Store, brakeId: string): Promise<BrakeWithEvidence> {
  const brake = await store.brake.findUnique({ where: { id: brakeId }, include: brakeViewInclude });
  if (brake === null) throw new MailbrakeError("not-found", { detail: "There is no such brake." });
  return brake;
}

/** Newest first; the cursor is the id of the last brake of the page before. */
export async function readBrakes(
  store: Store,
  query: BrakeListQuery,
): Promise<{ brakes: BrakeWithEvidence[]; nextCursor: string | null }> {
  const where: Prisma.BrakeWhereInput = {
    ...(query.state === "all" ? {} : { endedAt: query.state === "active" ? null : { not: null } }),
    ...(query.blockPointId === undefined ? {} : { applications: { some: { blockPointId: query.blockPointId } } }),
  };
  if (query.cursor !== undefined && (await store.brake.count({ where: { id: query.cursor } })) === 0)
    throw new MailbrakeError("bad-input", {
      field: "cursor",
      detail: "This page can't be continued; begin at the first.",
    });
  const rows = await store.brake.findMany({
    where,
    include: brakeViewInclude,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: query.pageSize + 1,
    ...(query.cursor === undefined ? {} : { cursor: { id: query.cursor }, skip: 1 }),
  });
  const brakes = rows.slice(0, query.pageSize);
  return { brakes, nextCursor: rows.length > query.pageSize ? (brakes.at(-1)?.id ?? null) : null };
}
