/** Asks each host's agent what exactly an order would do there; nothing is changed anywhere. */
import type { BrakeOrder, PlanStep, PlanView, PointPlan } from "@mailbrake/contract";
import { effectAt, effectsOf, uncoveredDoors } from "@mailbrake/domain";
import { type ChosenPoint, readChosenPoints } from "./brake-store.ts";
import type { BrakesDeps, BrakesLimits } from "./brakes-deps.ts";
import { brakeArguments } from "./order-request.ts";
import { cellRefusal, checkOrderForm, laneRefusal, lossOf, storedListens } from "./order-rules.ts";

export interface PlanService {
  /**
   * All hosts in parallel; what a host can't do or can't be asked stands in its own plan.
   * @throws MailbrakeError bad-input, protected-lane
   */
  plan(order: BrakeOrder): Promise<PlanView>;
}

export function createPlanService(
  { store, fleet, protectedLane }: BrakesDeps,
  limits: BrakesLimits,
  refusal: (rule: NonNullable<ReturnType<typeof laneRefusal>>) => Error,
): PlanService {
  const planPoint = async (order: BrakeOrder, point: ChosenPoint): Promise<PointPlan> => {
    const effect = effectAt(order, point.id);
    const none: PointPlan = {
      blockPointId: point.id,
      hostName: point.host.name,
      label: point.label,
      mta: point.instance.mta,
      effect,
      outcome: "refused",
      steps: [],
      reply: "",
      loses: false,
      cutsSessions: false,
      opens: [],
      notes: [],
      detail: "",
    };
    const why = cellRefusal(order, order.match, point);
    if (why !== null) return { ...none, detail: why };
    const brake = {
      effect,
      match: JSON.stringify(order.match),
      text: order.text,
      throttle: order.throttle === undefined ? null : JSON.stringify(order.throttle),
      cutSessions: order.cutSessions ?? false,
    };
    const result = await fleet.request(point.hostId, "plan", brakeArguments(point, brake), {
      channel: "observe",
      timeoutMs: limits.planTimeoutMs,
    });
    switch (result.outcome) {
      case "answered": {
        const { reply, loses, cutsSessions, opens, notes } = result.answer;
        const steps = result.parts.flatMap((part): PlanStep[] => ("step" in part ? [part.step] : []));
        return { ...none, outcome: "planned", steps, reply, loses, cutsSessions, opens, notes };
      }
      case "refused":
        return { ...none, detail: result.failure.message || result.failure.error };
      case "unreachable":
        return { ...none, outcome: "unreachable", detail: result.detail };
      case "unknown":
        return { ...none, outcome: "unreachable", detail: `The host gave no answer: ${result.detail}` };
    }
  };

  return {
    async plan(given) {
      const order = { ...given, match: checkOrderForm(given) };
      const points = await readChosenPoints(store, order.blockPointIds);
      const lane = laneRefusal(order.match, points, protectedLane, fleet);
      if (lane !== null) throw refusal(lane);
      const hostIds = [...new Set(points.map(({ hostId }) => hostId))];
      const [plans, doors] = await Promise.all([
        Promise.all(points.map((point) => planPoint(order, point))),
        store.blockPoint.findMany({
          where: { hostId: { in: hostIds } },
          include: { host: true, instance: true },
          take: 5_000,
        }),
      ]);
      const loss = lossOf(order, points);
      return {
        plans,
        uncovered: uncoveredDoors(
          doors.map((door) => ({
            id: door.id,
            hostId: door.hostId,
            hostName: door.host.name,
            label: door.label,
            kind: door.kind as Parameters<typeof uncoveredDoors>[0][number]["kind"],
            role: door.role as Parameters<typeof uncoveredDoors>[0][number]["role"],
            instance: door.instance.instance,
            ports: storedListens.parse(JSON.parse(door.listens)).map(({ port }) => port),
            gone: door.goneAt !== null,
          })),
          order.blockPointIds,
          effectsOf(order),
        ),
        losesMail: loss.loses || plans.some(({ loses }) => loses),
        confirmationWord: loss.confirmationWord,
      };
    },
  };
}
