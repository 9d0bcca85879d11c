/** The rules of queue actions, for server and browser alike. */
import type { Match, MatchKind, QueueActionName, QueueSelection } from "@mailbrake/contract";
import { checkMatches } from "./match.ts";
import { matchInWords } from "./match-in-words.ts";
import { emptyLane, protectedLaneOf, protectedLaneViolation } from "./protected-lane.ts";

const withoutQueues: ReadonlySet<string> = new Set(["nftables", "iptables", "pf", "ipfilter", "site", "manual"]);

/** Whether an instance of this kind has queues to look at: every mail server, no firewall. */
export function hasQueues(mta: string): boolean {
  return !withoutQueues.has(mta);
}

/** Kinds of match that are known of mail that is queued already. */
export const queueMatchKinds = ["all", "client", "sender", "recipient"] as const satisfies readonly MatchKind[];

/** Whether mail leaves the queue without having been delivered: deleted (with a backup), or returned to its senders. */
export function queueActionLosesMail(action: QueueActionName): boolean {
  return action === "delete" || action === "bounce";
}

/** The word to type before it, or null. It is the action, so that it is read. */
export function queueConfirmationWord(action: QueueActionName): string | null {
  return queueActionLosesMail(action) ? action : null;
}

export interface RefusedSelection {
  field: string;
  why: string;
}

/** Checks a selection and brings its matches to the one form that agents use. `field` is the path in the selection's owner. */
export function checkSelection(
  selection: QueueSelection,
  field = "selection",
): { ok: true; selection: QueueSelection } | ({ ok: false } & RefusedSelection) {
  const no = (name: string, why: string) => ({ ok: false as const, field: `${field}.${name}`, why });
  const checked = checkMatches(selection.match, `${field}.match`);
  if (!checked.ok) return checked;
  const unknown = checked.matches.findIndex(({ kind }) => !queueMatchKinds.some((known) => known === kind));
  if (unknown >= 0)
    return no(
      `match.${unknown}.kind`,
      `${checked.matches[unknown]?.kind} is not known of queued mail; choose one of ${queueMatchKinds.join(", ")}`,
    );
  const { olderSeconds, youngerSeconds, largerBytes, smallerBytes } = selection;
  if (olderSeconds !== undefined && youngerSeconds !== undefined && olderSeconds >= youngerSeconds)
    return no("youngerSeconds", "no message is both older and younger than that; make it more than the lower age");
  if (largerBytes !== undefined && smallerBytes !== undefined && largerBytes >= smallerBytes)
    return no("smallerBytes", "no message is both larger and smaller than that; make it more than the lower size");
  return { ok: true, selection: { ...selection, match: checked.matches } };
}

/**
 * Why the action may not be taken on mail that the operator protects (paging), or null. Queued mail to postmaster and abuse may be acted on: a flood of
 * bounces to them is what an operator is called for, and the addresses themselves stay reachable.
 */
export function queueLaneViolation(
  action: QueueActionName,
  selection: QueueSelection,
  chosenLane: readonly Match[],
): RefusedSelection | null {
  if (action !== "hold" && action !== "bounce" && action !== "delete") return null;
  const { senders, recipients } = protectedLaneOf(chosenLane, []);
  const violation = protectedLaneViolation(selection.match, {
    ...emptyLane,
    senders,
    recipients,
    recipientLocalParts: [],
  });
  return violation === null ? null : { field: `selection.match.${violation.index}.value`, why: violation.why };
}

export interface ReleaseRates {
  ratePerMinute?: number | undefined;
  stopAboveQueued?: number | undefined;
  stopAboveDeferredPerMinute?: number | undefined;
}

/** Only a release has a rate, and only one with a rate can stop by itself. Null where it fits, else field and mend. */
export function releaseRateProblem(action: QueueActionName, rates: ReleaseRates): RefusedSelection | null {
  if (rates.ratePerMinute !== undefined)
    return action === "release" ? null : { field: "ratePerMinute", why: "only a release has a rate; take it out" };
  for (const field of ["stopAboveQueued", "stopAboveDeferredPerMinute"] as const)
    if (rates[field] !== undefined)
      return { field, why: "only a release with a rate stops by itself; give a rate, or take this out" };
  return null;
}

const ageWords = (seconds: number): string => {
  for (const [size, unit] of [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
  ] as const)
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}${seconds === size ? "" : "s"}`;
  return `${seconds} second${seconds === 1 ? "" : "s"}`;
};

/** What is chosen, for people, e.g. "from anyone at good.test, deferred, older than 4 hours". */
export function selectionInWords(selection: QueueSelection): string {
  const { queue, olderSeconds, youngerSeconds, largerBytes, smallerBytes, applicationId } = selection;
  return [
    matchInWords(selection.match),
    ...(queue === undefined ? [] : [`in the queue ${queue}`]),
    ...(olderSeconds === undefined ? [] : [`older than ${ageWords(olderSeconds)}`]),
    ...(youngerSeconds === undefined ? [] : [`younger than ${ageWords(youngerSeconds)}`]),
    ...(largerBytes === undefined ? [] : [`at least ${largerBytes} bytes`]),
    ...(smallerBytes === undefined ? [] : [`under ${smallerBytes} bytes`]),
    ...(applicationId === undefined ? [] : ["held by one brake"]),
  ].join(", ");
}
