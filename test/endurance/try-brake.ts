import type { AgentArguments, AgentVerb } from "@mailbrake/contract";
import type { AgentOnHost, Answered } from "../integration/postfix-driver/agent-on-host.ts";
import type { OpenDoors } from "./random-orders.ts";

export type BrakeAnswer = "applied" | "refused as in conflict" | "refused: closed by another brake";

/**
 * Asks for a brake. Two refusals are right: in conflict with a brake that is on, and a port of the firewall where nothing listens
 * as long as a brake has closed what listened there. Any other throws.
 * @param request all keys of `apply`
 */
export async function tryBrake(agent: AgentOnHost, doors: OpenDoors, request: AgentArguments): Promise<BrakeAnswer> {
  // Asked before: it may expire meanwhile, and then the port is open again.
  const closed = request.instance?.startsWith("nftables:") ? await portsClosed(agent, doors) : new Set();
  try {
    await askPatiently(agent, "apply", request);
    return "applied";
  } catch (error) {
    if (/^Error: apply: conflict /.test(String(error))) return "refused as in conflict";
    const port = /^Error: apply: cannot point: nothing listens for mail on port (\d+) now/.exec(String(error))?.[1];
    if (port !== undefined && closed.has(Number(port))) return "refused: closed by another brake";
    throw error;
  }
}

/** Asks again, for two minutes at most, where the agent answers `busy`: on a busy machine an expiry can take longer than it waits. */
export async function askPatiently<V extends AgentVerb>(
  agent: AgentOnHost,
  verb: V,
  values: AgentArguments = {},
): Promise<Answered<V>> {
  for (let times = 1; ; times += 1) {
    try {
      return await agent.ask(verb, values);
    } catch (error) {
      if (times === 6 || !String(error).startsWith(`Error: ${verb}: busy `)) throw error;
    }
  }
}

/** The ports of the listeners that mail servers have closed by a brake now. */
async function portsClosed(agent: AgentOnHost, doors: OpenDoors): Promise<Set<number>> {
  const { parts } = await agent.ask("status");
  const closed = parts.flatMap((part) =>
    "application" in part && part.application.effect === "close" && !part.application.instance.startsWith("nftables:")
      ? [part.application]
      : [],
  );
  const points = doors.points.filter(({ instance, point }) =>
    closed.some((one) => one.instance === instance && one.point === point),
  );
  return new Set(points.flatMap(({ listens }) => listens.map(({ port }) => port)));
}
