import { applicationStates, doorStates, hostLinkStates } from "@mailbrake/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { doorState } from "./door-state.ts";
import { stateInWords } from "./state-in-words.ts";

const application = (state: (typeof applicationStates)[number], wanted: "applied" | "lifted" = "applied") => ({
  state,
  wanted,
});

describe("doorState", () => {
  it("without a link, nothing is known, whatever was proved", () => {
    for (const link of hostLinkStates.filter((state) => state !== "connected"))
      expect(doorState({ link, gone: false, applications: [application("proved")] })).toBe("unknown");
  });

  it("shows the worst of what is known", () => {
    const door = (...applications: ReturnType<typeof application>[]) =>
      doorState({ link: "connected", gone: false, applications });
    expect(door()).toBe("open");
    expect(door(application("lifted"), application("open", "lifted"))).toBe("open");
    expect(door(application("proved"))).toBe("braked");
    expect(door(application("applied"), application("proved"))).toBe("braked");
    expect(door(application("proved"), application("asked"))).toBe("changing");
    expect(door(application("proved", "lifted"))).toBe("changing");
    expect(door(application("refused"), application("proved"))).toBe("drifted");
    expect(door(application("unknown"), application("drifted"))).toBe("unknown");
    expect(doorState({ link: "connected", gone: true, applications: [] })).toBe("gone");
  });

  it("never says braked unless every active application was read back or proved", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            state: fc.constantFrom(...applicationStates),
            wanted: fc.constantFrom("applied" as const, "lifted" as const),
          }),
          { maxLength: 6 },
        ),
        fc.constantFrom(...hostLinkStates),
        (applications, link) => {
          const door = doorState({ link, gone: false, applications });
          expect(doorStates).toContain(door);
          const active = applications.filter(({ state }) => state !== "lifted" && state !== "open");
          if (door !== "braked") return;
          expect(link).toBe("connected");
          expect(active.length).toBeGreaterThan(0);
          for (const { state, wanted } of active)
            expect([state === "applied" || state === "proved", wanted]).toEqual([true, "applied"]);
        },
      ),
    );
  });

  it("has words for every state, and says in force only for applied and proved", () => {
    for (const state of applicationStates)
      for (const wanted of ["applied", "lifted"] as const) {
        const words = stateInWords({ state, wanted, endedHow: null });
        expect(words.length).toBeGreaterThan(3);
        expect(words.toLowerCase().includes("in force")).toBe(state === "applied" || state === "proved");
      }
  });
});
