import { execFileSync } from "node:child_process";
import type { FleetChannel } from "@mailbrake/fleet";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ThrowAwaySshd } from "../../stack/throw-away-sshd.ts";
import {
  type FleetUnderTest,
  fleetFor,
  hostOf,
  quickLimits,
  startScriptedHost,
  until,
  untilState,
} from "./fleet-under-test.ts";

let sshd: ThrowAwaySshd;
let under: FleetUnderTest;

beforeEach(async () => {
  sshd = await startScriptedHost();
  under = fleetFor(sshd.keyPair.privateKey, { ...quickLimits, idleCloseMs: 400, maximumFollows: 2 });
  under.fleet.add(hostOf(sshd));
  await untilState(under.fleet, "h1", "connected");
});
afterEach(async () => {
  await under.fleet.close();
  await sshd.stop();
});

const ask = (channel: FleetChannel, text = "", more: { signal?: AbortSignal; onSent?: () => void } = {}) =>
  under.fleet.request("h1", "expire", { text }, { timeoutMs: 5_000, channel, ...more });
/** Process id of the agent that answered, and how many requests it has had, its hello included. */
const answererOf = async (channel: FleetChannel, text = ""): Promise<[number, number]> => {
  const result = await ask(channel, text);
  if (result.outcome !== "answered") throw new Error(JSON.stringify(result));
  return [Number(result.answer.expired[0]), Number(result.answer.expired[1])];
};
const lives = (pid: number) => {
  try {
    return !/^\S+ \(.*\) Z/.test(execFileSync("cat", [`/proc/${pid}/stat`], { encoding: "utf8", stdio: "pipe" }));
  } catch {
    return false;
  }
};

test("queues and jobs are opened by their first request, kept while used, and closed when idle", async () => {
  const [queues, first] = await answererOf("queues");
  expect(first).toBe(2);
  expect((await answererOf("queues"))[1]).toBe(3);
  const [jobs] = await answererOf("jobs");
  expect(new Set([queues, jobs, (await answererOf("control"))[0]]).size).toBe(3);
  await until(() => !lives(queues) && !lives(jobs), "idle agents end");
  const [again, count] = await answererOf("queues");
  expect(again).not.toBe(queues);
  expect(count).toBe(2);
  expect(under.links.filter(({ link }) => link.state !== "connecting")).toHaveLength(1);
});

test.each(["queues", "jobs", "follow"] as const)("a dead %s channel takes no other with it", async (channel) => {
  const [control] = await answererOf("control");
  expect(await ask(channel, "die")).toMatchObject({ outcome: "unknown" });
  expect((await answererOf(channel))[1]).toBe(2);
  expect((await answererOf("control"))[0]).toBe(control);
  expect(under.fleet.link("h1")).toMatchObject({ state: "connected", detail: "connected" });
});

test("each follow has an agent of its own, which ends when nobody reads; no more of them than there is room for", async () => {
  const stop = new AbortController();
  let sent = 0;
  const onSent = () => void sent++;
  const silent = ask("follow", "silent", { signal: stop.signal, onSent });
  const beside = ask("follow", "slow", { onSent });
  await until(() => sent === 2, "both are asked");
  expect(await ask("follow")).toMatchObject({ outcome: "unreachable", detail: expect.stringContaining("2 instances") });
  stop.abort();
  expect(await silent).toMatchObject({ outcome: "unknown", detail: expect.stringContaining("nobody follows") });
  expect(await beside).toMatchObject({ outcome: "answered" });
  const [follower] = await answererOf("follow");
  await until(() => !lives(follower), "the agent ends with its request");
  expect((await answererOf("control"))[1]).toBeGreaterThan(1);
});

test("a follow that is given up before its channel is open never asks", async () => {
  expect(await ask("follow", "", { signal: AbortSignal.abort() })).toMatchObject({ outcome: "unreachable" });
});
