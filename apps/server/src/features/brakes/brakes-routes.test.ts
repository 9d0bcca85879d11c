import { brakeViewSchema, type UserRole } from "@mailbrake/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import { as, buildTestApp } from "../../platform/test-app.ts";
import { pointId } from "../../platform/test-host-rows.ts";
import { BrakesTestStand } from "./brakes-test-stand.ts";

let stand: BrakesTestStand;
let app: MailbrakeApp;
beforeEach(async () => {
  stand = await BrakesTestStand.open({ hosts: ["mx1"] });
  app = await buildTestApp([stand.slice.registerRoutes]);
});
afterEach(async () => {
  await app.close();
  await stand.close();
});

const order = {
  effect: "tempfail",
  match: [{ kind: "all" }],
  blockPointIds: [pointId("mx1")],
  reason: "spam wave",
  expiresInSeconds: null,
};
const post = (role: UserRole, url: string, payload: object) =>
  app.inject({ method: "POST", url, payload, headers: { ...as(role), origin: "http://localhost:8090" } });
const get = (role: UserRole, url: string) => app.inject({ method: "GET", url, headers: as(role) });

describe("the routes of brakes", () => {
  it("plan without changing anything, brake, show, extend and lift", async () => {
    const plan = await post("operator", "/api/plans", order);
    expect(plan.statusCode).toBe(200);
    expect(plan.json()).toMatchObject({
      plans: [{ outcome: "planned", steps: [{ text: "postfix reload" }] }],
      losesMail: false,
      confirmationWord: null,
    });
    expect(stand.host("mx1").journal.size).toBe(0);

    const made = await post("operator", "/api/brakes", order);
    expect(made.statusCode).toBe(201);
    const brake = brakeViewSchema.parse(made.json());
    expect(brake.createdBy).toBe("Test operator");
    await stand.reach(brake.id, "proved");
    expect((await get("viewer", `/api/brakes/${brake.id}`)).json()).toMatchObject({
      ref: brake.ref,
      applications: [{ state: "proved" }],
    });
    expect((await get("viewer", "/api/brakes")).json().brakes).toHaveLength(1);
    expect(
      (await post("operator", `/api/brakes/${brake.id}/extend`, { expiresInSeconds: 600, reason: "on" })).statusCode,
    ).toBe(200);
    await stand.reach(brake.id, "proved");
    expect((await post("operator", `/api/brakes/${brake.id}/lift`, { reason: "over" })).statusCode).toBe(200);
    await stand.reach(brake.id, "open");
    expect((await get("viewer", "/api/brakes?state=ended")).json().brakes).toHaveLength(1);
  });

  it("cut open sessions where asked: in the plan, the order, the record and the audit trail", async () => {
    const cut = { ...order, cutSessions: true };
    expect((await post("operator", "/api/plans", cut)).json().plans).toMatchObject([{ cutsSessions: true }]);
    const made = (await post("operator", "/api/brakes", cut)).json();
    expect(made.cutSessions).toBe(true);
    await stand.reach(made.id, "proved");
    expect(stand.host("mx1").requests.find(({ verb }) => verb === "apply")?.values).toMatchObject({ cut: "1" });
    const asked = await stand.db.store.auditEvent.findFirstOrThrow({ where: { action: "brake.asked" } });
    expect(JSON.parse(asked.data)).toMatchObject({ cutSessions: true });
    const plain = (await post("operator", "/api/brakes", order)).json();
    expect(plain.cutSessions).toBe(false);
    await stand.reach(plain.id, "applied", "proved");
    const applies = stand.host("mx1").requests.filter(({ verb }) => verb === "apply");
    expect(applies.at(-1)?.values).not.toHaveProperty("cut");
  });

  it("give a door an effect of its own: in the plan, the order, the record, the board and the audit trail", async () => {
    const own = { ...order, otherEffects: [{ blockPointId: pointId("mx1"), effect: "reject" }] };
    expect((await post("operator", "/api/plans", own)).json().plans).toMatchObject([
      { effect: "reject", mta: "postfix", outcome: "planned" },
    ]);
    const made = (await post("operator", "/api/brakes", own)).json();
    expect(made).toMatchObject({ effect: "tempfail", applications: [{ effect: "reject", mta: "postfix" }] });
    // proved by a 5xx: the probe looks for what the door was told
    await stand.reach(made.id, "proved");
    expect(stand.host("mx1").requests.find(({ verb }) => verb === "apply")?.values).toMatchObject({ effect: "reject" });
    const events = await stand.db.store.auditEvent.findMany({ orderBy: { sequence: "asc" } });
    const asked = events.find(({ action }) => action === "brake.asked");
    expect(JSON.parse(asked?.data ?? "")).toMatchObject({ effect: "tempfail", otherEffects: own.otherEffects });
    expect(events.find(({ action }) => action === "application.applied")?.summary).toContain("reject all mail");
  });

  it("refuse an effect of its own for a door that is not chosen, that can't do it, or that loses mail unconfirmed", async () => {
    const other = (blockPointId: string, effect: string) => ({ ...order, otherEffects: [{ blockPointId, effect }] });
    for (const url of ["/api/plans", "/api/brakes"]) {
      const answer = await post("operator", url, other("elsewhere", "reject"));
      expect(answer.statusCode).toBe(400);
      expect(answer.json().error).toMatchObject({ field: "otherEffects.0.blockPointId" });
    }
    const pause = await post("operator", "/api/brakes", other(pointId("mx1"), "pause"));
    expect(pause.json().error).toMatchObject({ field: "blockPointIds.0" });
    const rateless = await post("operator", "/api/brakes", other(pointId("mx1"), "throttle"));
    expect(rateless.json().error).toMatchObject({ field: "throttle" });
    const discard = other(pointId("mx1"), "discard");
    expect((await post("operator", "/api/plans", discard)).json()).toMatchObject({ confirmationWord: "discard" });
    expect((await post("operator", "/api/brakes", discard)).json().error).toMatchObject({ field: "confirmation" });
    expect(stand.host("mx1").journal.size).toBe(0);
  });

  it("refuse two conditions that can't be ANDed, and sessions where there are none", async () => {
    const two = [
      { kind: "sender", value: "a.test" },
      { kind: "recipient", value: "b.test" },
    ];
    const anded = await post("operator", "/api/brakes", { ...order, match: two });
    expect(anded.json().error).toMatchObject({ code: "bad-input", field: "blockPointIds.0" });
    await stand.db.store.blockPoint.updateMany({ data: { kind: "local" } });
    const cut = await post("operator", "/api/brakes", { ...order, cutSessions: true });
    expect(cut.json().error).toMatchObject({ field: "blockPointIds.0", detail: expect.stringContaining("sessions") });
    expect(await stand.db.store.brake.count()).toBe(0);
  });

  it("let a viewer look, and change nothing", async () => {
    for (const url of ["/api/plans", "/api/brakes"]) expect((await post("viewer", url, order)).statusCode).toBe(403);
    for (const url of ["/api/brakes/x/lift", "/api/brakes/x/extend", "/api/applications/x/retry"])
      expect((await post("viewer", url, { reason: "no" })).statusCode).toBe(403);
    expect((await app.inject({ method: "GET", url: "/api/brakes" })).statusCode).toBe(401);
    expect(await stand.db.store.brake.count()).toBe(0);
  });

  it.each([
    [{ ...order, reason: " " }, "reason", 400],
    [{ ...order, blockPointIds: [] }, "blockPointIds", 400],
    [{ ...order, match: [{ kind: "client", value: "nonsense" }] }, "match.0.value", 400],
    [{ ...order, expiresInSeconds: 5 }, "expiresInSeconds", 400],
    [{ ...order, text: "line\nbreak" }, "text", 400],
    [{ ...order, effect: "discard" }, "confirmation", 409],
    [{ ...order, match: [{ kind: "client", value: "192.0.2.0/24" }] }, "match.0.value", 409],
  ])("name the field that is wrong: %#", async (body, field, status) => {
    const answer = await post("operator", "/api/brakes", body);
    expect(answer.statusCode).toBe(status);
    expect(answer.json().error).toMatchObject({ field });
    expect(await stand.db.store.brake.count()).toBe(0);
  });

  it("say what is not there", async () => {
    expect((await get("viewer", "/api/brakes/none")).statusCode).toBe(404);
    expect((await post("operator", "/api/brakes/none/lift", { reason: "x" })).statusCode).toBe(404);
    expect((await post("operator", "/api/applications/none/retry", {})).statusCode).toBe(404);
  });

  it("plan says for each point what can't be done there or asked, and which doors stay open", async () => {
    stand.fleet.cut("mx1");
    const away = (await post("operator", "/api/plans", order)).json();
    expect(away.plans[0]).toMatchObject({ outcome: "unreachable", detail: "no route to host" });
    const never = (await post("operator", "/api/plans", { ...order, effect: "pause" })).json();
    expect(never.plans[0]).toMatchObject({ outcome: "refused" });
    expect(never.plans[0].detail).toContain("tempfail");
  });
});
