/** The rules of domain, held against what a person orders and what is known of the chosen points. */
import {
  type BrakeOrder,
  blockPointKindSchema,
  cellSchema,
  type ErrorCode,
  MailbrakeError,
  type Match,
} from "@mailbrake/contract";
import {
  cellFor,
  checkMatches,
  confirmationWord,
  cutProblemAt,
  effectAt,
  effectsOf,
  losesMail,
  matchKindsOf,
  otherEffectsProblem,
  protectedLaneOf,
  protectedLaneViolation,
  throttleProblem,
  throttleProblemAt,
  whyNoCell,
} from "@mailbrake/domain";
import type { Fleet } from "@mailbrake/fleet";
import { z } from "zod";
import type { ChosenPoint } from "./brake-store.ts";

const storedCells = z.array(cellSchema);
export const storedListens = z.array(z.object({ address: z.string(), port: z.number() }));

export const cellsOf = (point: { cells: string }) => storedCells.parse(JSON.parse(point.cells));

export interface RefusedRule {
  code: ErrorCode;
  field: string;
  detail: string;
}

export interface CheckedOrder {
  match: Match[];
  loses: boolean;
  confirmationWord: string | null;
}

/** @throws MailbrakeError bad-input: the match, the throttle or an effect of its own has not the form */
export function checkOrderForm(order: BrakeOrder): Match[] {
  const checked = checkMatches(order.match);
  if (!checked.ok)
    throw new MailbrakeError("bad-input", { field: checked.field, detail: `${checked.field}: ${checked.why}` });
  const problem = otherEffectsProblem(order) ?? throttleProblem(effectsOf(order), order.throttle);
  if (problem !== null) throw new MailbrakeError("bad-input", { field: problem.field, detail: problem.why });
  return checked.matches;
}

/** The first rule that forbids it, or null: the protected lane, the SSH port. */
export function laneRefusal(
  match: readonly Match[],
  points: readonly ChosenPoint[],
  chosenLane: readonly Match[],
  fleet: Pick<Fleet, "link">,
): RefusedRule | null {
  const addresses = new Set<string>();
  for (const { host } of points) {
    const live = fleet.link(host.id).managementAddress;
    if (live !== null) addresses.add(live);
    if (host.managementAddress !== null) addresses.add(host.managementAddress);
  }
  const violation = protectedLaneViolation(match, protectedLaneOf(chosenLane, [...addresses]));
  if (violation !== null)
    return { code: "protected-lane", field: `match.${violation.index}.value`, detail: violation.why };
  for (const [index, point] of points.entries()) {
    const listens = storedListens.parse(JSON.parse(point.listens));
    if (listens.some(({ port }) => port === point.host.port))
      return {
        code: "protected-lane",
        field: `blockPointIds.${index}`,
        detail: `${point.label} on ${point.host.name} listens on port ${point.host.port}, by which Mailbrake reaches the host.`,
      };
  }
  return null;
}

/** Why the point can't take the order, or null. */
export function cellRefusal(order: BrakeOrder, match: readonly Match[], point: ChosenPoint): string | null {
  const cells = cellsOf(point);
  const kinds = matchKindsOf(match);
  const effect = effectAt(order, point.id);
  if (cellFor(cells, effect, kinds) === null) return whyNoCell(cells, effect, kinds);
  const kind = blockPointKindSchema.parse(point.kind);
  return (
    throttleProblemAt(kind, effect === "throttle" ? order.throttle : undefined) ?? cutProblemAt(kind, order.cutSessions)
  );
}

export function lossOf(
  order: BrakeOrder,
  points: readonly ChosenPoint[],
): Pick<CheckedOrder, "loses" | "confirmationWord"> {
  const losing = points
    .filter((point) => losesMail(effectAt(order, point.id), cellsOf(point)))
    .map(({ id }) => effectAt(order, id));
  const word = losing.includes(order.effect) ? order.effect : (losing[0] ?? order.effect);
  return { loses: losing.length > 0, confirmationWord: confirmationWord(word, losing.length > 0) };
}
