import type { Cell, Effect, Match, MatchKind } from "@mailbrake/contract";

/** The cell of a block point that takes this effect with all of these kinds of match, or null. */
export function cellFor(cells: readonly Cell[], effect: Effect, kinds: readonly MatchKind[]): Cell | null {
  return cells.find((cell) => cell.effect === effect && kinds.every((kind) => cell.matches.includes(kind))) ?? null;
}

/** Why no cell fits, and the nearest that does: same match with a milder effect, or same effect on all mail. */
export function whyNoCell(cells: readonly Cell[], effect: Effect, kinds: readonly MatchKind[]): string {
  const sameEffect = cells.filter((cell) => cell.effect === effect);
  const sameMatch = cells.filter((cell) => kinds.every((kind) => cell.matches.includes(kind)));
  if (cells.length === 0) return "Nothing can be braked here by the agent.";
  const asked = `${effect} by ${kinds.join(" and ")} can't be done here.`;
  if (sameEffect.length > 0)
    return `${asked} ${effect} works here by ${[...new Set(sameEffect.flatMap((cell) => cell.matches))].join(", ")}.`;
  if (sameMatch.length > 0)
    return `${asked} By ${kinds.join(" and ")} there is ${[...new Set(sameMatch.map((cell) => cell.effect))].join(", ")}.`;
  return `${asked} Here there is ${[...new Set(cells.map((cell) => cell.effect))].join(", ")}.`;
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

/** A throttle needs a rate, and only a throttle has one. Null where it fits, else field and mend. */
export function throttleProblem(
  effect: Effect,
  throttle: Partial<Record<string, number | undefined>> | undefined,
): { field: string; why: string } | null {
  const rates = Object.values(throttle ?? {}).filter((rate) => rate !== undefined).length;
  if (effect === "throttle" && rates === 0)
    return { field: "throttle", why: "give at least one rate: connections, messages or recipients a minute" };
  if (effect !== "throttle" && rates > 0) return { field: "throttle", why: "only a throttle has rates; take them out" };
  return null;
}

export const matchKindsOf = (matches: readonly Match[]): MatchKind[] => [...new Set(matches.map(({ kind }) => kind))];
