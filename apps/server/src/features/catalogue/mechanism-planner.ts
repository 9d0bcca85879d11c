/**
 * Keeps the manual commands of each mechanism: the agent's own plan for effect × all, so that the runbook can be read while the host is down.
 * Guarantees: one request at a time on a host's observe channel, so that a person's own plan waits for one at most; what could not be planned is kept as words.
 * Fails: MailbrakeError `host-unreachable` as soon as the host is; plans from before stay as they are then.
 */
import type { AgentArguments, Cell, PlanStep } from "@mailbrake/contract";
import type { Fleet } from "@mailbrake/fleet";
import type { Clock } from "../../platform/clock.ts";
import { answerOf } from "../../platform/host-answer.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import { readCells } from "./block-point-row.ts";
import { findPresentPoints, type PresentPoint, replacePlans, type StoredPlan } from "./catalogue-store.ts";

const planTimeoutMs = 20_000;
/** A plan with more than this isn't something to type by hand; it is cut, and says so. */
const longestSteps = 200_000;

export interface MechanismPlanner {
  /** Plans all points of a host anew, one after another. @throws MailbrakeError host-unreachable */
  replanHost(hostId: string, hostName: string): Promise<void>;
  /** @throws MailbrakeError host-unreachable */
  replanPoint(point: PresentPoint, hostName: string): Promise<void>;
}

export function createMechanismPlanner(options: {
  store: Store;
  transactor: Transactor;
  fleet: Pick<Fleet, "request">;
  clock: Clock;
}): MechanismPlanner {
  const { store, transactor, fleet, clock } = options;

  async function askForPlan(point: PresentPoint, cell: Cell) {
    const ask = (rate: AgentArguments) =>
      fleet.request(
        point.hostId,
        "plan",
        { ...previewArguments(point, cell), ...rate },
        { channel: "observe", timeoutMs: planTimeoutMs },
      );
    if (cell.effect !== "throttle") return await ask({});
    // A cell does not say what it counts: messages where it can.
    const result = await ask({ messages: "60" });
    return result.outcome === "refused" ? await ask({ connections: "60" }) : result;
  }

  async function planCell(point: PresentPoint, hostName: string, cell: Cell): Promise<StoredPlan> {
    const result = await askForPlan(point, cell);
    if (result.outcome === "refused") return { effect: cell.effect, steps: [], error: result.failure.message };
    const { answer, parts } = answerOf(hostName, result);
    const steps = parts.flatMap((part) => ("step" in part ? [part.step] : []));
    const opens = answer.opens.map((door): PlanStep => ({ kind: "note", text: `Leaves open: ${door}` }));
    const notes = answer.notes.map((text): PlanStep => ({ kind: "note", text }));
    return bounded({ effect: cell.effect, steps: [...steps, ...opens, ...notes], error: null });
  }

  async function replanPoint(point: PresentPoint, hostName: string): Promise<void> {
    const plans: StoredPlan[] = [];
    for (const cell of readCells(point)) {
      if (cell.matches.includes("all")) plans.push(await planCell(point, hostName, cell));
    }
    const plannedAt = clock();
    await transactor.inTransaction(async ({ transaction, publish }) => {
      await replacePlans(transaction, point.id, plans, plannedAt);
      publish({ kind: "catalogue", hostId: point.hostId });
    });
  }

  return {
    replanPoint,
    async replanHost(hostId, hostName) {
      for (const point of await findPresentPoints(store, hostId)) await replanPoint(point, hostName);
    },
  };
}

/** `app` and `brake` stand where an order would have its own; nothing of a plan is kept on the host. */
function previewArguments(point: PresentPoint, cell: Cell): AgentArguments {
  return {
    app: "preview",
    brake: "PREVIEW",
    instance: point.instance.instance,
    point: point.point,
    effect: cell.effect,
    match: "all",
    ttl: "0",
    by: "mailbrake",
    reason: "preview",
  };
}

function bounded(plan: StoredPlan): StoredPlan {
  const kept: PlanStep[] = [];
  let length = 0;
  for (const step of plan.steps) {
    length += JSON.stringify(step).length;
    if (length > longestSteps) {
      return {
        ...plan,
        steps: kept,
        error: `the plan is longer than is kept here: the first ${kept.length} of ${plan.steps.length} steps`,
      };
    }
    kept.push(step);
  }
  return plan;
}
