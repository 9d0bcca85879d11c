import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anna, instanceAt, QueuesTestStand } from "./queues-test-stand.ts";

let stand: QueuesTestStand;
beforeEach(async () => {
  stand = await QueuesTestStand.open(["mx1", "mx2"]);
  stand.host("mx1").queue.fill(10);
});
afterEach(() => stand.close());

const stateOf = (view: { jobs: { hostName: string; state: string }[] }, host: string) =>
  view.jobs.find(({ hostName }) => hostName === host)?.state;
const starts = (host: string) => stand.host(host).requests.filter(({ values }) => values.op === "start");

describe("a queue action", () => {
  it("is recorded with its intent, started on every host, followed and ended", async () => {
    const made = await stand.act({ at: ["mx1", "mx2"] });
    expect(made.jobs.map(({ state }) => state)).toEqual(["asked", "asked"]);
    const view = await stand.until(made.id, ({ ended }) => ended);
    expect(view.jobs).toMatchObject([
      { state: "done", total: 10, done: 10 },
      { state: "done", total: 0, done: 0 },
    ]);
    expect(stand.host("mx1").queue.messages.every(({ held }) => held === made.jobs[0]?.id)).toBe(true);
    expect(starts("mx1")[0]?.values).toMatchObject({
      job: made.jobs[0]?.id,
      action: "hold",
      match: "all",
      by: "Anna Admin",
    });
    const actions = await stand.actions();
    expect(actions[0]).toBe("queue-action.asked");
    expect(actions.filter((action) => action === "queue-job.started")).toHaveLength(2);
    expect(actions.filter((action) => action === "queue-job.ended")).toHaveLength(2);
  });

  it("on a slow host delays no other", async () => {
    const gate = stand.fleet.hold("mx1", "queue");
    const made = await stand.act({ at: ["mx1", "mx2"] });
    await gate.arrived;
    const view = await stand.until(made.id, (one) => stateOf(one, "mx2") === "done");
    expect(stateOf(view, "mx1")).toBe("sent");
    gate.release();
    await stand.until(made.id, ({ ended }) => ended);
  });

  it("whose answer was lost is unknown, found by asking for the job, and done once", async () => {
    stand.host("mx1").queue.perQuestion = 4;
    stand.fleet.loseAnswer("mx1", "queue");
    const made = await stand.act({ at: ["mx1"] });
    const view = await stand.until(made.id, ({ ended }) => ended);
    expect(view.jobs[0]).toMatchObject({ state: "done", done: 10 });
    expect(stand.host("mx1").queue.started).toBe(1);
    expect(starts("mx1")).toHaveLength(1);
    expect(await stand.actions()).toContain("queue-job.unknown");
  });

  it("that never arrived, though its line went out, is sent again under the same id", async () => {
    const gate = stand.fleet.hold("mx1", "queue");
    const made = await stand.act({ at: ["mx1"] });
    await gate.arrived;
    const { queue } = stand.host("mx1");
    stand.fleet.loseAnswer("mx1", "queue");
    gate.release();
    await stand.until(made.id, () => queue.started === 1);
    queue.jobs.clear();
    await stand.until(made.id, ({ ended }) => ended);
    const ids = new Set(starts("mx1").map(({ values }) => values.job));
    expect([...ids]).toEqual([made.jobs[0]?.id]);
    expect(starts("mx1").length).toBeGreaterThan(1);
  });

  it("waits for a host that is away, says so, and goes out when it is back", async () => {
    stand.fleet.cut("mx1");
    const made = await stand.act({ at: ["mx1"] });
    const away = await stand.until(made.id, (view) => stateOf(view, "mx1") === "unreachable");
    expect(away.jobs[0]?.detail).toContain("no route to host");
    expect(starts("mx1")).toEqual([]);
    stand.fleet.connect("mx1");
    await stand.until(made.id, ({ ended }) => ended);
    expect(starts("mx1")).toHaveLength(1);
  });

  it("that could not be sent in time is given up, not sprung on another queue", async () => {
    await stand.close();
    stand = await QueuesTestStand.open(["mx1"], { startWithinMs: 30 });
    stand.fleet.cut("mx1");
    const made = await stand.act({ at: ["mx1"] });
    await new Promise((resolve) => setTimeout(resolve, 60));
    stand.fleet.connect("mx1");
    const view = await stand.until(made.id, ({ ended }) => ended);
    expect(view.jobs[0]).toMatchObject({ state: "failed", detail: expect.stringContaining("Never started") });
    expect(starts("mx1")).toEqual([]);
  });

  it("refused by one host goes on at the others, with that host's words", async () => {
    stand
      .host("mx1")
      .refusals.push({ verb: "queue", error: "cannot", message: "bounce is not done here; delete is nearest" });
    const made = await stand.act({ at: ["mx1", "mx2"] });
    const view = await stand.until(made.id, ({ ended }) => ended);
    expect(view.jobs).toMatchObject([
      { state: "refused", detail: "bounce is not done here; delete is nearest" },
      { state: "done" },
    ]);
    expect(await stand.actions()).toContain("queue-job.refused");
  });

  it("is tried again at a busy host, and refused in the end where it stays busy", async () => {
    const busy = { verb: "queue", error: "busy", message: "another job runs" } as const;
    stand.host("mx1").refusals.push(busy);
    for (let count = 0; count < 4; count++) stand.host("mx2").refusals.push(busy);
    const made = await stand.act({ at: ["mx1", "mx2"] });
    const view = await stand.until(made.id, ({ ended }) => ended);
    expect(view.jobs).toMatchObject([
      { state: "done" },
      { state: "refused", detail: expect.stringContaining("another job runs") },
    ]);
  });

  it("tells the browser of progress, and is silent where there is none", async () => {
    const { queue } = stand.host("mx1");
    queue.perQuestion = 0;
    const heard: string[] = [];
    stand.db.events.subscribe(({ change }) => heard.push(change.kind));
    const made = await stand.act({ at: ["mx1"] });
    await stand.until(made.id, (view) => stateOf(view, "mx1") === "running");
    const questions = () => stand.host("mx1").requests.filter(({ values }) => values.op === "job").length;
    await stand.until(made.id, () => questions() > 2);
    const before = heard.length;
    const asked = questions();
    await stand.until(made.id, () => questions() > asked + 3);
    expect(heard).toHaveLength(before);
    queue.perQuestion = 5;
    await stand.until(made.id, ({ ended }) => ended);
    expect(heard.slice(before)).toContain("queue-action");
  });
});

