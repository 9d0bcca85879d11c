import type { FollowTick } from "@mailbrake/contract";
import { describe, expect, it } from "vitest";
import { addTick, followedSeconds, followWindow, sparkPoints } from "./follow-window.ts";

const tick = (time: number, deferred: number, delivered = 0): FollowTick => ({
  time,
  queues: [
    { queue: "active", messages: 2 },
    { queue: "deferred", messages: deferred },
  ],
  received: 0,
  delivered,
  deferred: 0,
  bounced: 0,
  rejected: 0,
});

describe("followWindow", () => {
  it("is nothing before the first tick", () => expect(followWindow([])).toBeNull());
  it("has the counts of now, and the sums of the seconds that are kept", () => {
    expect(followWindow([tick(100, 50, 1), tick(101, 48, 2), tick(102, 40, 8)])).toMatchObject({
      total: 42,
      grown: -10,
      seconds: 3,
      flow: { delivered: 11, received: 0 },
    });
  });
  it("forgets what is older than it shows", () => {
    let ticks: FollowTick[] = [];
    for (let second = 0; second < 200; second += 1) ticks = addTick(ticks, tick(second, second));
    expect(ticks).toHaveLength(followedSeconds);
    expect(followWindow(ticks)).toMatchObject({ total: 201, seconds: followedSeconds });
  });
});

describe("sparkPoints", () => {
  it("has the newest at the right, more being higher", () => {
    const [first, last] = sparkPoints([0, 10], 118, 20).split(" ");
    expect(first).toBe("116.0,20.0");
    expect(last).toBe("118.0,0.0");
  });
  it("is a line through the middle where nothing changes", () =>
    expect(
      sparkPoints([7, 7], 118, 20)
        .split(" ")
        .map((point) => point.split(",")[1]),
    ).toEqual(["10.0", "10.0"]));
});
