/** Event streams over real sockets. */
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildApp } from "../app.ts";
import { createEventBus, type EventBus } from "./event-bus.ts";
import { createLiveConnections, type LiveConnections } from "./live-connections.ts";
import type { MailbrakeApp } from "./mailbrake-app.ts";

interface Stream {
  text: () => string;
  ended: Promise<void>;
  abort(): void;
}

describe("live events", () => {
  let app: MailbrakeApp;
  let bus: EventBus;
  let connections: LiveConnections;
  let url: string;

  beforeEach(async () => {
    bus = createEventBus({ keep: 5, firstId: 100 });
    connections = createLiveConnections(bus, 2);
    app = await buildApp({
      config: { url: "http://localhost", trustedProxies: [] },
      connections,
      slices: [],
      dashboardFolder: "/nonexistent",
      authenticate: async (request) => {
        const id = String(request.headers["x-test-user"] ?? "");
        const user = { id, name: id, email: `${id}@lab.example`, role: "viewer" as const };
        return id ? { user, sessionId: `session-${id}`, sessionExpiresAt: new Date(Date.now() + 60_000) } : null;
      },
      onRefused: async () => {},
    });
    await app.listen({ host: "127.0.0.1", port: 0 });
    url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/api/events`;
  });
  afterEach(() => app.close());

  async function waitUntil(what: () => boolean): Promise<void> {
    const deadline = Date.now() + 5_000;
    while (!what()) {
      if (Date.now() > deadline) throw new Error("it did not happen within 5 s");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async function open(user: string, lastEventId?: number): Promise<Stream> {
    const before = connections.count();
    const controller = new AbortController();
    const headers = {
      "x-test-user": user,
      ...(lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) }),
    };
    const answer = await fetch(url, { headers, signal: controller.signal });
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    let text = "";
    // Ends by an abort too, as an error; how it ended is for each test to look at.
    const ended = (async () => {
      const decoder = new TextDecoder();
      if (answer.body) for await (const chunk of answer.body) text += decoder.decode(chunk, { stream: true });
    })().catch(() => {});
    if (before < 2) await waitUntil(() => connections.count() > before);
    return { text: () => text, ended, abort: () => controller.abort() };
  }

  it("carries each change with its number", async () => {
    const stream = await open("ada");
    bus.publish({ kind: "brake", brakeId: "b1" });
    await waitUntil(() => stream.text().includes("b1"));
    expect(stream.text()).toContain('id: 101\nevent: change\ndata: {"kind":"brake","brakeId":"b1"}\n\n');
  });

  it("gives what was missed, or says that everything may have changed", async () => {
    for (let i = 1; i <= 4; i++) bus.publish({ kind: "audit", sequence: i });
    const short = await open("ada", 102);
    await waitUntil(() => short.text().includes("id: 104"));
    expect(short.text()).not.toContain("id: 102");
    const unknown = await open("bob", 7);
    await waitUntil(() => unknown.text().includes("everything"));
    for (let i = 5; i <= 40; i++) bus.publish({ kind: "audit", sequence: i });
    short.abort();
    unknown.abort();
    await waitUntil(() => connections.count() === 0);
    const long = await open("ada", 103);
    await waitUntil(() => long.text().includes('data: {"kind":"everything"}'));
  });

  it("needs a session", async () => {
    expect((await fetch(url)).status).toBe(401);
  });

  it("ends with the session, and with the user", async () => {
    const ada = await open("ada");
    const bob = await open("bob");
    connections.closeSession("session-ada");
    await ada.ended;
    connections.closeUser("bob");
    await bob.ended;
    expect(connections.count()).toBe(0);
  });

  it("keeps at most so many a user, the newest", async () => {
    const first = await open("ada");
    await open("ada");
    await open("ada");
    await first.ended;
    expect(connections.count()).toBe(2);
  });

  it("cuts a reader that takes nothing, and fills no memory for it", async () => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET /api/events HTTP/1.1\r\nHost: localhost\r\nx-test-user: slow\r\n\r\n");
    socket.pause();
    await waitUntil(() => connections.count() === 1);
    const large = { kind: "brake" as const, brakeId: "x".repeat(40) };
    for (let i = 0; i < 200_000 && connections.count() > 0; i++) {
      bus.publish(large);
      if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(connections.count()).toBe(0);
    socket.destroy();
  });

  it("lets the server stop", async () => {
    const stream = await open("ada");
    await app.close();
    await stream.ended;
  });
});
