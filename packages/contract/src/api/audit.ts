import { z } from "zod";
import { limits } from "../words.ts";
import { isoTimeSchema } from "./access.ts";

/** Who did it. `system`: the clock, the reconciler. `host`: the host by itself (expiry) or its local root. Never unknown. */
export const actorSchema = z.object({
  kind: z.enum(["user", "system", "host", "setup"]),
  id: z.string().min(1).max(80),
  name: z.string().min(1).max(120),
});
export type Actor = z.infer<typeof actorSchema>;

/** One link of the chain. `hash` = SHA-256 over the canonical JSON of everything else in it, `previousHash` included. */
export const auditEventSchema = z.object({
  sequence: z.number().int().positive(),
  at: isoTimeSchema,
  actor: actorSchema,
  /** slice.what-happened, e.g. brake.asked, application.applied, host.enrolled, access.refused */
  action: z.string().max(80),
  /** What it is about, e.g. brake:ID, host:ID. */
  target: z.string().max(120),
  /** One sentence for people. */
  summary: z.string().max(1_000),
  /** JSON text, canonical. Never a secret. */
  data: z.string().max(100_000),
  previousHash: z.string().length(64),
  hash: z.string().length(64),
});
export type AuditEvent = z.infer<typeof auditEventSchema>;

export const auditQuerySchema = z.object({
  actor: z.string().max(120).optional(),
  action: z.string().max(80).optional(),
  target: z.string().max(120).optional(),
  text: z.string().max(200).optional(),
  cursor: z.string().max(100).optional(),
  pageSize: z.coerce.number().int().min(1).max(limits.pageSize).default(50),
});
export const auditPageSchema = z.object({ events: z.array(auditEventSchema), nextCursor: z.string().nullable() });

export const auditVerdictSchema = z.object({
  intact: z.boolean(),
  checked: z.number().int(),
  /** First event that does not fit, and what is wrong with it. */
  brokenAt: z.object({ sequence: z.number().int(), what: z.string() }).nullable(),
  verifiedAt: isoTimeSchema,
  headHash: z.string().nullable(),
});
export type AuditVerdict = z.infer<typeof auditVerdictSchema>;
