import { timingSafeEqual } from "node:crypto";
import { type ChainHead, type ChainVerdict, verifyChain } from "@mailbrake/audit";
import type { AuditEvent } from "@mailbrake/contract";
import { auditHeadId, sealHead } from "../../platform/audit-log.ts";
import type { Store } from "../../platform/store.ts";
import { toAuditEvent } from "./audit-store.ts";

const pageSize = 1_000;

class UnreadableEvent extends Error {
  readonly sequence: number;
  constructor(sequence: number, cause: unknown) {
    super(`Event ${sequence} can't be read as it was written.`, { cause });
    this.sequence = sequence;
  }
}

async function* readAll(store: Store, untilSequence: number): AsyncGenerator<AuditEvent> {
  let last = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const where = { sequence: { gt: last, lte: untilSequence } };
    const page = { orderBy: { sequence: "asc" as const }, take: pageSize };
    let rows: Awaited<ReturnType<Store["auditEvent"]["findMany"]>>;
    try {
      rows = await store.auditEvent.findMany({ where, ...page });
    } catch (error) {
      throw new UnreadableEvent(await firstUnreadable(store, last), error);
    }
    for (const row of rows) yield toAuditEvent(row);
    const newest = rows.at(-1);
    if (!newest || rows.length < pageSize) return;
    last = newest.sequence;
  }
}

/** A column of another type than it was written with (SQLite keeps any) makes a whole page unreadable; finds the row. */
async function firstUnreadable(store: Store, after: number): Promise<number> {
  const keys = await store.auditEvent.findMany({
    where: { sequence: { gt: after } },
    orderBy: { sequence: "asc" },
    take: pageSize,
    select: { sequence: true },
  });
  for (const { sequence } of keys)
    if (
      !(await store.auditEvent.findUnique({ where: { sequence } }).then(
        () => true,
        () => false,
      ))
    )
      return sequence;
  return Math.max(after + 1, 1);
}

interface ChainEnd {
  head: ChainHead | null;
  /** What is wrong with the record of where the chain ends. */
  fault: string | null;
  /** Events beyond this one were appended after the record was read. */
  newestSequence: number;
}

/** In one transaction, so that an append in between doesn't look like a fault. */
function readEnd(store: Store, headKey: Uint8Array): Promise<ChainEnd> {
  return store.$transaction(async (transaction) => {
    const newest = await transaction.auditEvent.findFirst({
      orderBy: { sequence: "desc" },
      select: { sequence: true },
    });
    const end = { head: null, fault: null, newestSequence: newest?.sequence ?? 0 };
    const unreadable = { ...end, fault: "The record of where the chain ends can't be read as it was written." };
    // A row that was changed so that it can't be read is a finding, told below.
    const row = await transaction.auditHead.findUnique({ where: { id: auditHeadId } }).catch(() => undefined);
    if (row === undefined) return unreadable;
    if (row) {
      const expected = Buffer.from(sealHead(headKey, row), "utf8");
      const found = Buffer.from(row.seal, "utf8");
      if (expected.length === found.length && timingSafeEqual(expected, found)) return { ...end, head: row };
      return { ...end, fault: "The record of where the chain ends was changed, or sealed with another key." };
    }
    // The first start of a server writes the first event, with the first secret.
    const used = newest !== null || (await transaction.secret.count()) > 0;
    return used ? { ...end, fault: "The record of where the chain ends is missing." } : end;
  });
}

/**
 * Walks the whole audit table against its hashes and against the sealed record of where it ends.
 * Events appended meanwhile are left to the next time.
 * @param headKey the key that seals the chain's end
 */
export async function verifyAudit(store: Store, headKey: Uint8Array): Promise<ChainVerdict> {
  const { head, fault, newestSequence } = await readEnd(store, headKey);
  let verdict: ChainVerdict;
  try {
    verdict = await verifyChain(readAll(store, newestSequence), fault === null ? head : undefined);
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    const { sequence, message } = error;
    return { intact: false, checked: sequence - 1, brokenAt: { sequence, what: message }, headHash: null };
  }
  if (!verdict.intact || fault === null) return verdict;
  return { ...verdict, intact: false, brokenAt: { sequence: Math.max(verdict.checked, 1), what: fault } };
}
