import type { ExternalPointView, ManualRunState, ManualRunSummary } from "@mailbrake/contract";
import { describe, expect, it } from "vitest";
import { byHandHeadline, byHandState, filterByHand } from "./by-hand-board.ts";

const run = (state: ManualRunState) => ({ state }) as ManualRunSummary;
const door = (name: string, ...states: (ManualRunState | null)[]): ExternalPointView => ({
  id: name,
  name,
  role: "inbound-mx",
  note: "",
  mechanisms: states.map((state, index) => ({
    id: `${name}${index}`,
    name: `Way ${index}`,
    effect: "tempfail",
    standing: state === null ? null : run(state),
  })),
});

describe("doors by hand on the board", () => {
  it("are found by words and role, and by no state that only a host can answer for", () => {
    const doors = [door("Hosted filter", null), door("Exchange")];
    const names = (filter: Parameters<typeof filterByHand>[1]) => filterByHand(doors, filter).map(({ name }) => name);
    expect(names({})).toEqual(["Hosted filter", "Exchange"]);
    expect(names({ text: "hand filter" })).toEqual(["Hosted filter"]);
    expect(names({ text: "way" })).toEqual(["Hosted filter"]);
    expect(names({ role: "list" })).toEqual([]);
    expect(names({ door: "open" })).toEqual([]);
  });

  it("show first what needs a person", () => {
    expect(byHandState(door("a", null))).toBeNull();
    expect(byHandState(door("a", "said-on", "undoing"))).toEqual({ state: "undoing", words: "Being undone" });
    expect(byHandState(door("a", "said-on", "given-up"))?.words).toBe("Not undone");
  });

  it("are summed up in one line, of what was said alone", () => {
    expect(byHandHeadline([door("a", null), door("b")])).toBeNull();
    expect(byHandHeadline([door("a", "said-on", "applying"), door("b", "said-on")])).toBe(
      "By hand: 1 being put on · 2 said to be on",
    );
  });
});
