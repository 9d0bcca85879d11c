import { z } from "zod";
import { checkedSchema, dialogueLineSchema, readbackSchema } from "../agent-protocol.ts";
import { effectSchema, limits } from "../words.ts";
import { idSchema, isoTimeSchema } from "./access.ts";
import { brakeOrderSchema, matchSchema, throttleSchema } from "./brake-order.ts";

/**
 * How far the last order (apply while `wanted` is applied, lift while it is lifted) has come at one block point.
 * `asked`: recorded. `sent`: the line went out. `unknown`: the connection went after that. `applied`/`lifted`: the host answered with what it read back.
 * `proved`/`open`: a probe saw it from outside. `drifted`: the host is no longer as the brake left it. `refused`: the host said no.
 */
export const applicationStates = [
  "asked",
  "sent",
  "unknown",
  "unreachable",
  "refused",
  "applied",
  "proved",
  "drifted",
  "lifted",
  "open",
] as const;
export const applicationStateSchema = z.enum(applicationStates);
export type ApplicationState = z.infer<typeof applicationStateSchema>;

export const evidenceViewSchema = z.object({
  id: idSchema,
  kind: z.enum(["readback", "dialogue", "status"]),
  takenAt: isoTimeSchema,
  /** What it shows. `inconclusive`: e.g. a probe that could not connect for a reason of its own. */
  verdict: z.enum(["in-force", "open", "inconclusive"]),
  summary: z.string(),
  readback: z.array(readbackSchema),
  checked: z.array(checkedSchema),
  dialogue: z.array(dialogueLineSchema),
});
export type EvidenceView = z.infer<typeof evidenceViewSchema>;

export const applicationViewSchema = z.object({
  id: idSchema,
  brakeId: idSchema,
  blockPointId: idSchema,
  hostId: idSchema,
  hostName: z.string(),
  pointLabel: z.string(),
  /** What does it there, e.g. `postfix`, `nftables`. */
  mta: z.string(),
  /** The brake's, or the door's own. */
  effect: effectSchema,
  wanted: z.enum(["applied", "lifted"]),
  state: applicationStateSchema,
  detail: z.string(),
  /** Whether this effect and match can be proved from outside, or only read back; `why` says so in words. */
  provable: z.boolean(),
  provableWhy: z.string(),
  endedHow: z.enum(["lifted", "expired", "never-applied"]).nullable(),
  releasedCount: z.number().int().nullable(),
  attempts: z.number().int(),
  nextAttemptAt: isoTimeSchema.nullable(),
  askedAt: isoTimeSchema,
  sentAt: isoTimeSchema.nullable(),
  answeredAt: isoTimeSchema.nullable(),
  provedAt: isoTimeSchema.nullable(),
  endedAt: isoTimeSchema.nullable(),
  evidence: z.array(evidenceViewSchema),
});
export type ApplicationView = z.infer<typeof applicationViewSchema>;

export const brakeViewSchema = z.object({
  id: idSchema,
  ref: z.string(),
  effect: effectSchema,
  match: z.array(matchSchema),
  text: z.string(),
  throttle: throttleSchema.nullable(),
  cutSessions: z.boolean(),
  reason: z.string(),
  origin: z.enum(["server", "local"]),
  createdAt: isoTimeSchema,
  createdBy: z.string(),
  expiresAt: isoTimeSchema.nullable(),
  wanted: z.enum(["applied", "lifted"]),
  /** Every application has ended (or was never applied). */
  ended: z.boolean(),
  liftedBy: z.string().nullable(),
  liftReason: z.string().nullable(),
  endedAt: isoTimeSchema.nullable(),
  applications: z.array(applicationViewSchema),
});
export type BrakeView = z.infer<typeof brakeViewSchema>;
export const brakeListSchema = z.object({ brakes: z.array(brakeViewSchema), nextCursor: z.string().nullable() });

export const reasonSchema = z.string().trim().min(1, "say why").max(limits.reasonLength);
export const expiresInSecondsSchema = z
  .number()
  .int()
  .min(60, "at least a minute")
  .max(limits.maximumExpirySeconds)
  .nullable();
export const createBrakeRequestSchema = brakeOrderSchema.extend({
  reason: reasonSchema,
  /** null = until lifted by a person. */
  expiresInSeconds: expiresInSecondsSchema,
  /** Needed where the plan's confirmationWord is not null. */
  confirmation: z.string().max(100).optional(),
});
export type CreateBrakeRequest = z.infer<typeof createBrakeRequestSchema>;
export const liftBrakeRequestSchema = z.object({ reason: reasonSchema });
export type LiftBrakeRequest = z.infer<typeof liftBrakeRequestSchema>;
export const extendBrakeRequestSchema = z.object({ expiresInSeconds: expiresInSecondsSchema, reason: reasonSchema });
export type ExtendBrakeRequest = z.infer<typeof extendBrakeRequestSchema>;
export const brakeListQuerySchema = z.object({
  state: z.enum(["active", "ended", "all"]).default("active"),
  blockPointId: idSchema.optional(),
  cursor: z.string().max(100).optional(),
  pageSize: z.coerce.number().int().min(1).max(limits.pageSize).default(50),
});
export type BrakeListQuery = z.infer<typeof brakeListQuerySchema>;
