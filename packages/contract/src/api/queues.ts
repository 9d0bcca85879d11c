import { z } from "zod";
import {
  followTickSchema,
  joinedDeliverySchema,
  queueActionNameSchema,
  queueCountsSchema,
  queuedMessageSchema,
  queueJobStateSchema,
  queueNameSchema,
  surveyAgesSchema,
  surveyRatesSchema,
  surveyTopSchema,
} from "../agent-protocol-queues.ts";
import { limits } from "../words.ts";
import { idSchema, isoTimeSchema } from "./access.ts";
import { matchSchema } from "./brake-order.ts";
import { reasonSchema } from "./brakes.ts";

/** Which queued messages; everything given is ANDed. Kinds of match known of queued mail: all, client, sender, recipient. */
export const queueSelectionSchema = z.object({
  match: z.array(matchSchema).min(1).max(3),
  queue: queueNameSchema.optional(),
  olderSeconds: z.number().int().min(0).max(limits.maximumExpirySeconds).optional(),
  youngerSeconds: z.number().int().min(1).max(limits.maximumExpirySeconds).optional(),
  largerBytes: z.number().int().min(0).max(999_999_999_999).optional(),
  smallerBytes: z.number().int().min(1).max(999_999_999_999).optional(),
  /** What this brake's hold holds: an application of ours at that instance. */
  applicationId: idSchema.optional(),
});
export type QueueSelection = z.infer<typeof queueSelectionSchema>;

const instanceIdsSchema = z.array(idSchema).min(1, "choose at least one instance").max(1_000);

/** Instances that have queues to look at: every mail server, no firewall. */
export const queueInstanceSchema = z.object({
  id: idSchema,
  hostId: idSchema,
  hostName: z.string(),
  instance: z.string(),
  mta: z.string(),
  connected: z.boolean(),
});
export type QueueInstance = z.infer<typeof queueInstanceSchema>;
export const queueInstanceListSchema = z.object({ instances: z.array(queueInstanceSchema) });

/** POST /api/instances/:id/queue/search */
export const queueSearchRequestSchema = z.object({
  selection: queueSelectionSchema,
  after: z.string().max(120).optional(),
  pageSize: z.number().int().min(1).max(limits.pageSize).default(50),
});
export const queuePageSchema = z.object({ messages: z.array(queuedMessageSchema), nextCursor: z.string().nullable() });

/** GET /api/instances/:id/queue/messages/:message; `?body=true` for admins alone, and recorded in the audit trail. */
export const queuedMessageDetailSchema = z.object({
  message: queuedMessageSchema,
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  /** null where it was not asked for. */
  body: z.string().nullable(),
  truncated: z.boolean(),
});
export const messageQuerySchema = z.object({ body: z.enum(["true", "false"]).default("false") });

/** POST /api/queue-actions/preview: counts before anything is touched. */
export const queuePreviewRequestSchema = z.object({
  action: queueActionNameSchema.exclude(["restore"]),
  selection: queueSelectionSchema,
  instanceIds: instanceIdsSchema,
});
export const queuePreviewSchema = z.object({
  counts: z.array(
    z.object({
      instanceId: idSchema,
      hostName: z.string(),
      instance: z.string(),
      outcome: z.enum(["counted", "refused", "unreachable"]),
      messages: z.number().int(),
      bytes: z.number().int(),
      oldestAt: isoTimeSchema.nullable(),
      complete: z.boolean(),
      /** Why it was refused, not reached, or not all was counted. */
      detail: z.string(),
    }),
  ),
  messages: z.number().int(),
  losesMail: z.boolean(),
  /** The word to type before mail is deleted or bounced; null where none is needed. */
  confirmationWord: z.string().nullable(),
});
export type QueuePreview = z.infer<typeof queuePreviewSchema>;

