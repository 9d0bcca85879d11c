import { type ApplicationState, applicationStates } from "@mailbrake/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applicationEvents, applicationStateTable, nextState } from "./application-state.ts";

const states = fc.constantFrom(...applicationStates);
const events = fc.constantFrom(...applicationEvents);

describe("application states", () => {
  it("the table has every state and every event, and leads to states only", () => {
    expect(Object.keys(applicationStateTable).sort()).toEqual([...applicationStates].sort());
    for (const row of Object.values(applicationStateTable)) {
      expect(Object.keys(row).sort()).toEqual([...applicationEvents].sort());
      for (const state of Object.values(row)) expect(applicationStates).toContain(state);
    }
  });

  it("only the host's word leads to applied and lifted, only a probe to proved and open", () => {
    fc.assert(
      fc.property(states, events, (state, event) => {
        const after = nextState(state, event);
        if (after === state) return;
        if (after === "applied") expect(event).toBe("host-applied");
        if (after === "lifted") expect(event).toBe("host-lifted");
        if (after === "proved") expect(event).toBe("probe-in-force");
        if (after === "open") expect(event).toBe("probe-open");
      }),
    );
  });

  it("whatever happened, proved was preceded by the host's word since the last order", () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (history) => {
        let state: ApplicationState = "asked";
        let hostSaid = false;
        for (const event of history) {
          if (event === "ordered") hostSaid = false;
          if (event === "host-applied" || event === "host-drifted") hostSaid = true;
          state = nextState(state, event);
          if (state === "proved") expect(hostSaid).toBe(true);
        }
      }),
    );
  });

  it("a lost answer stays unknown until the host or a new order settles it", () => {
    const lost = nextState("sent", "answer-lost");
    expect(lost).toBe("unknown");
    for (const event of ["host-unreachable", "line-sent", "probe-in-force", "probe-open", "answer-lost"] as const)
      expect(nextState(lost, event)).toBe("unknown");
    expect(nextState(lost, "host-applied")).toBe("applied");
    expect(nextState(lost, "host-lifted")).toBe("lifted");
    expect(nextState(lost, "ordered")).toBe("asked");
  });

  it("a failure to send again never turns sent into unreachable", () => {
    expect(nextState("sent", "host-unreachable")).toBe("unknown");
  });

  it("something lifted that the host still has is drift", () => {
    expect(nextState("lifted", "host-applied")).toBe("drifted");
    expect(nextState("open", "host-applied")).toBe("drifted");
  });
});
