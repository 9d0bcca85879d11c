import type { ManualRunView } from "@mailbrake/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../platform/test-store.ts";
import { verifyAudit } from "../audit/index.ts";
import { createManualSlice, type ManualSlice } from "./index.ts";

const ada = { kind: "user", id: "ada", name: "Ada" } as const;
const bob = { kind: "user", id: "bob", name: "Bob" } as const;
const mechanism = {
  name: "Close the inbound connector",
  effect: "tempfail" as const,
  senderSees: "451 4.7.1 try again later",
  losesMail: false,
  applySteps: ["Sign in to the filter", "Open Connectors", "Switch inbound off"],
  undoSteps: ["Open Connectors", "Switch inbound on"],
  links: [{ title: "Filter's manual", url: "https://filter.example/manual" }],
};

let db: TestStore;
let manual: ManualSlice;
let doorId: string;
let mechanismId: string;
beforeEach(async () => {
  db = await createTestStore();
  manual = createManualSlice(db);
  doorId = (await manual.catalogue.add(ada, { name: "Hosted filter", role: "inbound-mx", note: "" })).id;
  const door = await manual.catalogue.addMechanism(ada, doorId, mechanism);
  mechanismId = door.mechanisms[0]?.id ?? "";
});
afterEach(async () => {
  expect(await verifyAudit(db.store, db.headKey)).toMatchObject({ intact: true });
  await db.close();
});

const start = () => manual.runs.start(ada, mechanismId, { reason: "flood, ticket 4711" });
const tickAll = async (run: ManualRunView, part: "applySteps" | "undoSteps", actor: typeof ada | typeof bob = bob) => {
  let now = run;
  for (const { id } of run[part]) now = await manual.runs.tick(actor, run.id, id, true);
  return now;
};
const step = (run: ManualRunView, part: "applySteps" | "undoSteps", index: number) => run[part][index]?.id ?? "";
const actions = async () =>
  (await db.store.auditEvent.findMany({ orderBy: { sequence: "asc" } })).map(({ action }) => action);
const standing = async () => (await manual.catalogue.get(doorId)).mechanisms[0]?.standing ?? null;

