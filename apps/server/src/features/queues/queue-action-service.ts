/**
 * Purpose: what a person asks to be done to queued mail: preview, new, stop, restore.
 * Guarantees: the order and its intent in the audit trail are committed together before any host is touched; a refused attempt is in the trail too.
 * Fails: with an error of the catalogue, and nothing changed. Killed after the commit: the lanes find the action at the next start.
 */
import {
  type Actor,
  type CreateQueueActionRequest,
  MailbrakeError,
  type QueueActionView,
  type QueuePreview,
  type queuePreviewRequestSchema,
} from "@mailbrake/contract";
import {
  isConfirmed,
  type Permission,
  queueActionCan,
  queueActionLosesMail,
  queueConfirmationWord,
  queueLaneViolation,
  releaseRateProblem,
} from "@mailbrake/domain";
import type { z } from "zod";
import { newId } from "../../platform/new-id.ts";
import { newReference } from "../../platform/new-reference.ts";
import type { HostTurns } from "./host-turns.ts";
import { type QueueActionListQuery, readQueueAction, readQueueActions } from "./queue-action-store.ts";
import { queueActionView } from "./queue-action-view.ts";
import { readQueueAnswer } from "./queue-answer.ts";
import { type QueueInstanceRow, readChosenInstances } from "./queue-instance-store.ts";
import { checkedSelection, selectionArguments } from "./queue-selection.ts";
import type { QueuesDeps, QueuesLimits } from "./queues-deps.ts";
import { placeOfInstance, queueActionEvent, refusedQueueActionEvent } from "./queues-events.ts";

type PreviewRequest = z.infer<typeof queuePreviewRequestSchema>;
type Count = QueuePreview["counts"][number];

export interface QueueActionService {
  /** All instances in parallel; what can't be counted stands in its own line. @throws MailbrakeError bad-input, protected-lane */
  preview(request: PreviewRequest): Promise<QueuePreview>;
  /** @throws MailbrakeError bad-input, protected-lane, needs-confirmation */
  create(actor: Actor, request: CreateQueueActionRequest): Promise<QueueActionView>;
  read(queueActionId: string): Promise<QueueActionView>;
  list(query: QueueActionListQuery): Promise<{ actions: QueueActionView[]; nextCursor: string | null }>;
  /** What was done stays done. @throws MailbrakeError not-found, conflict */
  stop(actor: Actor, queueActionId: string, reason: string): Promise<QueueActionView>;
  /** Puts back what a delete took, as a new action. @throws MailbrakeError not-found, conflict */
  restore(actor: Actor, queueActionId: string, reason: string): Promise<QueueActionView>;
}

export interface QueueActionServiceOptions {
  deps: QueuesDeps;
  limits: QueuesLimits;
  turns: HostTurns;
  /** Told of hosts with new orders after their commit. */
  wake: (hostIds: Iterable<string>) => void;
}

interface NewAction {
  action: QueueActionView["action"];
  selection: string;
  reason: string;
  ratePerMinute?: number | undefined;
  stopAboveQueued?: number | undefined;
  stopAboveDeferredPerMinute?: number | undefined;
  restoreOfId?: string;
  confirmed: string | null;
  places: (Pick<QueueInstanceRow, "id" | "hostId" | "instance"> & { host: { name: string }; restoreOfJob?: string })[];
}

