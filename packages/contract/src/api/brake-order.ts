import { z } from "zod";
import { effectSchema, limits, matchKindSchema } from "../words.ts";
import { idSchema } from "./access.ts";

/** One condition on mail. `value` is empty for `all`; for `sender`, `<>` is the null sender. domain/parse-match checks the value's form. */
export const matchSchema = z.object({ kind: matchKindSchema, value: z.string().max(limits.matchLength).default("") });
export type Match = z.infer<typeof matchSchema>;

export const throttleSchema = z.object({
  connectionsPerMinute: z.number().int().min(1).max(100_000).optional(),
  messagesPerMinute: z.number().int().min(1).max(100_000).optional(),
  recipientsPerMinute: z.number().int().min(1).max(100_000).optional(),
});
export type Throttle = z.infer<typeof throttleSchema>;

/** What a person orders, before anything is decided about hosts. */
export const brakeOrderSchema = z.object({
  effect: effectSchema,
  /** ANDed. */
  match: z.array(matchSchema).min(1).max(3),
  blockPointIds: z.array(idSchema).min(1, "choose at least one block point").max(1_000),
  /** Chosen block points that take another effect than `effect`: what a door can't do exactly, a person may have it do otherwise, as a firewall's port that closes. */
  otherEffects: z
    .array(z.object({ blockPointId: idSchema, effect: effectSchema }))
    .max(1_000)
    .optional(),
  /** What the sender sees after the status code; empty = the driver's own words. Printable ASCII. */
  text: z
    .string()
    .max(limits.replyTextLength)
    .regex(/^[\x20-\x7e]*$/, "printable ASCII only")
    .default(""),
  throttle: throttleSchema.optional(),
  /** Sessions that are open when the brake takes hold are cut; else they end by themselves. Listeners alone have them. */
  cutSessions: z.boolean().optional(),
});
export type BrakeOrder = z.infer<typeof brakeOrderSchema>;
