/** Queue actions as the browser sees them. */
import {
  type QueueActionView,
  type QueueJobView,
  queueActionNameSchema,
  queueJobViewSchema,
} from "@mailbrake/contract";
import type { Fleet } from "@mailbrake/fleet";
import type { QueueActionRow } from "./queue-action-store.ts";
import { readSelection } from "./queue-selection.ts";

const iso = (date: Date | null) => date?.toISOString() ?? null;

export function queueActionView(row: QueueActionRow, fleet: Pick<Fleet, "link">): QueueActionView {
  return {
    id: row.id,
    ref: row.ref,
    action: queueActionNameSchema.parse(row.action),
    selection: readSelection(row.selection),
    reason: row.reason,
    ratePerMinute: row.ratePerMinute,
    stopAboveQueued: row.stopAboveQueued,
    stopAboveDeferredPerMinute: row.stopAboveDeferredPerMinute,
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdBy,
    restoreOf: row.restoreOfId,
    ended: row.endedAt !== null,
    jobs: row.jobs.map((job) => queueJobView(job, fleet)),
  };
}

function queueJobView(row: QueueActionRow["jobs"][number], fleet: Pick<Fleet, "link">): QueueJobView {
  return {
    id: row.id,
    instanceId: row.instanceId,
    hostId: row.hostId,
    hostName: row.host.name,
    instance: row.instance.instance,
    state: queueJobViewSchema.shape.state.parse(row.state),
    stopping: row.stopWanted && row.endedAt === null,
    total: row.total,
    done: row.done,
    skipped: row.skipped,
    failed: row.failed,
    detail: detailInWords(row, fleet),
    backup: row.backup,
    startedAt: iso(row.startedAt),
    answeredAt: iso(row.answeredAt),
    endedAt: iso(row.endedAt),
  };
}

function detailInWords(row: QueueActionRow["jobs"][number], fleet: Pick<Fleet, "link">): string {
  const link = fleet.link(row.hostId);
  if (row.endedAt !== null || link.state === "connected") return row.detail;
  if (row.state === "running")
    return `The host can't be reached now; this was last seen before, and it goes on there. ${link.detail}`;
  return `${row.detail === "" ? "" : `${row.detail} `}Trying to reach the host: ${link.detail}`;
}
