import { describe, expect, it } from "vitest";
import { boundedText, idList, oneOf } from "./search-values.ts";

describe("values out of a URL", () => {
  it("cuts text to its bound and leaves out what is no text", () => {
    expect(boundedText({ q: "abcdef" }, "q", 3)).toEqual({ q: "abc" });
    expect(boundedText({ q: { evil: 1 } }, "q", 3)).toEqual({});
    expect(boundedText({ q: 25 }, "q", 3)).toEqual({ q: "25" });
  });
  it("takes only words that are allowed", () => {
    expect(oneOf({ state: "open" }, "state", ["open", "braked"])).toEqual({ state: "open" });
    expect(oneOf({ state: "shut" }, "state", ["open", "braked"])).toEqual({});
  });
  it("takes ids once and drops what is no id", () => {
    expect(idList({ at: ["a", "a", "b c", 3, "d"] }, "at")).toEqual({ at: ["a", "d"] });
    expect(idList({ at: "a" }, "at")).toEqual({});
  });
});
