/** Brakes at the delivery side, tried by mail that passes through. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { meant, onePerSecond, type Proof, spared, type Trial } from "./proof.ts";

/** Undefined for an effect that the suite can't try here. */
export function deliveryProof(trial: Trial): Proof | undefined {
  switch (trial.cell.cell.effect) {
    case "pause":
      return pause(trial);
    case "throttle":
      return throttle(trial);
    default:
      return undefined;
  }
}

function pause(trial: Trial): Proof {
  const { bench, cell, declared } = trial;
  const point = bench.entry;
  let waiting = "";
  return {
    inForce: async () => {
      expect(declared).toBe("accepted and queued");
      waiting = (await bench.send(point, meant(cell))).subject;
      await bench.until("one message waits", async () => (await bench.countQueued()) === 1);
      await bench.host.shell(bench.subject.flush);
      for (const talk of spared(cell)) await bench.arrives((await bench.send(point, talk)).subject);
      await sleep(flushMs);
      await bench.until("one message waits", async () => (await bench.countQueued()) === 1);
      expect(await bench.inSink(waiting)).toEqual([]);
      return declared;
    },
    afterLift: async () => {
      if (bench.subject.afterPause) await bench.host.shell(bench.subject.afterPause);
      await bench.arrives(waiting);
      await bench.arrives((await bench.send(point, meant(cell))).subject);
      expect(await bench.inSink(waiting)).toHaveLength(1);
    },
  };
}

/** In this time a flush has tried what waits, where it can. */
const flushMs = 300;

/** One a second: the messages come to the sink with that much between them, and all of them come. */
function throttle(trial: Trial): Proof {
  const { bench, cell, declared } = trial;
  const point = bench.entry;
  const count = 3;
  const sendAll = async (): Promise<string[]> => {
    const subjects: string[] = [];
    for (let index = 0; index < count; index += 1) subjects.push((await bench.send(point, meant(cell))).subject);
    return subjects;
  };
  const took = async (subjects: readonly string[]): Promise<number> => {
    await bench.until("the first arrives", async () => (await bench.inSink(subjects)).length > 0);
    const started = Date.now();
    for (const subject of subjects) await bench.arrives(subject);
    return Date.now() - started;
  };
  return {
    inForce: async () => {
      const subjects = await sendAll();
      const others = spared(cell).map(async (talk) => await bench.send(point, talk));
      const elapsedMs = took(subjects);
      for (const other of await Promise.all(others)) {
        await bench.arrives(other.subject);
        expect((await bench.inSink(subjects)).length).toBeLessThan(count);
      }
      // by the clock of this machine, which looks every 20 ms
      const pausesMs = ((count - 1) * 60_000) / onePerSecond;
      expect(await elapsedMs).toBeGreaterThan(pausesMs - 400);
      expect(await elapsedMs).toBeLessThan(pausesMs * 3);
      return declared;
    },
    afterLift: async () => {
      const subjects = await sendAll();
      expect(await took(subjects)).toBeLessThan(1_500);
    },
  };
}
