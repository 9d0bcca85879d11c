import type { AddressInfo } from "node:net";
import { queueActionViewSchema, surveyViewSchema, type UserRole } from "@mailbrake/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import { as, buildTestApp } from "../../platform/test-app.ts";
import { allMail, instanceAt, QueuesTestStand } from "./queues-test-stand.ts";

let stand: QueuesTestStand;
let app: MailbrakeApp;
beforeEach(async () => {
  stand = await QueuesTestStand.open(["mx1", "mx2"]);
  stand.host("mx1").queue.fill(5);
  app = await buildTestApp([stand.slice.registerRoutes]);
});
afterEach(async () => {
  await app.close();
  await stand.close();
});

const mx1 = instanceAt("mx1");
const post = (role: UserRole, url: string, payload: object) =>
  app.inject({ method: "POST", url, payload, headers: { ...as(role), origin: "http://localhost:8090" } });
const get = (role: UserRole, url: string) => app.inject({ method: "GET", url, headers: as(role) });
const order = { action: "hold", selection: allMail, instanceIds: [mx1], reason: "spam wave" };

describe("the routes of queues", () => {
  it("list mail servers and no firewalls", async () => {
    await stand.db.store.instance.update({ where: { id: instanceAt("mx2") }, data: { mta: "nftables" } });
    stand.fleet.cut("mx1");
    const { instances } = (await get("viewer", "/api/queue-instances")).json();
    expect(instances).toEqual([
      { id: mx1, hostId: "mx1", hostName: "mx1", instance: "postfix:/etc/postfix", mta: "postfix", connected: false },
    ]);
    const refused = await post("operator", "/api/queue-actions", { ...order, instanceIds: [instanceAt("mx2")] });
    expect(refused.json().error).toMatchObject({ code: "bad-input", field: "instanceIds.0" });
    expect((await get("viewer", `/api/instances/${instanceAt("mx2")}/survey`)).statusCode).toBe(404);
  });

  it("page through messages", async () => {
    const search = (after?: string) =>
      post("viewer", `/api/instances/${mx1}/queue/search`, { selection: allMail, pageSize: 3, after });
    const first = (await search()).json();
    expect(first.messages).toHaveLength(3);
    const second = (await search(first.nextCursor)).json();
    expect(second.messages.map(({ id }: { id: string }) => id)).toEqual(["Q3", "Q4"]);
    expect(second.nextCursor).toBeNull();
  });

  it("show headers to an operator, and the text to an admin alone, recorded before it is read", async () => {
    const url = `/api/instances/${mx1}/queue/messages/Q1`;
    expect((await get("viewer", url)).statusCode).toBe(403);
    const headers = (await get("operator", url)).json();
    expect(headers).toMatchObject({ message: { id: "Q1" }, headers: [{ name: "Subject" }], body: null });
    expect(await stand.actions()).toEqual([]);
    expect((await get("operator", `${url}?body=true`)).statusCode).toBe(403);
    expect((await get("admin", `${url}?body=true`)).json()).toMatchObject({ body: "Hello, Bob" });
    stand.fleet.cut("mx1");
    expect((await get("admin", `${url}?body=true`)).statusCode).toBe(502);
    expect(await stand.actions()).toEqual(["queue.body-refused", "queue.body-read", "queue.body-read"]);
    expect((await get("admin", `/api/instances/${mx1}/queue/messages/..%2Fetc`)).statusCode).toBe(400);
  });

  it("act, show, list, stop and restore", async () => {
    const answer = await post("operator", "/api/queue-actions", { ...order, action: "delete", confirmation: "delete" });
    expect(answer.statusCode).toBe(201);
    const made = queueActionViewSchema.parse(answer.json());
    expect(made.createdBy).toBe("Test operator");
    await stand.until(made.id, ({ ended }) => ended);
    expect((await get("viewer", `/api/queue-actions/${made.id}`)).json()).toMatchObject({ ended: true });
    const list = async (query: string) => (await get("viewer", `/api/queue-actions?${query}`)).json();
    expect((await list("state=running")).actions).toHaveLength(0);
    expect((await list(`state=ended&instanceId=${mx1}`)).actions).toHaveLength(1);
    expect((await list(`instanceId=${instanceAt("mx2")}`)).actions).toHaveLength(0);
    const back = await post("operator", `/api/queue-actions/${made.id}/restore`, { reason: "wrong mail" });
    expect(back.statusCode).toBe(201);
    await stand.until(back.json().id, ({ ended }) => ended);
    expect((await list("pageSize=1")).nextCursor).toBe(back.json().id);
    expect((await list(`pageSize=1&cursor=${back.json().id}`)).actions).toMatchObject([{ id: made.id }]);
    const late = await post("operator", `/api/queue-actions/${made.id}/stop`, { reason: "late" });
    expect(late.json().error).toMatchObject({ code: "conflict" });
  });

  it("let a viewer count and look, and change nothing", async () => {
    expect((await post("viewer", "/api/queue-actions/preview", order)).json()).toMatchObject({ messages: 5 });
    expect((await post("viewer", "/api/queue-actions", order)).statusCode).toBe(403);
    for (const what of ["stop", "restore"])
      expect((await post("viewer", `/api/queue-actions/x/${what}`, { reason: "no" })).statusCode).toBe(403);
    expect(await stand.db.store.queueAction.count()).toBe(0);
  });

  it.each([
    [{ ...order, reason: " " }, "reason", 400],
    [{ ...order, instanceIds: [] }, "instanceIds", 400],
    [{ ...order, instanceIds: ["nowhere"] }, "instanceIds.0", 400],
    [{ ...order, instanceIds: [mx1, mx1] }, "instanceIds.1", 400],
    [{ ...order, action: "restore" }, "action", 400],
    [{ ...order, selection: { match: [{ kind: "login", value: "bob" }] } }, "selection.match.0.kind", 400],
    [{ ...order, selection: { match: [{ kind: "client", value: "nonsense" }] } }, "selection.match.0.value", 400],
    [{ ...order, selection: { ...allMail, olderSeconds: 60, youngerSeconds: 60 } }, "selection.youngerSeconds", 400],
    [{ ...order, selection: { ...allMail, applicationId: "none" } }, "selection.applicationId", 400],
    [{ ...order, ratePerMinute: 10 }, "ratePerMinute", 400],
    [{ ...order, action: "release", stopAboveQueued: 10 }, "stopAboveQueued", 400],
    [{ ...order, action: "bounce" }, "confirmation", 409],
  ])("name the field that is wrong: %#", async (body, field, status) => {
    const answer = await post("operator", "/api/queue-actions", body);
    expect(answer.json().error).toMatchObject({ field });
    expect(answer.statusCode).toBe(status);
    expect(await stand.db.store.queueAction.count()).toBe(0);
  });

  it("take a survey once for all who ask, and keep the last", async () => {
    const url = `/api/instances/${mx1}/survey`;
    expect((await get("viewer", url)).json()).toEqual({ survey: null });
    const [one, two] = await Promise.all([post("viewer", url, {}), post("viewer", url, {})]);
    expect(stand.host("mx1").queue.surveys).toBe(1);
    expect(one.json()).toEqual(two.json());
    expect(surveyViewSchema.parse(one.json())).toMatchObject({ messages: 5, tops: [{ of: "sender" }] });
    await post("viewer", url, { rows: 5 });
    expect(await stand.db.store.survey.count()).toBe(1);
    stand.fleet.cut("mx1");
    expect((await post("viewer", url, {})).json().error).toMatchObject({ code: "host-unreachable" });
    expect((await get("viewer", url)).json().survey).toMatchObject({ messages: 5 });
  });
});

