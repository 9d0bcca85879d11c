import type { BlockPointView } from "@mailbrake/contract";
import { describe, expect, it } from "vitest";
import { type BrakeDraft, emptyDraft, expirySeconds, hasThrottle, orderOfDraft, whyNotAt } from "./brake-draft.ts";

const point = (id: string, over: Partial<BlockPointView> = {}): BlockPointView => ({
  id,
  hostId: "h1",
  hostName: "mx1",
  hostLink: "connected",
  instanceId: "i1",
  instance: "postfix:/etc/postfix",
  mta: "postfix",
  point: "listener:smtp/inet",
  kind: "listener",
  label: "smtp",
  role: "inbound-mx",
  listens: [],
  cells: [
    { effect: "tempfail", matches: ["all", "client", "sender"], loses: false, reply: "450 4.3.2" },
    { effect: "throttle", matches: ["all"], loses: false, reply: "421" },
  ],
  armed: false,
  door: "open",
  active: [],
  seenAt: "2026-11-21T03:00:00Z",
  ...over,
});
const firewallCell = { matches: ["all" as const], loses: false, reply: "" };
const draft = (over: Partial<BrakeDraft> = {}): BrakeDraft => ({ ...emptyDraft("tempfail", ["p1"]), ...over });
const issuesOf = (over: Partial<BrakeDraft>) => {
  const result = orderOfDraft(draft(over), [point("p1")]);
  return result.ok ? {} : result.issues;
};

describe("orderOfDraft", () => {
  it("makes the order of a plain draft", () => {
    expect(orderOfDraft(draft(), [point("p1")])).toEqual({
      ok: true,
      order: { effect: "tempfail", match: [{ kind: "all", value: "" }], blockPointIds: ["p1"], text: "" },
    });
  });
  it("leaves out a block point that can't do it", () => {
    const result = orderOfDraft(draft({ blockPointIds: ["p1", "p2"] }), [point("p1"), point("p2", { cells: [] })]);
    expect(result.ok && result.order.blockPointIds).toEqual(["p1"]);
  });
  it("has a door do something else that was chosen for it, with rates where that is a throttle", () => {
    const cells = (["throttle", "close"] as const).map((effect) => ({ ...firewallCell, effect }));
    const points = [point("p1"), point("wall", { instance: "nftables:/etc/nftables.conf", cells })];
    const wall = (effect: "close" | "throttle" | "hold"): BrakeDraft =>
      draft({ blockPointIds: ["p1", "wall"], otherEffects: { wall: effect } });
    const closed = orderOfDraft(wall("close"), points);
    expect(closed.ok && closed.order).toMatchObject({
      effect: "tempfail",
      blockPointIds: ["p1", "wall"],
      otherEffects: [{ blockPointId: "wall", effect: "close" }],
    });
    expect(closed.ok && "throttle" in closed.order).toBe(false);
    expect(hasThrottle(wall("throttle"), points)).toBe(true);
    expect(orderOfDraft(wall("throttle"), points).ok).toBe(false);
    const neither = orderOfDraft(wall("hold"), points);
    expect(neither.ok && neither.order.blockPointIds).toEqual(["p1"]);
  });
  it("has no effect of its own where the order's can be done, or where the door is not chosen", () => {
    const own = orderOfDraft(draft({ otherEffects: { p1: "throttle", p2: "throttle" } }), [point("p1"), point("p2")]);
    expect(own.ok && own.order.blockPointIds).toEqual(["p1"]);
    expect(own.ok && "otherEffects" in own.order).toBe(false);
  });
  it("names the field of a wrong match", () => {
    expect(Object.keys(issuesOf({ matches: [{ kind: "client", value: "300.1.1.1" }] }))).toEqual(["match.0.value"]);
  });
  it("wants a block point", () => expect(issuesOf({ blockPointIds: [] })).toHaveProperty("blockPointIds"));
  it("wants a rate for a throttle, and a number for a rate", () => {
    expect(issuesOf({ effect: "throttle" })).toHaveProperty("throttle");
    const rates = { connectionsPerMinute: "ten", messagesPerMinute: "", recipientsPerMinute: "" };
    expect(Object.keys(issuesOf({ effect: "throttle", rates }))).toEqual(["throttle.connectionsPerMinute"]);
  });
  it("drops the rates of another effect", () => {
    const rates = { connectionsPerMinute: "10", messagesPerMinute: "", recipientsPerMinute: "" };
    const result = orderOfDraft(draft({ rates }), [point("p1")]);
    expect(result.ok && "throttle" in result.order).toBe(false);
  });
  it("refuses reply text that is not ASCII", () => expect(issuesOf({ text: "später" })).toHaveProperty("text"));
});

describe("cutting open sessions", () => {
  const listener = point("p1");
  const local = point("p2", { kind: "local", point: "local", cells: listener.cells });
  const both = draft({ cutSessions: true, blockPointIds: ["p1", "p2"] });
  it("goes with the order to listeners alone", () => {
    const result = orderOfDraft(both, [listener, local]);
    expect(result.ok && result.order).toMatchObject({ cutSessions: true, blockPointIds: ["p1"] });
    expect(whyNotAt(local, both)).toContain("listener");
  });
  it("is nothing where no listener is chosen", () => {
    const result = orderOfDraft({ ...both, blockPointIds: ["p2"] }, [listener, local]);
    expect(result.ok && result.order.blockPointIds).toEqual(["p2"]);
    expect(result.ok && "cutSessions" in result.order).toBe(false);
  });
  it("is not in an order that doesn't ask for it", () => {
    const result = orderOfDraft({ ...both, cutSessions: false }, [listener, local]);
    expect(result.ok && "cutSessions" in result.order).toBe(false);
  });
});

describe("whyNotAt", () => {
  it("says what can't be done and what can", () => {
    expect(whyNotAt(point("p1"), draft({ effect: "hold" }))).toContain("tempfail");
    expect(whyNotAt(point("p1"), draft({ matches: [{ kind: "login", value: "bob" }] }))).not.toBeNull();
    expect(whyNotAt(point("p1"), draft())).toBeNull();
  });
});

describe("expirySeconds", () => {
  it.each([
    ["30", 1_800],
    [" 1 ", 60],
    ["0", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["999999", undefined],
  ])("%s minutes", (minutes, seconds) => expect(expirySeconds({ kind: "custom", minutes })).toBe(seconds));
  it("null is until lifted", () => expect(expirySeconds({ kind: "preset", seconds: null })).toBeNull());
});
