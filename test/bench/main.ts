/** `npm run bench`: every number in the docs comes from here. Brings up its own lab and takes it down. */
import { mxHost } from "../lab/host-spec.ts";
import { RealStack } from "../stack/real-stack.ts";
import { benchAgentHello } from "./agent-hello.ts";
import { benchBrakeLatency } from "./brake-latency.ts";
import { benchFirstScreen } from "./first-screen.ts";
import { benchServerFootprint } from "./server-footprint.ts";

const names = Array.from({ length: 10 }, (_, index) => `mx${index + 1}`);

benchAgentHello();
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
