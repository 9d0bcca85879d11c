import type { Effect } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RealStack } from "../stack/real-stack.ts";
import { waitUntil } from "../stack/wait-until.ts";

const count = 500;

describe("no mail is lost, and none comes twice", () => {
  let stack: RealStack;
  beforeAll(async () => {
    stack = await RealStack.up({ name: "counted", enrol: ["mx1", "mx2"] });
  });
  afterAll(async () => {
    await stack?.down();
  });

  async function doors(point: string): Promise<string[]> {
    return [(await stack.point("mx1", point)).id, (await stack.point("mx2", point)).id];
  }

  async function everyOneOnce(start: number): Promise<void> {
    const received = await waitUntil(
      `${count} messages in the sink`,
      async () => {
        const numbers = [...(await stack.lab.sink.received())].filter(
          ([number]) => number >= start && number < start + count,
        );
        return numbers.length >= count ? numbers : undefined;
      },
      240_000,
    );
    // A message that comes twice comes soon after: give it the time to show up.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const twice = [...(await stack.lab.sink.received())].filter(
      ([number, times]) => number >= start && number < start + count && times !== 1,
    );
    expect(twice).toEqual([]);
    expect(received).toHaveLength(count);
  }

  it("tempfail: 500 wait at the sender, and after the lift all 500 arrive once", async () => {
    const brake = await stack.brake({ effect: "tempfail", blockPointIds: await doors("listener:smtp/inet") });
    await stack.reach(brake.id, ["proved"]);
    await stack.lab.sender.inject({ from: "writer@outside.example", to: "someone@lab.example", count, startNumber: 1 });
    await waitUntil("500 in the sender's queue", async () => (await stack.lab.sender.queueCount()) === count, 120_000);
    expect([...(await stack.lab.sink.received()).keys()]).toEqual([]);
    await stack.lift(brake.id);
    await stack.reach(brake.id, ["open"]);
    await everyOneOnce(1);
  });

  const parked: { effect: Effect; point: string; start: number; folder: RegExp }[] = [
    { effect: "hold", point: "listener:smtp/inet", start: 10_001, folder: /hold/ },
    { effect: "pause", point: "delivery", start: 20_001, folder: /deferred|active|incoming/ },
  ];
  it.each(parked)(
    "$effect: 500 wait on the braked hosts, and after the lift all 500 arrive once",
    async ({ effect, point, start }) => {
      const brake = await stack.brake({ effect, blockPointIds: await doors(point) });
      await stack.reach(brake.id, ["applied", "proved"]);
      await stack.lab.sender.inject({
        from: "writer@outside.example",
        to: "someone@lab.example",
        count,
        startNumber: start,
      });
      await waitUntil(
        "the sender has handed over everything",
        async () => (await stack.lab.sender.queueCount()) === 0,
        180_000,
      );
      expect(
        [...(await stack.lab.sink.received()).keys()].filter((number) => number >= start && number < start + count),
      ).toEqual([]);
      await stack.lift(brake.id);
      const lifted = await stack.reach(brake.id, ["lifted", "open"], 60_000);
      if (effect === "hold") {
        const released = lifted.applications.reduce((sum, application) => sum + (application.releasedCount ?? 0), 0);
        expect(released).toBe(count);
      }
      await everyOneOnce(start);
    },
  );
});
