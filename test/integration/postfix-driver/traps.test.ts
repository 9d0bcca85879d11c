import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../../lab/index.ts";
import { BrakedHost, postfix, smtpListener } from "./braked-host.ts";
import type { SmtpTalk } from "./smtp-talk.ts";

const recipient = "someone@lab.example";
const toSomeone: Partial<SmtpTalk> = { recipients: [recipient] };
const open = /^250 2\.1\.5/;
const pauseMs = async (milliseconds: number): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What breaks naive ways to brake Postfix; other traps stand with the effect that they are about. */
describe("traps of Postfix", () => {
  let lab: Lab;
  let mx: BrakedHost;
  let untouched: string[];
  beforeAll(async () => {
    lab = await labUp({
      hosts: [mxHost("mx1", 11, { submission: true }), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
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

  /** Changes the configuration by a script, runs `body`, and puts the files back. */
  async function changed(script: string, body: (before: string[]) => Promise<void>): Promise<void> {
    const cold = "touch -d '1 minute ago' /etc/postfix/main*.cf; postfix reload";
    await mx.host.shell(`set -e; cp -a /etc/postfix /root/plain; ${script}\n${cold}`);
    try {
      await body(await mx.configuration());
    } finally {
      await mx.liftAll();
      await mx.host.shell(`rm -rf /etc/postfix; mv /root/plain /etc/postfix; ${cold}`);
    }
    expect(await mx.configuration()).toEqual(untouched);
  }

  it("trap: a table changed twice within one second is not read again: each of several quick changes is seen", async () => {
    // as if all were made in one second, however slow this machine is
    const sameSecond = "find /var/lib/mailbrake/tables -type f -exec touch -d '2026-01-01 12:00' {} +";
    const from = (sender: string): Partial<SmtpTalk> => ({ ...toSomeone, sender });
    for (let round = 1; round <= 3; round += 1) {
      const first = await mx.brake({ effect: "tempfail", match: "sender:a@b.example" });
      await mx.host.shell(sameSecond);
      await mx.settles(from("a@b.example"), new RegExp(`ref ${first}\\)`));
      const second = await mx.brake({ effect: "reject", match: "sender:c@d.example" });
      await mx.host.shell(sameSecond);
      await mx.settles(from("c@d.example"), new RegExp(`ref ${second}\\)`));
      await mx.lift(first);
      await mx.host.shell(sameSecond);
      await mx.settles(from("a@b.example"), open);
      await mx.lift(second);
      await mx.settles(from("c@d.example"), open);
    }
    await mx.expectClean(untouched);
  });

  it("trap: a hot main.cf stalls every Postfix program: neither the brake nor what comes after waits for it", async () => {
    const [braking, after]: [number[], number[]] = [[], []];
    // the quickest of some: each would wait for two seconds, and a busy machine is slow at times
    while (braking.length < 2 || (Math.min(...braking) > 1_800 && braking.length < 8)) {
      const started = Date.now();
      const app = await mx.brake({ effect: "tempfail", match: "all" });
      const braked = Date.now();
      await mx.host.shell("postconf -h myhostname");
      expect((await mx.talk(toSomeone)).banner).toMatch(/^220/);
      braking.push(braked - started);
      after.push(Date.now() - braked);
      const { stdout } = await mx.host.shell("echo $(($(date +%s) - $(stat -c %Y /etc/postfix/main.cf)))");
      expect(Number(stdout)).toBeGreaterThanOrEqual(9);
      await mx.lift(app);
    }
    expect(Math.min(...braking)).toBeLessThan(1_800);
    expect(Math.min(...after)).toBeLessThan(1_500);
    await mx.expectClean(untouched);
  });

  it("trap: postconf -e replaces a symbolic link, its owner and mode, and joins lines: all stay as they are", async () => {
    const script = `mv /etc/postfix/main.cf /etc/postfix/main.mx.cf; ln -s main.mx.cf /etc/postfix/main.cf
chown root:mail /etc/postfix/main.mx.cf; chmod 640 /etc/postfix/main.mx.cf`;
    await changed(script, async (before) => {
      const app = await mx.brake({ effect: "tempfail", match: "all" });
      const seen = await mx.host.shell(
        "cd /etc/postfix; readlink main.cf; stat -c '%U:%G %a' main.mx.cf; grep -A4 '^smtpd_client_restrictions' main.mx.cf",
      );
      expect(seen.stdout.split("\n")).toEqual([
        "main.mx.cf",
        "root:mail 640",
        "smtpd_client_restrictions =",
        "\t$mailbrake_rules, permit_mynetworks,",
        "# a known nuisance, since 2019",
        "\tcheck_client_access inline:{ 198.51.100.7=REJECT }",
        expect.stringContaining("smtpd_sender_restrictions"),
        "",
      ]);
      await mx.lift(app);
      await mx.expectClean(before);
    });
  });

  it("trap: restrictions do not see local submission: the plan says that this door stays open, and its own brake shuts it", async () => {
    await lab.sink.reset();
    const order = { instance: postfix, point: smtpListener, effect: "tempfail", match: "all" };
    const { final } = await mx.agent.ask("plan", order);
    expect(final.opens).toContain("local: programs on the host that submit by sendmail(1)");
    const listener = await mx.brake(order);
    const submit = `printf 'Subject: numbered message 1\\n\\nText.\\n' | sendmail -f a@b.example ${recipient}; echo $?`;
    expect((await mx.host.shell(submit)).stdout).toBe("0\n");
    await lab.sink.waitFor(1, 30);
    const local = await mx.brake({ point: "local", effect: "tempfail", match: "all" });
    expect((await mx.host.shell(submit)).stdout).toBe("75\n");
    await mx.lift(local);
    await mx.lift(listener);
    await mx.expectClean(untouched);
  });

  it("trap: one missing table is 451 for everybody: status tells it by name, and the next change mends it", async () => {
    const app = await mx.brake({ effect: "tempfail", match: "sender:a@b.example" });
    await mx.settles(toSomeone, open);
    await mx.host.shell("find /var/lib/mailbrake/tables -type f -delete; postfix reload");
    await mx.settles(toSomeone, /^451 4\.3\.[05]/);
    const { parts } = await mx.agent.ask("status", { app });
    const [application] = parts.flatMap((part) => ("application" in part ? [part.application] : []));
    expect(application?.intact).toBe(false);
    expect(application?.drift.join("\n")).toContain("/var/lib/mailbrake/tables/");
    const other = await mx.brake({ effect: "tempfail", match: "sender:c@d.example" });
    await mx.settles(toSomeone, open);
    await mx.settles({ ...toSomeone, sender: "a@b.example" }, new RegExp(`ref ${app}\\)`));
    await mx.lift(other);
    await mx.lift(app);
    await mx.expectClean(untouched);
  });

  it.each(["", "smtpd_access_maps"])(
    "trap: names below a domain match by .domain or domain, as parent_domain_matches_subdomains says (%j): both are meant",
    async (value) => {
      await changed(`postconf -e parent_domain_matches_subdomains=${value}`, async (before) => {
        const app = await mx.brake({ effect: "reject", match: "sender:news.example" });
        for (const sender of ["a@news.example", "a@x.news.example", "a@y.x.news.example"])
          await mx.settles({ ...toSomeone, sender }, new RegExp(`^554 .*ref ${app}\\)`));
        expect((await mx.talk({ ...toSomeone, sender: "a@badnews.example" })).recipients[0]).toMatch(open);
        await mx.lift(app);
        await mx.expectClean(before);
      });
    },
  );

  it("trap: the null sender's key is a setting (smtpd_null_access_lookup_key): the brake uses the one in force", async () => {
    await changed("postconf -e smtpd_null_access_lookup_key=nobody", async () => {
      const app = await mx.brake({ effect: "tempfail", match: "sender:<>" });
      await mx.settles({ ...toSomeone, sender: "" }, new RegExp(`^450 .*ref ${app}\\)`));
      expect((await mx.talk(toSomeone)).recipients[0]).toMatch(open);
      await mx.lift(app);
    });
  });

  it("trap: the retry transport refuses at RCPT TO instead of queueing: mail for a paused domain is taken", async () => {
    const app = await mx.brake({ point: "delivery", effect: "pause", match: "recipient:lab.example" });
    await mx.settles(toSomeone, open);
    await mx.lift(app);
    await mx.expectClean(untouched);
  });

  /** An open session after EHLO: says commands, and tells "closed" once the host has hung up. */
  async function session(
    port = 25,
  ): Promise<{ say: (command: string) => Promise<string>; ended: Promise<string>; end: () => void }> {
    const socket = connect({ host: mx.host.address, port });
    socket.setTimeout(20_000, () => socket.destroy(new Error("SMTP: timed out")));
    const ended = new Promise<string>((resolve) => socket.once("close", () => resolve("closed")));
    socket.on("error", () => socket.destroy());
    const answer = async (): Promise<string> => {
      for (let text = ""; ; ) {
        const next = await Promise.race([
          new Promise<string>((resolve) => socket.once("data", (data: Buffer) => resolve(data.toString()))),
          ended,
        ]);
        if (next === "closed") return next;
        text += next;
        const last = /^(\d{3} .*)\r\n$/m.exec(text);
        if (last?.[1]) return last[1];
      }
    };
    const say = async (command: string): Promise<string> => {
      const next = answer();
      socket.write(`${command}\r\n`);
      return await next;
    };
    expect(await answer()).toMatch(/^220/);
    expect(await say("EHLO client.example")).toMatch(/^250/);
    return { say, ended, end: () => socket.destroy() };
  }

  it("trap: sessions that are open go on with the old rules; the plan says so, and cut=1 cuts those of that listener", async () => {
    const old = await session();
    const order = { instance: postfix, point: smtpListener, effect: "tempfail", match: "all" };
    expect((await mx.agent.ask("plan", order)).final.opens).toContain(
      "Sessions open now go on as before until they end",
    );
    const first = await mx.brake(order);
    expect(await old.say("MAIL FROM:<a@b.example>")).toMatch(/^250/);
    expect(await old.say(`RCPT TO:<${recipient}>`)).toMatch(open);
    await mx.lift(first);
    const other = await session(587);

    const plan = await mx.agent.ask("plan", { ...order, cut: "1" });
    expect(plan.final.cutsSessions).toBe(true);
    expect(plan.final.opens).not.toContain("Sessions open now go on as before until they end");
    expect(JSON.stringify(plan.parts)).toContain("mailbrake_closed = smtp/inet");
    expect(await old.say("NOOP")).toMatch(/^250/);

    const started = Date.now();
    const second = await mx.brake({ ...order, cut: "1" });
    expect(await old.ended).toBe("closed");
    expect(await other.say("NOOP")).toMatch(/^250/);
    other.end();
    // the client comes again: master takes a process that is killed in its first session for a bad start, and shuts the service for a minute
    await mx.settles(toSomeone, new RegExp(`^450 .*ref ${second}\\)`));
    expect(Date.now() - started).toBeLessThan(10_000);
    await mx.lift(second);
    await mx.settles(toSomeone, open);
    await mx.expectClean(untouched);
  });

  it("trap: cut is for listeners: a message half sent is sent again, none is lost and deliveries go on", async () => {
    await lab.sink.reset();
    let app = "";
    const half = await mx.talk({
      ...toSomeone,
      pause: async () => {
        app = await mx.brake({ effect: "tempfail", match: "all", cut: "1" });
      },
      subject: "numbered message 1",
    });
    expect(half.answers.DATA).toBe("closed");
    await pauseMs(500);
    expect((await lab.sink.received()).size).toBe(0);
    await mx.lift(app);
    await mx.settles(toSomeone, open);
    expect((await mx.talk({ ...toSomeone, subject: "numbered message 1" })).answers.DATA).toMatch(/^250/);
    expect([...(await lab.sink.waitFor(1, 30)).values()]).toEqual([1]);
    for (const point of ["local", "delivery"])
      expect(
        await mx.agent.refusal("apply", {
          ...{ app: "B92", brake: "B92", instance: postfix, ttl: "0", by: "t", reason: "t", match: "all", cut: "1" },
          ...{ point, effect: point === "local" ? "hold" : "pause" },
        }),
      ).toMatchObject({ error: "cannot", field: "cut" });
    await mx.expectClean(untouched);
  });

  it("trap: behind postscreen the sessions are those of another service: they are cut as well", async () => {
    const script = `postconf -M 'smtp/inet=smtp inet n - y - 1 postscreen' 'smtpd/pass=smtpd pass - - y - - smtpd' 'dnsblog/unix=dnsblog unix - - y - 0 dnsblog' 'tlsproxy/unix=tlsproxy unix - - y - 0 tlsproxy'
postconf -e postscreen_greet_wait=1s postscreen_access_list=permit_mynetworks`;
    await changed(script, async (before) => {
      await mx.settles(toSomeone, open);
      const old = await session();
      expect(await old.say("MAIL FROM:<a@b.example>")).toMatch(/^250/);
      const app = await mx.brake({ effect: "reject", match: "all", cut: "1" });
      expect(await old.ended).toBe("closed");
      await mx.settles(toSomeone, new RegExp(`^554 .*ref ${app}\\)`));
      await mx.lift(app);
      await mx.settles(toSomeone, open);
      await mx.expectClean(before);
    });
  });

  it("trap: master takes an smtpd that was killed in its first session for a bad start, and shuts the service for a minute: a cut leaves it open", async () => {
    const startAgain = async (): Promise<void> => {
      await mx.host.shell("postfix stop; postfix start");
    };
    const badStarts = async (): Promise<number> =>
      Number((await mx.host.shell("grep -c 'bad command startup' /var/log/mail.log || :")).stdout);
    await startAgain();
    const none = await badStarts();
    const killed = await session();
    await mx.host.shell("pkill -TERM -x smtpd");
    expect(await killed.ended).toBe("closed");
    await expect.poll(badStarts, { timeout: 20_000 }).toBe(none + 1);

    await startAgain();
    const cut = await session();
    const app = await mx.brake({ effect: "tempfail", match: "all", cut: "1" });
    expect(await cut.ended).toBe("closed");
    await mx.settles(toSomeone, new RegExp(`^450 .*ref ${app}\\)`));
    expect(await badStarts()).toBe(none + 1);
    await mx.lift(app);
    await mx.expectClean(untouched);
  });

  it("trap: HOLD for one recipient holds the whole message: said in the plan, and after the lift each has it once", async () => {
    await lab.sink.reset();
    const order = { effect: "hold", match: `recipient:${recipient}` };
    const { final } = await mx.agent.ask("plan", { instance: postfix, point: smtpListener, ...order });
    expect(final.notes.join()).toContain("Further recipients of a message wait too");
    const app = await mx.brake(order);
    const both: Partial<SmtpTalk> = { recipients: ["other@lab.example", recipient] };
    expect((await mx.talk({ ...both, subject: "numbered message 1" })).answers.DATA).toMatch(/^250/);
    expect((await mx.talk({ recipients: ["other@lab.example"], subject: "numbered message 2" })).answers.DATA).toMatch(
      /^250/,
    );
    expect([...(await lab.sink.waitFor(1, 30)).keys()]).toEqual([2]);
    expect(await mx.lift(app)).toBe(1);
    await lab.sink.waitFor(2, 30);
    const arrived = (await lab.sink.messages()).flatMap(({ subject, recipients }) =>
      recipients.map((to) => `${subject} ${to}`),
    );
    expect(arrived.sort()).toEqual([
      "numbered message 1 other@lab.example",
      `numbered message 1 ${recipient}`,
      "numbered message 2 other@lab.example",
    ]);
    await mx.expectClean(untouched);
  });

  it("trap: a flush of one domain knows those of fast_flush_domains alone: after the lift all of a paused domain goes out", async () => {
    await changed("postconf -e fast_flush_domains=", async (before) => {
      await lab.sink.reset();
      const app = await mx.brake({ point: "delivery", effect: "pause", match: "recipient:lab.example" });
      for (const number of [1, 2]) await mx.talk({ ...toSomeone, subject: `numbered message ${number}` });
      await expect
        .poll(async () => Number((await mx.host.shell("find /var/spool/postfix/deferred -type f | wc -l")).stdout), {
          timeout: 20_000,
        })
        .toBe(2);
      await mx.lift(app);
      expect([...(await lab.sink.waitFor(2, 30)).values()]).toEqual([1, 1]);
      await mx.expectClean(before);
    });
  });

  it("trap: a new instance comes with services switched off and nobody allowed to submit: what the admin shut stays shut under a brake and after it", async () => {
    const shut = "postconf -e master_service_disable=submission/inet authorized_submit_users=!nobody,static:all";
    const submit = `for user in root nobody; do echo | su -s /bin/sh "$user" -c 'sendmail -f a@b.example ${recipient}' >/dev/null 2>&1; echo $?; done`;
    await changed(shut, async (before) => {
      const close = await mx.brake({ effect: "close", match: "all" });
      const local = await mx.brake({ point: "local", effect: "tempfail", match: "all" });
      for (const port of [25, 587]) expect((await mx.talk({ port })).banner).toBe("refused");
      expect((await mx.host.shell(submit)).stdout).toBe("75\n75\n");
      await mx.lift(close);
      await mx.lift(local);
      await mx.settles(toSomeone, open);
      expect((await mx.talk({ port: 587 })).banner).toBe("refused");
      expect((await mx.host.shell(submit)).stdout).toBe("0\n75\n");
      await mx.expectClean(before);
    });
  });
});
