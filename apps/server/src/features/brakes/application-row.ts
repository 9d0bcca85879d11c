/** An application with all that is needed to send it, to probe it and to show it. */
import { type Effect, effectSchema, type Match, matchSchema, type Throttle, throttleSchema } from "@mailbrake/contract";
import type { Prisma } from "@mailbrake/prisma";
import { z } from "zod";

export const applicationRowInclude = {
  brake: true,
  blockPoint: { include: { instance: true } },
  host: true,
} as const satisfies Prisma.ApplicationInclude;

export type ApplicationRow = Prisma.ApplicationGetPayload<{ include: typeof applicationRowInclude }>;
export type BrakeRecord = ApplicationRow["brake"];

/** The brake's effect, or the one of its own that the block point was given. */
export function effectOf(row: { effect: string | null; brake: { effect: string } }): Effect {
  return effectSchema.parse(row.effect ?? row.brake.effect);
}

const storedMatch = z.array(matchSchema);

export function readMatch(text: string): Match[] {
  return storedMatch.parse(JSON.parse(text));
}

export function readThrottle(text: string | null): Throttle | null {
  return text === null ? null : throttleSchema.parse(JSON.parse(text));
}

/** Where the application stands, for people: `mx1, smtp port 25`. */
export function placeInWords(row: { host: { name: string }; blockPoint: { label: string } }): string {
  return `${row.host.name}, ${row.blockPoint.label}`;
}
