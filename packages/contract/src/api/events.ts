import { z } from "zod";
import { idSchema } from "./access.ts";

/**
 * Live events (GET /api/events, text/event-stream; `event: change`, data = this). They say what changed, never the content: the browser asks for that again,
 * with its own rights. `id:` counts up; after a reconnect with Last-Event-ID that is no longer known, one `{"kind":"everything"}` comes.
 */
export const changeEventSchema = z.union([
  z.object({ kind: z.literal("brake"), brakeId: idSchema }),
  z.object({ kind: z.literal("host"), hostId: idSchema }),
  z.object({ kind: z.literal("catalogue"), hostId: idSchema }),
  z.object({ kind: z.literal("manual"), externalPointId: idSchema }),
  z.object({ kind: z.literal("enrolment"), enrolmentId: idSchema }),
  z.object({ kind: z.literal("queue-action"), queueActionId: idSchema }),
  z.object({ kind: z.literal("survey"), instanceId: idSchema }),
  z.object({ kind: z.literal("audit"), sequence: z.number().int() }),
  z.object({ kind: z.literal("everything") }),
]);
export type ChangeEvent = z.infer<typeof changeEventSchema>;
