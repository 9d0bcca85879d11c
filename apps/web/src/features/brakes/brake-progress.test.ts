import type { ApplicationView } from "@mailbrake/contract";
import { describe, expect, it } from "vitest";
import { progressSteps, standingOf } from "./brake-progress.ts";

const application = (over: Partial<ApplicationView>): ApplicationView => ({
  id: "a1",
  brakeId: "b1",
  blockPointId: "p1",
  hostId: "h1",
  hostName: "mx1",
  pointLabel: "smtp",
  mta: "postfix",
  effect: "tempfail",
  wanted: "applied",
  state: "asked",
  detail: "",
  provable: true,
  provableWhy: "A probe sees the reply.",
  endedHow: null,
  releasedCount: null,
  attempts: 1,
  nextAttemptAt: null,
  askedAt: "2026-11-21T03:00:00.000Z",
  sentAt: null,
  answeredAt: null,
  provedAt: null,
  endedAt: null,
  evidence: [],
  ...over,
});
const at = "2026-11-21T03:00:01.000Z";
const statuses = (over: Partial<ApplicationView>) => progressSteps(application(over)).map(({ status }) => status);

describe("progressSteps", () => {
  it("asked: waits to be sent", () => expect(statuses({})).toEqual(["done", "now", "waiting", "waiting"]));
  it("sent: waits for the host", () => {
    expect(statuses({ state: "sent", sentAt: at })).toEqual(["done", "done", "now", "waiting"]);
  });
  it("unknown is not applied", () => {
    expect(statuses({ state: "unknown", sentAt: at })).toEqual(["done", "done", "failed", "waiting"]);
  });
  it("unreachable was not sent", () => {
    expect(statuses({ state: "unreachable" })).toEqual(["done", "failed", "waiting", "waiting"]);
  });
  it("refused fails at the host's answer", () => {
    expect(statuses({ state: "refused", sentAt: at, answeredAt: at })).toEqual(["done", "done", "failed", "waiting"]);
  });
  it("applied is not proved", () => {
    expect(statuses({ state: "applied", sentAt: at, answeredAt: at })).toEqual(["done", "done", "done", "now"]);
  });
  it("applied, where no probe can see it, has no proof step to wait for, and says why", () => {
    const steps = progressSteps(
      application({ state: "applied", sentAt: at, answeredAt: at, provable: false, provableWhy: "why" }),
    );
    expect(steps.at(3)).toEqual({ name: "Proved", status: "none", at: null, note: "why" });
  });
  it("proved is all done", () => {
    expect(statuses({ state: "proved", sentAt: at, answeredAt: at, provedAt: at })).toEqual([
      "done",
      "done",
      "done",
      "done",
    ]);
  });
  it("a lift that was asked is not shown as lifted while the brake is still proved", () => {
    expect(statuses({ wanted: "lifted", state: "asked", answeredAt: at, provedAt: at })).toEqual([
      "done",
      "now",
      "waiting",
      "waiting",
    ]);
  });
  it("open is proved open", () => {
    const steps = progressSteps(
      application({ wanted: "lifted", state: "open", sentAt: at, answeredAt: at, provedAt: at }),
    );
    expect(steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "Asked done",
      "Sent done",
      "Lifted done",
      "Proved open done",
    ]);
  });
});

describe("the times of a lift", () => {
  const later = "2026-11-21T03:05:00.000Z";
  const dialogue = { id: "e1", kind: "dialogue" as const, summary: "", readback: [], checked: [], dialogue: [] };
  it("never shows the time at which the apply was sent as the time of the lift", () => {
    const steps = progressSteps(application({ wanted: "lifted", state: "lifted", askedAt: later, sentAt: at }));
    expect(steps.at(1)).toMatchObject({ name: "Sent", status: "done", at: null });
  });
  it("takes the proof's time from the first dialogue after the order that found the door open", () => {
    const evidence = [
      { ...dialogue, takenAt: "2026-11-21T03:05:09.000Z", verdict: "open" as const },
      { ...dialogue, takenAt: "2026-11-21T03:05:02.000Z", verdict: "open" as const },
      { ...dialogue, takenAt: at, verdict: "in-force" as const },
    ];
    const steps = progressSteps(application({ wanted: "lifted", state: "open", askedAt: later, evidence }));
    expect(steps.at(3)).toMatchObject({ name: "Proved open", at: "2026-11-21T03:05:02.000Z" });
  });
  it("an expiry is called that", () => {
    const steps = progressSteps(application({ state: "lifted", endedHow: "expired", answeredAt: at, endedAt: at }));
    expect(steps.at(2)).toMatchObject({ name: "Expired", status: "done" });
  });
});

describe("standingOf", () => {
  const brake = (wanted: "applied" | "lifted", states: ApplicationView["state"][]) => ({
    wanted,
    ended: false,
    applications: states.map((state) => application({ state, wanted })),
  });
  it("counts what is proved, and names what is not", () => {
    const standing = standingOf(brake("applied", ["proved", "unreachable"]));
    expect(standing.words).toBe("Proved at 1 of 2 block points · 1: Not applied yet: host unreachable, trying again");
    expect(standing.tone).toBe("trouble");
  });
  it("tells proved from read back", () => {
    expect(standingOf(brake("applied", ["proved", "applied"])).words).toBe(
      "Proved at 1 of 2 block points · 1 in force, read back",
    );
  });
  it("is not settled while a proof is awaited, and is where none can be had", () => {
    expect(standingOf(brake("applied", ["applied"]))).toEqual({
      words: "In force at 1 of 1 block point",
      tone: "moving",
    });
    const unprovable = [application({ state: "applied", provable: false })];
    expect(standingOf({ wanted: "applied", ended: false, applications: unprovable }).tone).toBe("settled");
  });
  it("says of a host that can't be reached now that it is as last seen", () => {
    expect(standingOf(brake("applied", ["proved"]), new Set(["h1"]))).toEqual({
      words: "Proved at 1 of 1 block point · 1 as last seen: host unreachable now",
      tone: "trouble",
    });
  });
  it("is moving until every host has answered", () =>
    expect(standingOf(brake("applied", ["proved", "sent"])).tone).toBe("moving"));
  it("a lift in progress claims nothing", () => {
    expect(standingOf(brake("lifted", ["asked", "proved"])).words).toBe("Lifted at 0 of 2 block points");
  });
  it("says how it ended where no person lifted it", () => {
    const one = (over: Partial<ApplicationView>) =>
      standingOf({ wanted: "applied", ended: true, applications: [application({ endedAt: at, ...over })] }).words;
    expect(one({ state: "lifted", endedHow: "expired" })).toBe("Expired on the host at 1 of 1 block point");
    expect(one({ state: "open", endedHow: "expired" })).toBe(
      "Expired on the host, proved open again at 1 of 1 block point",
    );
    expect(one({ state: "refused", endedHow: "never-applied" })).toBe("Never applied");
  });
});
