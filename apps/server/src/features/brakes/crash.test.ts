import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ApplicationState } from "@mailbrake/contract";
import { isInForce } from "@mailbrake/domain";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChildMessage, ParentMessage } from "../../platform/remote-fleet.ts";
import { ScriptedHost } from "../../platform/scripted-host.ts";
import { addHostRows, pointId } from "../../platform/test-host-rows.ts";
import { createTestStore, type TestStore } from "../../platform/test-store.ts";
import type { BrakeOrders } from "./crash-child.ts";
import { ScriptedDoor } from "./scripted-door.ts";
import { type OrderStep, orderSteps } from "./step-hook.ts";

const childPath = fileURLToPath(new URL("../../../dist/features/brakes/crash-child.js", import.meta.url));
const hostIds = ["mx1", "mx2"];

let db: TestStore;
let hosts: Map<string, ScriptedHost>;
let doors: ScriptedDoor[];
const children: ChildProcess[] = [];

beforeEach(async () => {
  db = await createTestStore();
  hosts = new Map();
  doors = [];
  for (const id of hostIds) {
    const host = new ScriptedHost();
    const door = await ScriptedDoor.open(host);
    hosts.set(id, host);
    doors.push(door);
    await addHostRows(db.store, id, door.port);
  }
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const door of doors) await door.close();
  await db.close();
});

class Server {
  readonly child: ChildProcess;
  readonly died: Promise<NodeJS.Signals | null>;
  #did: ((what: string) => void)[] = [];
  failure = "";

  constructor(dieAt: OrderStep | "never", dieAfter = 1) {
    this.child = spawn(
      process.execPath,
      [childPath, db.databaseFile, db.headKey.toString("hex"), dieAt, String(dieAfter)],
      {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    );
    children.push(this.child);
    this.died = new Promise((resolve) => this.child.once("exit", (_code, signal) => resolve(signal)));
    this.child.on("message", (message: ChildMessage) => {
      if ("did" in message) for (const told of this.#did.splice(0)) told(message.did);
      else if ("failed" in message) this.failure = message.failed;
      else this.#work(message);
    });
  }

  /** As the network would: the host works whether the server still lives or not. */
  #work({ request, hostId, verb, values }: Extract<ChildMessage, { request: number }>): void {
    setTimeout(() => {
      const result = hosts.get(hostId)?.handle(verb, values);
      if (result !== undefined) this.tell({ answerTo: request, result });
    }, 20);
  }

  tell(message: ParentMessage<BrakeOrders>): void {
    if (this.child.connected) this.child.send(message, () => {});
  }

  /** Resolves when the child says so, or is dead. */
  async told(message: ParentMessage<BrakeOrders> | null): Promise<void> {
    const done = new Promise<string>((resolve) => this.#did.push(resolve));
    if (message !== null) this.tell(message);
    await Promise.race([done, this.died]);
  }

  async start(): Promise<this> {
    await this.told(null);
    await this.told({ order: "start" });
    // As with real hosts, the connections come up only after the start.
    for (const hostId of hostIds)
      this.tell({
        link: {
          hostId,
          link: { state: "connected", detail: "connected", nextAttemptAt: null, managementAddress: "192.0.2.1" },
        },
      });
    return this;
  }
}

const request = {
  effect: "tempfail",
  match: [{ kind: "all", value: "" }],
  blockPointIds: hostIds.map((id) => pointId(id)),
  text: "",
  reason: "spam wave",
  expiresInSeconds: null,
} as const;

/** Reads the record as a screen would, and fails where it claims more than the host has said. */
async function statesWithEvidence(): Promise<ApplicationState[]> {
  const rows = await db.store.application.findMany({ include: { evidence: true }, orderBy: { hostId: "asc" } });
  for (const row of rows) {
    if (isInForce(row.state as ApplicationState))
      expect(
        row.evidence.some(({ verdict }) => verdict === "in-force"),
        `${row.hostId} is ${row.state} without evidence`,
      ).toBe(true);
    if (row.state === "open")
      expect(row.evidence.some(({ kind, verdict }) => kind === "dialogue" && verdict === "open")).toBe(true);
  }
  return rows.map(({ state }) => state as ApplicationState);
}

async function until(what: string, holds: () => Promise<boolean>, limitMs = 8_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end)
      throw new Error(`${what}: not within ${limitMs} ms: ${JSON.stringify(await statesWithEvidence())}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
const all = async (state: ApplicationState) => {
  const states = await statesWithEvidence();
  return states.length === hostIds.length && states.every((one) => one === state);
};

describe("a server killed in the middle of an apply", () => {
  it.each(orderSteps)(
    "at the step %s comes to what was asked for after the next start",
    async (dieAt) => {
      const first = await new Server(dieAt, dieAt.startsWith("status") ? 3 : 1).start();
      first.tell({ order: "brake", request: { ...request, match: [...request.match] } });
      expect(await first.died).toBe("SIGKILL");
      await statesWithEvidence();
      await new Server("never").start();
      await until("proved", () => all("proved"));
      for (const host of hosts.values()) expect(host.journal.size).toBe(1);
      expect(await db.store.brake.count()).toBe(1);
    },
    20_000,
  );
});

describe("a server killed in the middle of a lift", () => {
  it.each(orderSteps.filter((step) => !step.startsWith("status")))(
    "at the step %s comes to what was asked for after the next start",
    async (dieAt) => {
      const first = await new Server("never").start();
      await first.told({ order: "brake", request: { ...request, match: [...request.match] } });
      await until("proved", () => all("proved"));
      first.child.kill("SIGKILL");
      await first.died;
      const second = await new Server(dieAt).start();
      const brake = await db.store.brake.findFirstOrThrow();
      second.tell({ order: "lift", brakeId: brake.id });
      expect(await second.died).toBe("SIGKILL");
      await statesWithEvidence();
      await new Server("never").start();
      // Where only its probe was cut off, the lift itself may not have been asked yet.
      if ((await db.store.brake.findFirstOrThrow()).wanted === "applied") return until("proved", () => all("proved"));
      await until("open", () => all("open"));
      for (const host of hosts.values()) expect(host.journal.size).toBe(0);
      expect((await db.store.brake.findFirstOrThrow()).endedAt).not.toBeNull();
    },
    25_000,
  );
});
