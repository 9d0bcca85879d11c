import { MailbrakeError } from "@mailbrake/contract";
import { afterEach, describe, expect, it } from "vitest";
import { pointId } from "../../platform/test-host-rows.ts";
import { anna, BrakesTestStand } from "./brakes-test-stand.ts";

let stand: BrakesTestStand;
afterEach(() => stand.close());

const ten = Array.from({ length: 10 }, (_, index) => `mx${index}`);

describe("a brake", () => {
  it("is applied on every host, proved by a dialogue, lifted and proved open", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1", "mx2"] });
    stand.fleet.workMs = 20;
    const asked = await stand.brake({ at: ["mx1", "mx2"] });
    expect(asked.ref).toMatch(/^[A-HJ-NP-Z2-9]{6}$/);
    const proved = await stand.reach(asked.id, "proved");
    for (const application of proved.applications) {
      expect(application.evidence.map(({ kind, verdict }) => [kind, verdict])).toEqual([
        ["dialogue", "in-force"],
        ["readback", "in-force"],
      ]);
      expect(application.evidence[0]?.dialogue.map(({ text }) => text).join("\n")).toContain(`(ref ${asked.ref})`);
      expect(application.provable).toBe(true);
      const times = [application.askedAt, application.sentAt, application.answeredAt, application.provedAt];
      expect(times).toEqual([...times].sort());
      expect(application.sentAt).not.toBe(application.answeredAt);
    }
    await stand.lift(asked.id);
    const open = await stand.reach(asked.id, "open");
    expect(open).toMatchObject({ ended: true, liftedBy: anna.name, liftReason: "over" });
    expect(open.applications.every(({ endedHow }) => endedHow === "lifted")).toBe(true);
    const actions = await stand.actions();
    expect(actions[0]).toBe("brake.asked");
    expect(actions.filter((action) => action === "application.proved")).toHaveLength(2);
    expect(actions.filter((action) => action === "application.opened")).toHaveLength(2);
    expect(actions.indexOf("brake.lift-asked")).toBeLessThan(actions.indexOf("application.lifted"));
  });

  it("on ten hosts of which one is cut is in force on nine at once, and on the tenth when it is back", async () => {
    stand = await BrakesTestStand.open({ hosts: ten });
    stand.fleet.cut("mx4");
    const { id } = await stand.brake({ at: ten });
    const nine = await stand.until(
      id,
      (view) => view.applications.filter(({ state }) => state === "proved").length === 9,
    );
    const cut = nine.applications.find(({ hostName }) => hostName === "mx4");
    expect(cut).toMatchObject({ state: "unreachable", provedAt: null });
    expect(cut?.detail).toContain("no route to host");
    expect(cut?.nextAttemptAt).not.toBeNull();
    expect((await stand.actions()).filter((action) => action === "application.unreachable")).toHaveLength(1);
    stand.fleet.connect("mx4");
    await stand.reach(id, "proved");
  });

  it("that a host refuses says so in the host's words, and can be retried or lifted", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    stand.host("mx1").refusals.push({ verb: "apply", error: "no-space", message: "the disk is full: 0 bytes left" });
    const { id } = await stand.brake({ at: ["mx1"] });
    const refused = await stand.reach(id, "refused");
    expect(refused.applications[0]?.detail).toBe("the disk is full: 0 bytes left");
    await stand.slice.service.retry(anna, refused.applications[0]?.id ?? "");
    await stand.reach(id, "proved");
    await expect(stand.slice.service.retry(anna, refused.applications[0]?.id ?? "")).rejects.toThrow("Only an order");
  });

  it("that a busy host puts off is asked again without a person", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    for (let count = 0; count < 3; count++)
      stand.host("mx1").refusals.push({ verb: "apply", error: "busy", message: "another agent holds the lock" });
    const { id } = await stand.brake({ at: ["mx1"] });
    await stand.reach(id, "proved");
  });

  it("whose answer is lost is unknown until the host has said what it has, and is never applied twice in the journal", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    stand.fleet.loseAnswer("mx1", "apply");
    const status = stand.fleet.hold("mx1", "status");
    const { id } = await stand.brake({ at: ["mx1"] });
    await status.arrived;
    const unknown = await stand.reach(id, "unknown");
    expect(unknown.applications[0]?.evidence).toEqual([]);
    status.release();
    await stand.reach(id, "proved");
    expect(stand.host("mx1").requests.filter(({ verb }) => verb === "apply")).toHaveLength(1);
  });

  it("lifted before a line could go out never reaches the host", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    stand.fleet.cut("mx1");
    const { id } = await stand.brake({ at: ["mx1"] });
    await stand.reach(id, "unreachable");
    const lifted = await stand.lift(id);
    expect(lifted).toMatchObject({ ended: true, applications: [{ state: "lifted", endedHow: "never-applied" }] });
    stand.fleet.connect("mx1");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(stand.host("mx1").requests.map(({ verb }) => verb)).not.toContain("apply");
  });

  it("lifted while its apply may have gone out is lifted on the host, once that is back", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const apply = stand.fleet.hold("mx1", "apply");
    const { id } = await stand.brake({ at: ["mx1"] });
    await apply.arrived;
    stand.fleet.cut("mx1");
    apply.release();
    await stand.reach(id, "unknown");
    expect(stand.host("mx1").journal.size).toBe(1);
    const asked = await stand.lift(id);
    expect(asked.ended).toBe(false);
    stand.fleet.connect("mx1");
    await stand.reach(id, "open");
    expect(stand.host("mx1").journal.size).toBe(0);
  });
});