/** Reads an event stream until `enough`, then leaves. */
async function readStream(url: string, enough: (text: string) => boolean): Promise<string> {
  const leave = new AbortController();
  const response = await fetch(url, { headers: as("viewer"), signal: leave.signal });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (enough(text)) break;
  }
  leave.abort();
  return text;
}

describe("following", () => {
  const follow = () => {
    const { port } = app.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/api/instances/${mx1}/follow`;
  };
  const untilNone = async () => {
    const end = Date.now() + 3_000;
    while (stand.fleet.follows > 0) {
      if (Date.now() > end) throw new Error("the host is followed, and nobody watches");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  beforeEach(() => app.listen({ host: "127.0.0.1", port: 0 }));

  it("is asked once of the host for all who watch, and ends with the last of them", async () => {
    let most = 0;
    const enough = (text: string) => {
      most = Math.max(most, stand.fleet.follows);
      return text.split("event: tick").length > 4;
    };
    const [one] = await Promise.all([readStream(follow(), enough), readStream(follow(), enough)]);
    expect(one).toMatch(/event: tick\ndata: \{"time":\d+,"queues":\[\{"queue":"deferred","messages":5\}\]/);
    expect(most).toBe(1);
    await untilNone();
    await readStream(follow(), (text) => text.includes("event: tick"));
    await untilNone();
  });

  it("says why it can't go on", async () => {
    const text = await readStream(follow(), (soFar) => {
      if (soFar.includes("event: tick")) stand.fleet.cut("mx1");
      return soFar.includes("event: end");
    });
    expect(text).toContain('event: end\ndata: {"why":"the connection was lost"}');
    await untilNone();
  });

  it("of what is not there is an ordinary error", async () => {
    expect((await get("viewer", "/api/instances/none/follow")).statusCode).toBe(404);
  });
});
