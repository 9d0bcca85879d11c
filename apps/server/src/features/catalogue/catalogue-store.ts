import type { BlockPointKind, PlanStep, RunbookLink } from "@mailbrake/contract";
import type { Prisma } from "@mailbrake/prisma";
import type { Store, StoreTransaction } from "../../platform/store.ts";
import { type BlockPointRow, blockPointRowInclude } from "./block-point-row.ts";

type Reader = Store | StoreTransaction;

/** A point that was not found any more stays on the board for a week, and as long as anything is active there. */
const goneShownMs = 7 * 86_400_000;

export interface BlockPointPage {
  hostId?: string | undefined;
  kind?: BlockPointKind | undefined;
  /** Id of the last one of the page before. */
  cursor?: string | undefined;
  pageSize: number;
  now: Date;
}

/** One more than `pageSize` where there is a next page. */
export function findBlockPoints(store: Reader, page: BlockPointPage): Promise<BlockPointRow[]> {
  return store.blockPoint.findMany({
    where: {
      ...(page.hostId === undefined ? {} : { hostId: page.hostId }),
      ...(page.kind === undefined ? {} : { kind: page.kind }),
      host: { removedAt: null },
      OR: [
        { goneAt: null },
        { goneAt: { gte: new Date(page.now.getTime() - goneShownMs) } },
        { applications: { some: { endedAt: null } } },
      ],
    },
    include: blockPointRowInclude,
    orderBy: [{ host: { name: "asc" } }, { instanceId: "asc" }, { point: "asc" }, { id: "asc" }],
    take: page.pageSize + 1,
    ...(page.cursor === undefined ? {} : { cursor: { id: page.cursor }, skip: 1 }),
  });
}

export function findBlockPoint(store: Reader, blockPointId: string): Promise<BlockPointRow | null> {
  return store.blockPoint.findFirst({
    where: { id: blockPointId, host: { removedAt: null } },
    include: blockPointRowInclude,
  });
}

export function findPlans(store: Reader, blockPointId: string): Promise<Prisma.MechanismPlanGetPayload<object>[]> {
  return store.mechanismPlan.findMany({ where: { blockPointId } });
}

const presentPointSelect = {
  id: true,
  hostId: true,
  point: true,
  cells: true,
  instance: { select: { instance: true } },
} as const satisfies Prisma.BlockPointSelect;
export type PresentPoint = Prisma.BlockPointGetPayload<{ select: typeof presentPointSelect }>;

/** Where plans are to be asked for: the points of a host that are there. */
export function findPresentPoints(store: Reader, hostId: string): Promise<PresentPoint[]> {
  return store.blockPoint.findMany({
    where: { hostId, goneAt: null },
    select: presentPointSelect,
    orderBy: [{ instanceId: "asc" }, { point: "asc" }],
  });
}

export interface StoredPlan {
  effect: string;
  steps: PlanStep[];
  error: string | null;
}

/** The plans of a point as they are now; those of effects that it no longer has go. */
export async function replacePlans(
  transaction: StoreTransaction,
  blockPointId: string,
  plans: readonly StoredPlan[],
  plannedAt: Date,
): Promise<void> {
  await transaction.mechanismPlan.deleteMany({
    where: { blockPointId, effect: { notIn: plans.map(({ effect }) => effect) } },
  });
  for (const { effect, steps, error } of plans) {
    const content = { steps: JSON.stringify(steps), error, plannedAt };
    await transaction.mechanismPlan.upsert({
      where: { blockPointId_effect: { blockPointId, effect } },
      create: { blockPointId, effect, ...content },
      update: content,
    });
  }
}

export async function updateRole(
  transaction: StoreTransaction,
  blockPointId: string,
  role: string | null,
): Promise<void> {
  await transaction.blockPoint.update({ where: { id: blockPointId }, data: { role, roleChosen: true } });
}

export async function updateRunbook(
  transaction: StoreTransaction,
  blockPointId: string,
  runbook: { note: string; links: RunbookLink[]; updatedAt: Date; updatedBy: string },
): Promise<void> {
  await transaction.blockPoint.update({
    where: { id: blockPointId },
    data: {
      runbookNote: runbook.note,
      runbookLinks: JSON.stringify(runbook.links),
      runbookUpdatedAt: runbook.updatedAt,
      runbookUpdatedBy: runbook.updatedBy,
    },
  });
}