describe("races", () => {
  it("a lift while the apply is in flight ends lifted, and the apply is in the trail", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const apply = stand.fleet.hold("mx1", "apply");
    const { id } = await stand.brake({ at: ["mx1"] });
    await apply.arrived;
    await stand.lift(id);
    apply.release();
    const open = await stand.reach(id, "open");
    expect(open.applications[0]?.endedHow).toBe("lifted");
    expect(stand.host("mx1").journal.size).toBe(0);
    const actions = await stand.actions();
    expect(actions).toContain("application.applied");
    expect(actions).not.toContain("application.proved");
  });

  it("an extension overtaken by a lift never brings the brake back", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const { id } = await stand.brake({ at: ["mx1"], expiresInSeconds: 600 });
    await stand.reach(id, "proved");
    const apply = stand.fleet.hold("mx1", "apply");
    await stand.slice.service.extend(anna, id, { expiresInSeconds: 3_600, reason: "not over" });
    await apply.arrived;
    await stand.lift(id);
    await expect(stand.slice.service.extend(anna, id, { expiresInSeconds: 60, reason: "late" })).rejects.toThrow(
      MailbrakeError,
    );
    apply.release();
    await stand.reach(id, "open");
    expect(stand.host("mx1").journal.size).toBe(0);
  });

  it("two brakes on one host go one after the other, and both stand", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    stand.fleet.workMs = 20;
    const [first, second] = await Promise.all([
      stand.brake({ at: ["mx1"], effect: "hold" }),
      stand.brake({ at: ["mx1"], match: [{ kind: "sender", value: "x@spam.test" }] }),
    ]);
    await stand.reach(first?.id ?? "", "applied");
    await stand.reach(second?.id ?? "", "proved");
    expect(stand.host("mx1").journal.size).toBe(2);
  });

  it("a brake asked while its host answers the one before waits for nothing else", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1", "mx2"] });
    const slow = stand.fleet.hold("mx1", "apply");
    const both = await stand.brake({ at: ["mx1", "mx2"] });
    await stand.until(
      both.id,
      (view) => view.applications.find(({ hostName }) => hostName === "mx2")?.state === "proved",
    );
    expect(
      (await stand.slice.service.read(both.id)).applications.find(({ hostName }) => hostName === "mx1")?.state,
    ).toBe("sent");
    slow.release();
    await stand.reach(both.id, "proved");
  });
});

