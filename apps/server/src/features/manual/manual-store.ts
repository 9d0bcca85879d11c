/** Doors by hand, their mechanisms and runs in the database; every list has a page. */
import { MailbrakeError, manualLimits } from "@mailbrake/contract";
import type { Prisma } from "@mailbrake/prisma";
import type { Store, StoreTransaction } from "../../platform/store.ts";

type Reader = Store | StoreTransaction;

export interface ManualPage {
  /** Id of the last one of the page before. */
  cursor?: string | undefined;
  pageSize: number;
}

export const manualRunInclude = {
  steps: { orderBy: [{ part: "asc" }, { position: "asc" }] },
} as const satisfies Prisma.ManualRunInclude;
export type ManualRunRow = Prisma.ManualRunGetPayload<{ include: typeof manualRunInclude }>;

const mechanismInclude = {
  // The open one, or one that was given up with something left. By a filter: a nested limit would read the whole history.
  runs: { where: { standingMechanismId: { not: null } }, include: manualRunInclude },
} as const satisfies Prisma.ManualMechanismInclude;
export type ManualMechanismRow = Prisma.ManualMechanismGetPayload<{ include: typeof mechanismInclude }>;

export const externalPointInclude = {
  mechanisms: {
    where: { removedAt: null },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    take: manualLimits.mechanisms,
    include: mechanismInclude,
  },
} as const satisfies Prisma.ExternalPointInclude;
export type ExternalPointRow = Prisma.ExternalPointGetPayload<{ include: typeof externalPointInclude }>;

const badCursor = () =>
  new MailbrakeError("bad-input", { field: "cursor", detail: "This page can't be continued; begin at the first." });

/** By name. @throws MailbrakeError bad-input */
export async function readExternalPoints(
  store: Reader,
  { cursor, pageSize }: ManualPage,
): Promise<{ rows: ExternalPointRow[]; nextCursor: string | null }> {
  const where = { removedAt: null };
  if (cursor !== undefined && (await store.externalPoint.count({ where: { ...where, id: cursor } })) === 0)
    throw badCursor();
  const found = await store.externalPoint.findMany({
    where,
    include: externalPointInclude,
    orderBy: [{ name: "asc" }, { id: "asc" }],
    take: pageSize + 1,
    ...(cursor === undefined ? {} : { cursor: { id: cursor }, skip: 1 }),
  });
  return pageOf(found, pageSize);
}

/** @throws MailbrakeError not-found */
export async function readExternalPoint(store: Reader, externalPointId: string): Promise<ExternalPointRow> {
  const row = await store.externalPoint.findFirst({
    where: { id: externalPointId, removedAt: null },
    include: externalPointInclude,
  });
  if (row === null) throw new MailbrakeError("not-found", { detail: "There is no such door by hand." });
  return row;
}

/** @throws MailbrakeError not-found */
export async function readMechanism(
  store: Reader,
  manualMechanismId: string,
): Promise<ManualMechanismRow & { externalPoint: { id: string; name: string } }> {
  const row = await store.manualMechanism.findFirst({
    where: { id: manualMechanismId, removedAt: null, externalPoint: { removedAt: null } },
    include: { ...mechanismInclude, externalPoint: true },
  });
  if (row === null) throw new MailbrakeError("not-found", { detail: "There is no such mechanism." });
  return row;
}

/** @throws MailbrakeError not-found */
export async function readRun(store: Reader, manualRunId: string): Promise<ManualRunRow> {
  const row = await store.manualRun.findUnique({ where: { id: manualRunId }, include: manualRunInclude });
  if (row === null) throw new MailbrakeError("not-found", { detail: "There is no such run." });
  return row;
}

/** Those that have ended at one door, newest first. @throws MailbrakeError bad-input */
export async function readEndedRuns(
  store: Reader,
  externalPointId: string,
  { cursor, pageSize }: ManualPage,
): Promise<{ rows: ManualRunRow[]; nextCursor: string | null }> {
  const where = { externalPointId, endedAt: { not: null } };
  if (cursor !== undefined && (await store.manualRun.count({ where: { ...where, id: cursor } })) === 0)
    throw badCursor();
  const found = await store.manualRun.findMany({
    where,
    include: manualRunInclude,
    orderBy: [{ endedAt: "desc" }, { id: "desc" }],
    take: pageSize + 1,
    ...(cursor === undefined ? {} : { cursor: { id: cursor }, skip: 1 }),
  });
  return pageOf(found, pageSize);
}

function pageOf<T extends { id: string }>(found: T[], pageSize: number): { rows: T[]; nextCursor: string | null } {
  const rows = found.slice(0, pageSize);
  return { rows, nextCursor: found.length > pageSize ? (rows.at(-1)?.id ?? null) : null };
}
