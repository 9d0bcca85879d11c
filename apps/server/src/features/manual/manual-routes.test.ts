import {
  type ExternalPointDetail,
  externalPointDetailSchema,
  manualLimits,
  manualRunViewSchema,
  type UserRole,
} from "@mailbrake/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import { as, buildTestApp } from "../../platform/test-app.ts";
import { createTestStore, type TestStore } from "../../platform/test-store.ts";
import { createManualSlice } from "./index.ts";

let db: TestStore;
let app: MailbrakeApp;
beforeEach(async () => {
  db = await createTestStore();
  app = await buildTestApp([createManualSlice(db).registerRoutes]);
});
afterEach(async () => {
  await app.close();
  await db.close();
});

const send = (role: UserRole, method: "POST" | "PUT", url: string, payload: object) =>
  app.inject({ method, url, payload, headers: { ...as(role), origin: "http://localhost:8090" } });
const get = (role: UserRole, url: string) => app.inject({ method: "GET", url, headers: as(role) });
const door = { name: "Hosted filter", role: "inbound-mx", note: "https://filter.example, contract 17" };
const mechanism = {
  name: "Close the connector",
  effect: "tempfail",
  senderSees: "451 4.7.1",
  losesMail: false,
  applySteps: ["Switch it off"],
  undoSteps: ["Switch it on"],
  links: [],
};
const addDoor = async (name = door.name): Promise<ExternalPointDetail> =>
  externalPointDetailSchema.parse((await send("admin", "POST", "/api/external-points", { ...door, name })).json());