describe("a stop", () => {
  it("reaches the host, and what was done stays done", async () => {
    stand.host("mx1").queue.perQuestion = 1;
    const made = await stand.act({ at: ["mx1"], action: "release", ratePerMinute: 60, stopAboveQueued: 500 });
    expect((await stand.until(made.id, ({ jobs }) => (jobs[0]?.done ?? 0) > 1)).jobs[0]?.stopping).toBe(false);
    await stand.slice.actions.stop(anna, made.id, "enough");
    const view = await stand.until(made.id, ({ ended }) => ended);
    expect(view.jobs[0]).toMatchObject({ state: "stopped", detail: "Anna Admin: enough", total: 10 });
    expect(view.jobs[0]?.done).toBeLessThan(10);
    expect(starts("mx1")[0]?.values).toMatchObject({ rate: "60", ceiling: "500" });
    await expect(stand.slice.actions.stop(anna, made.id, "again")).rejects.toMatchObject({ code: "conflict" });
    expect((await stand.actions()).at(-1)).toBe("queue-action.refused");
  });

  it("of what was never sent ends it without the host", async () => {
    stand.fleet.cut("mx1");
    const made = await stand.act({ at: ["mx1"] });
    await stand.slice.actions.stop(anna, made.id, "wrong one");
    const view = await stand.until(made.id, ({ ended }) => ended);
    expect(view.jobs[0]).toMatchObject({ state: "stopped", detail: expect.stringContaining("Never started") });
    stand.fleet.connect("mx1");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stand.host("mx1").requests).toEqual([]);
  });

  it("asked while the start is on its way waits for it", async () => {
    const gate = stand.fleet.hold("mx1", "queue");
    stand.host("mx1").queue.perQuestion = 0;
    const made = await stand.act({ at: ["mx1"] });
    await gate.arrived;
    expect((await stand.slice.actions.stop(anna, made.id, "no")).jobs[0]?.stopping).toBe(true);
    gate.release();
    const view = await stand.until(made.id, ({ ended }) => ended);
    expect(view.jobs[0]).toMatchObject({ state: "stopped", done: 0 });
  });
});

