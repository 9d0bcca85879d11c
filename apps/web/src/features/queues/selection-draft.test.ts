import { describe, expect, it } from "vitest";
import { draftOfSearch, parseAge, parseSize, type SelectionDraft, searchOfDraft } from "./selection-draft.ts";

describe("parseAge", () => {
  it.each([
    ["90", 5_400],
    ["90 s", 90],
    ["30 min", 1_800],
    ["4h", 14_400],
    ["1.5 h", 5_400],
    ["2 d", 172_800],
    ["2 weeks", undefined],
    ["-1 h", undefined],
    ["soon", undefined],
  ])("%s", (text, seconds) => expect(parseAge(text)).toBe(seconds));
});

describe("parseSize", () => {
  it.each([
    ["500", 500],
    ["10 kB", 10_000],
    ["1.5 MB", 1_500_000],
    ["2g", 2_000_000_000],
    ["10 messages", undefined],
  ])("%s", (text, bytes) => expect(parseSize(text)).toBe(bytes));
});

describe("searchOfDraft", () => {
  const empty = draftOfSearch({});
  const issuesOf = (part: Partial<SelectionDraft>) => {
    const read = searchOfDraft({ ...empty, ...part });
    return read.ok ? {} : read.issues;
  };
  it("is nothing for all mail", () => expect(searchOfDraft(empty)).toEqual({ ok: true, search: {} }));
  it.each([
    { match: ["client:192.0.2.0/24"], older: 14_400 },
    { match: ["sender:<>"], queue: "hold", younger: 90, larger: 1_500_000 },
    { held: "a1", smaller: 1 },
  ] as const)("reads back what it wrote: %j", (search) => {
    expect(searchOfDraft(draftOfSearch(parsed(search)))).toEqual({ ok: true, search });
  });
  it("names the field of what can't be read", () => {
    expect(Object.keys(issuesOf({ older: "soon", larger: "big" })).sort()).toEqual(["largerBytes", "olderSeconds"]);
    expect(Object.keys(issuesOf({ matches: [{ kind: "client", value: "300.1.1.1" }] }))).toEqual(["match.0.value"]);
    expect(issuesOf({ older: "4 h", younger: "1 h" })).toHaveProperty("youngerSeconds");
  });
});

const parsed = (search: object) => JSON.parse(JSON.stringify(search)) as Parameters<typeof draftOfSearch>[0];
