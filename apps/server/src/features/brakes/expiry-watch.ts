/**
 * Purpose: asks a host soon after a brake's time ran out there, so that the screen knows it without waiting for the next look.
 * The expiry itself is the host's own; nothing is ended here. Fails: logged, tried again. Killed in the middle: nothing is lost.
 */
import type { BrakesDeps, BrakesLimits } from "./brakes-deps.ts";

export interface ExpiryWatch {
  start(): void;
  stop(): void;
}

/** The regular look at the host takes over after so many. */
const askedAtMost = 5;
/** A host ends it on its own clock, to the second; asking earlier would only find it still there. */
const graceMs = 1_000;

export function createExpiryWatch(
  { store, clock, log }: BrakesDeps,
  limits: BrakesLimits,
  check: (hostId: string) => void,
): ExpiryWatch {
  const asked = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const look = async () => {
    const before = new Date(clock().getTime() - graceMs);
    const brakes = await store.brake.findMany({
      where: { endedAt: null, expiresAt: { lte: before } },
      select: { id: true, applications: { where: { endedAt: null }, select: { hostId: true } } },
      take: 200,
    });
    const late = new Set(brakes.map(({ id }) => id));
    for (const id of asked.keys()) if (!late.has(id)) asked.delete(id);
    for (const { id, applications } of brakes) {
      const count = asked.get(id) ?? 0;
      asked.set(id, count + 1);
      if (count < askedAtMost) for (const hostId of new Set(applications.map((one) => one.hostId))) check(hostId);
    }
  };

  const tick = () => {
    timer = setTimeout(() => {
      look()
        .catch((error: unknown) => log.error({ err: error }, "expiries could not be looked at; trying again"))
        .finally(() => {
          if (!stopped) tick();
        });
    }, limits.clockIntervalMs);
  };

  return {
    start: tick,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
