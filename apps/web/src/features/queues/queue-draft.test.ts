import type { QueueInstance } from "@mailbrake/contract";
import { describe, expect, it } from "vitest";
import { type QueueDraft, queueDraftOfSearch, queueOrderOfDraft } from "./queue-draft.ts";

const instance = (id: string): QueueInstance => ({
  id,
  hostId: "h1",
  hostName: "mx1",
  instance: "postfix:/etc/postfix",
  mta: "postfix",
  connected: true,
});
const draft = (over: Partial<QueueDraft> = {}): QueueDraft => ({
  ...queueDraftOfSearch({ action: "release", at: ["i1"], match: ["sender:spam.example"] }, [instance("i1")]),
  ...over,
});
const issuesOf = (over: Partial<QueueDraft>) => {
  const result = queueOrderOfDraft(draft(over));
  return result.ok ? {} : result.issues;
};
const rates = (over: Partial<QueueDraft["rates"]>) => ({ rates: { ...draft().rates, ...over } });

describe("queueDraftOfSearch", () => {
  it("leaves out instances that are gone", () =>
    expect(queueDraftOfSearch({ at: ["i1", "gone"] }, [instance("i1")]).instanceIds).toEqual(["i1"]));
});

describe("queueOrderOfDraft", () => {
  it("makes the order, and its place in the URL", () =>
    expect(queueOrderOfDraft(draft(rates({ ratePerMinute: "60", stopAboveQueued: "500" })))).toEqual({
      ok: true,
      order: {
        action: "release",
        selection: { match: [{ kind: "sender", value: "spam.example" }] },
        instanceIds: ["i1"],
        ratePerMinute: 60,
        stopAboveQueued: 500,
      },
      search: { action: "release", at: ["i1"], match: ["sender:spam.example"] },
    }));
  it("wants an instance", () => expect(issuesOf({ instanceIds: [] })).toHaveProperty("instanceIds"));
  it("wants numbers, and a rate where there is a stop", () => {
    expect(Object.keys(issuesOf(rates({ ratePerMinute: "fast" })))).toEqual(["ratePerMinute"]);
    expect(Object.keys(issuesOf(rates({ stopAboveQueued: "500" })))).toEqual(["stopAboveQueued"]);
  });
  it("drops the rates of another action", () => {
    const result = queueOrderOfDraft(draft({ action: "hold", ...rates({ ratePerMinute: "60" }) }));
    expect(result.ok && "ratePerMinute" in result.order).toBe(false);
  });
  it("names the field of a wrong selection", () =>
    expect(issuesOf({ selection: { ...draft().selection, older: "soon" } })).toHaveProperty("olderSeconds"));
});
