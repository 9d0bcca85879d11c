/** Numbered mail from a sender that retries, through random brakes, lifts, expiries and reloads of one mail server: all of it arrives, none twice. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentOnHost } from "../integration/postfix-driver/agent-on-host.ts";
import { type Lab, type LabHost, labDomain, outsideDomain } from "../lab/index.ts";
import { enduranceSize } from "./endurance-size.ts";
import { losslessCells, openDoors, randomOrder } from "./random-orders.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { Subject } from "./subject.ts";
import { askPatiently, tryBrake } from "./try-brake.ts";

export interface MailCount {
  readonly sent: number;
  readonly arrived: number;
  readonly twice: readonly number[];
  readonly missing: readonly number[];
  /** What was done meanwhile, by effect or act. */
  readonly acts: Readonly<Record<string, number>>;
  /** What could have been done and was not. */
  readonly notDone: readonly string[];
  readonly refused: readonly string[];
  /** Of the first that are missing or came twice: what the logs of the sender and of the mail server tell. */
  readonly told: string;
}

const drainLimitMs = 30 * 60_000;

/** @param agent of the subject's host in this lab */
export async function mailUnderBrakes(
  lab: Lab,
  subject: Subject,
  agent: AgentOnHost,
  messages: number,
  seed: number,
): Promise<MailCount> {
  const random = new SeededRandom(seed);
  const host = lab.host(subject.host.name);
  const doors = await openDoors(agent);
  const clients = [lab.sender.host.address];
  const acts: Record<string, number> = {};
  const refused: string[] = [];
  const active = new Set<string>();
  const count = (act: string): void => {
    acts[act] = (acts[act] ?? 0) + 1;
  };
  let number = 0;
  const applyOne = async (): Promise<void> => {
    number += 1;
    const app = `M${number}`;
    const expires = random.next() < 0.3;
    const order = randomOrder(random, doors, clients, true);
    const request = {
      ...order,
      app,
      brake: app,
      ttl: expires ? String(2 + random.below(4)) : "0",
      by: "test",
      reason: "endurance",
    };
    const answer = await tryBrake(agent, doors, request).catch((error: unknown) => {
      refused.push(`${JSON.stringify(order)}: ${String(error)}`);
    });
    if (answer === "applied") {
      count(`${order.effect} at ${order.point?.replace(/:.*/, "")}`);
      active.add(app);
    } else if (answer) count(answer);
  };
  const liftOne = async (app: string): Promise<void> => {
    active.delete(app);
    const { final } = await askPatiently(agent, "lift", { app, by: "test", reason: "endurance" });
    count(final.outcome === "already" ? "expired" : "lift");
  };
  const step = async (): Promise<void> => {
    const dice = random.next();
    if (dice < 0.5 && active.size < 4) await applyOne();
    else if (dice < 0.85 && active.size > 0) await liftOne(random.pick([...active]));
    else if (dice < 0.93) {
      await host.shell(subject.reload);
      count("reload");
    } else {
      await lab.sender.flush();
      await host.shell(`{ ${subject.flush}; } >/dev/null 2>&1 &`);
      count("flush");
    }
  };

  const injecting = (async () => {
    const { batch } = enduranceSize;
    for (let start = 1; start <= messages; start += batch) {
      const size = Math.min(batch, messages - start + 1);
      for (const began = Date.now(); (await lab.sink.received()).size + 2 * batch < start; await sleep(500))
        if (Date.now() - began > drainLimitMs)
          throw new Error(`no mail gets through any more, before message ${start}`);
      await lab.sender.inject({
        from: `writer@${outsideDomain}`,
        to: `someone@${labDomain}`,
        count: size,
        startNumber: start,
      });
    }
  })();
  let injected = false;
  const ended = injecting
    .then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    .finally(() => {
      injected = true;
    });
  // Brakes go on as long as mail is on its way in.
  for (let steps = 0; steps < enduranceSize.steps || !injected; steps += 1) {
    await step();
    await sleep(100 + random.below(400));
  }
  await liftEverything(agent);
  const failed = await ended;
  if (failed) throw failed.error;

  const started = Date.now();
  for (;;) {
    const received = await lab.sink.received();
    if (received.size >= messages || Date.now() - started > drainLimitMs) break;
    await lab.sender.flush();
    await host.shell(subject.flush, { check: false });
    await sleep(2_000);
  }
  // A message that comes twice comes soon after.
  await sleep(3_000);
  const received = await lab.sink.received();
  const numbers = Array.from({ length: messages }, (_unused, index) => index + 1);
  const twice = [...received].filter(([, times]) => times > 1).map(([one]) => one);
  const missing = numbers.filter((one) => !received.has(one)).slice(0, 20);
  return {
    sent: messages,
    arrived: numbers.filter((one) => received.has(one)).length,
    twice,
    missing,
    told: await stories(lab, host, [...missing.slice(0, 5), ...twice.slice(0, 5)]),
    acts,
    notDone: [
      ...losslessCells(doors).map(({ point, cell }) => `${cell.effect} at ${point.kind}`),
      "lift",
      "expired",
      "reload",
    ].filter((act) => !(act in acts)),
    refused,
  };
}

const storyScript = `for number; do
  grep -hE "[<=]$number[.][0-9]" $logs | sed -nE 's/.*(\\]: |^[-0-9]+ [0-9:.]+ )([0-9A-Za-z-]{6,})[: ].*/\\2/p' | sort -u >/tmp/story
  [ ! -s /tmp/story ] || grep -hF -f /tmp/story $logs | tail -n 40
done`;

/** What the logs tell of these messages: a difference that can't be understood can't be mended. */
async function stories(lab: Lab, host: LabHost, numbers: readonly number[]): Promise<string> {
  if (numbers.length === 0) return "";
  const told = await Promise.all(
    [lab.sender.host, host].map(async (one) => {
      const logs = "logs=$(ls /var/log/mail.log /var/log/exim4/mainlog 2>/dev/null)";
      return (await one.shell(`${logs}; ${storyScript}`, { args: numbers.map(String), check: false })).stdout;
    }),
  );
  return told.join("\n");
}

/** Lifts whatever is still on. */
export async function liftEverything(agent: AgentOnHost): Promise<void> {
  const { parts } = await agent.ask("status");
  for (const part of parts)
    if ("application" in part)
      await askPatiently(agent, "lift", { app: part.application.app, by: "test", reason: "the end" });
}
