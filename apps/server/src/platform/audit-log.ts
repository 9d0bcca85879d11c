import { createHmac } from "node:crypto";
import { type ChainHead, canonicalJson, chainEvent } from "@mailbrake/audit";
import type { Actor, AuditEvent } from "@mailbrake/contract";
import type { Clock } from "./clock.ts";
import type { TransactionScope } from "./store.ts";

export interface AuditEntry {
  actor: Actor;
  /** slice.what-happened */
  action: string;
  /** kind:id */
  target: string;
  /** One sentence for people. */
  summary: string;
  /** Plain JSON; never a secret. */
  data?: unknown;
}

export interface AuditLog {
  /** Appends in the caller's transaction, so that a change and its event commit together; publishes the live event with it. */
  append(scope: TransactionScope, entry: AuditEntry): Promise<AuditEvent>;
}

const longestSummary = 1_000;
const longestData = 100_000;

/** The row of AuditHead. */
export const auditHeadId = "head";

/**
 * Seals where the chain ends with a key that is not in the database, so that someone who can write the database alone can neither cut the tail off
 * nor write the chain anew without being found.
 */
export function sealHead(key: Uint8Array, head: ChainHead): string {
  return createHmac("sha256", key).update(`${head.sequence}:${head.hash}`).digest("hex");
}

/** The audit log over the database of the caller's transaction. @param headKey 32 bytes kept outside the database */
export function createAuditLog(options: { clock: Clock; headKey: Uint8Array }): AuditLog {
  return {
    async append(scope, entry) {
      const { transaction } = scope;
      const head = await transaction.auditHead.findUnique({ where: { id: auditHeadId } });
      const event = chainEvent(head, {
        at: options.clock().toISOString(),
        actor: {
          kind: entry.actor.kind,
          id: storable(entry.actor.id.slice(0, 80)),
          name: storable(entry.actor.name.slice(0, 120)),
        },
        action: storable(entry.action.slice(0, 80)),
        target: storable(entry.target.slice(0, 120)),
        summary: storable(entry.summary.slice(0, longestSummary)),
        data: boundedData(entry.data),
      });
      const { actor, ...columns } = event;
      await transaction.auditEvent.create({
        data: { ...columns, actorKind: actor.kind, actorId: actor.id, actorName: actor.name },
      });
      const end = { sequence: event.sequence, hash: event.hash };
      const seal = sealHead(options.headKey, end);
      await transaction.auditHead.upsert({
        where: { id: auditHeadId },
        create: { id: auditHeadId, ...end, seal },
        update: { ...end, seal },
      });
      scope.publish({ kind: "audit", sequence: event.sequence });
      return event;
    },
  };
}

/**
 * What the database gives back exactly as it was given. Half a surrogate pair would come back as U+FFFD, and so does any byte that isn't UTF-8;
 * without one in the chain, such a byte is always found.
 */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\uFFFD", "?");
}

function boundedData(data: unknown): string {
  const text = (data === undefined ? "{}" : canonicalJson(data)).replaceAll("\uFFFD", "\\ufffd");
  if (text.length <= longestData) return text;
  return canonicalJson({ cut: true, length: text.length, start: text.slice(0, 10_000) });
}
