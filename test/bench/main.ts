/**
 * `npm run bench`: every number in the docs comes from here. Each part brings up its own lab and takes it down. `npm run bench -- NAME…` runs these parts
 * alone; `queue-actions` may have a number of messages after a colon.
 */
import { mxHost } from "../lab/host-spec.ts";
import { RealStack } from "../stack/real-stack.ts";
import { benchAgentHello } from "./agent-hello.ts";
import { benchBrakeLatency } from "./brake-latency.ts";
import { benchFirstScreen } from "./first-screen.ts";
import { benchQueueActions } from "./queue-actions.ts";
import { benchServerFootprint } from "./server-footprint.ts";

const names = Array.from({ length: 10 }, (_, index) => `mx${index + 1}`);

async function benchFleet(): Promise<void> {
  const stack = await RealStack.up({
    name: "bench",
    hosts: names.map((name, index) => mxHost(name, 11 + index)),
    enrol: names,
  });
  try {
    await benchFirstScreen(stack);
    await benchBrakeLatency(stack, names.slice(0, 2));
    await benchBrakeLatency(stack, names);
    await benchServerFootprint(stack.plane.pid, names.length);
  } finally {
    await stack.down();
  }
}

const parts: Record<string, (words: string) => Promise<void> | void> = {
  "agent-hello": benchAgentHello,
  fleet: benchFleet,
  "queue-actions": (count) => benchQueueActions(count === "" ? undefined : Number(count)),
};
const asked = process.argv.slice(2).map((word) => word.split(":"));
const unknown = asked.find(([name = "", count = "1000"]) => !(name in parts) || !(Number(count) >= 1_000));
if (unknown)
  throw new Error(
    `${unknown.join(":")}: a part of the bench is ${Object.keys(parts).join(", ")}; a number is at least 1000`,
  );
for (const [name = "", count = ""] of asked.length > 0 ? asked : Object.keys(parts).map((part) => [part]))
  await parts[name]?.(count);
