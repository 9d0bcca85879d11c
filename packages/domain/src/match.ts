import type { Match, MatchKind } from "@mailbrake/contract";
import { limits, matchKinds } from "@mailbrake/contract";
import { parseAddressOrDomain, parseDomain, type TextResult } from "./mail-address.ts";
import { parseNetwork } from "./network.ts";

/** `field` is the path in the order (`match.0.value`); `why` names the mend. */
export type MatchResult = { ok: true; match: Match } | { ok: false; field: string; why: string };

const readers: Record<Exclude<MatchKind, "all">, (value: string) => TextResult> = {
  client: (value) => {
    const read = parseNetwork(value);
    return read.ok ? { ok: true, text: read.text } : read;
  },
  helo: (value) =>
    /^\[[0-9A-Za-z.:]{2,60}\]$/.test(value) ? { ok: true, text: value.toLowerCase() } : parseDomain(value),
  sender: (value) => (value === "<>" ? { ok: true, text: "<>" } : parseAddressOrDomain(value)),
  recipient: (value) =>
    value === "<>"
      ? { ok: false, why: "a recipient is never empty; write an address or a domain" }
      : parseAddressOrDomain(value),
  login: (value) =>
    /^[\x21-\x7e]{1,320}$/.test(value)
      ? { ok: true, text: value }
      : { ok: false, why: "write the login name, printable ASCII without spaces" },
};

/**
 * Checks one condition and brings its value to the one form that agents and comparisons use.
 * @param field path of the match in the caller's input, for the error
 */
export function checkMatch(match: Match, field = "match"): MatchResult {
  const value = match.value.trim();
  const bad = (why: string): MatchResult => ({ ok: false, field: `${field}.value`, why });
  if (value.length > limits.matchLength) return bad(`write at most ${limits.matchLength} characters`);
  if (match.kind === "all")
    return value === "" ? { ok: true, match: { kind: "all", value: "" } } : bad("leave it empty: all mail is meant");
  if (value === "") return bad("say which");
  const read = readers[match.kind](value);
  return read.ok ? { ok: true, match: { kind: match.kind, value: read.text } } : bad(read.why);
}

/** Checks a brake's whole match (ANDed): each condition, none twice, and `all` only alone. */
export function checkMatches(
  matches: readonly Match[],
  field = "match",
): { ok: true; matches: Match[] } | { ok: false; field: string; why: string } {
  if (matches.length < 1 || matches.length > 3) return { ok: false, field, why: "give one to three conditions" };
  const checked: Match[] = [];
  for (const [index, match] of matches.entries()) {
    const result = checkMatch(match, `${field}.${index}`);
    if (!result.ok) return result;
    if (checked.some((earlier) => formatMatch(earlier) === formatMatch(result.match)))
      return { ok: false, field: `${field}.${index}`, why: "this condition is already there; take it out" };
    checked.push(result.match);
  }
  if (checked.length > 1 && checked.some(({ kind }) => kind === "all"))
    return { ok: false, field, why: "all mail can't be narrowed; take out the condition “all mail”" };
  return { ok: true, matches: checked };
}

/** The protocol's form: `all`, or `kind:value`. */
export function formatMatch(match: Match): string {
  return match.kind === "all" ? "all" : `${match.kind}:${match.value}`;
}

/** Reads the protocol's form; the opposite of formatMatch for every match that checkMatch lets through. */
export function parseMatch(text: string, field = "match"): MatchResult {
  const colon = text.indexOf(":");
  const kind = colon < 0 ? text : text.slice(0, colon);
  const known = matchKinds.find((name) => name === kind);
  if (known === undefined)
    return { ok: false, field: `${field}.kind`, why: `start with one of ${matchKinds.join(", ")}` };
  if (known !== "all" && colon < 0) return { ok: false, field: `${field}.value`, why: "say which" };
  return checkMatch({ kind: known, value: colon < 0 ? "" : text.slice(colon + 1) }, field);
}
