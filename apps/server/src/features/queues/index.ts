/** The queues slice: what waits in queues, surveys, live counts, and actions on queued mail with their lanes behind them. */
import type { RegisterSlice } from "../../platform/mailbrake-app.ts";
import { createOutcomeWriter } from "../../platform/outcome-writer.ts";
import { createFollowHub } from "./follow-hub.ts";
import { createFollowService } from "./follow-service.ts";
import { createHostTurns } from "./host-turns.ts";
import { createQueueActionService, type QueueActionService } from "./queue-action-service.ts";
import { createQueueExecutor } from "./queue-executor.ts";
import { createQueueReader } from "./queue-reader.ts";
import { defaultQueuesLimits, type QueuesDeps } from "./queues-deps.ts";
import { registerQueuesRoutes } from "./queues-routes.ts";
import { createSurveyService } from "./survey-service.ts";

export { type QueueStep, queueSteps } from "./queue-step-hook.ts";
export type { QueuesDeps, QueuesLimits } from "./queues-deps.ts";

export interface QueuesSlice {
  registerRoutes: RegisterSlice;
  actions: QueueActionService;
  /** After the fleet has been given its hosts; carries on with whatever was being done when the server last stopped. */
  start(): Promise<void>;
  /** Before the fleet and the store are closed. */
  close(): Promise<void>;
}

export function createQueuesSlice(deps: QueuesDeps): QueuesSlice {
  const limits = { ...defaultQueuesLimits, ...deps.limits };
  const writer = createOutcomeWriter(deps.transactor);
  const executor = createQueueExecutor(deps, limits, writer);
  const turns = createHostTurns(deps.fleet, limits.turnWaitMs);
  const hub = createFollowHub(deps.fleet, limits);
  const actions = createQueueActionService({ deps, limits, turns, wake: executor.wake });
  const services = {
    reader: createQueueReader(deps, limits, turns),
    surveys: createSurveyService(deps, limits, turns),
    follows: createFollowService(deps, hub),
    actions,
  };
  return {
    actions,
    registerRoutes: (app) => registerQueuesRoutes(app, services),
    start: () => executor.start(),
    async close() {
      hub.close();
      await executor.stop();
      await writer.idle();
    },
  };
}
