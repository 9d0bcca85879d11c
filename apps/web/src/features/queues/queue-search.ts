import { boundedText, idList, oneOf } from "../../ui/search-values.ts";
import { type OrderableAction, orderableActions } from "./queue-words.ts";
import { parseSelectionSearch, type SelectionSearch } from "./selection-search.ts";

/** More would take up the few connections that a browser keeps to one server. */
export const mostFollowed = 3;

export interface QueuesSearch {
  /** Instances whose counts are followed on the list. */
  follow?: string[];
}

export function parseQueuesSearch(search: Record<string, unknown>): QueuesSearch {
  const { follow } = idList(search, "follow");
  return follow === undefined ? {} : { follow: follow.slice(0, mostFollowed) };
}

export interface QueueSearch extends SelectionSearch {
  /** The survey stands first, without it. */
  view?: "messages";
  /** The message that is open. */
  message?: string;
}

export function parseQueueSearch(search: Record<string, unknown>): QueueSearch {
  return {
    ...oneOf(search, "view", ["messages"] as const),
    ...parseSelectionSearch(search),
    ...boundedText(search, "message", 64),
  };
}

export interface ActSearch extends SelectionSearch {
  action?: OrderableAction;
  at?: string[];
  /** Shows what it would take hold of; the browser's back leads to the fields again. */
  step?: "preview";
}

export function parseActSearch(search: Record<string, unknown>): ActSearch {
  return {
    ...oneOf(search, "action", orderableActions),
    ...idList(search, "at"),
    ...parseSelectionSearch(search),
    ...oneOf(search, "step", ["preview"] as const),
  };
}

export interface ActionsSearch {
  state?: "running" | "ended";
}

export function parseActionsSearch(search: Record<string, unknown>): ActionsSearch {
  return oneOf(search, "state", ["running", "ended"] as const);
}
