import type { AuditEvent } from "@mailbrake/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import { type ChainHead, chainEvent, hashEvent } from "./hash-chain.ts";
import { verifyChain } from "./verify-chain.ts";

function chainOf(length: number): AuditEvent[] {
  const events: AuditEvent[] = [];
  let head: ChainHead | null = null;
  for (let i = 1; i <= length; i++) {
    const actor = { kind: "user" as const, id: `u${i}`, name: "Ada" };
    const entry = { at: "2026-01-01T00:00:00.000Z", actor, action: "a.b", target: "t:1", summary: `s${i}`, data: "{}" };
    const event: AuditEvent = chainEvent(head, entry);
    events.push(event);
    head = event;
  }
  return events;
}

describe("the hash chain", () => {
  it("begins with 64 zeros and fits as it was made", async () => {
    const events = chainOf(5);
    expect(events[0]?.previousHash).toBe("0".repeat(64));
    expect(await verifyChain(events, events.at(-1))).toEqual({
      intact: true,
      checked: 5,
      brokenAt: null,
      headHash: events[4]?.hash,
    });
    expect((await verifyChain([], null)).intact).toBe(true);
  });

  it("gives the hash that anyone can work out again", () => {
    const [event] = chainOf(1);
    expect(event?.hash).toBe("7e59739e1f690ddef95793ac1c96789801adada3033c76732be1726141e21099");
  });

  it("finds any event left out, doubled or moved, and an event changed with its own hash made to fit", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom("left out", "doubled", "moved", "rewritten"),
        async (n, how) => {
          const events = chainOf(10);
          const [event] = events.slice(n - 1, n);
          if (!event) throw new Error("no event");
          if (how === "left out") events.splice(n - 1, 1);
          if (how === "doubled") events.splice(n, 0, event);
          if (how === "moved") events.splice(n, 0, ...events.splice(n - 1, 1));
          const changed = { ...event, summary: "nothing happened" };
          if (how === "rewritten") events[n - 1] = { ...changed, hash: hashEvent(changed) };
          const verdict = await verifyChain(events, chainOf(10).at(-1));
          expect(verdict.intact).toBe(false);
          const found = how === "doubled" || how === "rewritten" ? n + 1 : n;
          expect(verdict.brokenAt?.sequence).toBe(found);
        },
      ),
    );
  });

  it("finds a tail cut off or added only where the end is known", async () => {
    const events = chainOf(5);
    const cut = events.slice(0, 3);
    expect((await verifyChain(cut)).intact).toBe(true);
    expect((await verifyChain(cut, events.at(-1))).brokenAt?.sequence).toBe(4);
    expect((await verifyChain(events, cut.at(-1))).brokenAt?.sequence).toBe(4);
    expect((await verifyChain(events, null)).brokenAt?.sequence).toBe(1);
  });
});

describe("canonicalJson", () => {
  it("gives equal text for equal values, whatever the order of keys", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const reversed = JSON.parse(canonicalJson(value), (_key, member) =>
          member && typeof member === "object" && !Array.isArray(member)
            ? Object.fromEntries(Object.entries(member).reverse())
            : member,
        );
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("refuses what JSON can't hold", () => {
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
  });
});