describe("a delete", () => {
  const remove = (at: string[], confirmation?: string) =>
    stand.act({ at, action: "delete", ...(confirmation === undefined ? {} : { confirmation }) });

  it("needs its word, and the refusal is in the audit trail", async () => {
    await expect(remove(["mx1"])).rejects.toMatchObject({ code: "needs-confirmation", field: "confirmation" });
    await expect(remove(["mx1"], "yes")).rejects.toMatchObject({ code: "needs-confirmation" });
    expect(await stand.actions()).toEqual(["queue-action.refused", "queue-action.refused"]);
    expect(stand.host("mx1").requests).toEqual([]);
    expect(await stand.db.store.queueAction.count()).toBe(0);
  });

  it("keeps a backup that can be restored, once at a time", async () => {
    const made = await remove(["mx1"], "Delete");
    await expect(stand.slice.actions.restore(anna, made.id, "too soon")).rejects.toMatchObject({ code: "conflict" });
    const gone = await stand.until(made.id, ({ ended }) => ended);
    expect(stand.host("mx1").queue.messages).toHaveLength(0);
    expect(gone.jobs[0]?.backup).toContain(gone.jobs[0]?.id ?? "-");
    stand.host("mx1").queue.perQuestion = 4;
    const back = await stand.slice.actions.restore(anna, made.id, "wrong mail");
    expect(back).toMatchObject({ action: "restore", restoreOf: made.id });
    await expect(stand.slice.actions.restore(anna, made.id, "again")).rejects.toMatchObject({ code: "conflict" });
    await stand.until(back.id, ({ ended }) => ended);
    expect(stand.host("mx1").queue.messages).toHaveLength(10);
    await expect(stand.slice.actions.restore(anna, back.id, "of it")).rejects.toMatchObject({ code: "conflict" });
  });

  it("of mail to whom the operator protects is refused; of all mail it is not", async () => {
    const pages = { match: [{ kind: "recipient" as const, value: "oncall.test" }] };
    await expect(
      stand.act({ at: ["mx1"], action: "delete", selection: pages, confirmation: "delete" }),
    ).rejects.toMatchObject({ code: "protected-lane", field: "selection.match.0.value" });
    const flood = { match: [{ kind: "recipient" as const, value: "postmaster@lab.example" }] };
    await stand.act({ at: ["mx1"], action: "delete", selection: flood, confirmation: "delete" });
    await stand.act({ at: ["mx1"], action: "release", selection: pages });
    await remove(["mx1"], "delete");
  });
});

it("a preview counts everywhere in parallel, and says where it could not", async () => {
  await stand.db.store.instance.update({ where: { id: instanceAt("mx2") }, data: { instance: "exim:/etc/exim4" } });
  stand.fleet.cut("mx2");
  const preview = await stand.slice.actions.preview({
    action: "bounce",
    selection: { match: [{ kind: "sender", value: "user3@good.test" }] },
    instanceIds: ["mx1", "mx2"].map(instanceAt),
  });
  expect(preview).toMatchObject({ messages: 1, losesMail: true, confirmationWord: "bounce" });
  expect(preview.counts).toMatchObject([
    { outcome: "counted", messages: 1, bytes: 1_000, complete: true },
    { outcome: "unreachable", detail: "no route to host", complete: false },
  ]);
  expect(stand.host("mx1").queue.started).toBe(0);
});
