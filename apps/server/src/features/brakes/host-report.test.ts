import { afterEach, describe, expect, it } from "vitest";
import { anna, BrakesTestStand } from "./brakes-test-stand.ts";

let stand: BrakesTestStand;
afterEach(() => stand.close());

describe("what a host reports", () => {
  it("a brake lifted by its root is taken in with the name of who did it", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const { id, applications } = await stand.brake({ at: ["mx1"] });
    await stand.reach(id, "proved");
    stand.host("mx1").end(applications[0]?.id ?? "", "lifted", "root", "by hand");
    stand.fleet.connect("mx1");
    const ended = await stand.until(id, (view) => view.ended);
    expect(ended.applications[0]).toMatchObject({ endedHow: "lifted" });
    const event = await stand.db.store.auditEvent.findFirst({ where: { action: "application.lifted" } });
    expect(event).toMatchObject({ actorKind: "host", actorName: "root on mx1" });
  });

  it("a brake that is missing without having ended is applied again, and the trail says so", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const { id } = await stand.brake({ at: ["mx1"] });
    await stand.reach(id, "proved");
    stand.host("mx1").journal.clear();
    stand.fleet.connect("mx1");
    await stand.until(id, () => stand.host("mx1").journal.size === 1);
    await stand.reach(id, "proved");
    expect(await stand.actions()).toContain("application.drifted");
  });

  it("drift is said once, and goes when the host is as it was", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const { id } = await stand.brake({ at: ["mx1"], effect: "hold" });
    await stand.reach(id, "applied");
    const entry = [...stand.host("mx1").journal.values()][0];
    entry?.drift.push("/etc/postfix/main.cf: smtpd_client_restrictions was changed");
    for (let look = 0; look < 3; look++) {
      stand.fleet.connect("mx1");
      await stand.reach(id, "drifted");
    }
    expect((await stand.actions()).filter((action) => action === "application.drifted")).toHaveLength(1);
    expect((await stand.slice.service.read(id)).applications[0]?.detail).toContain("main.cf");
    if (entry) entry.drift.length = 0;
    stand.fleet.connect("mx1");
    await stand.reach(id, "applied");
  });

  it("an ending is believed only once the host has done repairing itself", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const { id, applications } = await stand.brake({ at: ["mx1"], effect: "hold" });
    await stand.reach(id, "applied");
    stand
      .host("mx1")
      .refusals.push({ verb: "lift", error: "internal", message: "lifted in the journal, but: postfix reload failed" });
    await stand.lift(id);
    await stand.reach(id, "refused");
    stand.host("mx1").end(applications[0]?.id ?? "", "lifted", "Anna Admin", "over");
    stand.host("mx1").dirty = true;
    stand.fleet.connect("mx1");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await stand.slice.service.read(id)).ended).toBe(false);
    stand.host("mx1").dirty = false;
    await stand.until(id, (view) => view.ended);
  });

  it("a brake made by hand on the host becomes a brake here, and can be lifted here", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const now = stand.host("mx1").now();
    stand.host("mx1").journal.set("local-1", {
      values: {
        app: "local-1",
        brake: "L1",
        instance: "postfix:/etc/postfix",
        point: "listener:smtp/inet",
        effect: "tempfail",
        match: "sender:a@b.test",
        by: "root",
        reason: "night",
      },
      since: now - 60,
      expires: now + 600,
      origin: "local",
      drift: [],
    });
    stand.fleet.connect("mx1");
    let list = await stand.slice.service.list({ state: "active", pageSize: 10 });
    for (let tries = 0; list.brakes.length === 0 && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      list = await stand.slice.service.list({ state: "active", pageSize: 10 });
    }
    expect(list.brakes[0]).toMatchObject({
      origin: "local",
      createdBy: "root on mx1",
      ref: "L1",
      match: [{ kind: "sender", value: "a@b.test" }],
    });
    const id = list.brakes[0]?.id ?? "";
    await stand.reach(id, "proved");
    await expect(stand.slice.service.extend(anna, id, { expiresInSeconds: 600, reason: "x" })).rejects.toThrow(
      "by hand",
    );
    await stand.lift(id);
    await stand.reach(id, "open");
    expect(stand.host("mx1").journal.size).toBe(0);
    expect(await stand.actions()).toContain("brake.made-on-host");
  });

  it("something that was lifted and is on the host again is lifted again", async () => {
    stand = await BrakesTestStand.open({ hosts: ["mx1"] });
    const { id } = await stand.brake({ at: ["mx1"] });
    await stand.reach(id, "proved");
    const before = new Map(stand.host("mx1").journal);
    await stand.lift(id);
    await stand.reach(id, "open");
    // As after a restore of the host's disk.
    for (const [app, entry] of before) stand.host("mx1").journal.set(app, entry);
    stand.host("mx1").ended.clear();
    stand.fleet.connect("mx1");
    await stand.until(
      id,
      () => stand.host("mx1").requests.at(-1)?.verb === "lift" || stand.host("mx1").journal.size === 0,
    );
    stand.fleet.connect("mx1");
    await stand.until(id, (view) => view.ended && stand.host("mx1").journal.size === 0);
  });
});
