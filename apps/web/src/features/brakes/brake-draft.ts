import {
  type BlockPointView,
  type BrakeOrder,
  brakeOrderSchema,
  type Effect,
  effects,
  limits,
  type Match,
  type MatchKind,
  type Throttle,
} from "@mailbrake/contract";
import {
  cellFor,
  checkMatches,
  cutProblemAt,
  defaultExpirySeconds,
  matchKindsOf,
  throttleProblem,
  whyNoCell,
} from "@mailbrake/domain";

export type DurationChoice = { kind: "preset"; seconds: number | null } | { kind: "custom"; minutes: string };

/** What the composer's fields hold; nothing in it is checked yet. */
export interface BrakeDraft {
  effect: Effect;
  matches: { kind: MatchKind; value: string }[];
  blockPointIds: string[];
  /** By block point: what those do that can't do `effect`. */
  otherEffects: Record<string, Effect>;
  duration: DurationChoice;
  text: string;
  rates: Record<keyof Throttle, string>;
  /** Asked for; it counts where effectiveDraft leaves it. */
  cutSessions: boolean;
  reason: string;
}

/** By dotted field, as the API names them (`match.0.value`, `blockPointIds`, `throttle`, …), so that both kinds of error stand at the same place. */
export type DraftIssues = Record<string, string>;

export function emptyDraft(effect: Effect, blockPointIds: string[]): BrakeDraft {
  return {
    effect,
    matches: [{ kind: "all", value: "" }],
    blockPointIds,
    otherEffects: {},
    duration: { kind: "preset", seconds: defaultExpirySeconds(effect) },
    text: "",
    rates: { connectionsPerMinute: "", messagesPerMinute: "", recipientsPerMinute: "" },
    cutSessions: false,
    reason: "",
  };
}

/** Why this draft's effect and match can't be done at a block point; null where they can. */
export function whyNotAt(
  point: BlockPointView,
  draft: Pick<BrakeDraft, "effect" | "matches"> & Partial<Pick<BrakeDraft, "cutSessions">>,
): string | null {
  if (point.door === "gone") return "It was not there at the last discovery.";
  const kinds = matchKindsOf(draft.matches);
  if (cellFor(point.cells, draft.effect, kinds) === null) return whyNoCell(point.cells, draft.effect, kinds);
  return cutProblemAt(point.kind, draft.cutSessions);
}

/** What else a block point can do with this match, where it can't do the draft's effect. */
export function otherEffectsAt(point: BlockPointView, draft: Parameters<typeof whyNotAt>[1]): Effect[] {
  if (point.door === "gone" || whyNotAt(point, draft) === null) return [];
  if (cutProblemAt(point.kind, draft.cutSessions) !== null) return [];
  const kinds = matchKindsOf(draft.matches);
  return effects.filter((effect) => cellFor(point.cells, effect, kinds) !== null);
}

/** The effect that the draft has at a block point that is chosen; null where there is none. */
export function effectHere(point: BlockPointView, draft: BrakeDraft): Effect | null {
  if (!draft.blockPointIds.includes(point.id)) return null;
  if (whyNotAt(point, draft) === null) return draft.effect;
  return otherEffectsAt(point, draft).find((effect) => effect === draft.otherEffects[point.id]) ?? null;
}

/** Whether a listener is among the chosen that can do it: only there are sessions that may be cut. */
export function hasSessionsToCut(draft: BrakeDraft, points: readonly BlockPointView[]): boolean {
  const uncut = { ...draft, cutSessions: false };
  return points.some((point) => point.kind === "listener" && effectHere(point, uncut) !== null);
}

/** The draft with `cutSessions` as it counts: not where no listener is chosen, so that what isn't shown changes nothing. */
export function effectiveDraft(draft: BrakeDraft, points: readonly BlockPointView[]): BrakeDraft {
  return draft.cutSessions && !hasSessionsToCut(draft, points) ? { ...draft, cutSessions: false } : draft;
}

/** Whether rates are asked for: the draft's effect is throttle, or a door's own. */
export function hasThrottle(draft: BrakeDraft, points: readonly BlockPointView[]): boolean {
  const here = points.map((point) => effectHere(point, draft)).filter((effect) => effect !== null);
  return here.length > 0 ? here.includes("throttle") : draft.effect === "throttle";
}

/** Seconds until the host lifts it by itself, null = never; undefined where the minutes are no number that can be used. */
export function expirySeconds(duration: DurationChoice): number | null | undefined {
  if (duration.kind === "preset") return duration.seconds;
  if (!/^\d{1,6}$/.test(duration.minutes.trim())) return undefined;
  const seconds = Number(duration.minutes.trim()) * 60;
  return seconds >= 60 && seconds <= limits.maximumExpirySeconds ? seconds : undefined;
}

/** The order that the draft stands for, or what is wrong, field by field. Points that can't do it are left out of the order. */
export function orderOfDraft(
  given: BrakeDraft,
  points: readonly BlockPointView[],
): { ok: true; order: BrakeOrder } | { ok: false; issues: DraftIssues } {
  const draft = effectiveDraft(given, points);
  const issues: DraftIssues = {};
  const matches = checkMatches(draft.matches);
  if (!matches.ok) issues[matches.field] = matches.why;

  const throttle: Throttle = {};
  const throttles = hasThrottle(draft, points);
  if (throttles) {
    for (const key of Object.keys(draft.rates) as (keyof Throttle)[]) {
      const typed = draft.rates[key].trim();
      if (typed === "") continue;
      if (/^\d{1,6}$/.test(typed) && Number(typed) >= 1 && Number(typed) <= 100_000) throttle[key] = Number(typed);
      else issues[`throttle.${key}`] = "write a whole number from 1 to 100000";
    }
    const problem = throttleProblem(["throttle"], throttle);
    if (problem && !Object.keys(issues).some((field) => field.startsWith("throttle."))) issues.throttle = problem.why;
  }
  if (expirySeconds(draft.duration) === undefined) issues.expiresInSeconds = "write whole minutes, from 1 to a year";

  const doors = points.flatMap((point) => {
    const effect = effectHere(point, draft);
    return effect === null ? [] : [{ blockPointId: point.id, effect }];
  });
  const otherEffects = doors.filter(({ effect }) => effect !== draft.effect);
  const order = {
    effect: draft.effect,
    match: (matches.ok ? matches.matches : draft.matches) as Match[],
    blockPointIds: doors.map(({ blockPointId }) => blockPointId),
    ...(otherEffects.length > 0 ? { otherEffects } : {}),
    text: draft.text.trim(),
    ...(throttles ? { throttle } : {}),
    ...(draft.cutSessions ? { cutSessions: true } : {}),
  };
  const parsed = brakeOrderSchema.safeParse(order);
  for (const issue of parsed.error?.issues ?? []) issues[issue.path.map(String).join(".")] ??= issue.message;
  if (Object.keys(issues).length > 0 || !parsed.success) return { ok: false, issues };
  return { ok: true, order: parsed.data };
}
