import { afterEach, beforeEach, expect, test } from "vitest";
import type { ThrowAwaySshd } from "../../stack/throw-away-sshd.ts";
import { type FleetUnderTest, fleetFor, hostOf, startScriptedHost, until, untilState } from "./fleet-under-test.ts";

let sshd: ThrowAwaySshd;
let test1: FleetUnderTest;

beforeEach(async () => {
  sshd = await startScriptedHost();
  test1 = fleetFor(sshd.keyPair.privateKey);
  test1.fleet.add(hostOf(sshd));
  await untilState(test1.fleet, "h1", "connected");
});
afterEach(async () => {
  await test1.fleet.close();
  await sshd.stop();
});

const ask = (text: string, timeoutMs = 5_000, channel: "control" | "observe" = "control") =>
  test1.fleet.request("h1", "expire", { text }, { timeoutMs, channel });

test("a hundred requests at once go down one channel and come back in order", async () => {
  const sent: number[] = [];
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      test1.fleet.request("h1", "expire", {}, { timeoutMs: 10_000, onSent: () => sent.push(index) }),
    ),
  );
  const counts = results.map((result) => (result.outcome === "answered" ? Number(result.answer.expired[1]) : null));
  expect(counts).toEqual(Array.from({ length: 100 }, (_, index) => index + 2)); // hello was the first
  expect(sent).toEqual(Array.from({ length: 100 }, (_, index) => index));
  expect(new Set(results.map((result) => result.outcome === "answered" && result.answer.expired[0])).size).toBe(1);
});

test("the two channels are two agents: a slow answer on observe delays nothing on control", async () => {
  let slowIsDone = false;
  const slow = ask("slow", 20_000, "observe").finally(() => {
    slowIsDone = true;
  });
  const quick = await ask("", 20_000, "control");
  expect(quick.outcome).toBe("answered");
  expect(slowIsDone).toBe(false);
  const late = await slow;
  expect(late.outcome).toBe("answered");
  if (quick.outcome === "answered" && late.outcome === "answered") {
    expect(quick.answer.expired[0]).not.toBe(late.answer.expired[0]);
  }
});

test("parts are told as they come and given with the answer; a refusal is a refusal", async () => {
  const told: unknown[] = [];
  const result = await test1.fleet.request(
    "h1",
    "expire",
    { text: "parts" },
    { timeoutMs: 5_000, onPart: (part) => told.push(part) },
  );
  expect(result).toMatchObject({ outcome: "answered", parts: [{ progress: "journal" }, { progress: "render" }] });
  expect(told).toHaveLength(2);
  expect(await ask("refuse")).toMatchObject({ outcome: "refused", failure: { error: "bad-value", field: "match" } });
});

test("a value that the protocol can't carry is refused before anything is written", async () => {
  let sent = false;
  const result = await test1.fleet.request(
    "h1",
    "expire",
    { text: "two\nlines" },
    { timeoutMs: 5_000, onSent: () => (sent = true) },
  );
  expect(result).toMatchObject({ outcome: "refused", failure: { error: "bad-value", field: "text" } });
  expect(sent).toBe(false);
});

test.each(["garbage", "badtype", "wrongid", "oversize", "endless"])(
  "%s instead of an answer makes everything on that channel unknown, and the channel is opened anew",
  async (word) => {
    const [first, behind, other] = await Promise.all([ask(word), ask(""), ask("", 5_000, "observe")]);
    expect(first.outcome).toBe("unknown");
    expect(behind.outcome).toBe("unknown");
    expect(other.outcome).toBe("answered");
    expect((await ask("")).outcome).toBe("answered");
    expect(test1.fleet.link("h1").state).toBe("connected");
  },
);

test("no answer within the limit is unknown; the next request gets a channel that works", async () => {
  const result = await ask("silent", 500);
  expect(result).toMatchObject({ outcome: "unknown", detail: expect.stringContaining("0.5 s") });
  expect((await ask("")).outcome).toBe("answered");
});

test("an agent killed in the middle of a request is unknown, with its last words", async () => {
  const result = await ask("die");
  expect(result.outcome).toBe("unknown");
  expect(result).toMatchObject({ detail: expect.stringContaining("out of memory") });
  expect((await ask("")).outcome).toBe("answered");
});

test("an agent that dies again and again is not restarted without a pause", async () => {
  for (let i = 0; i < 4; i++) await ask("die");
  await until(
    () => test1.links.some(({ link }) => link.state === "unreachable" && link.detail.includes("ended 4 times")),
    "given up",
  );
  await untilState(test1.fleet, "h1", "connected");
});
