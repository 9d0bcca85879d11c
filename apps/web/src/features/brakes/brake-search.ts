import { type Effect, effects } from "@mailbrake/contract";
import { formatMatch } from "@mailbrake/domain";
import { idList, oneOf } from "../../ui/search-values.ts";
import { type StarterId, starterIds } from "../board/starters.ts";
import { matchList } from "./match-search.ts";

export interface ComposerSearch {
  start?: StarterId;
  effect?: Effect;
  at?: string[];
  /** Conditions to begin with, in the protocol's form, e.g. `sender:spam.example`. */
  match?: string[];
  /** Shows the plan of what is composed; the browser's back leads to the fields again. */
  step?: "plan";
}

export function parseComposerSearch(search: Record<string, unknown>): ComposerSearch {
  const match = matchList(search.match).map(formatMatch);
  return {
    ...oneOf(search, "start", starterIds),
    ...oneOf(search, "effect", effects),
    ...idList(search, "at"),
    ...(match.length === 0 ? {} : { match }),
    ...oneOf(search, "step", ["plan"] as const),
  };
}

export interface BrakesSearch {
  state?: "ended" | "all";
}

export function parseBrakesSearch(search: Record<string, unknown>): BrakesSearch {
  return oneOf(search, "state", ["ended", "all"] as const);
}
