import {
  type AuditVerdict,
  auditPageSchema,
  auditQuerySchema,
  auditVerdictSchema,
  MailbrakeError,
} from "@mailbrake/contract";
import type { Clock } from "../../platform/clock.ts";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import type { Store } from "../../platform/store.ts";
import { findEvents } from "./audit-store.ts";
import { verifyAudit } from "./verify-audit.ts";

function parseCursor(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  if (!/^[0-9]{1,15}$/.test(cursor))
    throw new MailbrakeError("bad-input", { field: "cursor", detail: "Use the nextCursor of the page before." });
  return Number(cursor);
}

export function registerAuditRoutes(
  app: MailbrakeApp,
  dependencies: { store: Store; clock: Clock; headKey: Uint8Array },
): void {
  const { store, clock, headKey } = dependencies;
  let running: Promise<AuditVerdict> | undefined;

  app.get(
    "/api/audit",
    { config: { access: "viewer" }, schema: { querystring: auditQuerySchema, response: { 200: auditPageSchema } } },
    async (request) => {
      const { query } = request;
      const found = await findEvents(store, query, parseCursor(query.cursor));
      const events = found.slice(0, query.pageSize);
      const more = found.length > query.pageSize;
      return { events, nextCursor: more ? String(events.at(-1)?.sequence) : null };
    },
  );

  app.get(
    "/api/audit/verify",
    {
      config: { access: "viewer", rateLimit: { max: 30, timeWindow: 60_000 } },
      schema: { response: { 200: auditVerdictSchema } },
    },
    // Reads the whole table: those who ask meanwhile get the same answer.
    () => {
      running ??= verifyAudit(store, headKey)
        .then((verdict) => ({ ...verdict, verifiedAt: clock().toISOString() }))
        .finally(() => {
          running = undefined;
        });
      return running;
    },
  );
}
