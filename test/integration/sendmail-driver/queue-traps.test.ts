import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { numberedSubject } from "../../lab/lab-sender.ts";
import { newSubject, SendmailHost, sendmailLab } from "./sendmail-host.ts";

const recipient = "someone@lab.example";
const to = { recipients: [recipient] };

/** What breaks naive ways of braking, holding, pausing and reloading Sendmail while mail is on its way. */
describe("traps of Sendmail at work", () => {
  let lab: Lab;
  let own: SendmailHost;
  let untouched: string[];
  beforeAll(async () => {
    lab = await sendmailLab(["cf"]);
    own = await SendmailHost.on(lab, "cf");
    untouched = await own.configuration();
  });
  afterEach(async () => {
    await own.liftAll();
    await own.arm("disarm");
  });
  afterAll(async () => {
    try {
      await own?.agent.stop();
    } finally {
      await lab?.down();
    }
  });

  it("trap: -qQ finds parts of a reason: a lift lets go exactly its own mail, the admin's quarantine and longer ids stay", async () => {
    const one = own.request({ app: "H1", effect: "hold", match: "sender:one.example" });
    const eleven = own.request({ app: "H11", effect: "hold", match: "sender:eleven.example" });
    for (const request of [one, eleven]) await own.agent.ask("apply", request);
    const first = await own.send({ ...to, sender: "a@one.example" });
    const second = await own.send({ ...to, sender: "a@eleven.example" });
    const third = await own.send({ ...to, sender: "a@eleven.example" });
    await own.shell(
      "cd /var/spool/mqueue; file=$(grep -l '^S<a@eleven' hf* | tail -n 1); sed -i 's/^qmailbrake.*/qmailbrake+H1 is what the admin wrote/' $file",
    );
    expect(await own.lift("H1")).toBe(1);
    expect(await own.arrived(first)).toHaveLength(1);
    expect((await own.held()).split("\n").sort()).toHaveLength(2);
    expect(await own.lift("H11")).toBe(1);
    expect(await own.held()).toMatch(/^mailbrake\+H1\*1$/);
    await own.shell("sendmail -Q -qQadmin; sendmail -q");
    expect(await own.arrived(second)).toHaveLength(1);
    expect(await own.arrived(third)).toHaveLength(1);
  });

  it("two holds that mean one message: it waits for both, and each counts its own", async () => {
    const first = await own.brake({ effect: "hold", match: "sender:outside.example" });
    const second = await own.brake({ effect: "hold", match: `recipient:${recipient}` });
    const subject = await own.send(to);
    expect(await own.held()).toMatch(/^mailbrake\+S\d+\+S\d+\+=\*1$/);
    expect(await own.lift(first)).toBe(0);
    expect(await own.held()).toBe(`mailbrake+${second}+=*1`);
    expect(await own.inSink(subject)).toEqual([]);
    expect(await own.lift(second)).toBe(1);
    expect(await own.arrived(subject)).toHaveLength(1);
    await own.expectClean(untouched);
  });

  it("a session that is open at the lift brings its message late: the sweep lets it go", async () => {
    await own.arm();
    const app = await own.brake({ effect: "hold" });
    const subject = newSubject();
    await own.talk({ ...to, subject, pause: async () => expect(await own.lift(app)).toBe(0) });
    expect(await own.held()).toBe(`mailbrake+${app}+=*1`);
    await own.agent.ask("expire");
    expect(await own.arrived(subject)).toHaveLength(1);
    expect(await own.held()).toBe("");
  });

  it("trap: DeliveryMode=queueonly is delivered by queue runners, and a restart forgets it; a pause survives both, and a reboot", async () => {
    const pause = await own.brake({ effect: "pause", point: "delivery" });
    await own.restart("/usr/sbin/sendmail-mta -bd -q1s -L sm-mta");
    const subject = await own.send(to);
    await sleep(2500);
    await own.shell("sendmail -q; sendmail -qf");
    expect(await own.inSink(subject)).toEqual([]);
    expect(await own.queued()).toBe("1 mqueue");
    await own.agent.stop();
    await own.host.boot();
    await own.shell("sendmail -q");
    expect(await own.inSink(subject)).toEqual([]);
    own = await SendmailHost.on(lab, "cf");
    await own.lift(pause);
    expect(await own.arrived(subject)).toHaveLength(1);
    untouched = await own.configuration();
  });

  it("trap: a HUP ends the daemon's queue run, also between a delivery and its note: reloads of ours wait for a better moment, none comes twice", async () => {
    const count = 120;
    await own.edited("sed -i 's/^O DeliveryMode=.*/O DeliveryMode=queueonly/' /etc/mail/sendmail.cf", async () => {
      await own.restart();
      await own.session(async (say) => {
        await say("EHLO x");
        for (let number = 1; number <= count; number += 1) {
          for (const command of ["MAIL FROM:<a@outside.example>", `RCPT TO:<${recipient}>`, "DATA"]) await say(command);
          expect(await say(`Subject: ${numberedSubject(number)}\r\n\r\nText.\r\n.`)).toMatch(/^250/);
        }
      });
      // Each start of the daemon begins a queue run, and each of these reloads it.
      await own.restart();
      for (let round = 0; round < 4; round += 1)
        await own.lift(await own.brake({ effect: "tempfail", match: "sender:a.example" }));
      await own.shell("sendmail -q");
      // before the restart that ends the edit, which would end a queue run as it is
      await lab.sink.waitFor(count, 60);
      await expect.poll(async () => await own.queued(), { timeout: 60_000 }).toBe("");
      // one that a run left in the middle of its note would keep the next run of that message for minutes
      expect(await own.shell("find /var/spool/mqueue -name 'tf*'")).toBe("");
    });
    const received = await lab.sink.waitFor(count, 60);
    expect([...received].filter(([, times]) => times > 1)).toEqual([]);
  });

  it("trap: mail that a process has locked is passed over by -Q: it stays ours, and the next sweep lets it go", async () => {
    const app = await own.brake({ effect: "hold" });
    const subject = await own.send(to);
    await own.shell(
      "cd /var/spool/mqueue; touch /tmp/locked; for file in hf*; do setsid flock -x $file sh -c 'while [ -f /tmp/locked ]; do sleep 0.05; done' </dev/null >/dev/null 2>&1 & done; for i in $(seq 400); do flock -n $file true || break; sleep 0.05; done",
    );
    expect(await own.lift(app)).toBe(0);
    expect(await own.held()).toBe(`mailbrake+${app}+=*1`);
    await own.shell("file=$(ls /var/spool/mqueue/hf*); rm /tmp/locked; flock -x $file true");
    await own.agent.ask("expire");
    expect(await own.arrived(subject)).toHaveLength(1);
  });

  it("trap: a table that is renamed under a lookup is 554 changed after open, for mail that no brake means: ours is written in place, and no answer but 250 is seen meanwhile", async () => {
    await own.arm();
    const table = async (): Promise<string> =>
      await own.shell("stat -c '%i %h' /var/lib/mailbrake/tables/sendmail/brakes");
    const before = await table();
    let over = false;
    const answers = new Map<string, number>();
    const recipients = Array.from({ length: 4 }, async () => {
      await own.session(async (say) => {
        await say("EHLO client.example");
        while (!over)
          for (const command of [
            "MAIL FROM:<writer@outside.example>",
            ...Array(9).fill(`RCPT TO:<${recipient}>`),
            "RSET",
          ]) {
            const answer = (await say(command)).slice(0, 3);
            answers.set(answer, (answers.get(answer) ?? 0) + 1);
          }
      });
    });
    for (let round = 0; round < 3; round += 1) {
      const app = await own.brake({ effect: "tempfail", match: "client:192.0.2.0/28" });
      expect(await table()).toBe(before);
      await own.lift(app);
    }
    over = true;
    await Promise.all(recipients);
    expect(await table()).toBe(before);
    expect([...answers.keys()]).toEqual(["250"]);
    await own.arm("disarm");
    // empty, for sessions that still have the rules
    expect(await table()).toBe(before);
    await own.expectClean(untouched);
  });

  it("trap: a number such as 450 is one token to the rules: a text that begins with one comes as it was written", async () => {
    const text = "450 4.7.1 4 50 a.b";
    const app = await own.brake({ effect: "reject", text });
    expect(await own.said(to)).toBe(`554 5.7.1 ${text} (ref ${app})`);
  });

  it("trap: above RefuseLA Sendmail takes no connection: that is no fault of a brake, which is not taken back", async () => {
    await own.edited("sed -i 's/^#*O RefuseLA=.*/O RefuseLA=1/' /etc/mail/sendmail.cf", async () => {
      // Sendmail rounds the load of the last minute.
      await own.shell(
        "rm -f /tmp/loaded; spin() { while [ ! -e /tmp/loaded ]; do :; done; }; spin >/dev/null 2>&1 & spin >/dev/null 2>&1 & for i in $(seq 400); do awk '{ exit !($1 >= 1.2) }' /proc/loadavg && break; sleep 0.1; done; touch /tmp/loaded; wait",
      );
      await own.shell('kill -HUP "$(head -n 1 /run/sendmail/mta/sendmail.pid)"');
      await expect.poll(async () => (await own.talk({})).banner, { timeout: 30_000 }).toBe("refused");
      const { final } = await own.agent.ask("apply", own.request({ effect: "tempfail" }));
      expect(final.outcome).toBe("applied");
      expect(final.checked.filter((one) => !one.ok)).toEqual([]);
    });
  });
});
