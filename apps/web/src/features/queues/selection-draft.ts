import type { MatchKind, QueueName, QueueSelection } from "@mailbrake/contract";
import { checkSelection } from "@mailbrake/domain";
import { type SelectionSearch, searchOfSelection, selectionOfSearch } from "./selection-search.ts";

/** What the fields of a selection hold; nothing in it is checked yet. */
export interface SelectionDraft {
  matches: { kind: MatchKind; value: string }[];
  queue: QueueName | "";
  older: string;
  younger: string;
  larger: string;
  smaller: string;
  held: string;
}

/** By dotted field of the selection (`match.0.value`, `olderSeconds`, …), as the API names them. */
export type SelectionIssues = Record<string, string>;

const ageUnits: readonly (readonly [unit: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];
const sizeUnits: readonly (readonly [unit: string, bytes: number])[] = [
  ["GB", 1_000_000_000],
  ["MB", 1_000_000],
  ["kB", 1_000],
  ["B", 1],
];

/** `4 h`, `90 min`, `2 d`: whole seconds; a bare number is minutes. Undefined where it is neither. */
export function parseAge(text: string): number | undefined {
  return parseAmount(text, ageUnits, { m: "min", minutes: "min", hours: "h", days: "d" }, "min");
}

/** `10 kB`, `1.5 MB`: whole bytes, in thousands; a bare number is bytes. Undefined where it is neither. */
export function parseSize(text: string): number | undefined {
  return parseAmount(text, sizeUnits, { k: "kB", m: "MB", g: "GB" }, "B");
}

function parseAmount(
  text: string,
  units: readonly (readonly [string, number])[],
  aliases: Readonly<Record<string, string>>,
  bare: string,
): number | undefined {
  const read = /^(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]*)$/i.exec(text.trim());
  if (read === null) return undefined;
  const typed = (read[2] ?? "").toLowerCase();
  const wanted = (typed === "" ? bare : (aliases[typed] ?? typed)).toLowerCase();
  const factor = units.find(([unit]) => unit.toLowerCase() === wanted)?.[1];
  return factor === undefined ? undefined : Math.round(Number(read[1]) * factor);
}

/** In the largest unit that leaves no rest, so that it reads back as the same number. */
function formatAmount(value: number | undefined, units: readonly (readonly [string, number])[]): string {
  if (value === undefined) return "";
  const [unit, factor] =
    units.find(([, size]) => value > 0 && value % size === 0) ?? (units.at(-1) as [string, number]);
  return `${value / factor} ${unit}`;
}

export function draftOfSearch(search: SelectionSearch): SelectionDraft {
  const selection = selectionOfSearch(search);
  return {
    matches: selection.match.map(({ kind, value }) => ({ kind, value })),
    queue: selection.queue ?? "",
    older: formatAmount(selection.olderSeconds, ageUnits),
    younger: formatAmount(selection.youngerSeconds, ageUnits),
    larger: formatAmount(selection.largerBytes, sizeUnits),
    smaller: formatAmount(selection.smallerBytes, sizeUnits),
    held: selection.applicationId ?? "",
  };
}

/** The search that the draft stands for, or what is wrong, field by field. */
export function searchOfDraft(
  draft: SelectionDraft,
): { ok: true; search: SelectionSearch } | { ok: false; issues: SelectionIssues } {
  const issues: SelectionIssues = {};
  const read = (field: string, text: string, parse: (text: string) => number | undefined, mend: string) => {
    if (text.trim() === "") return undefined;
    const value = parse(text);
    if (value === undefined) issues[field] = mend;
    return value;
  };
  const age = "write an age such as 30 min, 4 h or 2 d";
  const size = "write a size such as 500 B, 10 kB or 1.5 MB";
  const given: { [K in keyof QueueSelection]: QueueSelection[K] | undefined } = {
    match: draft.matches,
    queue: draft.queue === "" ? undefined : draft.queue,
    olderSeconds: read("olderSeconds", draft.older, parseAge, age),
    youngerSeconds: read("youngerSeconds", draft.younger, parseAge, age),
    largerBytes: read("largerBytes", draft.larger, parseSize, size),
    smallerBytes: read("smallerBytes", draft.smaller, parseSize, size),
    applicationId: draft.held === "" ? undefined : draft.held,
  };
  const selection = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as unknown as QueueSelection;
  const checked = checkSelection(selection, "");
  if (!checked.ok) issues[checked.field.replace(/^\./, "")] ??= checked.why;
  if (!checked.ok || Object.keys(issues).length > 0) return { ok: false, issues };
  return { ok: true, search: searchOfSelection(checked.selection) };
}
