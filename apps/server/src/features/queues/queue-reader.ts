/** What is asked of queues without changing them: counts, pages of messages, one message. */
import {
  type Actor,
  MailbrakeError,
  type QueuedMessage,
  type QueueInstance,
  type queuedMessageDetailSchema,
  type queuePageSchema,
  type queueSearchRequestSchema,
} from "@mailbrake/contract";
import type { z } from "zod";
import { answerOf } from "../../platform/host-answer.ts";
import type { HostTurns } from "./host-turns.ts";
import { readQueueAnswer } from "./queue-answer.ts";
import { findQueueInstance, findQueueInstances } from "./queue-instance-store.ts";
import { checkedSelection, selectionArguments } from "./queue-selection.ts";
import type { QueuesDeps, QueuesLimits } from "./queues-deps.ts";
import { bodyReadEvent, bodyRefusedEvent } from "./queues-events.ts";

export interface QueueReader {
  instances(): Promise<QueueInstance[]>;
  /** @throws MailbrakeError not-found, bad-input, host-unreachable, host-refused */
  search(
    instanceId: string,
    request: z.infer<typeof queueSearchRequestSchema>,
  ): Promise<z.infer<typeof queuePageSchema>>;
  /**
   * @param body with the message's text; who reads it is in the audit trail before the host is asked
   * @throws MailbrakeError not-found, not-allowed, host-unreachable, host-refused
   */
  show(
    reader: { actor: Actor; isAdmin: boolean },
    instanceId: string,
    message: string,
    body: boolean,
  ): Promise<z.infer<typeof queuedMessageDetailSchema>>;
}

export function createQueueReader(deps: QueuesDeps, limits: QueuesLimits, turns: HostTurns): QueueReader {
  const { store, fleet, transactor, audit } = deps;

  return {
    async instances() {
      const rows = await findQueueInstances(store);
      return rows.map(({ id, hostId, host, instance, mta }) => ({
        id,
        hostId,
        hostName: host.name,
        instance,
        mta,
        connected: fleet.link(hostId).state === "connected",
      }));
    },

    async search(instanceId, { selection, after, pageSize }) {
      const { hostId, host, instance } = await findQueueInstance(store, instanceId);
      const chosen = selectionArguments(await checkedSelection(store, selection, [instanceId]));
      const values = { instance, op: "list", ...chosen, limit: String(pageSize), ...(after ? { after } : {}) };
      const result = readQueueAnswer("list", await turns.ask(hostId, "queue", values, limits.readTimeoutMs));
      const { answer, parts } = readAnswer(host.name, result);
      const messages = parts.flatMap((part): QueuedMessage[] => ("message" in part ? [part.message] : []));
      return { messages, nextCursor: answer.next === "" ? null : answer.next };
    },

    async show({ actor, isAdmin }, instanceId, message, body) {
      const row = await findQueueInstance(store, instanceId);
      if (body) {
        const entry = isAdmin ? bodyReadEvent(actor, row, message) : bodyRefusedEvent(actor, instanceId, message);
        await transactor.inTransaction(async (scope) => {
          await audit.append(scope, entry);
        });
        if (!isAdmin)
          throw new MailbrakeError("not-allowed", {
            field: "body",
            detail: "The text of a message needs the role admin.",
          });
      }
      const values = { instance: row.instance, op: "show", message, body: body ? "1" : "0" };
      const result = readQueueAnswer("show", await turns.ask(row.hostId, "queue", values, limits.readTimeoutMs));
      const { answer, parts } = readAnswer(row.host.name, result);
      const [shown] = parts.flatMap((part) => ("message" in part ? [part.message] : []));
      if (shown === undefined)
        throw new MailbrakeError("host-refused", { detail: `${row.host.name}: it told nothing of message ${message}` });
      const text = parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("");
      return {
        message: shown,
        headers: parts.flatMap((part) => ("header" in part ? [part.header] : [])),
        body: body ? text : null,
        truncated: answer.truncated,
      };
    },
  };
}

type Readable = Parameters<typeof answerOf>[1];

/** @throws MailbrakeError host-unreachable, host-refused */
function readAnswer<A, P>(
  hostName: string,
  result: { outcome: "answered"; answer: A; parts: P } | Exclude<Readable, { outcome: "answered" }>,
): { answer: A; parts: P } {
  if (result.outcome === "answered") return result;
  answerOf(hostName, result);
  throw new Error("what was not answered was taken for an answer");
}
