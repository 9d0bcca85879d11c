/** For tests: the slice on a real database, with scripted hosts. */
import type { CreateQueueActionRequest, QueueActionView } from "@mailbrake/contract";
import { createLiveConnections } from "../../platform/live-connections.ts";
import { ScriptedFleet } from "../../platform/scripted-fleet.ts";
import type { ScriptedHost } from "../../platform/scripted-host.ts";
import { addHostRows } from "../../platform/test-host-rows.ts";
import { createTestStore, type TestStore } from "../../platform/test-store.ts";
import { createQueuesSlice, type QueuesLimits, type QueuesSlice } from "./index.ts";

export const anna = { kind: "user", id: "anna", name: "Anna Admin" } as const;
export const instanceAt = (host: string) => `${host}-instance`;
export const allMail = { match: [{ kind: "all" as const, value: "" }] };

export const testLimits: Partial<QueuesLimits> = {
  pollQuickMs: 20,
  pollSlowMs: 40,
  askAgainMs: [0, 20, 50],
  busyRetryMs: 20,
  busyRetries: 3,
  followPauseMs: 10,
};

export class QueuesTestStand {
  readonly db: TestStore;
  readonly fleet: ScriptedFleet;
  readonly slice: QueuesSlice;

  private constructor(db: TestStore, fleet: ScriptedFleet, slice: QueuesSlice) {
    this.db = db;
    this.fleet = fleet;
    this.slice = slice;
  }

  static async open(hosts: string[], limits: Partial<QueuesLimits> = {}): Promise<QueuesTestStand> {
    const db = await createTestStore();
    const fleet = new ScriptedFleet("192.0.2.1");
    const slice = createQueuesSlice({
      ...db,
      fleet,
      connections: createLiveConnections(db.events),
      log: { error: (data, message) => console.error(message, data) },
      protectedLane: [{ kind: "recipient", value: "pager@oncall.test" }],
      limits: { ...testLimits, ...limits },
    });
    for (const name of hosts) {
      fleet.connect(name);
      await addHostRows(db.store, name, 25);
    }
    await slice.start();
    return new QueuesTestStand(db, fleet, slice);
  }

  async close(): Promise<void> {
    await this.slice.close();
    await this.db.close();
  }

  host(name: string): ScriptedHost {
    return this.fleet.host(name);
  }

  act(order: Partial<CreateQueueActionRequest> & { at: string[] }): Promise<QueueActionView> {
    const { at, ...rest } = order;
    return this.slice.actions.create(anna, {
      action: "hold",
      selection: allMail,
      instanceIds: at.map(instanceAt),
      reason: "spam wave",
      ...rest,
    });
  }

  /** Waits until it is so; fails with the view as it is then. */
  async until(id: string, holds: (view: QueueActionView) => boolean, limitMs = 5_000): Promise<QueueActionView> {
    const end = Date.now() + limitMs;
    for (;;) {
      const view = await this.slice.actions.read(id);
      if (holds(view)) return view;
      if (Date.now() > end) throw new Error(`not so after ${limitMs} ms: ${JSON.stringify(view, null, 1)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async actions(): Promise<string[]> {
    const events = await this.db.store.auditEvent.findMany({ orderBy: { sequence: "asc" } });
    return events.map(({ action }) => action);
  }
}
