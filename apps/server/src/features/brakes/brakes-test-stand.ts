/** For tests: the slice on a real database, with scripted hosts and real SMTP doors. */
import type { BrakeView, CreateBrakeRequest, Effect } from "@mailbrake/contract";
import { ScriptedFleet } from "../../platform/scripted-fleet.ts";
import type { ScriptedHost } from "../../platform/scripted-host.ts";
import { addHostRows, pointId } from "../../platform/test-host-rows.ts";
import { createTestStore, type TestStore } from "../../platform/test-store.ts";
import type { BrakesLimits } from "./brakes-deps.ts";
import { type BrakesSlice, createBrakesSlice } from "./index.ts";
import { ScriptedDoor } from "./scripted-door.ts";
import type { StepHook } from "./step-hook.ts";

export const anna = { kind: "user", id: "anna", name: "Anna Admin" } as const;

export const testLimits: Partial<BrakesLimits> = {
  reconcileIntervalMs: 60_000,
  askAgainMs: [0, 20, 50],
  askLaterMs: 50,
  busyRetryMs: 20,
  probeRetriesMs: [10, 20, 40],
  probeIntervalMs: 150,
  clockIntervalMs: 50,
};

export class BrakesTestStand {
  readonly db: TestStore;
  readonly fleet: ScriptedFleet;
  readonly slice: BrakesSlice;
  readonly doors = new Map<string, ScriptedDoor>();

  private constructor(db: TestStore, fleet: ScriptedFleet, slice: BrakesSlice) {
    this.db = db;
    this.fleet = fleet;
    this.slice = slice;
  }

  static async open(options: {
    hosts: string[];
    limits?: Partial<BrakesLimits>;
    onStep?: StepHook;
    points?: string[];
  }): Promise<BrakesTestStand> {
    const db = await createTestStore();
    // An address of no test's match, so that the protected lane is out of the way.
    const fleet = new ScriptedFleet("192.0.2.1");
    const quiet = () => {};
    const slice = createBrakesSlice({
      ...db,
      fleet,
      log: { info: quiet, warn: quiet, error: (data, message) => console.error(message, data) },
      protectedLane: [{ kind: "recipient", value: "pager@oncall.test" }],
      limits: { ...testLimits, ...options.limits },
      ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
    });
    const stand = new BrakesTestStand(db, fleet, slice);
    for (const name of options.hosts) {
      const host = fleet.connect(name);
      const door = await ScriptedDoor.open(host);
      stand.doors.set(name, door);
      await addHostRows(db.store, name, door.port, options.points);
    }
    await slice.start();
    // Each host is asked once at the start; what a test arranges comes after that.
    while (options.hosts.some((name) => fleet.host(name).requests.length === 0))
      await new Promise((resolve) => setTimeout(resolve, 5));
    return stand;
  }

  async close(): Promise<void> {
    await this.slice.close();
    for (const door of this.doors.values()) await door.close();
    await this.db.close();
  }

  host(name: string): ScriptedHost {
    return this.fleet.host(name);
  }
  door(name: string): ScriptedDoor {
    const door = this.doors.get(name);
    if (door === undefined) throw new Error(`no door at ${name}`);
    return door;
  }

  brake(order: Partial<CreateBrakeRequest> & { effect?: Effect } & { at: string[] }): Promise<BrakeView> {
    const { at, ...rest } = order;
    return this.slice.service.create(anna, {
      effect: "tempfail",
      match: [{ kind: "all", value: "" }],
      blockPointIds: at.map((name) => pointId(name)),
      text: "",
      reason: "spam wave",
      expiresInSeconds: null,
      ...rest,
    });
  }

  lift(brakeId: string): Promise<BrakeView> {
    return this.slice.service.lift(anna, brakeId, { reason: "over" });
  }

  /** Waits until it is so; fails with the view as it is then. */
  async until(brakeId: string, holds: (view: BrakeView) => boolean, limitMs = 5_000): Promise<BrakeView> {
    const end = Date.now() + limitMs;
    for (;;) {
      const view = await this.slice.service.read(brakeId);
      if (holds(view)) return view;
      if (Date.now() > end) throw new Error(`not so after ${limitMs} ms: ${JSON.stringify(view, null, 1)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** All applications in these states. */
  reach(brakeId: string, ...states: BrakeView["applications"][number]["state"][]): Promise<BrakeView> {
    return this.until(brakeId, (view) => view.applications.every(({ state }) => states.includes(state)));
  }

  async actions(): Promise<string[]> {
    const events = await this.db.store.auditEvent.findMany({ orderBy: { sequence: "asc" } });
    return events.map(({ action }) => action);
  }
}
