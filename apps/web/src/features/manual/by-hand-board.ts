import type { ExternalPointView, ManualRunState, ManualRunSummary } from "@mailbrake/contract";
import type { BoardSearch } from "../board/board-search.ts";

/** The doors by hand that the board's filters leave. None has a state that a host answered for, so a filter by state leaves none. */
export function filterByHand(doors: readonly ExternalPointView[], filter: BoardSearch): ExternalPointView[] {
  if (filter.door !== undefined) return [];
  const wanted = (filter.text ?? "").toLowerCase().split(/\s+/);
  return doors.filter((door) => {
    if (filter.role !== undefined && door.role !== filter.role) return false;
    const ways = door.mechanisms.map(({ name }) => name).join(" ");
    const words = `${door.name} ${door.role ?? ""} by hand ${ways}`.toLowerCase();
    return wanted.every((word) => words.includes(word));
  });
}

/** What people said of a door and what still holds, by mechanism. */
export function standingRuns({ mechanisms }: ExternalPointView): ManualRunSummary[] {
  return mechanisms.flatMap(({ standing }) => (standing === null ? [] : [standing]));
}

/** What needs a person's eye first. */
const order: readonly ManualRunState[] = ["applying", "undoing", "given-up", "said-on"];
const shortWords: Record<ManualRunState, string> = {
  applying: "Being put on",
  undoing: "Being undone",
  "given-up": "Not undone",
  "said-on": "Said to be on",
  "said-lifted": "Said to be lifted",
};

/** A door's state in two to four words; null where nobody said that anything is on. */
export function byHandState(door: ExternalPointView): { state: ManualRunState; words: string } | null {
  const states = standingRuns(door).map(({ state }) => state);
  const state = order.find((one) => states.includes(one));
  return state === undefined ? null : { state, words: shortWords[state] };
}

/** One line under the board's headline: `By hand: 1 being put on · 1 said to be on`. Null where nothing is said. */
export function byHandHeadline(doors: readonly ExternalPointView[]): string | null {
  const states = doors.flatMap(standingRuns).map(({ state }) => state);
  const parts = order.flatMap((state) => {
    const count = states.filter((one) => one === state).length;
    return count === 0 ? [] : [`${count} ${shortWords[state].toLowerCase()}`];
  });
  return parts.length === 0 ? null : `By hand: ${parts.join(" · ")}`;
}
