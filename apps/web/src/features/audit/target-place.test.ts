import { expect, it } from "vitest";
import { targetPlace } from "./target-place.ts";

it("finds the screen of a brake, a host, a block point and a door by hand", () => {
  expect(targetPlace("brake:b1")).toEqual({ kind: "brake", id: "b1" });
  expect(targetPlace("block-point:p-1")).toEqual({ kind: "block-point", id: "p-1" });
  expect(targetPlace("external-point:e1")).toEqual({ kind: "external-point", id: "e1" });
});
it.each(["user:u1", "brake", "brake:../x", "brake:a:b", "brake:none", ""])("has no screen for %s", (target) => {
  expect(targetPlace(target)).toBeNull();
});
