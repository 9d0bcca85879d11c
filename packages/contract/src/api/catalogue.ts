import { z } from "zod";
import { cellSchema, planStepSchema } from "../agent-protocol.ts";
import { blockPointKindSchema, effectSchema, entryPointRoleSchema, limits } from "../words.ts";
import { cursorSchema, idSchema, isoTimeSchema, pageSizeSchema } from "./access.ts";
import { brakeOrderSchema } from "./brake-order.ts";
import { hostLinkStateSchema } from "./hosts.ts";

/** What the board says of an entry point, worst first. `braked`: every active application here is proved or applied. */
export const doorStates = ["unknown", "drifted", "changing", "braked", "open", "gone"] as const;
export const doorStateSchema = z.enum(doorStates);
export type DoorState = z.infer<typeof doorStateSchema>;

export const activeApplicationSummarySchema = z.object({
  applicationId: idSchema,
  brakeId: idSchema,
  ref: z.string(),
  effect: effectSchema,
  match: z.string(),
  state: z.string(),
  wanted: z.enum(["applied", "lifted"]),
  expiresAt: isoTimeSchema.nullable(),
});

export const blockPointViewSchema = z.object({
  id: idSchema,
  hostId: idSchema,
  hostName: z.string(),
  hostLink: hostLinkStateSchema,
  instanceId: idSchema,
  instance: z.string(),
  mta: z.string(),
  point: z.string(),
  kind: blockPointKindSchema,
  label: z.string(),
  role: entryPointRoleSchema.nullable(),
  listens: z.array(z.object({ address: z.string(), port: z.number().int() })),
  cells: z.array(cellSchema),
  armed: z.boolean(),
  door: doorStateSchema,
  active: z.array(activeApplicationSummarySchema),
  seenAt: isoTimeSchema,
});
export type BlockPointView = z.infer<typeof blockPointViewSchema>;
export const blockPointListSchema = z.object({
  blockPoints: z.array(blockPointViewSchema),
  nextCursor: z.string().nullable(),
});
export const blockPointListQuerySchema = z.object({
  hostId: idSchema.optional(),
  kind: blockPointKindSchema.optional(),
  cursor: cursorSchema,
  pageSize: pageSizeSchema,
});

export const runbookLinkSchema = z.object({
  title: z.string().trim().min(1).max(120),
  url: z.url({ protocol: /^https?$/ }).max(limits.urlLength),
});
export const runbookSchema = z.object({
  note: z.string().max(limits.noteLength),
  links: z.array(runbookLinkSchema).max(20),
  updatedAt: isoTimeSchema.nullable(),
  updatedBy: z.string().nullable(),
});
export type RunbookLink = z.infer<typeof runbookLinkSchema>;
export const updateRunbookRequestSchema = runbookSchema.pick({ note: true, links: true });
export const updateBlockPointRequestSchema = z.object({ role: entryPointRoleSchema.nullable() });

/** One way to block here: a cell of the driver, with the commands that a person would type, taken from the agent's own plan. */
export const mechanismViewSchema = z.object({
  cell: cellSchema,
  /** Plan for match `all`, where the cell has it; taken from the agent at `plannedAt`. */
  steps: z.array(planStepSchema),
  plannedAt: isoTimeSchema.nullable(),
  planError: z.string().nullable(),
});
export type MechanismView = z.infer<typeof mechanismViewSchema>;

export const blockPointDetailSchema = blockPointViewSchema.extend({
  mechanisms: z.array(mechanismViewSchema),
  runbook: runbookSchema,
});
export type BlockPointDetail = z.infer<typeof blockPointDetailSchema>;

export const planRequestSchema = brakeOrderSchema;
export const pointPlanSchema = z.object({
  blockPointId: idSchema,
  hostName: z.string(),
  label: z.string(),
  mta: z.string(),
  /** The order's, or the door's own. */
  effect: effectSchema,
  outcome: z.enum(["planned", "refused", "unreachable"]),
  steps: z.array(planStepSchema),
  reply: z.string(),
  loses: z.boolean(),
  cutsSessions: z.boolean(),
  opens: z.array(z.string()),
  notes: z.array(z.string()),
  /** For `refused` and `unreachable`: why, and the nearest that can be done. */
  detail: z.string(),
});
export type PointPlan = z.infer<typeof pointPlanSchema>;
export const planViewSchema = z.object({
  plans: z.array(pointPlanSchema),
  /** Doors on the same hosts that this brake leaves open (domain rule, beside what each driver says). */
  uncovered: z.array(z.string()),
  losesMail: z.boolean(),
  /** The word to type before a brake that can lose mail is taken; null where none is needed. */
  confirmationWord: z.string().nullable(),
});
export type PlanView = z.infer<typeof planViewSchema>;
