/** The audit events of queues: action names, and one sentence each for people. */
import type { Actor, QueueActionName } from "@mailbrake/contract";
import { selectionInWords } from "@mailbrake/domain";
import type { AuditEntry } from "../../platform/audit-log.ts";
import type { QueueJobRow } from "./queue-action-store.ts";
import { readSelection } from "./queue-selection.ts";

/** What the server does by itself. */
export const queuesActor: Actor = { kind: "system", id: "queues", name: "Mailbrake" };

type ActionRecord = { id: string; ref: string; action: string; selection: string };

const bounded = (text: string) => text.slice(0, 1_000);
export const placeOfInstance = (row: { instance: string; host: { name: string } }) =>
  `${row.host.name}, ${row.instance}`;

export function actionInWords(action: { action: string; selection: string; ref: string }): string {
  return `${action.action} queued mail ${selectionInWords(readSelection(action.selection))} (ref ${action.ref})`;
}

export function queueActionEvent(
  action: "queue-action.asked" | "queue-action.stop-asked",
  actor: Actor,
  row: ActionRecord,
  more: { what: string; data?: object },
): AuditEntry {
  return {
    actor,
    action,
    target: `queue-action:${row.id}`,
    summary: bounded(`${actionInWords(row)}: ${more.what}`),
    data: { ref: row.ref, action: row.action, selection: readSelection(row.selection), ...more.data },
  };
}

/** An action that never came to be: there is no id, so the target says so. */
export function refusedQueueActionEvent(
  actor: Actor,
  action: QueueActionName | "stop",
  why: string,
  data: object,
): AuditEntry {
  return {
    actor,
    action: "queue-action.refused",
    target: "queue-action:none",
    summary: bounded(`Queue action ${action} refused: ${why}`),
    data: { action, ...data },
  };
}

export type QueueJobAction =
  | "queue-job.started"
  | "queue-job.unknown"
  | "queue-job.unreachable"
  | "queue-job.refused"
  | "queue-job.ended";

export function queueJobEvent(
  action: QueueJobAction,
  row: QueueJobRow,
  more: { what: string; data?: object },
): AuditEntry {
  return {
    actor: queuesActor,
    action,
    target: `queue-action:${row.queueActionId}`,
    summary: bounded(
      `${placeOfInstance({ ...row.instance, host: row.host })}: ${actionInWords(row.queueAction)}: ${more.what}`,
    ),
    data: { jobId: row.id, ref: row.queueAction.ref, hostId: row.hostId, instanceId: row.instanceId, ...more.data },
  };
}

export function bodyReadEvent(
  actor: Actor,
  instance: { id: string; instance: string; host: { name: string } },
  message: string,
): AuditEntry {
  return {
    actor,
    action: "queue.body-read",
    target: `instance:${instance.id}`,
    summary: bounded(`${actor.name} asked for the text of message ${message} at ${placeOfInstance(instance)}`),
    data: { message, instance: instance.instance },
  };
}

export function bodyRefusedEvent(actor: Actor, instanceId: string, message: string): AuditEntry {
  return {
    actor,
    action: "queue.body-refused",
    target: `instance:${instanceId}`,
    summary: bounded(`${actor.name} asked for the text of message ${message}, which needs the role admin`),
    data: { message },
  };
}
