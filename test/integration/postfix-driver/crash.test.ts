import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../../lab/index.ts";
import { AgentOnHost } from "./agent-on-host.ts";
import { BrakedHost, postfix, smtpListener } from "./braked-host.ts";
import { smtpTalk } from "./smtp-talk.ts";

const applying = [
  "before-journal",
  "after-journal",
  "before-file",
  "after-file",
  "after-render",
  "before-reload",
  "after-reload",
  "before-check",
  "after-check",
];
const lifting = [...applying, "before-release", "after-release"];
const order = { brake: "CRASH", instance: postfix, point: smtpListener, ttl: "0", by: "t", reason: "t" };

describe("an agent killed in the middle, on a real Postfix", () => {
  let lab: Lab;
  let untouched: string[];
  beforeAll(async () => {
    lab = await labUp({ hosts: [mxHost("mx1", 11), { name: "sink", role: "sink", layer: "postfix", octet: 50 }] });
    const mx = await BrakedHost.on(lab.host("mx1"));
    await mx.agent.ask("discover");
    untouched = await mx.configuration();
    await mx.stop();
  });
  afterAll(async () => await lab?.down());

  async function killedAt(crashAt: string, verb: "apply" | "lift", values: Record<string, string>): Promise<void> {
    const agent = await AgentOnHost.start(lab.host("mx1"), { crashAt, drivers: ["postfix"] });
    await expect(agent.ask(verb, values)).rejects.toThrow("the agent ended");
  }

  it.each(applying)("apply, killed at %s: the next agent finds it whole, or not begun", async (crashAt) => {
    const app = `A-${crashAt}`;
    await killedAt(crashAt, "apply", { ...order, app, effect: "tempfail", match: "all" });
    const mx = await BrakedHost.on(lab.host("mx1"));
    const { parts, final } = await mx.agent.ask("status");
    expect(final.dirty).toBe(false);
    const active = parts.flatMap((part) => ("application" in part ? [part.application] : []));
    const talk = { recipients: ["someone@lab.example"] };
    if (crashAt === "before-journal") expect(active).toEqual([]);
    else expect(active).toMatchObject([{ app, intact: true, drift: [] }]);
    await mx.settles(talk, active.length > 0 ? /^450 .*\(ref CRASH\)/ : /^250/);
    await mx.liftAll();
    await mx.settles(talk, /^250/);
    await mx.expectClean(untouched);
    await mx.stop();
  });

  it.each(["before-ease", "after-file", "while-stopped", "after-ease", "after-reload"])(
    "close while a message is being taken, killed at %s: the next agent closes, and what was cut comes once when it is sent again",
    async (crashAt) => {
      await lab.sink.reset();
      const app = `C-${crashAt}`;
      const message = { recipients: ["someone@lab.example"], subject: "numbered message 1" };
      let mx: BrakedHost | undefined;
      const cut = await smtpTalk({
        ...message,
        address: lab.host("mx1").address,
        pause: async () => {
          await killedAt(crashAt, "apply", { ...order, app, effect: "close", match: "all" });
          mx = await BrakedHost.on(lab.host("mx1"));
          const { parts, final } = await mx.agent.ask("status");
          expect(final.dirty).toBe(false);
          const active = parts.flatMap((part) => ("application" in part ? [part.application] : []));
          expect(active).toMatchObject([{ app, intact: true, drift: [] }]);
        },
      });
      if (!mx) throw new Error("the session did not come to its message");
      expect(cut.answers.DATA).toBe("closed");
      expect((await mx.talk({})).banner).toBe("refused");
      await mx.liftAll();
      await mx.settles({ recipients: message.recipients }, /^250/);
      expect((await mx.talk(message)).answers.DATA).toMatch(/^250/);
      expect([...(await lab.sink.waitFor(1, 30)).values()]).toEqual([1]);
      await mx.expectClean(untouched);
      await mx.stop();
    },
  );

  it.each(lifting)(
    "lift of a hold, killed at %s: what it held arrives once, and nothing of it is left",
    async (crashAt) => {
      await lab.sink.reset();
      const first = await BrakedHost.on(lab.host("mx1"));
      const app = `L-${crashAt}`;
      await first.agent.ask("apply", { ...order, app, effect: "hold", match: "all" });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await first.talk({ recipients: ["someone@lab.example"], subject: "numbered message 1" });
      await first.stop();
      await killedAt(crashAt, "lift", { app, by: "t", reason: "t" });
      const mx = await BrakedHost.on(lab.host("mx1"));
      const { parts, final } = await mx.agent.ask("status");
      expect(final.dirty).toBe(false);
      const active = parts.flatMap((part) => ("application" in part ? [part.application.app] : []));
      expect(active).toEqual(crashAt === "before-journal" ? [app] : []);
      await mx.liftAll();
      expect([...(await lab.sink.waitFor(1, 30)).values()]).toEqual([1]);
      await mx.expectClean(untouched);
      await mx.stop();
    },
  );
});
