/** Brings one job's row to what is known now, with its audit event, in the caller's transaction. */
import type { queueJobViewStates } from "@mailbrake/contract";
import type { AuditEntry, AuditLog } from "../../platform/audit-log.ts";
import type { TransactionScope } from "../../platform/store.ts";
import { type QueueJobRow, queueJobInclude } from "./queue-action-store.ts";

export type QueueJobViewState = (typeof queueJobViewStates)[number];
export const endStates: readonly QueueJobViewState[] = ["refused", "done", "stopped", "failed"];

export interface JobPatch {
  state: QueueJobViewState;
  attempts?: number;
  total?: number;
  done?: number;
  skipped?: number;
  failed?: number;
  detail?: string;
  backup?: string;
  startedAt?: Date;
  answeredAt?: Date;
  endedAt?: Date;
}

export interface JobSettlement {
  patch: JobPatch;
  /** Asked with the row before; null writes none. */
  audit?: (before: QueueJobRow) => AuditEntry | null;
}

/** Nothing is written, and nobody told, where only the time of the answer is new. */
function saysNothingNew(row: QueueJobRow, { answeredAt: _, ...patch }: JobPatch): boolean {
  return Object.entries(patch).every(([key, value]) => {
    const now = row[key as keyof QueueJobRow];
    return now instanceof Date && value instanceof Date ? now.getTime() === value.getTime() : now === value;
  });
}

/** An ended job stays as it is. @returns the row as it is now, or null where it is gone */
export async function settleJob(
  scope: TransactionScope,
  audit: AuditLog,
  jobId: string,
  settlement: JobSettlement,
): Promise<QueueJobRow | null> {
  const { transaction } = scope;
  const before = await transaction.queueJob.findUnique({ where: { id: jobId }, include: queueJobInclude });
  if (before === null || before.endedAt !== null || saysNothingNew(before, settlement.patch)) return before;
  const ends = endStates.includes(settlement.patch.state);
  const after = await transaction.queueJob.update({
    where: { id: jobId },
    data: settlement.patch,
    include: queueJobInclude,
  });
  if (ends && after.endedAt === null) throw new Error(`${settlement.patch.state} without the time of its end`);
  const entry = settlement.audit?.(before) ?? null;
  if (entry !== null) await audit.append(scope, entry);
  if (ends) await endActionWithItsLast(scope, after.queueActionId, after.endedAt ?? after.askedAt);
  scope.publish({ kind: "queue-action", queueActionId: after.queueActionId });
  return after;
}

/** An action has ended once each of its jobs has. */
async function endActionWithItsLast(scope: TransactionScope, queueActionId: string, at: Date): Promise<void> {
  const left = await scope.transaction.queueJob.count({ where: { queueActionId, endedAt: null } });
  if (left > 0) return;
  await scope.transaction.queueAction.updateMany({
    where: { id: queueActionId, endedAt: null },
    data: { endedAt: at },
  });
}
