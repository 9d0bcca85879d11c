import { type Match, type QueueName, type QueueSelection, queueNames, queueSelectionSchema } from "@mailbrake/contract";
import { checkSelection, formatMatch, queueMatchKinds } from "@mailbrake/domain";
import { oneOf } from "../../ui/search-values.ts";
import { matchList } from "../brakes/match-search.ts";

/** A selection as it stands in a URL, so that it can be sent to a colleague. */
export interface SelectionSearch {
  /** The protocol's form, e.g. `sender:spam.example`. None: all mail. */
  match?: string[];
  queue?: QueueName;
  /** Seconds since arrival, bytes. */
  older?: number;
  younger?: number;
  larger?: number;
  smaller?: number;
  /** What this application of a hold brake holds. */
  held?: string;
}

/** Whatever is not of the wanted form is left out. */
export function parseSelectionSearch(search: Record<string, unknown>): SelectionSearch {
  const match = queueMatches(search.match);
  const { shape } = queueSelectionSchema;
  const number = (key: "older" | "younger" | "larger" | "smaller", schema: typeof shape.olderSeconds) => {
    const parsed = schema.safeParse(search[key]);
    return parsed.success && parsed.data !== undefined ? { [key]: parsed.data } : {};
  };
  const held = shape.applicationId.safeParse(search.held);
  return {
    ...(match.length === 0 ? {} : { match }),
    ...oneOf(search, "queue", queueNames),
    ...number("older", shape.olderSeconds),
    ...number("younger", shape.youngerSeconds),
    ...number("larger", shape.largerBytes),
    ...number("smaller", shape.smallerBytes),
    ...(held.success && held.data !== undefined ? { held: held.data } : {}),
  };
}

function queueMatches(value: unknown): string[] {
  return matchList(value)
    .filter(({ kind }) => kind !== "all" && isQueueKind(kind))
    .map(formatMatch);
}

const isQueueKind = (kind: Match["kind"]) => queueMatchKinds.some((known) => known === kind);

export function selectionOfSearch(search: SelectionSearch): QueueSelection {
  const match = matchList(search.match);
  return {
    match: match.length === 0 ? [{ kind: "all", value: "" }] : match,
    ...(search.queue === undefined ? {} : { queue: search.queue }),
    ...(search.older === undefined ? {} : { olderSeconds: search.older }),
    ...(search.younger === undefined ? {} : { youngerSeconds: search.younger }),
    ...(search.larger === undefined ? {} : { largerBytes: search.larger }),
    ...(search.smaller === undefined ? {} : { smallerBytes: search.smaller }),
    ...(search.held === undefined ? {} : { applicationId: search.held }),
  };
}

export function searchOfSelection(selection: QueueSelection): SelectionSearch {
  return parseSelectionSearch({
    match: selection.match.map(formatMatch),
    queue: selection.queue,
    older: selection.olderSeconds,
    younger: selection.youngerSeconds,
    larger: selection.largerBytes,
    smaller: selection.smallerBytes,
    held: selection.applicationId,
  });
}

/** Why a selection that stands in a URL can't be asked for (e.g. older than 4 h and younger than 1 h); null where it can. */
export function selectionProblem(search: SelectionSearch): string | null {
  const checked = checkSelection(selectionOfSearch(search));
  return checked.ok ? null : checked.why;
}