describe("expiry", () => {
  it("is the host's: ended there, it is recorded as expired by the host, at the host's time", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    stand.host("mx1").skewSeconds = -400;
    const { id } = await stand.brake({ at: ["mx1"], expiresInSeconds: 60 });
    await stand.reach(id, "proved");
    const entry = [...stand.host("mx1").journal.values()][0];
    expect(entry?.values.ttl).toBe("60");
    if (entry) entry.expires = stand.host("mx1").now() - 5;
    await stand.db.store.brake.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 4_000) } });
    const expired = await stand.until(id, (view) => view.ended);
    expect(expired.applications[0]).toMatchObject({ endedHow: "expired" });
    expect(Math.abs(Date.parse(expired.applications[0]?.endedAt ?? "") - (Date.now() - 5_000))).toBeLessThan(4_000);
    const event = await stand.db.store.auditEvent.findFirst({ where: { action: "application.expired" } });
    expect(event).toMatchObject({ actorKind: "host", actorName: "mx1" });
    await stand.reach(id, "open");
  });

  it("a clock that has run out with the host away is said, and not taken for an ending", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const { id } = await stand.brake({ at: ["mx1"], expiresInSeconds: 60 });
    await stand.reach(id, "proved");
    stand.fleet.cut("mx1");
    await stand.db.store.brake.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 10_000) } });
    const view = await stand.slice.service.read(id);
    expect(view.ended).toBe(false);
    expect(view.applications[0]?.detail).toContain("has not confirmed");
  });

  it("an extension reaches the host with the time that is left then, also where it is as long as the first", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const { id } = await stand.brake({ at: ["mx1"], expiresInSeconds: 600 });
    await stand.reach(id, "proved");
    const entry = [...stand.host("mx1").journal.values()][0];
    if (entry) entry.expires -= 300;
    await stand.slice.service.extend(anna, id, { expiresInSeconds: 600, reason: "not over" });
    await stand.reach(id, "proved");
    const left = ([...stand.host("mx1").journal.values()][0]?.expires ?? 0) - stand.host("mx1").now();
    expect(left).toBeGreaterThan(590);
  });

  it("an order whose time ran out before it could go out is not sent", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    stand.fleet.cut("mx1");
    const { id } = await stand.brake({ at: ["mx1"], expiresInSeconds: 60 });
    await stand.reach(id, "unreachable");
    await stand.db.store.brake.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 2_000) } });
    const ended = await stand.until(id, (view) => view.ended);
    expect(ended.applications[0]).toMatchObject({ endedHow: "never-applied" });
    stand.fleet.connect("mx1");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stand.host("mx1").journal.size).toBe(0);
  });
});

describe("what a person may not do", () => {
  it.each([
    [
      "the management address",
      { match: [{ kind: "client", value: "192.0.2.0/24" }] },
      "protected-lane",
      "match.0.value",
    ],
    [
      "the protected lane",
      { match: [{ kind: "recipient", value: "pager@oncall.test" }] },
      "protected-lane",
      "match.0.value",
    ],
    ["mail lost unconfirmed", { effect: "discard" }, "needs-confirmation", "confirmation"],
    ["a match without form", { match: [{ kind: "client", value: "10.1.2.3/8" }] }, "bad-input", "match.0.value"],
    ["a throttle without a rate", { effect: "throttle" }, "bad-input", "throttle"],
    ["a cell that is not there", { effect: "pause" }, "bad-input", "blockPointIds.0"],
    ["an unknown point", { blockPointIds: ["nowhere"] }, "bad-input", "blockPointIds.0"],
  ] as const)("%s", async (_name, order, code, field) => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const attempt = stand.brake({ at: ["mx1"], ...(order as object) });
    await expect(attempt).rejects.toMatchObject({ code, field });
    expect(await stand.db.store.brake.count()).toBe(0);
    expect(stand.host("mx1").requests.map(({ verb }) => verb)).not.toContain("apply");
    if (code !== "bad-input") expect(await stand.actions()).toEqual(["brake.refused"]);
  });

  it("twice lifted is refused with the reason", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const { id } = await stand.brake({ at: ["mx1"], effect: "discard", confirmation: "discard" });
    await stand.reach(id, "applied");
    await stand.lift(id);
    await expect(stand.lift(id)).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("lists", () => {
  it("come in pages, by state and by block point", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1", "mx2"] });
    const ids: string[] = [];
    for (let count = 0; count < 5; count++)
      ids.push((await stand.brake({ at: [count === 0 ? "mx2" : "mx1"], effect: "hold" })).id);
    const first = await stand.slice.service.list({ state: "active", pageSize: 3 });
    const second = await stand.slice.service.list({ state: "active", pageSize: 3, cursor: first.nextCursor ?? "" });
    expect([...first.brakes, ...second.brakes].map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(second.nextCursor).toBeNull();
    const atMx2 = await stand.slice.service.list({ state: "all", pageSize: 10, blockPointId: pointId("mx2") });
    expect(atMx2.brakes).toHaveLength(1);
    await expect(stand.slice.service.list({ state: "all", pageSize: 3, cursor: "gone" })).rejects.toMatchObject({
      field: "cursor",
    });
  });
});
