/**
 * For crash.test.ts: the slice in a process of its own, told over IPC what to do, killed by itself with SIGKILL at one step of an order.
 * The hosts live in the parent, so that they go on when this process is gone, as real ones do.
 */

import type { CreateBrakeRequest } from "@mailbrake/contract";
import { openStore } from "@mailbrake/prisma";
import { createAuditLog } from "../../platform/audit-log.ts";
import { createEventBus } from "../../platform/event-bus.ts";
import { type ParentMessage, RemoteFleet } from "../../platform/remote-fleet.ts";
import { createTransactor } from "../../platform/store.ts";
import { createBrakesSlice } from "./index.ts";

/** What crash.test.ts tells it. */
export type BrakeOrders = { order: "brake"; request: CreateBrakeRequest } | { order: "lift"; brakeId: string };

const [databaseFile = "", headKey = "", dieAt = "", dieAfter = "1"] = process.argv.slice(2);
const store = openStore(`file:${databaseFile}`);
const clock = () => new Date();
let left = Number(dieAfter);
const fleet = new RemoteFleet((message) => process.send?.(message));
const quiet = () => {};
const slice = createBrakesSlice({
  store,
  transactor: createTransactor(store, createEventBus()),
  audit: createAuditLog({ clock, headKey: Buffer.from(headKey, "hex") }),
  fleet,
  clock,
  log: { info: quiet, warn: quiet, error: (data, message) => console.error(message, data) },
  protectedLane: [],
  limits: {
    reconcileIntervalMs: 500,
    askAgainMs: [0, 50],
    probeRetriesMs: [10, 30],
    probeIntervalMs: 60_000,
    clockIntervalMs: 100,
  },
  onStep(step) {
    if (step === dieAt && --left === 0) process.kill(process.pid, "SIGKILL");
  },
});
const anna = { kind: "user", id: "anna", name: "Anna" } as const;

process.on("message", (message: ParentMessage<BrakeOrders>) => {
  if ("answerTo" in message) return fleet.answer(message);
  if ("link" in message) return fleet.setLink(message.link);
  const work =
    message.order === "start"
      ? slice.start()
      : message.order === "brake"
        ? slice.service.create(anna, message.request)
        : slice.service.lift(anna, message.brakeId, { reason: "over" });
  work.then(
    () => process.send?.({ did: message.order }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.send?.({ did: "load" });
