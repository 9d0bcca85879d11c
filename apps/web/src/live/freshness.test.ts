import { describe, expect, it } from "vitest";
import { freshnessOf } from "./freshness.ts";

describe("freshnessOf", () => {
  it("is connecting until something has been heard", () => {
    expect(freshnessOf({ streamOpen: true, answering: true, confirmedAt: null }, 1_000)).toEqual({
      state: "connecting",
    });
  });

  it("is live with an open stream and a recent confirmation", () => {
    expect(freshnessOf({ streamOpen: true, answering: true, confirmedAt: 1_000 }, 11_000)).toEqual({ state: "live" });
  });

  it("stops claiming to be live when the stream is shut, and says as of when", () => {
    expect(freshnessOf({ streamOpen: false, answering: true, confirmedAt: 1_000 }, 1_001)).toEqual({
      state: "reconnecting",
      asOf: 1_000,
    });
  });

  it("stops claiming to be live when nothing was heard for 25 s though the stream looks open", () => {
    expect(freshnessOf({ streamOpen: true, answering: true, confirmedAt: 1_000 }, 26_001)).toEqual({
      state: "reconnecting",
      asOf: 1_000,
    });
  });

  it("stops claiming to be live as soon as a request has no answer", () => {
    const facts = { streamOpen: true, answering: false, confirmedAt: 1_000 };
    expect(freshnessOf(facts, 1_001)).toEqual({ state: "reconnecting", asOf: 1_000 });
  });
});
