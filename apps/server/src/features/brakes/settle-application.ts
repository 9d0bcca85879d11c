/** Moves one application along the state table, with its evidence and its audit event, in the caller's transaction. */
import type { ApplicationState } from "@mailbrake/contract";
import { type ApplicationEvent, nextState } from "@mailbrake/domain";
import type { Prisma } from "@mailbrake/prisma";
import type { AuditEntry, AuditLog } from "../../platform/audit-log.ts";
import type { TransactionScope } from "../../platform/store.ts";
import type { ApplicationRow } from "./application-row.ts";
import { addEvidence, type NewEvidence } from "./evidence-store.ts";

export type EndedHow = "lifted" | "expired" | "never-applied";

export interface Settlement {
  event: ApplicationEvent;
  patch?: Prisma.ApplicationUncheckedUpdateInput;
  /** The host has let go, or never had it. */
  ended?: { how: EndedHow; at: Date; releasedCount?: number };
  evidence?: NewEvidence;
  /** Asked with the states before and after; null writes none. */
  audit?: (before: ApplicationState, after: ApplicationState) => AuditEntry | null;
  /** Settles only from one of these states; default any. */
  from?: readonly ApplicationState[];
}

export type Settled =
  | { outcome: "moved"; before: ApplicationState; after: ApplicationState }
  /** A newer order has been recorded meanwhile; the state is left to it. Evidence and audit event are kept. */
  | { outcome: "superseded" }
  | { outcome: "skipped" };

/** @param row as it was when the order was sent or the question asked: its orderNumber guards against stale answers */
export async function settleApplication(
  scope: TransactionScope,
  audit: AuditLog,
  row: ApplicationRow,
  settlement: Settlement,
): Promise<Settled> {
  const { transaction } = scope;
  const current = await transaction.application.findUnique({
    where: { id: row.id },
    select: { state: true, orderNumber: true },
  });
  if (current === null) return { outcome: "skipped" };
  const before = current.state as ApplicationState;
  if (current.orderNumber !== row.orderNumber) {
    await keepTrace(scope, audit, row, settlement, before, before);
    return { outcome: "superseded" };
  }
  if (settlement.from !== undefined && !settlement.from.includes(before)) return { outcome: "skipped" };
  const after = nextState(before, settlement.event);
  const { ended } = settlement;
  await transaction.application.update({
    where: { id: row.id },
    data: {
      ...settlement.patch,
      state: after,
      ...(ended === undefined
        ? {}
        : {
            endedHow: ended.how,
            endedAt: ended.at,
            ...(ended.releasedCount === undefined ? {} : { releasedCount: ended.releasedCount }),
          }),
    },
  });
  await keepTrace(scope, audit, row, settlement, before, after);
  if (ended !== undefined) await endBrakeWithItsLast(scope, row.brakeId, ended.at);
  scope.publish({ kind: "brake", brakeId: row.brakeId });
  return { outcome: "moved", before, after };
}

async function keepTrace(
  scope: TransactionScope,
  audit: AuditLog,
  row: ApplicationRow,
  settlement: Settlement,
  before: ApplicationState,
  after: ApplicationState,
): Promise<void> {
  if (settlement.evidence !== undefined) await addEvidence(scope.transaction, row.id, settlement.evidence);
  const entry = settlement.audit?.(before, after) ?? null;
  if (entry !== null) await audit.append(scope, entry);
}

/** A brake has ended once each of its applications has. */
export async function endBrakeWithItsLast(scope: TransactionScope, brakeId: string, at: Date): Promise<void> {
  const left = await scope.transaction.application.count({ where: { brakeId, endedAt: null } });
  if (left > 0) return;
  await scope.transaction.brake.updateMany({ where: { id: brakeId, endedAt: null }, data: { endedAt: at } });
}
