import { type ApplicationState, applicationStates, type ReportedApplication } from "@mailbrake/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ApplicationRow } from "./application-row.ts";
import { compareReport, type HostReport } from "./compare-report.ts";

const now = new Date("2026-01-01T03:00:00Z");
const hostTime = 1_000_000;
const row = (
  state: ApplicationState,
  wanted: "applied" | "lifted",
  more: Partial<{ answeredAt: Date; expiresAt: Date }> = {},
) =>
  ({
    id: "a1",
    state,
    wanted,
    askedAt: new Date(now.getTime() - 60_000),
    answeredAt: more.answeredAt ?? null,
    brake: { expiresAt: more.expiresAt ?? null },
  }) as ApplicationRow;
const reported = (more: Partial<ReportedApplication> = {}) =>
  ({ app: "a1", expires: 0, intact: true, drift: [], ...more }) as ReportedApplication;
const ended = (how: "lifted" | "expired", secondsAgo: number) => ({
  app: "a1",
  brake: "K7QW2M",
  how,
  at: hostTime - secondsAgo,
  by: "root",
  reason: "",
  released: 0,
});
const compare = (open: ApplicationRow[], report: Partial<HostReport>, known: ApplicationRow[] = []) =>
  compareReport(open, known, { hostTime, applications: [], ended: [], ...report }, now).map(({ kind }) => kind);

describe("compareReport", () => {
  it.each([
    ["unknown", "applied", [reported()], [], ["stands"]],
    ["sent", "applied", [reported()], [], ["stands"]],
    ["unknown", "applied", [], [], ["send-again"]],
    ["unknown", "applied", [], [ended("expired", 5)], ["ended"]],
    ["unknown", "lifted", [reported()], [], ["send-again"]],
    ["unknown", "lifted", [], [], ["not-there"]],
    ["unknown", "lifted", [], [ended("lifted", 5)], ["ended"]],
    ["proved", "applied", [reported()], [], ["stands"]],
    ["proved", "applied", [reported({ intact: false, drift: ["x"] })], [], ["drifted"]],
    ["proved", "applied", [], [], ["missing"]],
    ["proved", "applied", [], [ended("lifted", 5)], ["ended"]],
    ["proved", "applied", [reported({ expires: hostTime + 100 })], [], ["send-again"]],
    ["drifted", "lifted", [reported()], [], ["send-again"]],
    ["refused", "lifted", [reported()], [], ["send-again"]],
    ["refused", "applied", [], [], []],
    ["asked", "applied", [], [], []],
    ["asked", "applied", [], [ended("lifted", 600)], []],
    ["asked", "applied", [], [ended("expired", 5)], ["ended"]],
    ["unreachable", "lifted", [reported()], [], []],
  ] as const)("%s, wanted %s, reported %j, ended %j: %j", (state, wanted, applications, endings, kinds) => {
    expect(compare([row(state, wanted)], { applications: [...applications], ended: [...endings] })).toEqual(kinds);
  });

  it("the host's clock counts, not ours: an expiry is the same where the time left is the same", () => {
    const expiresAt = new Date(now.getTime() + 600_000);
    expect(
      compare([row("applied", "applied", { expiresAt })], { applications: [reported({ expires: hostTime + 595 })] }),
    ).toEqual(["stands"]);
    expect(
      compare([row("applied", "applied", { expiresAt })], { applications: [reported({ expires: hostTime + 300 })] }),
    ).toEqual(["send-again"]);
  });

  it("what we hold for ended and what we never had are told apart", () => {
    expect(compare([], { applications: [reported()] }, [row("lifted", "lifted")])).toEqual(["still-there"]);
    expect(compare([], { applications: [reported()] })).toEqual(["foreign"]);
    expect(compare([], { ended: [ended("lifted", 5)] })).toEqual(["foreign-ended"]);
    expect(compare([], { ended: [ended("lifted", 5)] }, [row("lifted", "lifted")])).toEqual([]);
  });

  it("never orders an apply where a lift is wanted, nor says in force what the host does not report", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...applicationStates.filter((state) => state !== "lifted" && state !== "open")),
        fc.constantFrom("applied" as const, "lifted" as const),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (state, wanted, isActive, isIntact, hasEnded) => {
          const kinds = compare([row(state, wanted)], {
            applications: isActive ? [reported({ intact: isIntact, drift: isIntact ? [] : ["x"] })] : [],
            ended: hasEnded ? [ended("lifted", 5)] : [],
          });
          expect(kinds.length).toBeLessThanOrEqual(1);
          if (wanted === "lifted") expect(kinds).not.toContain("missing");
          if (!isActive) expect(kinds).not.toContain("stands");
          if (isActive) expect(kinds).not.toContain("ended");
        },
      ),
    );
  });
});
