/** Answers to `queue`, read by their `op`. */
import { queueFinalAnswerSchemas, type queueFinalAnswerSchemas as Schemas } from "@mailbrake/contract";
import type { FleetResult } from "@mailbrake/fleet";
import type { z } from "zod";

export type QueueOperation = keyof typeof Schemas;
type Answered = Extract<FleetResult<"queue">, { outcome: "answered" }>;

export type QueueResult<O extends QueueOperation> =
  | { outcome: "answered"; answer: z.infer<(typeof Schemas)[O]>; parts: Answered["parts"] }
  | Exclude<FleetResult<"queue">, Answered>;

/** An answer that isn't as the protocol says proves nothing: it is as if there were none. */
export function readQueueAnswer<O extends QueueOperation>(op: O, result: FleetResult<"queue">): QueueResult<O> {
  if (result.outcome !== "answered") return result;
  const read = queueFinalAnswerSchemas[op].safeParse(result.answer);
  if (read.success) {
    return { outcome: "answered", answer: read.data as z.infer<(typeof Schemas)[O]>, parts: result.parts };
  }
  const issue = read.error.issues[0];
  const place = issue?.path.map(String).join(".") ?? "";
  return {
    outcome: "unknown",
    detail: `its answer to queue ${op} is not as the protocol says: ${place} ${issue?.message ?? ""}`,
  };
}