export function createQueueActionService({ deps, limits, turns, wake }: QueueActionServiceOptions): QueueActionService {
  const { store, transactor, audit, fleet, clock, protectedLane } = deps;
  const step = deps.onStep ?? (() => {});
  const view = async (id: string) => queueActionView(await readQueueAction(store, id), fleet);

  const refuse = async (
    actor: Actor,
    action: QueueActionView["action"] | "stop",
    error: MailbrakeError,
    data: object,
  ): Promise<never> => {
    await transactor.inTransaction(async (scope) => {
      const why = error.detail ?? error.message;
      await audit.append(scope, refusedQueueActionEvent(actor, action, why, { code: error.code, ...data }));
    });
    throw error;
  };
  const mustBe = async (
    permission: Permission,
    actor: Actor,
    action: "stop" | "restore",
    queueActionId: string,
  ): Promise<void> => {
    if (!permission.allowed)
      await refuse(actor, action, new MailbrakeError("conflict", { detail: permission.why }), { queueActionId });
  };

  const countAt = async (row: QueueInstanceRow, selection: PreviewRequest["selection"]): Promise<Count> => {
    const none = {
      instanceId: row.id,
      hostName: row.host.name,
      instance: row.instance,
      messages: 0,
      bytes: 0,
      oldestAt: null,
      complete: false,
    };
    const values = { instance: row.instance, op: "count", ...selectionArguments(selection) };
    const result = readQueueAnswer("count", await turns.ask(row.hostId, "queue", values, limits.countTimeoutMs));
    switch (result.outcome) {
      case "answered": {
        const { messages, bytes, oldest, complete, why } = result.answer;
        const oldestAt = oldest === 0 ? null : new Date(oldest * 1_000).toISOString();
        return { ...none, outcome: "counted", messages, bytes, oldestAt, complete, detail: why };
      }
      case "refused":
        return { ...none, outcome: "refused", detail: result.failure.message || result.failure.error };
      case "unreachable":
        return { ...none, outcome: "unreachable", detail: result.detail };
      case "unknown":
        return { ...none, outcome: "unreachable", detail: `The host gave no answer: ${result.detail}` };
    }
  };

  /** Action, jobs and intent in one transaction. */
  const record = async (actor: Actor, given: NewAction): Promise<QueueActionView> => {
    const { places, confirmed, ratePerMinute, stopAboveQueued, stopAboveDeferredPerMinute, ...content } = given;
    const now = clock();
    const rates = { ratePerMinute, stopAboveQueued, stopAboveDeferredPerMinute };
    const queueActionId = newId();
    await transactor.inTransaction(async (scope) => {
      const row = await scope.transaction.queueAction.create({
        data: {
          id: queueActionId,
          ref: newReference(),
          ...content,
          ratePerMinute: ratePerMinute ?? null,
          stopAboveQueued: stopAboveQueued ?? null,
          stopAboveDeferredPerMinute: stopAboveDeferredPerMinute ?? null,
          createdAt: now,
          createdById: actor.id,
          createdBy: actor.name,
        },
      });
      await scope.transaction.queueJob.createMany({
        data: places.map(({ id, hostId, restoreOfJob }) => ({
          id: newId(),
          queueActionId,
          instanceId: id,
          hostId,
          restoreOfJob: restoreOfJob ?? null,
          state: "asked",
          askedAt: now,
        })),
      });
      await audit.append(
        scope,
        queueActionEvent("queue-action.asked", actor, row, {
          what: `asked at ${places.map(placeOfInstance).join("; ").slice(0, 600)}: ${given.reason}`,
          data: {
            ...rates,
            reason: given.reason,
            confirmed,
            restoreOf: given.restoreOfId,
            instanceIds: places.map(({ id }) => id),
          },
        }),
      );
      scope.publish({ kind: "queue-action", queueActionId });
    });
    step("recorded");
    wake(places.map(({ hostId }) => hostId));
    return view(queueActionId);
  };

  return {
    async preview({ action, selection: given, instanceIds }) {
      const selection = await checkedSelection(store, given, instanceIds);
      const lane = queueLaneViolation(action, selection, protectedLane);
      if (lane !== null) throw new MailbrakeError("protected-lane", { field: lane.field, detail: lane.why });
      const rows = await readChosenInstances(store, instanceIds);
      const counts = await Promise.all(rows.map((row) => countAt(row, selection)));
      return {
        counts,
        messages: counts.reduce((sum, { messages }) => sum + messages, 0),
        losesMail: queueActionLosesMail(action),
        confirmationWord: queueConfirmationWord(action),
      };
    },

    async create(actor, request) {
      const { action, instanceIds, reason } = request;
      const problem = releaseRateProblem(action, request);
      if (problem !== null) throw new MailbrakeError("bad-input", { field: problem.field, detail: problem.why });
      const selection = await checkedSelection(store, request.selection, instanceIds);
      const places = await readChosenInstances(store, instanceIds);
      const order = { selection, instanceIds, reason };
      const lane = queueLaneViolation(action, selection, protectedLane);
      if (lane !== null)
        await refuse(
          actor,
          action,
          new MailbrakeError("protected-lane", { field: lane.field, detail: lane.why }),
          order,
        );
      const word = queueConfirmationWord(action);
      if (!isConfirmed(word, request.confirmation)) {
        const detail = `This takes mail out of the queue. Type “${word}” to confirm.`;
        await refuse(actor, action, new MailbrakeError("needs-confirmation", { field: "confirmation", detail }), order);
      }
      return record(actor, {
        action,
        selection: JSON.stringify(selection),
        reason,
        ratePerMinute: request.ratePerMinute,
        stopAboveQueued: request.stopAboveQueued,
        stopAboveDeferredPerMinute: request.stopAboveDeferredPerMinute,
        confirmed: word,
        places,
      });
    },

    read: view,

    async list(query) {
      const { actions, nextCursor } = await readQueueActions(store, query);
      return { actions: actions.map((row) => queueActionView(row, fleet)), nextCursor };
    },

    async stop(actor, queueActionId, reason) {
      await mustBe(queueActionCan.stop(await view(queueActionId)), actor, "stop", queueActionId);
      const hostIds = await transactor.inTransaction(async (scope) => {
        const running = { queueActionId, endedAt: null, stopWanted: false };
        const jobs = await scope.transaction.queueJob.findMany({ where: running, select: { hostId: true } });
        if (jobs.length === 0) return null;
        const row = await scope.transaction.queueAction.update({
          where: { id: queueActionId },
          data: { stopAskedBy: actor.name, stopReason: reason },
        });
        await scope.transaction.queueJob.updateMany({ where: running, data: { stopWanted: true } });
        await audit.append(
          scope,
          queueActionEvent("queue-action.stop-asked", actor, row, { what: `stop asked: ${reason}`, data: { reason } }),
        );
        scope.publish({ kind: "queue-action", queueActionId });
        return jobs.map(({ hostId }) => hostId);
      });
      if (hostIds === null)
        throw new MailbrakeError("conflict", { detail: "This action was stopped or has ended meanwhile; reload." });
      step("recorded");
      wake(hostIds);
      return view(queueActionId);
    },

    async restore(actor, queueActionId, reason) {
      const row = await readQueueAction(store, queueActionId);
      await mustBe(queueActionCan.restore(queueActionView(row, fleet)), actor, "restore", queueActionId);
      const open = await store.queueAction.count({ where: { restoreOfId: queueActionId, endedAt: null } });
      if (open > 0)
        await mustBe({ allowed: false, why: "It is being restored already." }, actor, "restore", queueActionId);
      const places = row.jobs
        .filter(({ backup }) => backup !== "")
        .map((job) => ({
          id: job.instanceId,
          hostId: job.hostId,
          instance: job.instance.instance,
          host: job.host,
          restoreOfJob: job.id,
        }));
      return record(actor, {
        action: "restore",
        selection: row.selection,
        reason,
        restoreOfId: row.id,
        confirmed: null,
        places,
      });
    },
  };
}
