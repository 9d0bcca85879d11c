import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../../lab/index.ts";
import { BrakedHost, postfix } from "./braked-host.ts";
import type { SmtpTalk } from "./smtp-talk.ts";

const pauseMs = async (milliseconds: number): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
const delivery = { point: "delivery", match: "all" } as const;

describe("delivery of a real Postfix: throttled, and paused for one domain", () => {
  let lab: Lab;
  let mx: BrakedHost;
  let untouched: string[];
  beforeAll(async () => {
    lab = await labUp({
      hosts: [mxHost("mx1", 11), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    mx = await BrakedHost.on(lab.host("mx1"));
    await mx.agent.ask("discover");
    untouched = await mx.configuration();
  });
  afterEach(async () => await mx.liftAll());
  afterAll(async () => {
    try {
      await mx?.stop();
    } finally {
      await lab?.down();
    }
  });

  const send = async (number: number, recipient: string): Promise<SmtpTalk["subject"]> => {
    const seen = await mx.talk({ recipients: [recipient], subject: `numbered message ${number}` });
    expect(seen.recipients[0]).toMatch(/^250 2\.1\.5/);
    expect(seen.answers.DATA).toMatch(/^250 2\.0\.0 Ok: queued/);
    return seen.answers.DATA;
  };
  /** When each message was complete in the sink, in seconds, oldest first. */
  const arrivals = async (): Promise<number[]> => {
    const { stdout } = await lab.sink.host.shell("find /var/spool/sink -type f -printf '%T@\\n' | sort -n");
    return stdout.trim().split("\n").map(Number);
  };
  const gaps = (times: readonly number[]): number[] => times.slice(1).map((time, index) => time - (times[index] ?? 0));

  it.each([
    { messages: "60", seconds: 1 },
    // 25 a minute would be every 2.4 s
    { messages: "25", seconds: 3 },
  ])(
    "throttle to $messages a minute: a delivery each $seconds s, and at full speed after the lift",
    async ({ messages, seconds }) => {
      await lab.sink.reset();
      const app = await mx.brake({ ...delivery, effect: "throttle", messages });
      for (const [index, recipient] of [
        "a@lab.example",
        "b@partner.example",
        "c@lab.example",
        "d@lab.example",
      ].entries())
        await send(index + 1, recipient);
      await lab.sink.waitFor(4, 30);
      // A message that a busy machine brings late is nearer to the next one.
      const between = gaps(await arrivals());
      for (const gap of between) {
        expect(gap).toBeGreaterThan(seconds * 0.5);
        expect(gap).toBeLessThan(seconds + 2);
      }
      expect(between.reduce((sum, gap) => sum + gap, 0)).toBeGreaterThan(between.length * seconds * 0.8);
      await mx.lift(app);
      await lab.sink.reset();
      for (let number = 11; number <= 20; number += 1) await send(number, "a@lab.example");
      await lab.sink.waitFor(10, 30);
      const times = await arrivals();
      expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(9 * seconds * 0.7);
      await mx.expectClean(untouched);
    },
  );

  it("throttle: the slower of two holds, and what waits goes on with the other's pace after its lift", async () => {
    await lab.sink.reset();
    const slow = await mx.brake({ ...delivery, effect: "throttle", messages: "6" });
    const quick = await mx.brake({ ...delivery, effect: "throttle", messages: "60" });
    for (let number = 1; number <= 3; number += 1) await send(number, "a@lab.example");
    await lab.sink.waitFor(1, 30);
    await pauseMs(3000);
    expect((await lab.sink.received()).size).toBe(1);
    await mx.lift(slow);
    await lab.sink.waitFor(3, 30);
    await mx.lift(quick);
    expect([...(await lab.sink.received()).values()]).toEqual([1, 1, 1]);
    await mx.expectClean(untouched);
  });

  it("throttle in the plan: whole seconds, told before", async () => {
    const { final, parts } = await mx.agent.ask("plan", {
      ...delivery,
      instance: postfix,
      effect: "throttle",
      messages: "25",
    });
    expect(final.notes).toContain("A delivery each 3 s");
    expect(final.reply).toBe("accepted and queued");
    expect(JSON.stringify(parts)).toMatch(/smtp_transport_rate_delay = [$]\{mailbrake_delay\}/);
  });

  it("trap: a flush bypasses defer_transports: a paused domain waits through flushes, and the others go on", async () => {
    // the admin routes one address and a name below by themselves
    await mx.host.shell(`cp -a /etc/postfix /root/plain
printf 'own@partner.example smtp:[${lab.sink.host.address}]\\nsub.partner.example smtp:[${lab.sink.host.address}]\\n' >>/etc/postfix/transport
postmap hash:/etc/postfix/transport; postfix reload`);
    try {
      const edited = await mx.configuration();
      await lab.sink.reset();
      const app = await mx.brake({ point: "delivery", effect: "pause", match: "recipient:Partner.example" });
      const waiting = ["x@partner.example", "own@partner.example", "x@sub.partner.example", "X+y@PARTNER.example"];
      for (const [index, recipient] of waiting.entries()) await send(index + 1, recipient);
      await send(5, "someone@lab.example");
      await send(6, "someone@goodpartner.example");
      for (let flush = 0; flush < 3; flush += 1) {
        await mx.host.exec(["postqueue", "-f"]);
        await pauseMs(500);
      }
      await lab.sink.waitFor(2, 30);
      expect([...(await lab.sink.received()).keys()].sort()).toEqual([5, 6]);
      await mx.lift(app);
      await lab.sink.waitFor(6, 30);
      await pauseMs(500);
      expect([...(await lab.sink.received()).values()]).toEqual([1, 1, 1, 1, 1, 1]);
      await mx.expectClean(edited);
    } finally {
      await mx.host.shell(
        "rm -rf /etc/postfix; cp -a /root/plain /etc/postfix; touch -d '1 minute ago' /etc/postfix/main.cf; postfix reload",
      );
    }
    untouched = await mx.configuration();
  });

  it("trap: trivial-rewrite sees a changed transport table late: a domain is paused for the next message", async () => {
    await lab.sink.reset();
    // it has the routes in hand
    await send(1, "someone@partner.example");
    await lab.sink.waitFor(1, 30);
    const one = await mx.brake({ point: "delivery", effect: "pause", match: "recipient:lab.example" });
    const two = await mx.brake({ point: "delivery", effect: "pause", match: "recipient:partner.example" });
    await send(2, "someone@partner.example");
    await mx.lift(one);
    await send(3, "someone@lab.example");
    await lab.sink.waitFor(2, 30);
    await pauseMs(1000);
    expect([...(await lab.sink.received()).keys()].sort()).toEqual([1, 3]);
    await mx.lift(two);
    await lab.sink.waitFor(3, 30);
    await mx.expectClean(untouched);
  });

  it("trap: a slow transport of its own for a domain loses the next hop that each address had: what delivery can't do exactly is refused, naming the nearest, and changes nothing", async () => {
    const order = { app: "B93", brake: "B93", instance: postfix, ttl: "0", by: "t", reason: "t", point: "delivery" };
    for (const [refused, field] of [
      [{ effect: "throttle", match: "all", messages: "61" }, "messages"],
      [{ effect: "throttle", match: "all", connections: "5" }, "connections"],
      [{ effect: "throttle", match: "all", recipients: "5", messages: "5" }, "recipients"],
      [{ effect: "throttle", match: "recipient:b.example", messages: "5" }, "match"],
      [{ effect: "pause", match: "recipient:a@b.example" }, "match"],
      [{ effect: "pause", match: "sender:b.example" }, "match"],
      [{ effect: "pause", match: "recipient:b.example", match2: "sender:a.example" }, "match"],
      [{ effect: "pause", match: "all", cut: "1" }, "cut"],
    ] as const) {
      const answer = await mx.agent.refusal("apply", { ...order, ...refused });
      expect(answer, JSON.stringify(refused)).toMatchObject({ error: "cannot", field });
      expect(answer.message).toContain("nearest");
    }
    await mx.expectClean(untouched);
  });
});
