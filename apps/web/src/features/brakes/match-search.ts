import type { Match } from "@mailbrake/contract";
import { formatMatch, parseMatch } from "@mailbrake/domain";

/** The matches of a URL's list, those of a wrong form left out; at most three, none twice. */
export function matchList(value: unknown): Match[] {
  if (!Array.isArray(value)) return [];
  const found = new Map<string, Match>();
  for (const text of value.slice(0, 10)) {
    const read = typeof text === "string" ? parseMatch(text) : null;
    if (read?.ok) found.set(formatMatch(read.match), read.match);
  }
  return [...found.values()].slice(0, 3);
}
