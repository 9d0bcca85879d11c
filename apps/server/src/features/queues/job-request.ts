/** The agent's arguments for a job, from what is recorded. */
import type { AgentArguments } from "@mailbrake/contract";
import { boundedValue } from "../../platform/bounded-value.ts";
import type { QueueJobRow } from "./queue-action-store.ts";
import { readSelection, selectionArguments } from "./queue-selection.ts";

const rate = (key: "rate" | "ceiling" | "deferrals", value: number | null) =>
  value === null ? {} : { [key]: String(value) };

export function startArguments(row: QueueJobRow): AgentArguments {
  const { queueAction: action } = row;
  return {
    instance: row.instance.instance,
    op: "start",
    job: row.id,
    action: action.action,
    by: boundedValue("by", action.createdBy),
    reason: boundedValue("reason", action.reason),
    // A restore puts back all that the delete took.
    ...(row.restoreOfJob === null
      ? selectionArguments(readSelection(action.selection))
      : { match: "all", of: row.restoreOfJob }),
    ...rate("rate", action.ratePerMinute),
    ...rate("ceiling", action.stopAboveQueued),
    ...rate("deferrals", action.stopAboveDeferredPerMinute),
  };
}

export function jobArguments(row: QueueJobRow): AgentArguments {
  return { instance: row.instance.instance, op: "job", job: row.id };
}

export function stopArguments(row: QueueJobRow): AgentArguments {
  return {
    instance: row.instance.instance,
    op: "stop",
    job: row.id,
    by: boundedValue("by", row.queueAction.stopAskedBy ?? "mailbrake"),
    reason: boundedValue("reason", row.queueAction.stopReason ?? "stopped"),
  };
}
