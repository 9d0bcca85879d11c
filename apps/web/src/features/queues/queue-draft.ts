import { type CreateQueueActionRequest, createQueueActionRequestSchema, type QueueInstance } from "@mailbrake/contract";
import { releaseRateProblem } from "@mailbrake/domain";
import type { ActSearch } from "./queue-search.ts";
import type { OrderableAction } from "./queue-words.ts";
import { draftOfSearch, type SelectionDraft, searchOfDraft } from "./selection-draft.ts";
import { parseSelectionSearch, type SelectionSearch, selectionOfSearch } from "./selection-search.ts";

/** What the fields of a queue action hold; nothing in it is checked yet. */
export interface QueueDraft {
  action: OrderableAction;
  selection: SelectionDraft;
  instanceIds: string[];
  rates: Record<RateKey, string>;
  reason: string;
}
export type RateKey = "ratePerMinute" | "stopAboveQueued" | "stopAboveDeferredPerMinute";

/** By dotted field, as the API names them, those of the selection without `selection.`. */
export type QueueDraftIssues = Record<string, string>;

/** All but reason and confirmation, which are asked for once the counts are there. */
export type QueueOrder = Omit<CreateQueueActionRequest, "reason" | "confirmation">;

export function queueDraftOfSearch(search: ActSearch, instances: readonly QueueInstance[]): QueueDraft {
  const known = new Set(instances.map(({ id }) => id));
  return {
    action: search.action ?? "hold",
    selection: draftOfSearch(parseSelectionSearch({ ...search })),
    instanceIds: (search.at ?? []).filter((id) => known.has(id)),
    rates: { ratePerMinute: "", stopAboveQueued: "", stopAboveDeferredPerMinute: "" },
    reason: "",
  };
}

const mostOf: Record<RateKey, number> = {
  ratePerMinute: 100_000,
  stopAboveQueued: 999_999,
  stopAboveDeferredPerMinute: 999_999,
};
const orderSchema = createQueueActionRequestSchema.omit({ reason: true, confirmation: true });

/** The order that the draft stands for and its place in the URL, or what is wrong, field by field. */
export function queueOrderOfDraft(
  draft: QueueDraft,
): { ok: true; order: QueueOrder; search: ActSearch } | { ok: false; issues: QueueDraftIssues } {
  const issues: QueueDraftIssues = {};
  const read = searchOfDraft(draft.selection);
  if (!read.ok) Object.assign(issues, read.issues);
  const chosen: SelectionSearch = read.ok ? read.search : {};

  const rates: Partial<Record<RateKey, number>> = {};
  if (draft.action === "release")
    for (const key of Object.keys(draft.rates) as RateKey[]) {
      const typed = draft.rates[key].trim();
      if (typed === "") continue;
      const value = Number(typed);
      if (/^\d{1,6}$/.test(typed) && value >= 1 && value <= mostOf[key]) rates[key] = value;
      else issues[key] = `write a whole number from 1 to ${mostOf[key]}`;
    }
  const problem = releaseRateProblem(draft.action, rates);
  if (problem !== null) issues[problem.field] ??= problem.why;

  const order = {
    action: draft.action,
    selection: selectionOfSearch(chosen),
    instanceIds: draft.instanceIds,
    ...rates,
  };
  const parsed = orderSchema.safeParse(order);
  for (const issue of parsed.error?.issues ?? []) issues[issue.path.map(String).join(".")] ??= issue.message;
  if (Object.keys(issues).length > 0 || !parsed.success) return { ok: false, issues };
  return { ok: true, order: parsed.data, search: { ...chosen, action: draft.action, at: draft.instanceIds } };
}
