import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChildMessage, ParentMessage } from "../../platform/remote-fleet.ts";
import { ScriptedHost } from "../../platform/scripted-host.ts";
import { addHostRows } from "../../platform/test-host-rows.ts";
import { createTestStore, type TestStore } from "../../platform/test-store.ts";
import { type QueueStep, queueSteps } from "./queue-step-hook.ts";
import type { QueueOrders } from "./queues-crash-child.ts";
import { allMail, instanceAt } from "./queues-test-stand.ts";

const childPath = fileURLToPath(new URL("../../../dist/features/queues/queues-crash-child.js", import.meta.url));

let db: TestStore;
let host: ScriptedHost;
const children: ChildProcess[] = [];
/** Requests that wait for their answer's way back; dropped with the server that asked. */
let answering = true;

beforeEach(async () => {
  db = await createTestStore();
  host = new ScriptedHost();
  host.queue.fill(6);
  answering = true;
  await addHostRows(db.store, "mx1", 25);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await db.close();
});

interface Server {
  child: ChildProcess;
  tell(message: ParentMessage<QueueOrders>): void;
  died: Promise<NodeJS.Signals | null>;
}

async function startServer(dieAt: QueueStep | "never"): Promise<Server> {
  const child = spawn(process.execPath, [childPath, db.databaseFile, db.headKey.toString("hex"), dieAt], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  children.push(child);
  const tell: Server["tell"] = (message) => {
    if (child.connected) child.send(message, () => {});
  };
  const died = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  const link = { state: "connected", detail: "connected", nextAttemptAt: null, managementAddress: null } as const;
  await new Promise<void>((resolve) => {
    child.on("message", (message: ChildMessage) => {
      if ("did" in message && message.did === "load") tell({ order: "start" });
      else if ("did" in message && message.did === "start") {
        tell({ link: { hostId: "mx1", link } });
        resolve();
      } else if ("request" in message) {
        // As the network would: the host works whether the server still lives or not.
        setTimeout(() => {
          const result = host.handle(message.verb, message.values);
          if (answering) tell({ answerTo: message.request, result });
        }, 10);
      }
    });
    void died.then(() => resolve());
  });
  return { child, tell, died };
}

const act = {
  order: "act",
  request: {
    action: "delete",
    selection: allMail,
    instanceIds: [instanceAt("mx1")],
    reason: "x",
    confirmation: "delete",
  },
} as const;
const jobRow = () => db.store.queueJob.findFirstOrThrow();

async function until(what: string, holds: () => Promise<boolean> | boolean, limitMs = 8_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${limitMs} ms: ${JSON.stringify(await jobRow())}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a server killed in the middle of starting a queue action", () => {
  it.each(queueSteps)(
    "at the step %s brings it to its end after the next start, once",
    async (dieAt) => {
      const first = await startServer(dieAt);
      first.tell({ ...act, request: { ...act.request, instanceIds: [...act.request.instanceIds] } });
      expect(await first.died).toBe("SIGKILL");
      const before = await jobRow();
      if (before.state === "running")
        expect(before.answeredAt, "nothing is running without the host's word").not.toBeNull();
      else expect(["asked", "sent"]).toContain(before.state);
      expect(await db.store.auditEvent.count({ where: { action: "queue-action.asked" } })).toBe(1);
      await startServer("never");
      await until("done", async () => (await jobRow()).state === "done");
      expect(host.queue.started).toBe(1);
      expect(host.queue.jobs.size).toBe(1);
      expect(host.queue.messages).toHaveLength(0);
      expect((await db.store.queueAction.findFirstOrThrow()).endedAt).not.toBeNull();
      expect(await db.store.auditEvent.count({ where: { action: "queue-job.ended" } })).toBe(1);
    },
    20_000,
  );

  it("while the host did not answer is unknown until the host has answered", async () => {
    answering = false;
    const first = await startServer("never");
    first.tell({ ...act, request: { ...act.request, instanceIds: [...act.request.instanceIds] } });
    await until("sent", async () => (await db.store.queueJob.findFirst())?.state === "sent");
    first.child.kill("SIGKILL");
    await first.died;
    await startServer("never");
    await until("in doubt", async () => (await jobRow()).state === "unknown");
    expect(await db.store.auditEvent.count({ where: { action: "queue-job.unknown" } })).toBe(1);
  }, 20_000);
});

it("a server killed while it stops a running release stops it after the next start", async () => {
  host.queue.perQuestion = 0;
  const first = await startServer("never");
  const request = {
    action: "release",
    selection: allMail,
    instanceIds: [instanceAt("mx1")],
    reason: "x",
    ratePerMinute: 1,
  };
  first.tell({ order: "act", request: { ...request, action: "release" } });
  await until("running", async () => (await db.store.queueJob.findFirst())?.state === "running");
  first.child.kill("SIGKILL");
  await first.died;
  const second = await startServer("recorded");
  second.tell({ order: "stop", queueActionId: (await jobRow()).queueActionId });
  expect(await second.died).toBe("SIGKILL");
  expect((await jobRow()).state).toBe("running");
  await startServer("never");
  await until("stopped", async () => (await jobRow()).state === "stopped");
  expect([...host.queue.jobs.values()]).toMatchObject([{ state: "stopped" }]);
}, 25_000);
