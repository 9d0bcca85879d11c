import type { Cell, Match } from "@mailbrake/contract";
import { effects } from "@mailbrake/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applicationCan, brakeCan } from "./brake-can.ts";
import {
  cellFor,
  confirmationWord,
  cutProblemAt,
  effectAt,
  effectsOf,
  isConfirmed,
  losesMail,
  otherEffectsProblem,
  throttleProblem,
  throttleProblemAt,
  whyNoCell,
} from "./brake-rules.ts";
import { uncoveredDoors } from "./coverage.ts";
import { ttlSeconds } from "./expiry.ts";
import { protectedLaneOf, protectedLaneViolation } from "./protected-lane.ts";
import { provable } from "./provable.ts";

const cells: Cell[] = [
  { effect: "tempfail", matches: ["all", "client", "sender"], loses: false, reply: "450 …" },
  { effect: "discard", matches: ["all"], loses: true, reply: "250 …" },
];
const lane = protectedLaneOf(
  [
    { kind: "recipient", value: "pager@oncall.test" },
    { kind: "recipient", value: "paging.test" },
    { kind: "sender", value: "probe@mailbrake.test" },
    { kind: "login", value: "monitor" },
    { kind: "client", value: "2001:db8::5" },
  ],
  ["10.77.0.1"],
);
const violation = (...match: [Match["kind"], string][]) =>
  protectedLaneViolation(
    match.map(([kind, value]) => ({ kind, value })),
    lane,
  );

describe("cells", () => {
  it("a cell fits only with every kind of match, and the nearest is named where none does", () => {
    expect(cellFor(cells, "tempfail", ["client"])?.effect).toBe("tempfail");
    expect(cellFor(cells, "tempfail", ["helo"])).toBeNull();
    expect(whyNoCell(cells, "tempfail", ["helo"])).toContain("all, client, sender");
    expect(whyNoCell(cells, "reject", ["client"])).toContain("tempfail");
    expect(whyNoCell([], "reject", ["client"])).toContain("Nothing");
  });
  it("conditions are ANDed only where the driver says that it can, in whichever order they are given", () => {
    const kinds: Cell["matches"] = ["all", "client", "sender", "recipient"];
    const pairs: Cell["pairs"] = [
      ["client", "sender"],
      ["client", "recipient"],
    ];
    const paired: Cell[] = [{ effect: "hold", matches: kinds, pairs, loses: false, reply: "250 …" }];
    expect(cellFor(paired, "hold", ["client", "sender"])).not.toBeNull();
    expect(cellFor(paired, "hold", ["recipient", "client"])).not.toBeNull();
    expect(cellFor(paired, "hold", ["sender", "recipient"])).toBeNull();
    expect(cellFor(paired, "hold", ["client", "sender", "recipient"])).toBeNull();
    expect(cellFor(paired, "hold", ["sender", "sender"])).toBeNull();
    expect(cellFor(cells, "tempfail", ["client", "sender"])).toBeNull();
    expect(whyNoCell(paired, "hold", ["sender", "recipient"])).toContain(
      "client and sender, client and recipient together",
    );
    expect(whyNoCell(cells, "tempfail", ["client", "sender"])).toContain("by one of all, client, sender.");
    const three: Cell[] = [{ ...paired[0], pairs: [...pairs, ["sender", "recipient"]] } as Cell];
    expect(cellFor(three, "hold", ["client", "sender", "recipient"])).not.toBeNull();
  });
  it("delivery counts messages alone, and only listeners have sessions to cut", () => {
    expect(throttleProblemAt("delivery", { messagesPerMinute: 3 })).toBeNull();
    expect(throttleProblemAt("delivery", { messagesPerMinute: 3, connectionsPerMinute: 1 })).toContain("messages");
    expect(throttleProblemAt("listener", { connectionsPerMinute: 1 })).toBeNull();
    expect(cutProblemAt("listener", true)).toBeNull();
    expect(cutProblemAt("local", false)).toBeNull();
    expect(cutProblemAt("local", true)).toContain("listener");
  });
  it("what loses mail needs its word typed", () => {
    expect(losesMail("tempfail", cells)).toBe(false);
    expect(losesMail("discard", [])).toBe(true);
    expect(confirmationWord("discard", true)).toBe("discard");
    expect(isConfirmed("discard", " Discard ")).toBe(true);
    expect(isConfirmed("discard", undefined)).toBe(false);
    expect(isConfirmed(null, undefined)).toBe(true);
  });
  it("rates belong to throttle alone", () => {
    expect(throttleProblem(["throttle"], {})?.field).toBe("throttle");
    expect(throttleProblem(["throttle"], { messagesPerMinute: 3 })).toBeNull();
    expect(throttleProblem(["hold"], { messagesPerMinute: 3 })?.field).toBe("throttle");
    expect(throttleProblem(["tempfail", "throttle"], { connectionsPerMinute: 3 })).toBeNull();
  });
  it("a door may have an effect of its own, one, and only where it is chosen", () => {
    const order = {
      effect: "tempfail" as const,
      blockPointIds: ["mx", "wall"],
      otherEffects: [{ blockPointId: "wall", effect: "close" as const }],
    };
    expect(effectAt(order, "mx")).toBe("tempfail");
    expect(effectAt(order, "wall")).toBe("close");
    expect(effectsOf(order)).toEqual(["tempfail", "close"]);
    expect(effectsOf({ ...order, blockPointIds: ["wall"] })).toEqual(["close"]);
    expect(otherEffectsProblem(order)).toBeNull();
    expect(otherEffectsProblem({ ...order, blockPointIds: ["mx"] })?.field).toBe("otherEffects.0.blockPointId");
    const twice = [...order.otherEffects, ...order.otherEffects];
    expect(otherEffectsProblem({ ...order, otherEffects: twice })?.field).toBe("otherEffects.1.blockPointId");
  });
});

