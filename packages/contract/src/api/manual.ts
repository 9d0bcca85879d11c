/**
 * Doors that no agent reaches, and the ways to block there that a person follows by hand. What stands here was said by people: nothing of it is evidence,
 * and no state of a run says that anything is in force.
 */
import { z } from "zod";
import { effectSchema, entryPointRoleSchema, limits } from "../words.ts";
import { cursorSchema, idSchema, isoTimeSchema, pageSizeSchema } from "./access.ts";
import { reasonSchema } from "./brakes.ts";
import { runbookLinkSchema } from "./catalogue.ts";

/** How many there may be. */
export const manualLimits = {
  points: 200,
  mechanisms: 20,
  steps: 30,
  stepLength: 300,
  links: 20,
  noteLength: 2_000,
} as const;

export const manualRunStates = ["applying", "said-on", "undoing", "said-lifted", "given-up"] as const;
export const manualRunStateSchema = z.enum(manualRunStates);
export type ManualRunState = z.infer<typeof manualRunStateSchema>;

export const manualPartSchema = z.enum(["apply", "undo"]);
export type ManualPart = z.infer<typeof manualPartSchema>;

const nameSchema = z.string().trim().min(1, "give it a name").max(limits.nameLength);
const stepsSchema = z
  .array(z.string().trim().min(1, "write what to do, or take the step out").max(manualLimits.stepLength))
  .min(1, "at least one step")
  .max(manualLimits.steps);

export const externalPointRequestSchema = z.object({
  name: nameSchema,
  role: entryPointRoleSchema.nullable(),
  /** Where and what it is. */
  note: z.string().trim().max(manualLimits.noteLength),
});
export type ExternalPointRequest = z.infer<typeof externalPointRequestSchema>;

export const manualMechanismRequestSchema = z
  .object({
    name: nameSchema,
    effect: effectSchema,
    senderSees: z.string().trim().min(1, "say what a sender sees").max(limits.replyTextLength),
    losesMail: z.boolean(),
    applySteps: stepsSchema,
    undoSteps: stepsSchema,
    links: z.array(runbookLinkSchema).max(manualLimits.links),
  })
  .refine(({ effect, losesMail }) => effect !== "discard" || losesMail, {
    path: ["losesMail"],
    message: "a discard loses mail: say so",
  });
export type ManualMechanismRequest = z.infer<typeof manualMechanismRequestSchema>;

export const removeManualRequestSchema = z.object({ reason: reasonSchema });

/** A run as far as a list shows it. */
export const manualRunSummarySchema = z.object({
  id: idSchema,
  manualMechanismId: idSchema,
  /** Door, mechanism and steps as they were called when the run began. */
  pointName: z.string(),
  mechanismName: z.string(),
  effect: effectSchema,
  state: manualRunStateSchema,
  reason: z.string(),
  startedAt: isoTimeSchema,
  startedBy: z.string(),
  applyTicked: z.number().int(),
  applyTotal: z.number().int(),
  undoTicked: z.number().int(),
  undoTotal: z.number().int(),
  /** When and by whom the last step of applying was ticked; null while one is open. */
  saidOnAt: isoTimeSchema.nullable(),
  saidOnBy: z.string().nullable(),
  undoAskedAt: isoTimeSchema.nullable(),
  undoAskedBy: z.string().nullable(),
  undoReason: z.string().nullable(),
  endedAt: isoTimeSchema.nullable(),
  endedBy: z.string().nullable(),
  giveUpReason: z.string().nullable(),
  /** Of a run given up with steps ticked: how it was left, in the person's words. */
  leftAs: z.string().nullable(),
});
export type ManualRunSummary = z.infer<typeof manualRunSummarySchema>;

export const manualStepViewSchema = z.object({
  id: idSchema,
  text: z.string(),
  tickedAt: isoTimeSchema.nullable(),
  tickedBy: z.string().nullable(),
});
export type ManualStepView = z.infer<typeof manualStepViewSchema>;

export const manualRunViewSchema = manualRunSummarySchema.extend({
  senderSees: z.string(),
  losesMail: z.boolean(),
  applySteps: z.array(manualStepViewSchema),
  undoSteps: z.array(manualStepViewSchema),
});
export type ManualRunView = z.infer<typeof manualRunViewSchema>;

export const externalPointViewSchema = z.object({
  id: idSchema,
  name: z.string(),
  role: entryPointRoleSchema.nullable(),
  note: z.string(),
  mechanisms: z.array(
    z.object({
      id: idSchema,
      name: z.string(),
      effect: effectSchema,
      /** The open run; or the last one, where that was given up and something was left. */
      standing: manualRunSummarySchema.nullable(),
    }),
  ),
});
export type ExternalPointView = z.infer<typeof externalPointViewSchema>;
export const externalPointListSchema = z.object({
  externalPoints: z.array(externalPointViewSchema),
  nextCursor: z.string().nullable(),
});
export const manualPageQuerySchema = z.object({ cursor: cursorSchema, pageSize: pageSizeSchema });

export const manualMechanismViewSchema = z.object({
  id: idSchema,
  name: z.string(),
  effect: effectSchema,
  senderSees: z.string(),
  losesMail: z.boolean(),
  /** The word to type at the start of a run where mail can be lost; else null. */
  confirmationWord: z.string().nullable(),
  applySteps: z.array(z.string()),
  undoSteps: z.array(z.string()),
  links: z.array(runbookLinkSchema),
  updatedAt: isoTimeSchema,
  updatedBy: z.string(),
  /** As in the list, with its steps. */
  standing: manualRunViewSchema.nullable(),
});
export type ManualMechanismView = z.infer<typeof manualMechanismViewSchema>;

export const externalPointDetailSchema = externalPointViewSchema.extend({
  mechanisms: z.array(manualMechanismViewSchema),
  updatedAt: isoTimeSchema,
  updatedBy: z.string(),
});
export type ExternalPointDetail = z.infer<typeof externalPointDetailSchema>;

/** Runs that have ended, newest first. */
export const manualRunListSchema = z.object({ runs: z.array(manualRunViewSchema), nextCursor: z.string().nullable() });

export const startManualRunRequestSchema = z.object({
  reason: reasonSchema,
  /** Needed where the mechanism's confirmationWord is not null. */
  confirmation: z.string().max(100).optional(),
});
export type StartManualRunRequest = z.infer<typeof startManualRunRequestSchema>;
export const tickManualStepRequestSchema = z.object({ ticked: z.boolean() });
export const undoManualRunRequestSchema = z.object({ reason: reasonSchema });
export const giveUpManualRunRequestSchema = z.object({
  reason: reasonSchema,
  /** Needed where a step of applying is ticked: how it is left. */
  leftAs: z.string().trim().min(1, "say how it is left").max(limits.reasonLength).optional(),
});
export type GiveUpManualRunRequest = z.infer<typeof giveUpManualRunRequestSchema>;
