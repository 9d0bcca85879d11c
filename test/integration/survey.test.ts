/** The picture of a real queue, and its counts each second. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PartialAnswer } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../lab/index.ts";
import { AgentOnHost } from "./postfix-driver/agent-on-host.ts";
import { smtpTalk } from "./postfix-driver/smtp-talk.ts";

const instance = "postfix:/etc/postfix";

function only<K extends string>(parts: readonly PartialAnswer[], key: K) {
  return parts.filter((part): part is Extract<PartialAnswer, Record<K, unknown>> => key in part);
}

describe("survey and follow on a real Postfix", () => {
  let lab: Lab;
  let agent: AgentOnHost;
  beforeAll(async () => {
    // without a sink, all that comes in waits
    lab = await labUp({ hosts: [mxHost("mx1", 11)] });
    agent = await AgentOnHost.start(lab.host("mx1"));
    const send = async (sender: string, recipients: string[], count: number, from?: string): Promise<void> => {
      for (let number = 0; number < count; number += 1)
        await smtpTalk({
          address: lab.host("mx1").address,
          sender,
          recipients,
          subject: `survey ${number}`,
          ...(from ? { from } : {}),
        });
    };
    await send("loud@spam.example", ["a@lab.example"], 12, lab.clientAddresses[0]);
    await send("Other@spam.example", ["a@lab.example", "b@lab.example"], 5, lab.clientAddresses[1]);
    await send("", ["c@lab.example"], 3);
    await lab
      .host("mx1")
      .shell("postconf -e defer_transports=smtp && touch -d '1 minute ago' /etc/postfix/main.cf && postfix reload");
    await lab.host("mx1").shell("postqueue -f");
    await sleep(2_000);
  });
  afterAll(async () => {
    try {
      await agent?.stop();
    } finally {
      await lab?.down();
    }
  });

  it("trap: a client stands in a queue file twice, and a deferred file has the time of its next try: counts by queue and age, tops, the oldest, rates and deliveries", async () => {
    const { parts, final } = await agent.ask("survey", { instance });
    expect(final).toMatchObject({ messages: 20, complete: true, why: "" });
    const queues = only(parts, "queues").flatMap((part) => part.queues);
    expect(queues.reduce((sum, { messages }) => sum + messages, 0)).toBe(20);
    const ages = only(parts, "ages").flatMap((part) => part.ages);
    expect(ages.reduce((sum, { messages }) => sum + messages, 0)).toBe(20);
    expect(new Set(ages.map(({ olderThan }) => olderThan))).toEqual(new Set([0]));
    const tops = Object.fromEntries(only(parts, "top").map(({ top }) => [top.of, top.rows]));
    expect(tops.sender?.map(({ value, messages }) => [value, messages])).toEqual([
      ["loud@spam.example", 12],
      ["Other@spam.example", 5],
      ["", 3],
    ]);
    expect(tops.senderDomain?.[0]).toMatchObject({ value: "spam.example", messages: 17 });
    expect(tops.recipient?.[0]).toMatchObject({ value: "a@lab.example", messages: 17 });
    expect(tops.recipientDomain).toMatchObject([{ value: "lab.example", messages: 20 }]);
    expect(tops.client?.slice(0, 2)).toMatchObject([
      { value: lab.clientAddresses[0], messages: 12 },
      { value: lab.clientAddresses[1], messages: 5 },
    ]);
    const oldest = only(parts, "oldest").flatMap((part) => part.oldest);
    expect(oldest).toHaveLength(20);
    for (const { arrived } of oldest) expect(arrived).toBeLessThanOrEqual(Date.now() / 1000);
    expect(oldest.map(({ arrived }) => arrived)).toEqual(oldest.map(({ arrived }) => arrived).sort((a, b) => a - b));
    const [rates] = only(parts, "rates").map((part) => part.rates);
    expect(rates).toMatchObject({ received: 20, delivered: 0 });
    expect(rates?.deferred).toBeGreaterThan(0);
    expect(Math.abs((rates?.to ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    const joined = only(parts, "joined").flatMap((part) => part.joined);
    expect(joined.length).toBeGreaterThan(0);
    for (const one of joined)
      expect(one).toMatchObject({ status: "deferred", recipient: expect.stringMatching(/@lab\.example$/) });
    expect(
      joined.some(({ sender, client }) => sender === "loud@spam.example" && client === lab.clientAddresses[0]),
    ).toBe(true);
  });

  it("tells only as many rows as were asked for", async () => {
    const { parts } = await agent.ask("survey", { instance, rows: "2" });
    for (const { top } of only(parts, "top")) expect(top.rows.length).toBeLessThanOrEqual(2);
    expect(only(parts, "oldest")[0]?.oldest).toHaveLength(2);
    expect(only(parts, "joined")[0]?.joined).toHaveLength(2);
  });

  it("follows each second what comes in", async () => {
    const following = agent.ask("follow", { instance, seconds: "6" });
    await sleep(2_500);
    for (const number of [1, 2, 3])
      await smtpTalk({
        address: lab.host("mx1").address,
        sender: `late${number}@spam.example`,
        recipients: ["a@lab.example"],
        subject: "late",
      });
    const { parts, final } = await following;
    expect(final.ticks).toBe(6);
    const ticks = only(parts, "tick").map((part) => part.tick);
    expect(ticks.reduce((sum, { received }) => sum + received, 0)).toBe(3);
    expect(ticks.at(-1)?.queues.reduce((sum, { messages }) => sum + messages, 0)).toBe(23);
  });
});
