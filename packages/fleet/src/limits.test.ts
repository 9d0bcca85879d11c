import fc from "fast-check";
import { expect, test } from "vitest";
import { backOffMs, defaultFleetLimits as limits } from "./limits.ts";

test("waits double from half a second to fifteen, the upper half by chance", () => {
  expect([1, 2, 3, 4, 5, 6, 60].map((failures) => backOffMs(failures, limits, 1))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
  ]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, chance) => {
        const wait = backOffMs(failures, limits, chance);
        return wait >= limits.backOffFirstMs / 2 && wait <= limits.backOffMaximumMs;
      },
    ),
  );
});
