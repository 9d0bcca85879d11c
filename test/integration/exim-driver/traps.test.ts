import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, submissionLogin } from "../../lab/index.ts";
import { EximHost, eximLab, newSubject } from "./exim-host.ts";

const recipient = "someone@lab.example";
const to = { recipients: [recipient] };

/** What breaks naive ways of braking Exim, each with what comes of it here. */
describe("traps of Exim", () => {
  let lab: Lab;
  let debian: EximHost;
  let own: EximHost;
  const untouched = new Map<EximHost, string[]>();
  const clean = async (exim: EximHost): Promise<void> => await exim.expectClean(untouched.get(exim) ?? []);
  const arm = async (exim: EximHost): Promise<void> => {
    await exim.agent.ask("arm", { instance: exim.instance, by: "test", reason: "test" });
  };
  beforeAll(async () => {
    lab = await eximLab();
    debian = await EximHost.on(lab, "single");
    own = await EximHost.on(lab, "upstream");
    for (const exim of [debian, own]) untouched.set(exim, await exim.configuration());
  });
  afterEach(async () => {
    for (const exim of [debian, own]) {
      await exim.liftAll();
      await exim.agent.ask("disarm", { instance: exim.instance, by: "test", reason: "test" });
    }
  });
  afterAll(async () => {
    try {
      for (const exim of [debian, own]) await exim?.agent.stop();
    } finally {
      await lab?.down();
    }
  });

  it("trap: an ACL option that expands to nothing denies all: armed without a brake, mail passes", async () => {
    for (const exim of [debian, own]) {
      await arm(exim);
      expect(await exim.arrived(await exim.send(to))).toHaveLength(1);
      expect(await exim.shell("echo | exim -odq x@lab.example; echo $?; exim -qf")).toBe("0");
    }
  });

  it("trap: the admin's own ACLs stay, and refuse in their own words, under every kind of brake", async () => {
    await own.brake({ effect: "hold" });
    await own.brake({ effect: "throttle", connections: "100" });
    await own.brake({ effect: "tempfail", match: "sender:bad.example" });
    expect(await own.said({ recipients: ["x@far.example"] })).toBe("550 relay not permitted");
    const rude = await own.talk({ ...to, helo: "rude.example", subject: newSubject() });
    expect(Object.values(rude.answers)).toContain("550 not to a rude one");
    await debian.brake({ effect: "hold" });
    expect(await debian.said({ recipients: ["x@far.example"] })).toMatch(/^550 .*relay not permitted/);
  });

  it("trap: rules that Exim's user may not read are no brake: refused and taken back", async () => {
    await debian.shell("chmod 700 /var/lib/mailbrake");
    const refusal = await debian.agent.refusal("apply", debian.request({ effect: "tempfail", match: "login:nobody" }));
    await debian.shell("chmod 711 /var/lib/mailbrake");
    expect(refusal.error).toBe("check-failed");
    expect(refusal.message).toMatch(/may not read .*taken back/s);
    await clean(debian);
    expect(await debian.said(to)).toMatch(/^250/);
  });

  it("trap: a reload with a broken configuration ends the daemon: it is refused, and the daemon lives", async () => {
    for (const [exim, path] of [
      [debian, "/etc/exim4/exim4.conf.template"],
      [own, "/etc/exim4/exim4.conf"],
    ] as const) {
      await exim.shell(`cp -p ${path} /tmp/kept && sed -i '1i no_such_option = 1' ${path}`);
      const broken = await exim.configuration();
      const refusal = await exim.agent.refusal("apply", exim.request({ effect: "tempfail" }));
      expect(refusal.message).toMatch(/no_such_option|main option|Invalid new configfile|exim -bP/);
      expect(await exim.configuration()).toEqual(broken);
      expect((await exim.talk({})).banner).toMatch(/^220/);
      await exim.shell(`cat /tmp/kept > ${path}`);
      await exim.agent.ask("expire");
      await exim.lift(await exim.brake({ effect: "tempfail" }));
      await clean(exim);
    }
  });

  it("trap: Exim keeps a file of rules for a whole session: an armed instance's open sessions see each change all the same", async () => {
    await arm(debian);
    const script = `exec 3<>/dev/tcp/127.0.0.1/25
say() { printf '%s\\r\\n' "$1" >&3; while read -r line <&3; do case $line in ???-*) ;; *) break ;; esac; done; echo "$line"; }
read -r line <&3; say 'EHLO x'; say 'MAIL FROM:<a@b.example>'; say 'RCPT TO:<${recipient}>'
for step in 1 2 3; do touch /tmp/step.$step; while [ -e /tmp/step.$step ]; do sleep 0.05; done; say 'RCPT TO:<${recipient}>'; done; say QUIT`;
    const session = debian.host.exec(["bash", "-c", script]);
    const step = async (number: number, act: () => Promise<unknown>): Promise<void> => {
      await debian.shell(
        `for i in $(seq 100); do [ -e /tmp/step.${number} ] && break; sleep 0.05; done; [ -e /tmp/step.${number} ]`,
      );
      await act();
      await debian.shell(`rm /tmp/step.${number}`);
    };
    let first = "";
    let second = "";
    await step(1, async () => {
      first = await debian.brake({ effect: "tempfail" });
    });
    await step(2, async () => {
      await debian.lift(first);
      second = await debian.brake({ effect: "reject" });
    });
    await step(3, async () => await debian.lift(second));
    const answers = (await session).stdout.trim().split("\n");
    expect(answers.slice(3, 6).map((line) => line.slice(0, 3))).toEqual(["450", "554", "250"]);
  });

  it("trap: the queue set for a held message stays set for the next one of the session: that one goes out all the same", async () => {
    await own.brake({ effect: "hold", match: "sender:held.example" });
    const [held, free] = [newSubject(), newSubject()];
    await own.host.exec([
      "perl",
      "-MIO::Socket",
      "-e",
      `my $s = IO::Socket::INET->new("127.0.0.1:25"); sub a { while (<$s>) { last unless /^...-/ } } a();
       for my $l ("EHLO x", "MAIL FROM:<a\\@held.example>", "RCPT TO:<someone\\@lab.example>", "DATA", "Subject: ${held}\\r\\n\\r\\nText.\\r\\n.",
         "MAIL FROM:<a\\@free.example>", "RCPT TO:<someone\\@lab.example>", "DATA", "Subject: ${free}\\r\\n\\r\\nText.\\r\\n.", "QUIT") { print $s "$l\\r\\n"; a() }`,
    ]);
    expect(await own.arrived(free)).toEqual([recipient]);
    expect(await own.inSink(held)).toEqual([]);
    expect(await own.shell("grep -c '<= a@free.example.*Q=' /var/log/exim4/mainlog || :")).toBe("0");
  });

  it("trap: frozen mail is let go by -qff and deleted by a timeout: held mail is neither, over queue runs and a reboot", async () => {
    const app = await debian.brake({ effect: "hold" });
    const subject = await debian.send(to);
    await debian.shell("exim -q; exim -qf; exim -qff; exim -qffl");
    await debian.agent.stop();
    await debian.host.boot();
    await debian.shell("exim -qff");
    expect(await debian.held()).toBe(`mailbrake+${app}=1`);
    expect(await debian.inSink(subject)).toEqual([]);
    debian = await EximHost.on(lab, "single");
    untouched.set(debian, await debian.configuration());
    const second = await debian.send(to);
    expect(await debian.held()).toBe(`mailbrake+${app}=2`);
    expect(await debian.lift(app)).toBe(2);
    expect(await debian.arrived(second)).toHaveLength(1);
    expect(await debian.arrived(subject)).toHaveLength(1);
    untouched.set(debian, await debian.configuration());
  });

  it("trap: a message has one queue: a recipient who is held and one who is not come in two messages, none is lost or held wrongly", async () => {
    const app = await own.brake({ effect: "hold", match: `recipient:${recipient}` });
    const both = await own.talk({ recipients: ["other@lab.example", recipient], subject: newSubject() });
    expect(both.recipients).toEqual(["250 Accepted", "452 4.5.3 Too many recipients"]);
    const held = await own.talk({ recipients: [recipient, "other@lab.example"], subject: newSubject() });
    expect(held.recipients).toEqual(["250 Accepted", "452 4.5.3 Too many recipients"]);
    expect(await own.held()).toBe(`mailbrake+${app}=1`);
  });

  it("trap: two holds that mean one message: it waits for both, and each counts its own", async () => {
    const first = await own.brake({ effect: "hold", match: "sender:outside.example" });
    const second = await own.brake({ effect: "hold", match: `recipient:${recipient}` });
    const subject = await own.send(to);
    expect(await own.held()).toBe(`mailbrake+${first}+${second}=1`);
    expect(await own.lift(first)).toBe(0);
    expect(await own.held()).toBe(`mailbrake+${second}=1`);
    expect(await own.inSink(subject)).toEqual([]);
    expect(await own.lift(second)).toBe(1);
    expect(await own.arrived(subject)).toHaveLength(1);
    await clean(own);
  });

  it("trap: a session that is open at the lift brings its message late: the sweep lets it go", async () => {
    await arm(own);
    const app = await own.brake({ effect: "hold" });
    const subject = newSubject();
    await own.talk({ ...to, subject, pause: async () => expect(await own.lift(app)).toBe(0) });
    expect(await own.held()).toBe(`mailbrake+${app}=1`);
    await own.agent.ask("expire");
    expect(await own.arrived(subject)).toHaveLength(1);
    expect(await own.held()).toBe("");
  });

  it("trap: a text is never expanded, whatever is in it, and its reference stays whole in a reply of several rows", async () => {
    const text =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Exim's own expansion
      '${run{/bin/touch /tmp/ran}} \\N $tod_full \\n # % {} "q" ${perl{x}} and more of it, so that it takes three rows at least of what Exim sends in one, or it would be cut in two';
    const app = await debian.brake({ effect: "reject", text });
    const { stdout } = await debian.host.exec([
      "bash",
      "-c",
      "exec 3<>/dev/tcp/127.0.0.1/25; printf 'EHLO x\\r\\n' >&3; sleep 0.2; printf 'MAIL FROM:<a@b.example>\\r\\n' >&3; sleep 0.2; printf 'RCPT TO:<a@lab.example>\\r\\n' >&3; sleep 0.2; printf 'QUIT\\r\\n' >&3; cat <&3",
    ]);
    const said = stdout.split("\r\n").filter((line) => line.startsWith("554"));
    expect(said.map((line) => line.slice(4).replace(/^5\.7\.1 /, "")).join(" ")).toBe(`${text} (ref ${app})`);
    expect(said.length).toBeGreaterThan(1);
    expect(await debian.shell("ls /tmp/ran 2>/dev/null || :")).toBe("");
  });

  it("trap: update-exim4.conf and a reload by somebody else, and a restart of the daemon, keep brakes and pauses", async () => {
    const tempfail = await debian.brake({ effect: "tempfail" });
    await debian.brake({ effect: "close", point: "listener:587" });
    await debian.brake({ effect: "pause", point: "delivery" });
    await debian.shell('update-exim4.conf; kill -HUP "$(cat /run/exim4/exim.pid)"; sleep 1');
    await debian.shell(
      'kill "$(cat /run/exim4/exim.pid)"; sleep 0.5; rm -f /run/exim4/exim.pid; exim4 -bd -q30m; sleep 1',
    );
    expect(await debian.said(to)).toContain(`(ref ${tempfail})`);
    expect((await debian.talk({ port: 587 })).banner).toBe("refused");
    await debian.shell(`printf 'Subject: paused %s\\n\\nx\\n' "$$" | sendmail ${recipient}; exim -q`);
    expect(await debian.shell("exim -bpc")).toBe("1");
    expect((await debian.status(tempfail)).drift).toEqual([]);
  });

  it("trap: an exim4.conf that appears hides Debian's generated file: status says so, nothing is said to be in force", async () => {
    const app = await debian.brake({ effect: "tempfail" });
    await debian.shell("cp /var/lib/exim4/config.autogenerated /etc/exim4/exim4.conf");
    const status = await debian.status(app);
    expect(status.intact).toBe(false);
    expect(status.drift.join()).toContain("exim reads /etc/exim4/exim4.conf now");
    const refusal = await debian.agent.refusal("apply", debian.request({ effect: "reject" }));
    expect(refusal.error).toBe("no-such-instance");
    await debian.shell("rm /etc/exim4/exim4.conf");
    expect((await debian.status(app)).intact).toBe(true);
  });

  it("trap: each reload starts a queue run: said in the plan, and an armed instance is never reloaded for a rule", async () => {
    const plan = await own.agent.ask("plan", own.request({ effect: "tempfail" }));
    expect(plan.final.notes.join()).toContain("a queue run starts");
    expect(plan.final.opens.join()).toContain("Sessions that are open");
    await arm(own);
    const reloads = async (): Promise<string> => await own.shell("grep -c 'SIGHUP received' /var/log/exim4/mainlog");
    const before = await reloads();
    await own.lift(await own.brake({ effect: "tempfail" }));
    await own.lift(await own.brake({ effect: "pause", point: "delivery", match: "recipient:far.example" }));
    expect(await reloads()).toBe(before);
  });

  it("trap: a paused message is delivered by -M and -qf all the same: said in the plan", async () => {
    const { final } = await own.agent.ask("plan", own.request({ effect: "pause", point: "delivery" }));
    expect(final.opens.join()).toContain("-qf");
    await own.brake({ effect: "pause", point: "delivery" });
    const subject = await own.send(to);
    await own.shell("exim -q");
    expect(await own.inSink(subject)).toEqual([]);
    await own.shell("exim -qf");
    expect(await own.arrived(subject)).toHaveLength(1);
  });

  it("trap: listeners on the daemon's command line hide the configuration: told as they are, and not closed", async () => {
    const start = async (more: string): Promise<void> => {
      await own.shell(
        // with -oX a daemon writes no process file
        `kill $(pidof exim4); while pidof exim4; do sleep 0.05; done; rm -f /run/exim4/exim.pid; exim4 -bd ${more} -q30m; sleep 0.5`,
      );
    };
    await start("-oX 0.0.0.0.2525:0.0.0.0.25");
    const { parts } = await own.agent.ask("discover");
    const listeners = parts.flatMap((part) =>
      "point" in part && part.point.kind === "listener" ? [part.point.point] : [],
    );
    const refusal = await own.agent.refusal("apply", own.request({ effect: "close" }));
    const lifted = await own.brake({ effect: "tempfail", point: "listener:2525" });
    expect(await own.said({ ...to, port: 2525 })).toContain(`(ref ${lifted})`);
    await own.lift(lifted);
    await start("");
    await own.agent.ask("discover");
    expect(listeners.sort()).toEqual(["listener:25", "listener:2525"]);
    expect(refusal.error).toBe("cannot");
    expect(refusal.message).toContain("-oX");
  });

  it("trap: a code in a text does not make the class of an answer, the verb does: a tempfail stays 4xx whatever it says", async () => {
    const app = await debian.brake({ effect: "tempfail", text: "550 5.7.1 gone for good" });
    expect(await debian.said(to)).toBe(`450 4.7.1 550 5.7.1 gone for good (ref ${app})`);
    await debian.lift(app);
    const throttle = await debian.brake({ effect: "throttle", connections: "1", text: "554 too fast" });
    expect(await debian.said(to)).toMatch(/^250/);
    expect((await debian.talk(to)).banner).toBe(`421 4.7.0 554 too fast (ref ${throttle})`);
  });

  it("trap: discard means single recipients: the others of the same message get it", async () => {
    await own.brake({ effect: "discard", match: `recipient:${recipient}` });
    const subject = await own.send({ recipients: [recipient, "other@lab.example"] });
    expect(await own.arrived(subject)).toEqual(["other@lab.example"]);
    expect(await own.shell("exim -bpc")).toBe("0");
  });

  it("trap: exim -bP tells the file, not what the daemon runs: a daemon that did not take it is no brake in force", async () => {
    await own.shell('kill -STOP "$(cat /run/exim4/exim.pid)"');
    const refusal = await own.agent.refusal("apply", own.request({ effect: "tempfail" }));
    await own.shell('kill -CONT "$(cat /run/exim4/exim.pid)"');
    expect(refusal.error).toBe("check-failed");
    expect(refusal.message).toContain("taken back");
    await clean(own);
    expect(await own.said(to)).toMatch(/^250/);
  });

  it("trap: sessions survive a reload and a restart: they are cut where that is asked for, those of the other listener go on", async () => {
    const session = async (port: number, act?: () => Promise<void>) =>
      await debian.talk({ ...to, port, subject: newSubject(), ...(act ? { pause: act } : {}) });
    let app = "";
    let uncut = "";
    let other: Promise<Awaited<ReturnType<typeof session>>> | undefined;
    const cut = await session(25, async () => {
      const plan = await debian.agent.ask("plan", debian.request({ effect: "reject", cut: "1" }));
      expect(plan.final.cutsSessions).toBe(true);
      expect(plan.final.opens.join()).not.toContain("Sessions");
      other = session(587, async () => {
        app = await debian.brake({ effect: "reject", cut: "1" });
      });
      uncut = (await other).answers.DATA ?? "";
    });
    expect(cut.answers.DATA).not.toMatch(/^250/);
    expect(uncut).toMatch(/^250/);
    expect(await debian.said(to)).toContain(`(ref ${app})`);
    // the daemon itself lives, and so do its deliveries
    await debian.lift(app);
    expect(await debian.arrived(await debian.send(to))).toEqual([recipient]);
    for (const brake of [
      { effect: "hold", point: "local" },
      { effect: "pause", point: "delivery" },
    ]) {
      const refusal = await debian.agent.refusal("plan", debian.request({ ...brake, cut: "1" }));
      expect([refusal.error, refusal.field]).toEqual(["cannot", "cut"]);
    }
  });

  it("trap: Debian's own blacklists come after relay hosts and people who log in have been let through: a brake means them too", async () => {
    const relayed = async (): Promise<string> =>
      await debian.shell(String.raw`perl -MIO::Socket -e '
        my $s = IO::Socket::INET->new("127.0.0.1:25"); my $l; sub a { while ($l = <$s>) { last unless $l =~ /^...-/ } } a();
        for ("EHLO x", "MAIL FROM:<a\@outside.example>", "RCPT TO:<x\@far.example>") { print $s "$_\r\n"; a() } print $l; print $s "QUIT\r\n"'`);
    const before = [
      `AUTH PLAIN ${Buffer.from(`\0${submissionLogin.user}\0${submissionLogin.password}`).toString("base64")}`,
    ];
    const loggedIn = { port: 587, before, recipients: ["x@far.example"] };
    expect([await relayed(), await debian.said(loggedIn)]).toEqual(Array(2).fill(expect.stringMatching(/^250/)));
    const here = await debian.brake({ effect: "tempfail" });
    const people = await debian.brake({ effect: "tempfail", point: "listener:587" });
    expect(await relayed()).toMatch(new RegExp(`^450 .*\\(ref ${here}\\)`));
    expect(await debian.said(loggedIn)).toContain(`(ref ${people})`);
  });

  it("trap: a delay holds a process for each client that waits, and there are twenty: a throttle answers at once", async () => {
    await own.brake({ effect: "throttle", messages: "1", connections: "100" });
    expect(await own.said(to)).toMatch(/^250/);
    const took: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const started = Date.now();
      expect(await own.said(to)).toMatch(/^450/);
      took.push(Date.now() - started);
    }
    expect(Math.min(...took)).toBeLessThan(1_000);
  });

  it("trap: a file that a rule needs and that is gone is a temporary error for everybody: mail passes, and status tells it", async () => {
    const app = await debian.brake({ effect: "tempfail", match: "sender:bad.example" });
    await debian.shell("find /var/lib/mailbrake/tables -type f -delete");
    expect(await debian.said(to)).toMatch(/^250/);
    const status = await debian.status(app);
    expect(status.intact).toBe(false);
    expect(status.drift.join()).toContain("/var/lib/mailbrake/tables/");
    const next = await debian.brake({ effect: "tempfail", match: "sender:worse.example" });
    expect(await debian.said({ ...to, sender: "x@bad.example" })).toContain(`(ref ${app})`);
    await debian.lift(app);
    await debian.lift(next);
    await clean(debian);
  });

  it("what can't be had exactly is refused, with the nearest that can", async () => {
    for (const [brake, words] of [
      [{ effect: "tempfail", point: "local" }, "hold"],
      [{ effect: "hold", point: "local", match: "recipient:lab.example" }, "sender"],
      [{ effect: "pause" }, "tempfail"],
      [{ effect: "close", match: "client:192.0.2.1" }, "reject"],
      [{ effect: "throttle", match: "sender:a.example", messages: "1" }, "client"],
      [{ effect: "pause", point: "delivery", match: `recipient:${recipient}` }, "domain"],
      [{ effect: "tempfail", point: "delivery" }, "listener"],
    ] as const) {
      const refusal = await own.agent.refusal("plan", own.request(brake));
      expect(refusal.error).toBe("cannot");
      expect(refusal.message).toMatch(new RegExp(`the nearest.*${words}`));
    }
    await clean(own);
  });
});
