import type { AuditEvent, auditQuerySchema } from "@mailbrake/contract";
import type { z } from "zod";
import type { Store } from "../../platform/store.ts";

type AuditRow = NonNullable<Awaited<ReturnType<Store["auditEvent"]["findUnique"]>>>;
export type AuditQuery = z.infer<typeof auditQuerySchema>;

/** The event as it was chained; nothing is checked here. */
export function toAuditEvent(row: AuditRow): AuditEvent {
  const { actorKind, actorId, actorName, ...event } = row;
  return { ...event, actor: { kind: actorKind as AuditEvent["actor"]["kind"], id: actorId, name: actorName } };
}

/** Events newest first, below `before`. `action` matches from its beginning, `text` anywhere in summary, target and actor. */
export async function findEvents(store: Store, query: AuditQuery, before: number | null): Promise<AuditEvent[]> {
  const { actor, action, target, text } = query;
  const rows = await store.auditEvent.findMany({
    where: {
      ...(before === null ? {} : { sequence: { lt: before } }),
      ...(action === undefined ? {} : { action: { startsWith: action } }),
      ...(target === undefined ? {} : { target }),
      AND: [
        actor === undefined ? {} : { OR: [{ actorId: actor }, { actorName: { contains: actor } }] },
        text === undefined
          ? {}
          : {
              OR: [{ summary: { contains: text } }, { target: { contains: text } }, { actorName: { contains: text } }],
            },
      ],
    },
    orderBy: { sequence: "desc" },
    take: query.pageSize + 1,
  });
  return rows.map(toAuditEvent);
}
