import { manualRunStates } from "@mailbrake/contract";
import { describe, expect, it } from "vitest";
import { giveUpMustSayHow, manualRunCan, manualRunInWords, manualRunSaid, manualRunState } from "./manual-run.ts";

const at = (minute: number) => `2026-11-21T03:0${minute}:00.000Z`;
const run = {
  state: "applying" as const,
  applyTicked: 1,
  applyTotal: 3,
  undoTicked: 0,
  undoTotal: 2,
  leftAs: null,
  startedAt: at(0),
  startedBy: "Ada",
  saidOnAt: at(1),
  saidOnBy: "Bob",
  undoAskedAt: at(2),
  undoAskedBy: "Cy",
  endedAt: at(3),
  endedBy: "Di",
};

describe("a run of a manual mechanism", () => {
  it("is where its record says", () => {
    const none = { endedHow: null, undoAskedAt: null, saidOnAt: null };
    expect(manualRunState(none)).toBe("applying");
    expect(manualRunState({ ...none, saidOnAt: at(1) })).toBe("said-on");
    expect(manualRunState({ ...none, saidOnAt: at(1), undoAskedAt: at(2) })).toBe("undoing");
    expect(manualRunState({ endedHow: "said-lifted", saidOnAt: at(1), undoAskedAt: at(2) })).toBe("said-lifted");
    expect(manualRunState({ ...none, endedHow: "given-up" })).toBe("given-up");
  });

  it("is never called in force, proved or applied, in any state", () => {
    for (const state of manualRunStates)
      for (const leftAs of [null, "mail rule still there"])
        expect(manualRunInWords({ ...run, state, leftAs })).not.toMatch(/in force|proved|applied|braked|read back/i);
    expect(manualRunInWords(run)).toBe("Being put on by hand: 1 of 3 steps ticked");
    expect(manualRunInWords({ ...run, state: "given-up", leftAs: "rule stays" })).toBe("Given up, not undone");
  });

  it("names who said it", () => {
    expect(manualRunStates.map((state) => manualRunSaid({ ...run, state }).by)).toEqual([
      "Ada",
      "Bob",
      "Cy",
      "Di",
      "Di",
    ]);
  });

  it("lets steps be ticked in their part's time alone", () => {
    const allowed = (part: "apply" | "undo") =>
      manualRunStates.filter((state) => manualRunCan.tick({ ...run, state }, part).allowed);
    expect(allowed("apply")).toEqual(["applying", "said-on"]);
    expect(allowed("undo")).toEqual(["undoing"]);
  });

  it("is undone where something is ticked, and given up while it is open", () => {
    expect(manualRunStates.filter((state) => manualRunCan.undo({ ...run, state }).allowed)).toEqual([
      "applying",
      "said-on",
    ]);
    expect(manualRunCan.undo({ ...run, applyTicked: 0 })).toMatchObject({
      why: expect.stringContaining("give the run up"),
    });
    expect(manualRunStates.filter((state) => manualRunCan.giveUp({ ...run, state }).allowed)).toEqual([
      "applying",
      "said-on",
      "undoing",
    ]);
    expect([giveUpMustSayHow(run), giveUpMustSayHow({ ...run, applyTicked: 0 })]).toEqual([true, false]);
  });
});
