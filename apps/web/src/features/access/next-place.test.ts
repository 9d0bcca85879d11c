import { expect, it } from "vitest";
import { parseNext } from "./next-place.ts";

it("keeps a path of our own", () => expect(parseNext({ next: "/brakes/b1?x=1" })).toEqual({ next: "/brakes/b1?x=1" }));
it.each(["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", 7, ""])("drops %s", (next) => {
  expect(parseNext({ next })).toEqual({});
});
