import { type Effect, effects } from "@mailbrake/contract";
import { idList, oneOf } from "../../ui/search-values.ts";
import { type StarterId, starterIds } from "../board/starters.ts";

export interface ComposerSearch {
  start?: StarterId;
  effect?: Effect;
  at?: string[];
  /** Shows the plan of what is composed; the browser's back leads to the fields again. */
  step?: "plan";
}

export function parseComposerSearch(search: Record<string, unknown>): ComposerSearch {
  return {
    ...oneOf(search, "start", starterIds),
    ...oneOf(search, "effect", effects),
    ...idList(search, "at"),
    ...oneOf(search, "step", ["plan"] as const),
  };
}

export interface BrakesSearch {
  state?: "ended" | "all";
}

export function parseBrakesSearch(search: Record<string, unknown>): BrakesSearch {
  return oneOf(search, "state", ["ended", "all"] as const);
}