describe("the protected lane", () => {
  it.each([
    [["client", "10.77.0.1"]],
    [["client", "10.0.0.0/8"]],
    [["client", "0.0.0.0/0"]],
    [["client", "::/0"]],
    [["client", "::fffe:0:0/95"]],
    [["client", "2001:db8::/32"]],
    [["recipient", "pager@oncall.test"]],
    [["recipient", "Pager+x@oncall.test"]],
    [["recipient", "oncall.test"]],
    [["recipient", "test"]],
    [["recipient", "anyone@paging.test"]],
    [["recipient", "sub.paging.test"]],
    [["recipient", "postmaster@lab.example"]],
    [["recipient", "Abuse+now@lab.example"]],
    [["sender", "probe@mailbrake.test"]],
    [["sender", "mailbrake.test"]],
    [["login", "Monitor"]],
  ] as [Match["kind"], string][][])("refuses %s", (match) => {
    expect(violation(match)?.why).toMatch(/\w/);
  });
  it.each([
    [["all", ""]],
    [["client", "10.78.0.0/16"]],
    [["recipient", "bob@oncall.test"]],
    [["recipient", "lab.example"]],
    [["sender", "<>"]],
    [["sender", "postmaster@elsewhere.test"]],
  ] as [Match["kind"], string][][])("lets %s through", (match) => {
    expect(violation(match)).toBeNull();
  });
  it("names which condition it is", () => {
    expect(violation(["sender", "a@b.test"], ["client", "10.0.0.0/8"])?.index).toBe(1);
  });
  it("no network that holds the management address gets through", () => {
    fc.assert(
      fc.property(fc.nat(32), (bits) => {
        const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
        const start = ((0x0a4d0001 & mask) >>> 0).toString(16).padStart(8, "0");
        const text = `${(start.match(/../g) ?? []).map((hex) => Number.parseInt(hex, 16)).join(".")}/${bits}`;
        expect(violation(["client", text])).not.toBeNull();
      }),
    );
  });
});

