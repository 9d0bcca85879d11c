import { describe, expect, it } from "vitest";
import { parseSelectionSearch, searchOfSelection, selectionOfSearch, selectionProblem } from "./selection-search.ts";

describe("parseSelectionSearch", () => {
  it("keeps what has the wanted form", () => {
    const search = {
      match: ["sender:spam.example", "recipient:bob@lab.example"],
      queue: "deferred",
      older: 3_600,
      held: "a1",
    };
    expect(parseSelectionSearch(search)).toEqual(search);
  });
  it.each([
    ["a kind that queued mail doesn't have", { match: ["helo:mx.example"] }],
    ["a value of a wrong form", { match: ["client:300.1.1.1"] }],
    ["all mail, which is meant without it", { match: ["all"] }],
    ["a match that is no list", { match: "sender:spam.example" }],
    ["a queue that there isn't", { queue: "corrupt" }],
    ["an age that is no number", { older: "4 h" }],
    ["a negative size", { larger: -1 }],
    ["an id of a wrong form", { held: "../x y" }],
  ])("leaves out %s", (_, search) => expect(parseSelectionSearch(search)).toEqual({}));
});

describe("selectionOfSearch", () => {
  it("is all mail without anything", () =>
    expect(selectionOfSearch({})).toEqual({ match: [{ kind: "all", value: "" }] }));
  it("goes there and back", () => {
    const search = {
      match: ["sender:<>"],
      queue: "hold",
      older: 60,
      younger: 600,
      larger: 1,
      smaller: 9,
      held: "a1",
    } as const;
    expect(searchOfSelection(selectionOfSearch({ ...search, match: [...search.match] }))).toEqual(search);
  });
});

describe("selectionProblem", () => {
  it("says what no message can be", () => {
    expect(selectionProblem({ older: 600, younger: 60 })).toContain("older and younger");
    expect(selectionProblem({ older: 60, younger: 600 })).toBeNull();
  });
});
