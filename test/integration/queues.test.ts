import type {
  BrakeView,
  QueueActionView,
  QueuedMessage,
  QueueInstance,
  QueuePreview,
  SurveyView,
} from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultFleet } from "../lab/index.ts";
import { RealStack } from "../stack/real-stack.ts";
import { waitUntil } from "../stack/wait-until.ts";

const outside = "nowhere.example";
const all = { match: [{ kind: "all", value: "" }] };
const from = (value: string) => ({ match: [{ kind: "sender", value }] });

describe("queued mail of a Postfix, through the API", () => {
  let stack: RealStack;
  let instance: QueueInstance;
  const mx1 = () => stack.lab.host("mx1");
  const call = <T>(method: string, path: string, body?: unknown) => stack.plane.call<T>(method, path, body);
  const search = async (selection: object) =>
    (await call<{ messages: QueuedMessage[] }>("POST", `/api/instances/${instance.id}/queue/search`, { selection }))
      .messages;
  const act = async (action: string, selection: object, more: object = {}) => {
    const order = { action, selection, instanceIds: [instance.id], reason: "test", ...more };
    return ended(await call<QueueActionView>("POST", "/api/queue-actions", order));
  };
  const ended = ({ id }: QueueActionView) =>
    waitUntil(`queue action ${id} to end`, async () => {
      const view = await call<QueueActionView>("GET", `/api/queue-actions/${id}`);
      return view.ended ? view : undefined;
    });

  beforeAll(async () => {
    const hosts = defaultFleet().filter(({ name }) => name === "mx1");
    stack = await RealStack.up({ name: "queues", hosts, enrol: ["mx1"] });
    await mx1().shell("postconf -e 'defer_transports = smtp' && postfix reload");
    await mx1().shell(
      `for n in 1 2 3 4 5; do echo "Subject: number $n" | sendmail -f "loud$n@spam.example" bob@${outside}; done
      for n in 1 2 3; do echo "Subject: quiet $n" | sendmail -f "quiet$n@good.example" amy@${outside}; done`,
    );
    const { instances } = await call<{ instances: QueueInstance[] }>("GET", "/api/queue-instances");
    expect(instances.map(({ mta, connected }) => ({ mta, connected }))).toEqual([{ mta: "postfix", connected: true }]);
    [instance] = instances as [QueueInstance];
    await waitUntil("all to be deferred", async () =>
      (await search({ ...all, queue: "deferred" })).length === 8 ? true : undefined,
    );
  });
  afterAll(async () => {
    await stack?.down();
  });

  it("is counted, listed, shown and surveyed", async () => {
    const order = { action: "delete", selection: from("spam.example"), instanceIds: [instance.id] };
    const preview = await call<QueuePreview>("POST", "/api/queue-actions/preview", order);
    expect(preview).toMatchObject({ messages: 5, losesMail: true, confirmationWord: "delete" });
    const [message] = await search(from("quiet2@good.example"));
    expect(message).toMatchObject({ queue: "deferred", sender: "quiet2@good.example", recipients: [`amy@${outside}`] });
    const url = `/api/instances/${instance.id}/queue/messages/${message?.id}`;
    expect(await call("GET", `${url}?body=true`)).toMatchObject({
      headers: expect.arrayContaining([{ name: "Subject", value: "quiet 2" }]),
      body: expect.any(String),
    });
    const survey = await call<SurveyView>("POST", `/api/instances/${instance.id}/survey`, { rows: 10 });
    expect(survey).toMatchObject({ messages: 8, complete: true });
    expect(survey.tops.find(({ of }) => of === "senderDomain")?.rows).toMatchObject([
      { value: "spam.example", messages: 5 },
      { value: "good.example", messages: 3 },
    ]);
  });

  it("is followed: the host ticks each second, and its agent ends when nobody watches", async () => {
    const agents = async () =>
      Number((await mx1().shell("ps -eo args | grep -c '[m]ailbrake-agent' || :")).stdout.trim());
    const before = await agents();
    const leave = new AbortController();
    const response = await fetch(`${stack.plane.url}/api/instances/${instance.id}/follow`, {
      headers: { cookie: stack.plane.cookie },
      signal: leave.signal,
    });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.split("event: tick").length > 3) break;
    }
    expect(await agents()).toBeGreaterThan(before);
    leave.abort();
    await waitUntil("the follower's agent to end", async () => (await agents()) <= before);
    expect(text).toMatch(/event: tick\ndata: \{"time":\d+,"queues":\[\{"queue":"deferred","messages":8\}\]/);
  });

  it("is held and released, deleted and restored, each exactly what was chosen", async () => {
    const held = await act("hold", from("spam.example"));
    expect(held.jobs).toMatchObject([{ state: "done", total: 5, done: 5, failed: 0 }]);
    expect(await search({ ...all, queue: "hold" })).toHaveLength(5);
    expect((await act("release", from("loud1@spam.example"))).jobs).toMatchObject([{ state: "done", done: 1 }]);
    expect(await search({ ...all, queue: "hold" })).toHaveLength(4);

    const gone = await act("delete", from("spam.example"), { confirmation: "delete" });
    expect(gone.jobs).toMatchObject([
      { state: "done", done: 5, backup: expect.stringContaining(gone.jobs[0]?.id ?? "-") },
    ]);
    expect(await search(all)).toHaveLength(3);
    const back = await ended(
      await call<QueueActionView>("POST", `/api/queue-actions/${gone.id}/restore`, { reason: "wrong mail" }),
    );
    expect(back.jobs).toMatchObject([{ state: "done", done: 5 }]);
    expect(await search({ ...from("spam.example"), queue: "hold" })).toHaveLength(5);
  });

  it("goes out slowly where a rate is given, on the host alone, until it is stopped", async () => {
    const order = { action: "release", selection: from("spam.example"), instanceIds: [instance.id], reason: "slowly" };
    const made = await call<QueueActionView>("POST", "/api/queue-actions", { ...order, ratePerMinute: 1 });
    await waitUntil("it to run", async () => {
      const { jobs } = await call<QueueActionView>("GET", `/api/queue-actions/${made.id}`);
      return jobs[0]?.state === "running" ? true : undefined;
    });
    await stack.plane.stop("SIGKILL");
    await stack.plane.startAgain();
    await call("POST", `/api/queue-actions/${made.id}/stop`, { reason: "enough" });
    const stopped = await ended(made);
    expect(stopped.jobs).toMatchObject([{ state: "stopped", total: 5 }]);
    expect(stopped.jobs[0]?.done).toBeLessThan(5);
  });

  it("delays no brake", async () => {
    const point = await stack.point("mx1", "listener:smtp/inet");
    const brake = await stack.brake({ effect: "tempfail", blockPointIds: [point.id] });
    await stack.reach(brake.id, ["proved"]);
    await stack.lift(brake.id);
    const open: BrakeView = await stack.reach(brake.id, ["open"]);
    expect(open.applications).toHaveLength(1);
  });
});