describe("coverage, expiry, permissions", () => {
  const door = (id: string, hostId: string, kind: "listener" | "delivery" = "listener", gone = false) => ({
    id,
    hostId,
    hostName: hostId,
    label: id,
    kind,
    role: kind === "listener" ? ("inbound-mx" as const) : null,
    instance: "postfix:/etc/postfix",
    ports: [] as number[],
    gone,
  });
  it("names the other doors of the same hosts only", () => {
    const doors = [
      door("a", "mx1"),
      door("b", "mx1"),
      door("c", "mx2"),
      door("d", "mx1", "delivery"),
      door("e", "mx1", "listener", true),
    ];
    expect(uncoveredDoors(doors, ["a"], ["tempfail"])).toEqual(["b on mx1 stays open"]);
    expect(uncoveredDoors(doors, ["a", "b"], ["tempfail"])).toEqual([]);
    expect(uncoveredDoors(doors, ["d"], ["pause"])).toEqual([]);
  });
  it("a firewall's port is no door beside that of the mail system behind it, and covers it; alone it is one", () => {
    const firewall = { instance: "nftables:/etc/nftables.conf", role: null, ports: [25] };
    const doors = [
      { ...door("smtp", "mx1"), ports: [25] },
      { ...door("other", "mx1"), ports: [25, 2525] },
      { ...door("wall", "mx1"), ...firewall },
      { ...door("alone", "mx1"), ...firewall, role: "submission" as const, ports: [587] },
    ];
    expect(uncoveredDoors(doors, ["smtp", "other"], ["close"])).toEqual(["alone on mx1 stays open"]);
    expect(uncoveredDoors(doors, ["wall"], ["close"])).toEqual(["other on mx1 stays open", "alone on mx1 stays open"]);
  });
  it("an order whose time has run out is never sent as one without end", () => {
    const now = new Date(1_000_000);
    expect(ttlSeconds(null, now)).toBe(0);
    expect(ttlSeconds(new Date(1_060_000), now)).toBe(60);
    expect(ttlSeconds(new Date(1_000_000), now)).toBeNull();
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (offset) => {
        expect(ttlSeconds(new Date(1e12 + offset), new Date(1e12))).not.toBe(0);
      }),
    );
  });
  it("each refusal says why", () => {
    const brake = { wanted: "applied", ended: false, origin: "server", expiresAt: null } as const;
    expect(brakeCan.lift(brake)).toEqual({ allowed: true });
    expect(brakeCan.lift({ ...brake, wanted: "lifted" })).toMatchObject({ allowed: false });
    expect(brakeCan.lift({ ...brake, ended: true })).toMatchObject({ allowed: false });
    expect(brakeCan.extend(brake)).toEqual({ allowed: true });
    expect(brakeCan.extend({ ...brake, origin: "local" })).toMatchObject({ allowed: false });
    expect(brakeCan.extend({ ...brake, expiresAt: new Date(0).toISOString() })).toMatchObject({ allowed: false });
    expect(applicationCan.retry({ state: "refused", endedAt: null })).toEqual({ allowed: true });
    expect(applicationCan.retry({ state: "unknown", endedAt: null })).toMatchObject({ allowed: false });
    expect(applicationCan.lift({ wanted: "lifted", endedAt: null })).toMatchObject({ allowed: false });
  });
});

describe("provable", () => {
  const base = {
    match: [{ kind: "all", value: "" } as const],
    kind: "listener",
    hasProbeTarget: true,
    proberAddress: "10.77.0.1",
  } as const;
  it("only a refusal at a listener can be seen from outside, and why is always said", () => {
    for (const effect of effects) {
      const verdict = provable({ ...base, effect });
      expect(verdict.provable).toBe(["tempfail", "reject", "close"].includes(effect));
      expect(verdict.why).toMatch(/\w/);
    }
    expect(provable({ ...base, effect: "tempfail", kind: "local" }).provable).toBe(false);
    expect(provable({ ...base, effect: "tempfail", hasProbeTarget: false }).provable).toBe(false);
  });
  it("a client match is proved only from inside of it", () => {
    const by = (value: string) => provable({ ...base, effect: "reject", match: [{ kind: "client", value }] }).provable;
    expect(by("10.77.0.0/24")).toBe(true);
    expect(by("10.78.0.0/24")).toBe(false);
    expect(provable({ ...base, effect: "reject", match: [{ kind: "login", value: "bob" }] }).provable).toBe(false);
  });
});