describe("a run of a manual mechanism", () => {
  it("goes from its reason over each tick to said to be on, and back to said to be lifted", async () => {
    db.setTime(new Date("2026-11-21T03:00:00Z"));
    const run = await start();
    expect(run).toMatchObject({ state: "applying", reason: "flood, ticket 4711", startedBy: "Ada", saidOnAt: null });
    db.setTime(new Date("2026-11-21T03:05:00Z"));
    const on = await tickAll(run, "applySteps");
    expect(on).toMatchObject({
      state: "said-on",
      saidOnBy: "Bob",
      saidOnAt: "2026-11-21T03:05:00.000Z",
      applyTicked: 3,
    });
    expect(on.applySteps.map(({ tickedBy }) => tickedBy)).toEqual(["Bob", "Bob", "Bob"]);
    const undoing = await manual.runs.undo(ada, run.id, "it is over");
    expect(undoing).toMatchObject({ state: "undoing", undoAskedBy: "Ada", undoReason: "it is over" });
    const lifted = await tickAll(undoing, "undoSteps");
    expect(lifted).toMatchObject({ state: "said-lifted", endedBy: "Bob", leftAs: null });
    expect(await standing()).toBeNull();
    expect((await manual.catalogue.history(doorId, { pageSize: 10 })).runs).toEqual([lifted]);
    expect((await actions()).slice(2)).toEqual([
      "manual-run.started",
      ...Array<string>(3).fill("manual-run.ticked"),
      "manual-run.said-on",
      "manual-run.undo-asked",
      ...Array<string>(2).fill("manual-run.ticked"),
      "manual-run.said-lifted",
    ]);
    const { target } = (await db.store.auditEvent.findFirst({ where: { action: "manual-run.said-on" } })) ?? {};
    expect(target).toBe(`external-point:${doorId}`);
  });

  it("is no longer said to be on once a step is unticked", async () => {
    const on = await tickAll(await start(), "applySteps");
    const back = await manual.runs.tick(ada, on.id, step(on, "applySteps", 1), false);
    expect(back).toMatchObject({ state: "applying", saidOnAt: null, saidOnBy: null, applyTicked: 2 });
    expect(back.applySteps[1]).toMatchObject({ tickedAt: null, tickedBy: null });
  });

  it("keeps who ticked first, and records nothing when it is ticked again", async () => {
    const run = await start();
    await manual.runs.tick(ada, run.id, step(run, "applySteps", 0), true);
    const before = await actions();
    const again = await manual.runs.tick(bob, run.id, step(run, "applySteps", 0), true);
    expect(again.applySteps[0]?.tickedBy).toBe("Ada");
    expect(await actions()).toEqual(before);
  });

  it("is one at most, whoever asks at once; the refusal names the open one", async () => {
    const both = await Promise.allSettled([start(), manual.runs.start(bob, mechanismId, { reason: "me too" })]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const [won] = both.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const [lost] = both.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(lost).toMatchObject({ code: "conflict" });
    expect(lost.detail).toContain(`open run that ${won?.startedBy} started at`);
    expect((await actions()).at(-1)).toBe("manual-run.refused");
    expect(await db.store.manualRun.count()).toBe(1);
  });

  it("refuses ticks out of their part's time, in words, and puts the attempt in the trail", async () => {
    const run = await start();
    const tick = (index: number, part: "applySteps" | "undoSteps") =>
      manual.runs.tick(ada, run.id, step(run, part, index), true);
    await expect(tick(0, "undoSteps")).rejects.toMatchObject({
      code: "conflict",
      detail: expect.stringMatching(/begin it first/),
    });
    await expect(manual.runs.undo(ada, run.id, "no")).rejects.toMatchObject({ code: "conflict" });
    await tick(0, "applySteps");
    await manual.runs.undo(ada, run.id, "wrong door");
    await expect(tick(1, "applySteps")).rejects.toMatchObject({
      code: "conflict",
      detail: expect.stringMatching(/undo has begun/),
    });
    await expect(manual.runs.tick(ada, run.id, "none", true)).rejects.toMatchObject({ code: "not-found" });
    expect((await actions()).filter((action) => action === "manual-run.refused")).toHaveLength(3);
    expect((await manual.runs.get(run.id)).applyTicked).toBe(1);
  });

  it("is given up at once while nothing is ticked; else only with how it is left, which then stands until the next run", async () => {
    const first = await start();
    const needless = manual.runs.giveUp(ada, first.id, { reason: "wrong door", leftAs: "as it was" });
    await expect(needless).rejects.toMatchObject({ code: "bad-input", field: "leftAs" });
    expect(await manual.runs.giveUp(ada, first.id, { reason: "wrong door" })).toMatchObject({ state: "given-up" });
    expect(await standing()).toBeNull();

    const second = await start();
    await manual.runs.tick(ada, second.id, step(second, "applySteps", 0), true);
    const silent = manual.runs.giveUp(ada, second.id, { reason: "filter is down" });
    await expect(silent).rejects.toMatchObject({
      code: "bad-input",
      field: "leftAs",
      detail: expect.stringMatching(/1 of 3 steps are ticked/),
    });
    const left = await manual.runs.giveUp(bob, second.id, { reason: "filter is down", leftAs: "signed in, no more" });
    expect(left).toMatchObject({ state: "given-up", endedBy: "Bob", leftAs: "signed in, no more" });
    expect(await standing()).toEqual(left);
    await expect(manual.runs.giveUp(ada, second.id, { reason: "again" })).rejects.toMatchObject({ code: "conflict" });

    const third = await start();
    expect((await standing())?.id).toBe(third.id);
    await manual.runs.giveUp(ada, third.id, { reason: "seen to" });
    expect(await standing()).toBeNull();
  });

  it("keeps its own copy of the steps when the mechanism is changed later, and its history when that is removed", async () => {
    const run = await start();
    const changed = { ...mechanism, name: "Another way", applySteps: ["Call the provider"] };
    const refusal = { code: "conflict", detail: expect.stringMatching(/open run that Ada started/) };
    await expect(manual.catalogue.changeMechanism(ada, mechanismId, changed)).rejects.toMatchObject(refusal);
    await expect(manual.catalogue.removeMechanism(ada, mechanismId, "gone")).rejects.toMatchObject(refusal);
    await expect(manual.catalogue.remove(ada, doorId, "gone")).rejects.toMatchObject(refusal);
    await manual.runs.giveUp(ada, run.id, { reason: "first the new steps" });
    await manual.catalogue.changeMechanism(ada, mechanismId, changed);
    const kept = await manual.runs.get(run.id);
    expect(kept).toMatchObject({ mechanismName: mechanism.name, applyTotal: 3 });
    expect(kept.applySteps.map(({ text }) => text)).toEqual(mechanism.applySteps);
    expect((await start()).applySteps.map(({ text }) => text)).toEqual(["Call the provider"]);
    const open = await standing();
    await manual.runs.giveUp(ada, open?.id ?? "", { reason: "over" });
    expect((await manual.catalogue.removeMechanism(ada, mechanismId, "gone")).mechanisms).toEqual([]);
    expect((await manual.catalogue.history(doorId, { pageSize: 10 })).runs).toHaveLength(2);
    await expect(start()).rejects.toMatchObject({ code: "not-found" });
  });

  it("asks for the word where mail can be lost, before anything is written", async () => {
    const losing = { ...mechanism, name: "Drop it all", effect: "discard" as const, losesMail: true };
    const door = await manual.catalogue.addMechanism(ada, doorId, losing);
    const { id = "", confirmationWord } = door.mechanisms.find(({ name }) => name === "Drop it all") ?? {};
    expect(confirmationWord).toBe("discard");
    const bare = manual.runs.start(ada, id, { reason: "worm" });
    await expect(bare).rejects.toMatchObject({ code: "needs-confirmation", field: "confirmation" });
    expect(await db.store.manualRun.count()).toBe(0);
    expect((await actions()).at(-1)).toBe("manual-run.refused");
    expect(await manual.runs.start(ada, id, { reason: "worm", confirmation: "Discard" })).toMatchObject({
      losesMail: true,
    });
  });

  it("tells browsers of every change of the door, and of nothing that was refused", async () => {
    const heard: unknown[] = [];
    const stop = db.events.subscribe(({ change }) => {
      if (change.kind === "manual") heard.push(change);
    });
    const run = await start();
    await manual.runs.tick(ada, run.id, step(run, "applySteps", 0), true);
    expect(heard).toEqual(Array(2).fill({ kind: "manual", externalPointId: doorId }));
    await expect(start()).rejects.toMatchObject({ code: "conflict" });
    expect(heard).toHaveLength(2);
    stop();
  });
});
