/**
 * Purpose: takes surveys and keeps the last one of each instance.
 * Guarantees: one survey at a time of an instance, shared by all who ask; one row an instance, so that they never fill the database.
 * Fails: MailbrakeError; the survey from before stays.
 */
import { type SurveyView, surveyViewSchema } from "@mailbrake/contract";
import type { FleetResult } from "@mailbrake/fleet";
import { answerOf } from "../../platform/host-answer.ts";
import type { HostTurns } from "./host-turns.ts";
import { findQueueInstance, type QueueInstanceRow } from "./queue-instance-store.ts";
import type { QueuesDeps, QueuesLimits } from "./queues-deps.ts";

export interface SurveyService {
  /** @param rows at most so many of each list @throws MailbrakeError not-found, host-unreachable, host-refused */
  take(instanceId: string, rows: number): Promise<SurveyView>;
  /** The last one taken. @throws MailbrakeError not-found */
  last(instanceId: string): Promise<SurveyView | null>;
}

type Answered = Extract<FleetResult<"survey">, { outcome: "answered" }>;

export function createSurveyService(deps: QueuesDeps, limits: QueuesLimits, turns: HostTurns): SurveyService {
  const { store, transactor, clock } = deps;
  const running = new Map<string, Promise<SurveyView>>();

  const takeNew = async (row: QueueInstanceRow, rows: number): Promise<SurveyView> => {
    const values = { instance: row.instance, rows: String(rows) };
    const result = await turns.ask(row.hostId, "survey", values, limits.surveyTimeoutMs);
    const takenAt = clock();
    const survey = surveyOf(row, answerOf(row.host.name, result), takenAt);
    const kept = { takenAt, body: JSON.stringify(survey) };
    await transactor.inTransaction(async ({ transaction, publish }) => {
      await transaction.survey.upsert({
        where: { instanceId: row.id },
        create: { instanceId: row.id, ...kept },
        update: kept,
      });
      publish({ kind: "survey", instanceId: row.id });
    });
    return survey;
  };

  return {
    async take(instanceId, rows) {
      const row = await findQueueInstance(store, instanceId);
      const key = `${instanceId} ${rows}`;
      const already = running.get(key);
      if (already !== undefined) return already;
      const now = takeNew(row, rows).finally(() => running.delete(key));
      running.set(key, now);
      return now;
    },
    async last(instanceId) {
      await findQueueInstance(store, instanceId);
      const kept = await store.survey.findUnique({ where: { instanceId } });
      return kept === null ? null : surveyViewSchema.parse(JSON.parse(kept.body));
    },
  };
}

function surveyOf(row: QueueInstanceRow, { answer, parts }: Answered, takenAt: Date): SurveyView {
  return {
    instanceId: row.id,
    hostName: row.host.name,
    instance: row.instance,
    takenAt: takenAt.toISOString(),
    messages: answer.messages,
    complete: answer.complete,
    why: answer.why,
    milliseconds: answer.milliseconds,
    queues: parts.flatMap((part) => ("queues" in part ? part.queues : [])),
    ages: parts.flatMap((part) => ("ages" in part ? part.ages : [])),
    tops: parts.flatMap((part) => ("top" in part ? [part.top] : [])),
    oldest: parts.flatMap((part) => ("oldest" in part ? part.oldest : [])),
    rates: parts.flatMap((part) => ("rates" in part ? [part.rates] : []))[0] ?? null,
    joined: parts.flatMap((part) => ("joined" in part ? part.joined : [])),
  };
}
