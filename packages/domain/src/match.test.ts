import type { Match } from "@mailbrake/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkMatch, checkMatches, formatMatch, parseMatch } from "./match.ts";
import { matchInWords } from "./match-in-words.ts";
import { networkHolds, parseNetwork } from "./network.ts";

const domain = fc
  .array(fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?$/), { minLength: 2, maxLength: 4 })
  .map((labels) => labels.join("."))
  .filter((text) => !/^[0-9.]+$/.test(text));
const address = fc
  .tuple(fc.stringMatching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,30}$/), domain)
  .map((it) => it.join("@"));
const cidr = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `${a}.${b}.0.0/16`),
);
const matches: fc.Arbitrary<Match> = fc.oneof(
  fc.constant<Match>({ kind: "all", value: "" }),
  fc.record({ kind: fc.constant("client" as const), value: cidr }),
  fc.record({ kind: fc.constantFrom("sender" as const, "recipient" as const), value: fc.oneof(domain, address) }),
  fc.constant<Match>({ kind: "sender", value: "<>" }),
  fc.record({ kind: fc.constant("helo" as const), value: domain }),
  fc.record({ kind: fc.constant("login" as const), value: fc.stringMatching(/^[\x21-\x7e]{1,40}$/) }),
);

describe("matches", () => {
  it("what is checked is canonical: checking it again changes nothing, and the protocol's form reads back", () => {
    fc.assert(
      fc.property(matches, (given) => {
        const first = checkMatch(given);
        if (!first.ok) throw new Error(`${JSON.stringify(given)}: ${first.why}`);
        expect(checkMatch(first.match)).toEqual(first);
        expect(parseMatch(formatMatch(first.match))).toEqual(first);
        expect(matchInWords([first.match])).not.toBe("");
      }),
    );
  });

  it("no text at all makes the parser throw, and what it lets through has no control character or space", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 100 }),
        fc.constantFrom("client", "helo", "sender", "recipient", "login"),
        (text, kind) => {
          const read = parseMatch(`${kind}:${text}`);
          if (read.ok) expect(read.match.value).toMatch(/^[\x21-\x7e]+$/);
          else expect(read.field).toMatch(/^match/);
        },
      ),
    );
  });

  it.each([
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["10.1", "192.0.2.7"],
    ["010.0.0.1", "192.0.2.7"],
    ["10.0.0.0/33", "0 to 32"],
    ["2001:db8::1/32", "2001:db8::/32"],
    ["fe80::1%eth0", "192.0.2.7"],
    ["10.0.0.0/8/8", "192.0.2.7"],
    ["10.0.0.0/", "0 to 32"],
    ["$(id)", "192.0.2.7"],
  ])("client %s is refused and the mend is named", (value, mend) => {
    expect(checkMatch({ kind: "client", value }, "match.0")).toMatchObject({
      ok: false,
      field: "match.0.value",
      why: expect.stringContaining(mend),
    });
  });

  it.each([
    ["client", "10.0.0.1/32", "10.0.0.1"],
    ["client", "::FFFF:10.0.0.0/104", "10.0.0.0/8"],
    ["client", "2001:DB8:0:0::1", "2001:db8::1"],
    ["sender", "Alice@Good.Test.", "Alice@good.test"],
    ["sender", "@Good.Test", "good.test"],
    ["sender", "<>", "<>"],
  ] as const)("%s %s becomes %s", (kind, value, canonical) => {
    expect(checkMatch({ kind, value })).toEqual({ ok: true, match: { kind, value: canonical } });
  });

  it.each([
    ["sender", "a b@x.test"],
    ["sender", "x@"],
    ["sender", "@"],
    ["sender", "1.2.3.4"],
    ["sender", "müller@x.test"],
    ["recipient", "<>"],
    ["login", "a b"],
    ["helo", "-x"],
    ["all", "x"],
  ] as const)("%s %s is refused", (kind, value) => {
    expect(checkMatch({ kind, value })).toMatchObject({ ok: false, field: "match.value" });
  });

  it("all mail can't be narrowed and no condition stands twice", () => {
    expect(
      checkMatches([
        { kind: "all", value: "" },
        { kind: "sender", value: "a@b.test" },
      ]).ok,
    ).toBe(false);
    expect(
      checkMatches([
        { kind: "sender", value: "a@b.test" },
        { kind: "sender", value: "a@B.test" },
      ]).ok,
    ).toBe(false);
    expect(checkMatches([]).ok).toBe(false);
  });

  it("says it in words", () => {
    expect(matchInWords([{ kind: "all", value: "" }])).toBe("all mail");
    expect(matchInWords([{ kind: "sender", value: "alice@good.test" }])).toBe("from alice@good.test");
    expect(
      matchInWords([
        { kind: "client", value: "10.0.0.0/8" },
        { kind: "recipient", value: "lab.example" },
      ]),
    ).toBe("from clients in 10.0.0.0/8 and to anyone at lab.example");
  });
});

describe("networks", () => {
  it("hold their own addresses and none outside", () => {
    expect(networkHolds("10.0.0.0/8", "10.255.0.1")).toBe(true);
    expect(networkHolds("10.0.0.0/8", "11.0.0.1")).toBe(false);
    expect(networkHolds("::/0", "10.0.0.1")).toBe(true);
    expect(networkHolds("10.0.0.0/8", "::ffff:10.0.0.1")).toBe(true);
    expect(networkHolds("10.0.0.1", "10.0.0.0/8")).toBe(false);
  });

  it("every first address of a prefix is canonical", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat(32), (text, bits) => {
        const read = parseNetwork(`${text}/${bits}`);
        if (read.ok) expect(networkHolds(read.text, text)).toBe(true);
        else expect(read.why).toContain("not the first address");
      }),
    );
  });
});
