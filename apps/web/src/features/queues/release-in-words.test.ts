import { expect, it } from "vitest";
import { ratesOfAction } from "./release-in-words.ts";

it("says how fast a release goes, and what stops it", () => {
  expect(ratesOfAction({ ratePerMinute: null })).toBe("");
  expect(ratesOfAction({ ratePerMinute: 60, stopAboveQueued: 500, stopAboveDeferredPerMinute: 20 })).toBe(
    "At most 60 a minute at each instance; it stops by itself when more than 500 wait unheld, or more than 20 are deferred within a minute.",
  );
});