describe("the routes of doors by hand", () => {
  it("take a door from nothing through a run to its removal, each step by the role that may", async () => {
    expect((await get("viewer", "/api/external-points")).json()).toEqual({ externalPoints: [], nextCursor: null });
    expect((await send("operator", "POST", "/api/external-points", door)).statusCode).toBe(403);
    const added = await send("admin", "POST", "/api/external-points", door);
    expect(added.statusCode).toBe(201);
    const url = `/api/external-points/${added.json().id}`;
    expect((await send("operator", "POST", `${url}/mechanisms`, mechanism)).statusCode).toBe(403);
    const made = await send("admin", "POST", `${url}/mechanisms`, mechanism);
    expect(made.statusCode).toBe(201);
    const mechanismId = externalPointDetailSchema.parse(made.json()).mechanisms[0]?.id ?? "";

    const runs = `/api/manual-mechanisms/${mechanismId}/runs`;
    expect((await send("viewer", "POST", runs, { reason: "flood" })).statusCode).toBe(403);
    const started = await send("operator", "POST", runs, { reason: "flood" });
    expect(started.statusCode).toBe(201);
    const run = manualRunViewSchema.parse(started.json());
    const runUrl = `/api/manual-runs/${run.id}`;
    const tick = (role: UserRole, stepId = "") => send(role, "PUT", `${runUrl}/steps/${stepId}`, { ticked: true });
    expect((await tick("viewer", run.applySteps[0]?.id)).statusCode).toBe(403);
    expect((await tick("operator", run.applySteps[0]?.id)).json()).toMatchObject({
      state: "said-on",
      saidOnBy: "Test operator",
    });
    const [listed] = (await get("viewer", "/api/external-points")).json().externalPoints;
    expect(listed.mechanisms[0].standing).toMatchObject({ state: "said-on" });
    expect((await send("admin", "PUT", `/api/manual-mechanisms/${mechanismId}`, mechanism)).statusCode).toBe(409);
    expect((await send("viewer", "POST", `${runUrl}/undo`, { reason: "over" })).statusCode).toBe(403);
    expect((await send("operator", "POST", `${runUrl}/undo`, { reason: "over" })).statusCode).toBe(200);
    expect((await tick("operator", run.undoSteps[0]?.id)).json()).toMatchObject({ state: "said-lifted" });
    expect((await send("operator", "POST", `${runUrl}/give-up`, { reason: "late" })).statusCode).toBe(409);
    expect((await get("viewer", runUrl)).json()).toMatchObject({ state: "said-lifted" });

    const renamed = await send("admin", "PUT", url, { ...door, name: "Filter at the provider" });
    expect(renamed.json()).toMatchObject({ name: "Filter at the provider" });
    expect((await get("viewer", `${url}/runs`)).json().runs).toMatchObject([{ pointName: "Hosted filter" }]);
    expect((await send("operator", "POST", `${url}/remove`, { reason: "gone" })).statusCode).toBe(403);
    expect((await send("admin", "POST", `${url}/remove`, { reason: "gone" })).json()).toEqual({ ok: true });
    expect((await get("viewer", url)).statusCode).toBe(404);
    expect((await addDoor()).id).not.toBe(added.json().id);
  });

  it.each([
    [{ ...door, name: " " }, "name"],
    [{ ...door, name: "x".repeat(81) }, "name"],
    [{ ...door, role: "front" }, "role"],
    [{ ...door, note: "x".repeat(manualLimits.noteLength + 1) }, "note"],
  ])("name the field of a door that is wrong: %#", async (body, field) => {
    const answer = await send("admin", "POST", "/api/external-points", body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toMatchObject({ code: "bad-input", field });
    expect(await db.store.externalPoint.count()).toBe(0);
  });

  it.each([
    [{ ...mechanism, applySteps: [] }, "applySteps"],
    [{ ...mechanism, undoSteps: ["ok", " "] }, "undoSteps.1"],
    [{ ...mechanism, applySteps: Array(manualLimits.steps + 1).fill("step") }, "applySteps"],
    [{ ...mechanism, applySteps: ["x".repeat(manualLimits.stepLength + 1)] }, "applySteps.0"],
    [{ ...mechanism, effect: "stop" }, "effect"],
    [{ ...mechanism, effect: "discard" }, "losesMail"],
    [{ ...mechanism, senderSees: "" }, "senderSees"],
    [{ ...mechanism, links: [{ title: "Manual", url: "javascript:alert(1)" }] }, "links.0.url"],
  ])("name the field of a mechanism that is wrong: %#", async (body, field) => {
    const { id } = await addDoor();
    const answer = await send("admin", "POST", `/api/external-points/${id}/mechanisms`, body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toMatchObject({ code: "bad-input", field });
    expect(await db.store.manualMechanism.count()).toBe(0);
  });

  it("ask for a reason wherever something is begun, undone, given up or removed", async () => {
    for (const url of [
      "/api/manual-mechanisms/x/runs",
      "/api/manual-runs/x/undo",
      "/api/manual-runs/x/give-up",
      "/api/manual-mechanisms/x/remove",
      "/api/external-points/x/remove",
    ])
      for (const reason of [" ", "x".repeat(301)])
        expect((await send("admin", "POST", url, { reason })).json().error, url).toMatchObject({ field: "reason" });
  });

  it("page through doors and history, and refuse a page that can't be continued", async () => {
    for (const name of ["C", "A", "B"]) await addDoor(name);
    const page = async (query: string) => (await get("viewer", `/api/external-points?${query}`)).json();
    const first = await page("pageSize=2");
    expect(first.externalPoints.map(({ name }: { name: string }) => name)).toEqual(["A", "B"]);
    const second = await page(`pageSize=2&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ externalPoints: [{ name: "C" }], nextCursor: null });
    expect((await page("cursor=none")).error).toMatchObject({ code: "bad-input", field: "cursor" });
    expect((await page("pageSize=1000")).error).toMatchObject({ field: "pageSize" });

    const { id } = await addDoor("D");
    const url = `/api/external-points/${id}`;
    const made = externalPointDetailSchema.parse((await send("admin", "POST", `${url}/mechanisms`, mechanism)).json());
    for (const reason of ["one", "two", "three"]) {
      const run = await send("operator", "POST", `/api/manual-mechanisms/${made.mechanisms[0]?.id}/runs`, { reason });
      await send("operator", "POST", `/api/manual-runs/${run.json().id}/give-up`, { reason: "drill" });
    }
    const history = async (query: string) => (await get("viewer", `${url}/runs?${query}`)).json();
    const newest = await history("pageSize=2");
    expect(newest.runs.map(({ reason }: { reason: string }) => reason)).toEqual(["three", "two"]);
    expect((await history(`pageSize=2&cursor=${newest.nextCursor}`)).runs).toMatchObject([{ reason: "one" }]);
    expect((await history("cursor=none")).error).toMatchObject({ field: "cursor" });
  });

  it("refuse names that are taken, and more than there may be", async () => {
    const { id } = await addDoor();
    const again = await send("admin", "POST", "/api/external-points", door);
    expect(again.json().error).toMatchObject({ code: "conflict", field: "name" });
    const add = (name: string) =>
      send("admin", "POST", `/api/external-points/${id}/mechanisms`, { ...mechanism, name });
    for (let n = 0; n < manualLimits.mechanisms; n += 1) expect((await add(`way ${n}`)).statusCode).toBe(201);
    expect((await add("one more")).json().error).toMatchObject({
      code: "conflict",
      detail: expect.stringMatching(/all it may have/),
    });
    const { mechanisms } = (await get("viewer", `/api/external-points/${id}`)).json();
    const [first] = mechanisms;
    const url = `/api/manual-mechanisms/${first.id}`;
    expect((await send("admin", "PUT", url, { ...mechanism, name: "way 1" })).json().error).toMatchObject({
      field: "name",
    });
    expect((await send("admin", "PUT", url, { ...mechanism, name: "way 0" })).statusCode).toBe(200);
    expect((await send("admin", "POST", `${url}/remove`, { reason: "merged" })).statusCode).toBe(200);
    expect((await add("way 0")).statusCode).toBe(201);
    const at = new Date();
    const people = { createdAt: at, createdBy: "Ada", updatedAt: at, updatedBy: "Ada" };
    const rows = Array.from({ length: manualLimits.points }, (_, n) => ({
      id: `p${n}`,
      name: `p${n}`,
      note: "",
      ...people,
    }));
    await db.store.externalPoint.createMany({ data: rows });
    const full = await send("admin", "POST", "/api/external-points", { ...door, name: "one more" });
    expect(full.json().error).toMatchObject({ code: "conflict", detail: expect.stringMatching(/all there may be/) });
  });
});