/** POST /api/queue-actions */
export const createQueueActionRequestSchema = queuePreviewRequestSchema.extend({
  reason: reasonSchema,
  /** Only for `release`: at most so many messages a minute at each instance. */
  ratePerMinute: z.number().int().min(1).max(100_000).optional(),
  /** A ramped release stops by itself when more than so many wait unheld in the queue … */
  stopAboveQueued: z.number().int().min(1).max(999_999).optional(),
  /** … or when more than so many were deferred within a minute. */
  stopAboveDeferredPerMinute: z.number().int().min(1).max(999_999).optional(),
  confirmation: z.string().max(100).optional(),
});
export type CreateQueueActionRequest = z.infer<typeof createQueueActionRequestSchema>;
/** POST /api/queue-actions/:id/restore (a delete), /stop */
export const queueActionReasonRequestSchema = z.object({ reason: reasonSchema });

/** `asked`: recorded. `sent`: the line went out. `unknown`: the connection went after that. The others are the host's own words. */
export const queueJobViewStates = [
  "asked",
  "sent",
  "unknown",
  "unreachable",
  "refused",
  ...queueJobStateSchema.options,
] as const;
export const queueJobViewSchema = z.object({
  id: idSchema,
  instanceId: idSchema,
  hostId: idSchema,
  hostName: z.string(),
  instance: z.string(),
  state: z.enum(queueJobViewStates),
  /** A stop was asked and the host has not answered it yet. */
  stopping: z.boolean(),
  total: z.number().int(),
  done: z.number().int(),
  skipped: z.number().int(),
  failed: z.number().int(),
  detail: z.string(),
  backup: z.string(),
  startedAt: isoTimeSchema.nullable(),
  answeredAt: isoTimeSchema.nullable(),
  endedAt: isoTimeSchema.nullable(),
});
export type QueueJobView = z.infer<typeof queueJobViewSchema>;
export const queueActionViewSchema = z.object({
  id: idSchema,
  ref: z.string(),
  action: queueActionNameSchema,
  selection: queueSelectionSchema,
  reason: z.string(),
  ratePerMinute: z.number().int().nullable(),
  stopAboveQueued: z.number().int().nullable(),
  stopAboveDeferredPerMinute: z.number().int().nullable(),
  createdAt: isoTimeSchema,
  createdBy: z.string(),
  /** The delete that this restore undoes. */
  restoreOf: idSchema.nullable(),
  ended: z.boolean(),
  jobs: z.array(queueJobViewSchema),
});
export type QueueActionView = z.infer<typeof queueActionViewSchema>;
export const queueActionListSchema = z.object({
  actions: z.array(queueActionViewSchema),
  nextCursor: z.string().nullable(),
});
export const queueActionListQuerySchema = z.object({
  state: z.enum(["running", "ended", "all"]).default("all"),
  instanceId: idSchema.optional(),
  cursor: z.string().max(100).optional(),
  pageSize: z.coerce.number().int().min(1).max(limits.pageSize).default(50),
});

/** POST /api/instances/:id/survey takes a new one; GET gives the last one taken. */
export const surveyRequestSchema = z.object({ rows: z.number().int().min(1).max(100).default(20) });
export const surveyViewSchema = z.object({
  instanceId: idSchema,
  hostName: z.string(),
  instance: z.string(),
  takenAt: isoTimeSchema,
  messages: z.number().int(),
  complete: z.boolean(),
  why: z.string(),
  milliseconds: z.number().int(),
  queues: queueCountsSchema,
  ages: surveyAgesSchema,
  tops: z.array(surveyTopSchema),
  oldest: z.array(queuedMessageSchema),
  rates: surveyRatesSchema.nullable(),
  joined: z.array(joinedDeliverySchema),
});
export type SurveyView = z.infer<typeof surveyViewSchema>;
export const lastSurveySchema = z.object({ survey: surveyViewSchema.nullable() });

/** GET /api/instances/:id/follow (text/event-stream): `event: tick` with this each second; `event: end` with `{why}` when it can't go on. */
export const followEventSchema = followTickSchema;
