import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { newSubject, OpensmtpdLabHost, opensmtpdLab } from "./opensmtpd-lab-host.ts";

const recipient = "someone@lab.example";
const to = { recipients: [recipient] };
const restart =
  'pid=$(cat /run/smtpd.pid); kill "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done; smtpd; until smtpctl show status; do sleep 0.05; done';

describe("close, pause and local submission on a real OpenSMTPD", () => {
  let lab: Lab;
  let mx: OpensmtpdLabHost;
  let untouched: string[];
  beforeAll(async () => {
    lab = await opensmtpdLab();
    mx = await OpensmtpdLabHost.on(lab);
    untouched = await mx.configuration();
  });
  afterEach(async () => await mx.liftAll());
  afterAll(async () => {
    try {
      await mx?.agent.stop();
    } finally {
      await lab?.down();
    }
  });
  const paused = async (): Promise<string> =>
    await mx.shell('smtpctl show status | awk \'$2 == "paused" { printf "%s ", $1 }\'');

  it("trap: smtpctl pause smtp leaves clients waiting for a banner: closed, this listener refuses connections, the others take them, whatever order", async () => {
    const first = await mx.brake({ effect: "close" });
    expect((await mx.talk({})).banner).toBe("refused");
    expect((await mx.talk({ port: 587 })).banner).toMatch(/^220/);
    const second = await mx.brake({ effect: "close", point: mx.point(587) });
    expect((await mx.talk({ port: 587 })).banner).toBe("refused");
    expect((await mx.status(first)).drift).toEqual([]);
    await mx.lift(await mx.brake({ effect: "tempfail" }));
    const { parts } = await mx.agent.ask("discover");
    expect(parts.filter((part) => "point" in part && part.point.kind === "listener")).toHaveLength(4);
    await mx.lift(first);
    expect((await mx.talk({})).banner).toMatch(/^220/);
    await mx.lift(second);
    expect((await mx.talk({ port: 587 })).banner).toMatch(/^220/);
    await mx.expectClean(untouched);
  });

  it("pause × all: taken and kept, over a brake that restarts smtpd, delivered after the lift", async () => {
    const app = await mx.brake({ effect: "pause", point: "delivery" });
    expect(await paused()).toBe("MDA MTA");
    const subject = await mx.send(to);
    await mx.lift(await mx.brake({ effect: "tempfail", match: "sender:bad.example" }));
    expect(await paused()).toBe("MDA MTA");
    expect(await mx.inSink(subject)).toEqual([]);
    expect((await mx.status(app)).drift).toEqual([]);
    await mx.lift(app);
    expect(await mx.arrived(subject)).toEqual([recipient]);
    expect(await paused()).toBe("");
    await mx.expectClean(untouched);
  });

  it("trap: a restart forgets what was paused: status says so, the sweep puts it back, a reboot too", async () => {
    const app = await mx.brake({ effect: "pause", point: "delivery" });
    await mx.shell(restart);
    expect(await paused()).toBe("");
    expect((await mx.status(app)).drift.join()).toContain("deliveries are paused");
    const { final } = await mx.agent.ask("expire");
    expect(final.reasserted).toEqual([app]);
    expect(await paused()).toBe("MDA MTA");
    expect((await mx.agent.ask("expire")).final.reasserted).toEqual([]);
    await mx.agent.stop();
    await mx.host.boot();
    await mx.restartAgent();
    expect((await mx.agent.ask("expire")).final.reasserted).toEqual([app]);
    const subject = await mx.send(to);
    expect(await mx.inSink(subject)).toEqual([]);
    await mx.lift(app);
    expect(await mx.arrived(subject)).toEqual([recipient]);
  });

  it("trap: what the admin paused before stays paused after a brake and after a lift", async () => {
    await mx.shell("smtpctl pause mda");
    await mx.lift(await mx.brake({ effect: "tempfail" }));
    expect(await paused()).toBe("MDA");
    await mx.lift(await mx.brake({ effect: "pause", point: "delivery" }));
    expect(await paused()).toBe("MDA");
    await mx.shell("smtpctl resume mda");
  });

  it("trap: mail that was scheduled while paused stays stuck after a resume: after a lift it is delivered", async () => {
    const app = await mx.brake({ effect: "pause", point: "delivery" });
    const subject = await mx.send(to);
    await mx.shell("smtpctl schedule all");
    await mx.lift(app);
    expect(await mx.arrived(subject)).toEqual([recipient]);
    expect(await mx.shell("smtpctl show queue")).toBe("");
  });

  it("local × reject: the program is told, by all and by sender; bounces and SMTP are spared", async () => {
    const submit = async (sender: string): Promise<string> => {
      const subject = newSubject();
      return await mx.shell(
        `printf 'Subject: ${subject}\\n\\nText.\\n' | sendmail -f '${sender}' ${recipient} 2>&1; echo "exit $?"`,
      );
    };
    for (const match of ["all", "sender:cron@lab.example", "sender:lab.example"]) {
      const app = await mx.brake({ effect: "reject", point: "local", match });
      expect((await submit("cron@lab.example")).split("\n").filter(Boolean)).toEqual([
        `sendmail: command failed: 554 5.7.1 Not accepted here (ref ${app})`,
        "exit 70",
      ]);
      if (match !== "all") expect(await submit("other@else.example")).toBe("exit 0");
      expect(await mx.said({ recipients: [recipient] })).toMatch(/^250/);
      await mx.lift(app);
      expect(await submit("cron@lab.example")).toBe("exit 0");
      await mx.expectClean(untouched);
    }
  });

  it("what can't be had exactly is refused, with the nearest that can", async () => {
    for (const [brake, words] of [
      [{ effect: "tempfail", point: "local" }, "pause"],
      [{ effect: "reject", point: "local", match: "sender:<>" }, "listeners"],
      [{ effect: "reject", point: "local", match: "recipient:lab.example" }, "sender"],
      [{ effect: "hold" }, "tempfail"],
      [{ effect: "discard" }, "tempfail"],
      [{ effect: "throttle", connections: "5" }, "nftables"],
      [{ effect: "close", match: "client:192.0.2.1" }, "reject"],
      [{ effect: "pause", point: "delivery", match: "recipient:far.example" }, "all"],
      [{ effect: "throttle", point: "delivery", messages: "5" }, "listener"],
      [{ effect: "tempfail", match: "client:192.0.2.1", match2: "helo:a.example", match3: "sender:<>" }, "first two"],
    ] as const) {
      const refusal = await mx.agent.refusal("plan", mx.request(brake));
      expect(refusal.error).toBe("cannot");
      expect(refusal.message).toMatch(new RegExp(`the nearest.*${words}`));
    }
    const pair = { effect: "tempfail", match: "sender:news.example", match2: `recipient:${recipient}` };
    const app = await mx.brake(pair);
    const second = await mx.agent.refusal("apply", mx.request(pair));
    expect(second).toMatchObject({ error: "conflict", message: expect.stringContaining(app) });
  });
});
