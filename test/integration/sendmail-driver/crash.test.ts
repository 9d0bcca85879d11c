import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { AgentOnHost } from "../postfix-driver/agent-on-host.ts";
import { instance, newSubject, SendmailHost, sendmailLab } from "./sendmail-host.ts";

const steps = [
  "before-journal",
  "after-journal",
  "before-file",
  "after-file",
  "after-render",
  "before-reload",
  "after-reload",
  "after-check",
];
const order = { brake: "CRASH", instance, point: "listener:25", match: "all", ttl: "0", by: "t", reason: "t" };
const to = { recipients: ["someone@lab.example"] };

describe("an agent killed in the middle, on a real Sendmail", () => {
  let lab: Lab;
  let untouched: string[];
  beforeAll(async () => {
    lab = await sendmailLab();
    const sendmail = await SendmailHost.on(lab, "mc");
    untouched = await sendmail.configuration();
    await sendmail.agent.stop();
  });
  afterAll(async () => await lab?.down());

  async function killedAt(crashAt: string, verb: "apply" | "lift", values: Record<string, string>): Promise<void> {
    const agent = await AgentOnHost.start(lab.host("mc"), { crashAt, drivers: ["sendmail"] });
    await expect(agent.ask(verb, values)).rejects.toThrow("the agent ended");
  }

  it.each(steps)("apply, killed at %s: the next agent finds it whole, or not begun", async (crashAt) => {
    const app = `A-${crashAt}`;
    await killedAt(crashAt, "apply", { ...order, app, effect: "tempfail" });
    const sendmail = await SendmailHost.on(lab, "mc");
    const { parts, final } = await sendmail.agent.ask("status");
    expect(final.dirty).toBe(false);
    const active = parts.flatMap((part) => ("application" in part ? [part.application] : []));
    if (crashAt === "before-journal") expect(active).toEqual([]);
    else expect(active).toMatchObject([{ app, intact: true, drift: [] }]);
    expect(await sendmail.said(to)).toMatch(active.length > 0 ? /^450 .*\(ref CRASH\)/ : /^250/);
    await sendmail.liftAll();
    expect(await sendmail.said(to)).toMatch(/^250/);
    await sendmail.expectClean(untouched);
    await sendmail.agent.stop();
  });

  it.each([...steps, "before-release", "after-release"])(
    "lift of a hold, killed at %s: what it held arrives once, and nothing of it is left",
    async (crashAt) => {
      const app = `L-${crashAt}`;
      const first = await SendmailHost.on(lab, "mc");
      await first.agent.ask("apply", { ...order, app, effect: "hold" });
      const subject = newSubject();
      await first.talk({ ...to, subject });
      expect(await first.inSink(subject)).toEqual([]);
      await first.agent.stop();
      await killedAt(crashAt, "lift", { app, by: "t", reason: "t" });
      const sendmail = await SendmailHost.on(lab, "mc");
      const { parts, final } = await sendmail.agent.ask("status");
      expect(final.dirty).toBe(false);
      const active = parts.flatMap((part) => ("application" in part ? [part.application.app] : []));
      expect(active).toEqual(crashAt === "before-journal" ? [app] : []);
      await sendmail.liftAll();
      expect(await sendmail.arrived(subject)).toHaveLength(1);
      expect(await sendmail.held()).toBe("");
      await sendmail.expectClean(untouched);
      await sendmail.agent.stop();
    },
  );
});
