import type { BlockPointKind, BrakeOrder, Cell, Effect, Match, MatchKind, Throttle } from "@mailbrake/contract";

/** Whether the cell takes all of these kinds, and can AND each with each other. */
function takes({ matches, pairs = [] }: Cell, kinds: readonly MatchKind[]): boolean {
  const canBeAnded = (one: MatchKind, other: MatchKind) =>
    pairs.some(([first, second]) => (first === one && second === other) || (first === other && second === one));
  return (
    kinds.every((kind) => matches.includes(kind)) &&
    kinds.every((one, index) => kinds.slice(index + 1).every((other) => canBeAnded(one, other)))
  );
}

/**
 * The cell of a block point that takes this effect with all of these kinds of match, or null.
 * @param kinds one for each condition, as `matchKindsOf` gives them
 */
export function cellFor(cells: readonly Cell[], effect: Effect, kinds: readonly MatchKind[]): Cell | null {
  return cells.find((cell) => cell.effect === effect && takes(cell, kinds)) ?? null;
}

/** Why no cell fits, and the nearest that does: same match with a milder effect, or same effect on all mail. */
export function whyNoCell(cells: readonly Cell[], effect: Effect, kinds: readonly MatchKind[]): string {
  const sameEffect = cells.filter((cell) => cell.effect === effect);
  const sameMatch = cells.filter((cell) => takes(cell, kinds));
  if (cells.length === 0) return "Nothing can be braked here by the agent.";
  const asked = `${effect} by ${kinds.join(" and ")} can't be done here.`;
  const each = new Set(sameEffect.flatMap((cell) => cell.matches));
  if (kinds.length > 1 && kinds.every((kind) => each.has(kind))) {
    const pairs = new Set(sameEffect.flatMap((cell) => cell.pairs ?? []).map((pair) => pair.join(" and ")));
    const both = pairs.size > 0 ? `, or by ${[...pairs].join(", ")} together` : "";
    return `${asked} ${effect} works here by one of ${[...each].join(", ")}${both}.`;
  }
  if (sameEffect.length > 0) return `${asked} ${effect} works here by ${[...each].join(", ")}.`;
  if (sameMatch.length > 0)
    return `${asked} By ${kinds.join(" and ")} there is ${[...new Set(sameMatch.map((cell) => cell.effect))].join(", ")}.`;
  return `${asked} Here there is ${[...new Set(cells.map((cell) => cell.effect))].join(", ")}.`;
}

type Effects = Pick<BrakeOrder, "effect" | "otherEffects">;

/** The effect of an order at one block point: the one that it has of its own there, or the order's. */
export function effectAt({ effect, otherEffects = [] }: Effects, blockPointId: string): Effect {
  return otherEffects.find((other) => other.blockPointId === blockPointId)?.effect ?? effect;
}

/** All effects that an order has somewhere, without repetition. */
export function effectsOf(order: Effects & Pick<BrakeOrder, "blockPointIds">): Effect[] {
  return [...new Set(order.blockPointIds.map((id) => effectAt(order, id)))];
}

/** An effect of its own is for a chosen block point, one each. Null where it fits, else field and mend. */
export function otherEffectsProblem({
  blockPointIds,
  otherEffects = [],
}: Pick<BrakeOrder, "blockPointIds" | "otherEffects">): { field: string; why: string } | null {
  const ids = otherEffects.map(({ blockPointId }) => blockPointId);
  for (const [index, id] of ids.entries()) {
    const field = `otherEffects.${index}.blockPointId`;
    if (!blockPointIds.includes(id))
      return { field, why: "this block point is not among blockPointIds; add it there or take it out" };
    if (ids.indexOf(id) !== index) return { field, why: "this block point is there twice; take one out" };
  }
  return null;
}

/** Whether mail can be lost: the driver says so, and discard always. */
export function losesMail(effect: Effect, cells: readonly Cell[]): boolean {
  return effect === "discard" || cells.some((cell) => cell.effect === effect && cell.loses);
}

/** The word to type before a brake that can lose mail is taken, or null. It is the effect, so that it is read. */
export function confirmationWord(effect: Effect, loses: boolean): string | null {
  return loses ? effect : null;
}

/** Typed words are compared without regard to case and outer spaces. */
export function isConfirmed(word: string | null, typed: string | undefined): boolean {
  return word === null || (typed ?? "").trim().toLowerCase() === word.toLowerCase();
}

/** A throttle needs a rate, and only a throttle has one. Null where it fits, else field and mend. @param effects all that the order has */
export function throttleProblem(
  effects: readonly Effect[],
  throttle: Partial<Record<string, number | undefined>> | undefined,
): { field: string; why: string } | null {
  const rates = Object.values(throttle ?? {}).filter((rate) => rate !== undefined).length;
  const throttles = effects.includes("throttle");
  if (throttles && rates === 0)
    return { field: "throttle", why: "give at least one rate: connections, messages or recipients a minute" };
  if (!throttles && rates > 0) return { field: "throttle", why: "only a throttle has rates; take them out" };
  return null;
}

/** The delivery side counts messages alone. Null where the throttle fits the kind of block point, else why not. */
export function throttleProblemAt(kind: BlockPointKind, throttle: Throttle | undefined): string | null {
  if (kind !== "delivery" || throttle === undefined) return null;
  if (throttle.connectionsPerMinute === undefined && throttle.recipientsPerMinute === undefined) return null;
  return "Delivery is throttled by messages a minute alone; take the other rates out.";
}

/** Open sessions are a listener's. Null where they may be cut, else why not. */
export function cutProblemAt(kind: BlockPointKind, cutSessions: boolean | undefined): string | null {
  if (cutSessions !== true || kind === "listener") return null;
  return "Only a listener has sessions that can be cut; brake it without that, or leave it out.";
}

export const matchKindsOf = (matches: readonly Match[]): MatchKind[] => matches.map(({ kind }) => kind);
