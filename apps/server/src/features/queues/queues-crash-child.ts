/**
 * For queues-crash.test.ts: the slice in a process of its own, told over IPC what to do, killed by itself with SIGKILL at one step of an action.
 * The hosts live in the parent, so that they go on when this process is gone, as real ones do.
 */
import type { CreateQueueActionRequest } from "@mailbrake/contract";
import { openStore } from "@mailbrake/prisma";
import { createAuditLog } from "../../platform/audit-log.ts";
import { createEventBus } from "../../platform/event-bus.ts";
import { createLiveConnections } from "../../platform/live-connections.ts";
import { type ParentMessage, RemoteFleet } from "../../platform/remote-fleet.ts";
import { createTransactor } from "../../platform/store.ts";
import { createQueuesSlice } from "./index.ts";

/** What the test tells it. */
export type QueueOrders =
  | { order: "act"; request: CreateQueueActionRequest }
  | { order: "stop"; queueActionId: string };

const [databaseFile = "", headKey = "", dieAt = ""] = process.argv.slice(2);
const store = openStore(`file:${databaseFile}`);
const clock = () => new Date();
const events = createEventBus();
const fleet = new RemoteFleet((message) => process.send?.(message));
const slice = createQueuesSlice({
  store,
  transactor: createTransactor(store, events),
  audit: createAuditLog({ clock, headKey: Buffer.from(headKey, "hex") }),
  fleet,
  clock,
  connections: createLiveConnections(events),
  log: { error: (data, message) => console.error(message, data) },
  protectedLane: [],
  limits: { pollQuickMs: 30, askAgainMs: [0, 50] },
  onStep(step) {
    if (step === dieAt) process.kill(process.pid, "SIGKILL");
  },
});
const anna = { kind: "user", id: "anna", name: "Anna" } as const;

process.on("message", (message: ParentMessage<QueueOrders>) => {
  if ("answerTo" in message) return fleet.answer(message);
  if ("link" in message) return fleet.setLink(message.link);
  const work =
    message.order === "start"
      ? slice.start()
      : message.order === "act"
        ? slice.actions.create(anna, message.request)
        : slice.actions.stop(anna, message.queueActionId, "over");
  work.then(
    () => process.send?.({ did: message.order }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.send?.({ did: "load" });
