/** The agent protocol's part for queues and surveys, as docs/protocol.md tells it. */
import { z } from "zod";

const word = z.string().max(400);
const line = z.string().max(4_000);
const epochSeconds = z.number().int().nonnegative();
const count = z.number().int().nonnegative();

export const queueNames = ["incoming", "active", "deferred", "hold", "local"] as const;
export const queueNameSchema = z.enum(queueNames);
export type QueueName = z.infer<typeof queueNameSchema>;

export const queueActionNames = ["hold", "release", "requeue", "flush", "bounce", "delete", "restore"] as const;
export const queueActionNameSchema = z.enum(queueActionNames);
export type QueueActionName = z.infer<typeof queueActionNameSchema>;

/** `queue op=…` */
export const queueOperations = ["count", "list", "show", "start", "job", "jobs", "stop"] as const;

export const queuedMessageSchema = z.object({
  /** The mail server's own. */
  id: z.string().min(1).max(64),
  queue: queueNameSchema,
  /** Empty, `admin`, or the id of our application or job that holds it. */
  held: z.string().max(40),
  size: count,
  arrived: epochSeconds,
  /** Empty: the null sender. */
  sender: word,
  recipients: z.array(word).max(20),
  recipientCount: count,
  client: word,
  reason: line,
});
export type QueuedMessage = z.infer<typeof queuedMessageSchema>;

export const queueCountsSchema = z.array(z.object({ queue: queueNameSchema, messages: count, bytes: count })).max(5);
export const surveyTops = ["sender", "senderDomain", "recipient", "recipientDomain", "client", "reason"] as const;
export const surveyTopSchema = z.object({
  of: z.enum(surveyTops),
  rows: z.array(z.object({ value: line, messages: count, oldest: epochSeconds })).max(100),
});
/** Lower ends of the age buckets, in seconds; each reaches to the next. */
export const ageBucketSeconds = [0, 300, 3_600, 14_400, 86_400, 432_000] as const;
export const surveyAgesSchema = z
  .array(z.object({ queue: queueNameSchema, olderThan: count, messages: count }))
  .max(queueNames.length * ageBucketSeconds.length);
const mailCounts = { received: count, delivered: count, deferred: count, bounced: count, rejected: count };
/** Counts of log lines between two moments, both epoch seconds. */
export const surveyRatesSchema = z.object({ from: epochSeconds, to: epochSeconds, ...mailCounts });
export const joinedDeliverySchema = z.object({
  at: epochSeconds,
  id: z.string().max(64),
  sender: word,
  recipient: word,
  client: word,
  status: z.enum(["delivered", "deferred", "bounced", "expired"]),
  detail: line,
});
export type JoinedDelivery = z.infer<typeof joinedDeliverySchema>;

export const followTickSchema = z.object({
  time: epochSeconds,
  queues: z.array(z.object({ queue: queueNameSchema, messages: count })).max(5),
  ...mailCounts,
});
export type FollowTick = z.infer<typeof followTickSchema>;

export const queueJobStates = ["running", "done", "stopped", "failed"] as const;
export const queueJobStateSchema = z.enum(queueJobStates);
export const queueJobSchema = z.object({
  job: word,
  action: queueActionNameSchema,
  state: queueJobStateSchema,
  total: count,
  done: count,
  /** Messages that had left the queue before their turn. */
  skipped: count,
  failed: count,
  /** Messages a minute; 0 for as fast as it goes. */
  rate: count,
  ceiling: count,
  deferrals: count,
  by: word,
  reason: line,
  since: epochSeconds,
  /** 0 while it runs. */
  ended: epochSeconds,
  /** Why it stopped, or what failed first; may be empty. */
  why: line,
  /** Path of a delete's backup on the host; empty for the others. */
  backup: line,
  /** The delete that a restore undoes; empty for the others. */
  of: word,
});
export type QueueJob = z.infer<typeof queueJobSchema>;

/** Lines before the last of `survey`, `follow` and `queue`. */
export const queuePartialAnswerSchemas = [
  z.object({ id: word, message: queuedMessageSchema }),
  z.object({ id: word, header: z.object({ name: word, value: z.string().max(20_000) }) }),
  z.object({ id: word, text: z.string().max(20_000) }),
  z.object({ id: word, job: queueJobSchema }),
  z.object({ id: word, queues: queueCountsSchema }),
  z.object({ id: word, ages: surveyAgesSchema }),
  z.object({ id: word, top: surveyTopSchema }),
  z.object({ id: word, oldest: z.array(queuedMessageSchema).max(100) }),
  z.object({ id: word, rates: surveyRatesSchema }),
  z.object({ id: word, joined: z.array(joinedDeliverySchema).max(100) }),
  z.object({ id: word, tick: followTickSchema }),
] as const;

/** The last line of `survey`: whether everything was looked at, and in words why not. */
export const surveySummarySchema = z.object({
  messages: count,
  complete: z.boolean(),
  why: line,
  milliseconds: count,
});
export const queueCountSchema = z.object({
  messages: count,
  bytes: count,
  oldest: epochSeconds,
  complete: z.boolean(),
  why: line,
});
export type QueueCount = z.infer<typeof queueCountSchema>;

/**
 * The last line of `queue`, by its `op`. `job` and `stop` answer with the job in `job` as an object; `start` with its name.
 */
export const queueFinalAnswerSchemas = {
  count: queueCountSchema,
  list: z.object({ next: z.string().max(120) }),
  show: z.object({ truncated: z.boolean() }),
  start: z.object({ outcome: z.enum(["started", "already"]), job: word, total: count }),
  job: z.object({ job: queueJobSchema }),
  jobs: z.object({ jobs: count }),
  stop: z.object({ job: queueJobSchema }),
} as const satisfies Record<(typeof queueOperations)[number], z.ZodType>;
