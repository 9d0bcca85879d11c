/** The agent's arguments for an order, from what is recorded. */
import type { AgentArguments, AgentKey } from "@mailbrake/contract";
import { formatMatch } from "@mailbrake/domain";
import { boundedValue } from "../../platform/bounded-value.ts";
import { type ApplicationRow, effectOf, readMatch, readThrottle } from "./application-row.ts";

/** What a plan and an apply have in common: where, what, on which mail. Keys without a value are left out. */
export function brakeArguments(
  point: { point: string; instance: { instance: string } },
  brake: { effect: string; match: string; text: string; throttle: string | null; cutSessions: boolean },
): AgentArguments {
  const [match, match2, match3] = readMatch(brake.match).map(formatMatch);
  const throttle = brake.effect === "throttle" ? readThrottle(brake.throttle) : null;
  const rate = (value: number | undefined) => (value === undefined ? undefined : String(value));
  const given: { [Key in AgentKey]?: string | undefined } = {
    instance: point.instance.instance,
    point: point.point,
    effect: brake.effect,
    match,
    match2,
    match3,
    text: brake.text === "" ? undefined : boundedValue("text", brake.text),
    connections: rate(throttle?.connectionsPerMinute),
    messages: rate(throttle?.messagesPerMinute),
    recipients: rate(throttle?.recipientsPerMinute),
    cut: brake.cutSessions ? "1" : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** @param ttlSeconds 0 = until lifted */
export function applyArguments(row: ApplicationRow, ttlSeconds: number): AgentArguments {
  return {
    app: row.id,
    brake: row.brake.ref,
    ...brakeArguments(row.blockPoint, { ...row.brake, effect: effectOf(row) }),
    ttl: String(ttlSeconds),
    by: boundedValue("by", row.brake.createdBy),
    reason: boundedValue("reason", row.brake.reason),
  };
}

export function liftArguments(row: ApplicationRow): AgentArguments {
  return {
    app: row.id,
    by: boundedValue("by", row.brake.liftedBy ?? "mailbrake"),
    reason: boundedValue("reason", row.brake.liftReason ?? "lifted"),
  };
}
