import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { instance, newSubject, SendmailHost, sendmailLab } from "./sendmail-host.ts";

const recipient = "someone@lab.example";
const to = { recipients: [recipient] };
const cf = "/etc/mail/sendmail.cf";

/** What breaks naive ways of braking Sendmail, each with what comes of it here. */
describe("traps of Sendmail", () => {
  let lab: Lab;
  let mc: SendmailHost;
  let own: SendmailHost;
  const untouched = new Map<SendmailHost, string[]>();
  const clean = async (sendmail: SendmailHost): Promise<void> =>
    await sendmail.expectClean(untouched.get(sendmail) ?? []);
  const daemonProcess = async (sendmail: SendmailHost): Promise<string> =>
    await sendmail.shell("head -n 1 /run/sendmail/mta/sendmail.pid");

  beforeAll(async () => {
    lab = await sendmailLab();
    mc = await SendmailHost.on(lab, "mc");
    own = await SendmailHost.on(lab, "cf");
    for (const sendmail of [mc, own]) untouched.set(sendmail, await sendmail.configuration());
  });
  afterEach(async () => {
    for (const sendmail of [mc, own]) {
      await sendmail.liftAll();
      await sendmail.arm("disarm");
    }
  });
  afterAll(async () => {
    try {
      for (const sendmail of [mc, own]) await sendmail?.agent.stop();
    } finally {
      await lab?.down();
    }
  });

  it("trap: the word TEMPFAIL in access is a permanent 553; a tempfail of ours is 450", async () => {
    await own.shell(
      "cd /etc/mail && cp -p access access.db /tmp && echo 'Connect:10.77 TEMPFAIL' >> access && makemap hash access < access",
    );
    expect(await own.said(to)).toMatch(/^553/);
    await own.brake({ effect: "tempfail" });
    expect(await own.said(to)).toMatch(/^450 4\.7\.1 /);
    await own.shell("cd /etc/mail && cat /tmp/access > access && cat /tmp/access.db > access.db");
  });

  it("trap: of duplicate keys in access the first wins; an admin's OK or RELAY for a client is no way past a brake", async () => {
    const client = lab.clientAddresses[0] ?? "";
    await own.shell(
      `cd /etc/mail && cp -p access access.db /tmp && printf 'Connect:${client} RELAY\\nFrom:writer@outside.example OK\\nSpam:${recipient} FRIEND\\n' >> access && makemap hash access < access`,
    );
    const app = await own.brake({ effect: "tempfail", match: `client:${client}` });
    expect(await own.said({ ...to, from: client })).toContain(`(ref ${app})`);
    expect(await own.said({ recipients: ["x@far.example"], from: client })).toContain(`(ref ${app})`);
    await own.shell("cd /etc/mail && cat /tmp/access > access && cat /tmp/access.db > access.db");
  });

  it("trap: From:<> and To: in access have no effect; our null sender and recipient do", async () => {
    await own.shell(
      `cd /etc/mail && cp -p access access.db /tmp && printf 'From:<>\\tREJECT\\nTo:${recipient} REJECT\\n' >> access && makemap hash access < access`,
    );
    expect(await own.said({ ...to, sender: "" })).toMatch(/^250/);
    const app = await own.brake({ effect: "tempfail", match: "sender:<>", match2: `recipient:${recipient}` });
    expect(await own.said({ ...to, sender: "" })).toContain(`(ref ${app})`);
    expect(await own.said(to)).toMatch(/^250/);
    await own.shell("cd /etc/mail && cat /tmp/access > access && cat /tmp/access.db > access.db");
  });

  it("trap: Sendmail knows no networks: each address of one is braked, none beside it", async () => {
    const network = lab.subnet.split(".").slice(0, 3).join(".");
    const app = await own.brake({ effect: "tempfail", match: `client:${network}.112/31` });
    expect(await own.said({ ...to, from: `${network}.111` })).toMatch(/^250/);
    expect(await own.said({ ...to, from: `${network}.112` })).toContain(`(ref ${app})`);
    expect(await own.said({ ...to, from: `${network}.113` })).toContain(`(ref ${app})`);
  });

  it("trap: IPv6 addresses are written out in full: one, and a network, match all the same", async () => {
    await own.edited(
      `ip addr add 2001:db8:0:5::7/64 dev lo nodad; ip addr add 2001:db8:0:6::7/64 dev lo nodad; sed -i '/^O DaemonPortOptions=.*MTA-v4/a O DaemonPortOptions=Name=MTA-v6, Family=inet6, Addr=2001:db8:0:5::7' ${cf}`,
      async () => {
        await own.restart();
        await own.agent.ask("discover");
        const point = "listener:25";
        const said = async (from: string): Promise<string> =>
          await own.shell(
            `perl -MIO::Socket::IP -e 'my $s = IO::Socket::IP->new(PeerHost => "2001:db8:0:5::7", PeerPort => 25, LocalHost => "${from}") or die $@; sub a { my $l; while ($l = <$s>) { last unless $l =~ /^...-/ } return $l } a(); my $r; for ("EHLO x", "MAIL FROM:<a\\@b.example>", "RCPT TO:<someone\\@lab.example>") { print $s "$_\\r\\n"; $r = a() } print $r'`,
          );
        for (const match of ["client:2001:db8:0:5::7", "client:2001:db8:0:5::/64", "client:2001:db8:0:4::/63"]) {
          const app = await own.brake({ effect: "tempfail", match, point });
          expect(await said("2001:db8:0:5::7")).toContain(`(ref ${app})`);
          expect(await said("2001:db8:0:6::7")).toMatch(/^250/);
          await own.lift(app);
        }
        const refusal = await own.agent.refusal(
          "plan",
          own.request({ effect: "tempfail", match: "client:2001:db8::/33" }),
        );
        expect(refusal.message).toContain("nftables");
      },
    );
    await own.agent.ask("discover");
  });

  it("trap: quotes, parentheses and blanks of a text are mangled by access; ours comes as it was written", async () => {
    await own.arm();
    for (const text of [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Sendmail's own signs
      'caps (see) "quotes"; a, b <c@d> \\ %s %% %1 $x ${run} $| #{y} `z` ~!^&*=+[]|?/  two blanks',
      `${"x".repeat(180)} "q" \\ 100% end`,
      `${"long words ".repeat(18)}to`,
    ]) {
      const reject = await own.brake({ effect: "reject", text });
      expect(await own.said(to)).toBe(`554 5.7.1 ${text} (ref ${reject})`);
      await own.lift(reject);
      const tempfail = await own.brake({ effect: "tempfail", text });
      expect(await own.said(to)).toBe(`450 4.7.1 <${recipient}>... ${text} (ref ${tempfail})`);
      await own.lift(tempfail);
    }
    const refusal = await own.agent.refusal("apply", own.request({ effect: "reject", text: '"\\'.repeat(100) }));
    expect(refusal).toMatchObject({ error: "bad-value", field: "text" });
  });

  it("trap: an open session keeps the old answers of access.db; ours sees each change at its next recipient", async () => {
    await own.arm();
    await own.session(async (say) => {
      for (const command of ["EHLO x", "MAIL FROM:<a@outside.example>"]) await say(command);
      expect(await say(`RCPT TO:<${recipient}>`)).toMatch(/^250/);
      const app = await own.brake({ effect: "tempfail" });
      expect(await say(`RCPT TO:<${recipient}>`)).toContain(`(ref ${app})`);
      await own.lift(app);
      expect(await say(`RCPT TO:<${recipient}>`)).toMatch(/^250/);
    });
  });

  it("trap: two changes within one second: each is seen by the next session", async () => {
    await own.arm();
    for (let count = 0; count < 5; count += 1) {
      const app = await own.brake({ effect: "tempfail" });
      expect(await own.said(to)).toContain(`(ref ${app})`);
      await own.lift(app);
      expect(await own.said(to)).toMatch(/^250/);
    }
  });

  it("trap: a reload with a broken sendmail.cf ends the daemon: it is refused, and the daemon lives", async () => {
    for (const sendmail of [mc, own]) {
      await sendmail.shell(`cp -p ${cf} /tmp/kept.cf; echo 'O NoSuchOption=1' >> ${cf}`);
      const broken = await sendmail.configuration();
      const daemon = await daemonProcess(sendmail);
      const refusal = await sendmail.agent.refusal("apply", sendmail.request({ effect: "tempfail" }));
      expect(refusal.message).toContain("NoSuchOption");
      expect(await sendmail.configuration()).toEqual(broken);
      expect(await daemonProcess(sendmail)).toBe(daemon);
      expect((await sendmail.talk({})).banner).toMatch(/^220/);
      await sendmail.shell(`cat /tmp/kept.cf > ${cf}`);
      await sendmail.agent.ask("expire");
      await sendmail.lift(await sendmail.brake({ effect: "tempfail" }));
      await clean(sendmail);
    }
  });

  it("trap: m4 says its errors with status 0; nothing here runs m4, and a make that takes the hook out is seen and mended", async () => {
    await mc.shell(
      'cp -p /etc/mail/sendmail.mc /tmp/kept.mc; echo "FEATURE(\\`no_such_feature_at_all\')" >> /etc/mail/sendmail.mc',
    );
    const app = await mc.brake({ effect: "tempfail" });
    expect(await mc.said(to)).toContain(`(ref ${app})`);
    let seen = "";
    let status = await mc.status(app);
    // The minute's sweep may come right after: then once more.
    for (let tries = 0; tries < 3 && (status.intact || !seen.startsWith("250")); tries += 1) {
      await mc.shell(
        'cat /tmp/kept.mc > /etc/mail/sendmail.mc; cd /etc/mail; cp -p sendmail.cf /tmp/kept.cf; m4 sendmail.mc > sendmail.cf; pid=$(head -n 1 /run/sendmail/mta/sendmail.pid); kill -HUP "$pid"; for i in $(seq 100); do [ "$(head -n 1 /run/sendmail/mta/sendmail.pid)" = "$pid" ] || break; sleep 0.1; done; for i in $(seq 100); do ss -Hltn "sport = :25" | grep -q . && break; sleep 0.1; done',
      );
      seen = await mc.said(to);
      status = await mc.status(app);
    }
    expect(seen).toMatch(/^250/);
    expect(status.intact).toBe(false);
    expect(status.drift.join()).toContain(cf);
    const { final } = await mc.agent.ask("expire");
    expect(final.reasserted).toEqual([app]);
    expect(await mc.said(to)).toContain(`(ref ${app})`);
    expect((await mc.status(app)).intact).toBe(true);
    await mc.lift(app);
    await mc.shell("cd /etc/mail; m4 sendmail.mc > /tmp/made.cf; diff -I '^#####' /tmp/made.cf sendmail.cf");
    untouched.set(mc, await mc.configuration());
  });

  it("trap: a hold that ends the rules early takes mail for anybody; relaying stays denied, and the admin's rules stay in force", async () => {
    for (const brake of [
      { effect: "hold" },
      { effect: "discard" },
      { effect: "throttle", connections: "1000" },
      { effect: "tempfail", match: "sender:bad.example" },
    ]) {
      const app = await mc.brake(brake);
      expect(await mc.said({ recipients: ["x@far.example"], from: lab.clientAddresses[0] ?? "" })).toMatch(
        /^550 5\.7\.1 .*[Rr]elaying denied/,
      );
      expect(await mc.said({ recipients: ["oldlist@lab.example"] })).toMatch(/^551 .*the list has moved/);
      expect(await mc.said({ ...to, sender: "spammer@bad.example" })).toMatch(
        brake.match ? /^450/ : /^550 .*not from you/,
      );
      await mc.lift(app);
    }
  });

  it("trap: discard and hold are of a whole message: recipients of two fates come in two messages, none is lost or held wrongly", async () => {
    const app = await own.brake({ effect: "hold", match: `recipient:${recipient}` });
    const both = await own.talk({ recipients: ["other@lab.example", recipient], subject: newSubject() });
    expect(both.recipients.map((text) => text.slice(0, 9))).toEqual(["250 2.1.5", "452 4.5.3"]);
    const held = await own.talk({ recipients: [recipient, "other@lab.example"], subject: newSubject() });
    expect(held.recipients.map((text) => text.slice(0, 9))).toEqual(["250 2.1.5", "452 4.5.3"]);
    expect(await own.held()).toBe(`mailbrake+${app}+=*1`);
    await own.lift(app);
    const discard = await own.brake({ effect: "discard", match: "recipient:other@lab.example" });
    const subject = newSubject();
    await own.talk({ recipients: [recipient, "other@lab.example"], subject });
    expect(await own.arrived(subject)).toEqual([recipient]);
    await own.lift(discard);
  });

  it("trap: the next message of a session is not held because the one before was", async () => {
    await own.brake({ effect: "hold", match: "sender:held.example" });
    const [held, free] = [newSubject(), newSubject()];
    await own.host.exec([
      "perl",
      "-MIO::Socket",
      "-e",
      `my $s = IO::Socket::INET->new("${own.host.address}:25"); sub a { while (<$s>) { last unless /^...-/ } } a();
       for my $l ("EHLO x", "MAIL FROM:<a\\@held.example>", "RCPT TO:<someone\\@lab.example>", "DATA", "Subject: ${held}\\r\\n\\r\\nText.\\r\\n.",
         "MAIL FROM:<a\\@free.example>", "RCPT TO:<someone\\@lab.example>", "DATA", "Subject: ${free}\\r\\n\\r\\nText.\\r\\n.", "QUIT") { print $s "$l\\r\\n"; a() }`,
    ]);
    expect(await own.arrived(free)).toEqual([recipient]);
    expect(await own.inSink(held)).toEqual([]);
  });

  it("of two brakes that mean one mail the milder answers, the newer of two alike; what answers first is no fault of the other", async () => {
    const first = await own.brake({ effect: "tempfail" });
    await own.brake({ effect: "reject" });
    await own.brake({ effect: "hold" });
    expect(await own.said(to)).toContain(
      `450 4.7.1 <${recipient}>... Mail is paused here, please try again later (ref ${first})`,
    );
    const second = await own.brake({ effect: "tempfail", match: `recipient:${recipient}` });
    expect(await own.said(to)).toContain(`(ref ${second})`);
    const closed = await own.brake({ effect: "close" });
    const late = await own.brake({ effect: "tempfail", match: "sender:a.example" });
    await own.lift(closed);
    expect(await own.said({ ...to, sender: "x@a.example" })).toContain(`(ref ${late})`);
  });

  it("trap: MaxDaemonChildren counts queue runners, ConnectionRateThrottle only delays: no option of the daemon is touched by a throttle", async () => {
    const { parts } = await own.agent.ask("plan", own.request({ effect: "throttle", connections: "5" }));
    const diffs = parts.flatMap((part) => ("step" in part && part.step.diff ? [part.step.diff] : []));
    expect(diffs.length).toBeGreaterThan(0);
    expect(
      diffs
        .join("\n")
        .split("\n")
        .filter((line) => /^[-+]O /.test(line)),
    ).toEqual([]);
  });

  it("trap: a rate counts over ConnectionRateWindowSize: refused where that is no minute, naming the firewall", async () => {
    await own.edited(`sed -i 's/^#O ConnectionRateWindowSize.*/O ConnectionRateWindowSize=10m/' ${cf}`, async () => {
      const refusal = await own.agent.refusal("apply", own.request({ effect: "throttle", connections: "5" }));
      expect(refusal.error).toBe("cannot");
      expect(refusal.message).toMatch(/ConnectionRateWindowSize is 10m.*nearest is.*nftables/);
    });
  });

  it("trap: without delay_checks each ruleset is asked at its own command: brakes answer at the recipient all the same", async () => {
    await mc.shell(
      "cd /etc/mail; cp -p sendmail.mc /tmp/kept.mc; cp -p sendmail.cf /tmp/kept.cf; sed -i /delay_checks/d sendmail.mc; m4 sendmail.mc > sendmail.cf",
    );
    await mc.restart();
    const tempfail = await mc.brake({ effect: "tempfail", match: "sender:news.example" });
    expect(await mc.said({ ...to, sender: "a@news.example" })).toContain(`(ref ${tempfail})`);
    const hold = await mc.brake({ effect: "hold" });
    const subject = await mc.send(to);
    expect(await mc.held()).toBe(`mailbrake+${hold}+=*1`);
    expect(await mc.said({ recipients: ["x@far.example"], from: lab.clientAddresses[0] ?? "" })).toMatch(
      /^550 5\.7\.1 .*Relaying denied/,
    );
    await mc.lift(hold);
    expect(await mc.arrived(subject)).toHaveLength(1);
    await mc.lift(tempfail);
    await mc.shell("cd /etc/mail; cat /tmp/kept.mc > sendmail.mc; cat /tmp/kept.cf > sendmail.cf");
    await mc.restart();
    await clean(mc);
  });

  it("the admin's own check_data and check_compat stay in force beside ours", async () => {
    await own.edited(
      String.raw`printf 'Scheck_data\nR$*\t$: $&f\nR$* no-data $*\t$#error $@ 5.7.1 $: "550 no data from you"\nScheck_compat\nR$* no-compat $* $| $*\t$#error $@ 5.7.1 $: "550 not compatible"\n' >> ${cf}`,
      async () => {
        await own.restart();
        const hold = await own.brake({ effect: "hold" });
        const subject = await own.send(to);
        expect(await own.held()).toBe(`mailbrake+${hold}+=*1`);
        const refused = await own.talk({ ...to, sender: "no-data@outside.example", subject: newSubject() });
        expect(refused.answers.DATA).toMatch(/^550 .*no data from you/);
        await own.lift(hold);
        expect(await own.arrived(subject)).toHaveLength(1);
        const discard = await own.brake({ effect: "discard" });
        const gone = await own.send(to);
        await own.lift(discard);
        expect(await own.arrived(await own.send(to))).toHaveLength(1);
        expect(await own.inSink(gone)).toEqual([]);
      },
    );
  });

  it("trap: a daemon that was started without a whole path ends at a HUP: refused, with how to mend it", async () => {
    await own.restart("cd /usr/sbin && PATH=/usr/sbin:/usr/bin:/bin sendmail-mta -bd -q10m -L sm-mta");
    const daemon = await daemonProcess(own);
    const refusal = await own.agent.refusal("apply", own.request({ effect: "tempfail" }));
    expect(refusal.error).toBe("cannot");
    expect(refusal.message).toContain("whole path");
    expect(await daemonProcess(own)).toBe(daemon);
    await own.restart();
  });

  it("trap: local submission comes in through the listener: said in the plan, and so it is", async () => {
    const { final } = await own.agent.ask("plan", own.request({ effect: "tempfail" }));
    expect(final.notes.join()).toContain("sendmail(1) comes in through a listener");
    const app = await own.brake({ effect: "tempfail" });
    const subject = await own.submit("bob@lab.example");
    expect(await own.queued()).toBe("1 mqueue-client");
    await own.lift(app);
    await own.shell("sendmail -Ac -q");
    expect(await own.arrived(subject)).toHaveLength(1);
  });

  it("trap: sessions survive a HUP: they are cut when asked, others at another listener stay, and nothing taken is lost", async () => {
    const subject = newSubject();
    const { final } = await own.agent.ask("plan", own.request({ effect: "tempfail", cut: "1" }));
    expect(final.cutsSessions).toBe(true);
    await own.shell(
      `rm -f /tmp/other; setsid bash -c 'exec 3<>/dev/tcp/127.0.0.1/587; read -r line <&3; sleep 4; printf "NOOP\\r\\n" >&3; read -r line <&3; echo "$line" >/tmp/other' </dev/null >/dev/null 2>&1 &`,
    );
    let app = "";
    const seen = await own.talk({
      ...to,
      subject,
      pause: async () => {
        app = await own.brake({ effect: "tempfail", cut: "1" });
      },
    });
    expect(seen.answers.DATA).toMatch(/^(421|closed)/);
    expect(await own.said(to)).toContain(`(ref ${app})`);
    expect(
      await own.shell("for i in $(seq 200); do [ -s /tmp/other ] && break; sleep 0.05; done; cat /tmp/other"),
    ).toMatch(/^250/);
    await own.lift(app);
  });

  it("lines of the admin in our block stay, and an end mark that was taken away does no harm", async () => {
    const app = await own.brake({ effect: "tempfail" });
    await own.shell(`sed -i -e 's/^Kmailbrake_is arith$/&\\n# of the admin/' -e '/^#mailbrake end/d' ${cf}`);
    await own.lift(app);
    await own.shell(
      `grep -q '^# of the admin$' ${cf} && ! grep -q mailbrake ${cf} && sed -i '/^# of the admin$/d' ${cf}`,
    );
    await clean(own);
  });

  it("what can't be had exactly is refused, with the nearest that can", async () => {
    for (const [brake, words] of [
      [{ effect: "reject", point: "local" }, "hold"],
      [{ effect: "hold", point: "local", match: "recipient:lab.example" }, "sender"],
      [{ effect: "pause" }, "tempfail"],
      [{ effect: "close", match: "client:192.0.2.1" }, "reject"],
      [{ effect: "throttle", match: "sender:a.example", connections: "1" }, "client"],
      [{ effect: "throttle", messages: "1" }, "connections"],
      [{ effect: "throttle", point: "delivery", messages: "1" }, "nftables"],
      [{ effect: "pause", point: "delivery", match: "client:192.0.2.1" }, "hold"],
      [{ effect: "tempfail", point: "delivery" }, "listener"],
      [{ effect: "tempfail", match: "login:bob" }, "sender"],
      [{ effect: "tempfail", match: "client:192.0.2.1", match2: "sender:a.example", match3: "helo:x.example" }, "two"],
    ] as const) {
      const refusal = await own.agent.refusal("plan", own.request(brake));
      expect(refusal.error).toBe("cannot");
      expect(refusal.message).toMatch(new RegExp(`the nearest.*${words}`));
    }
    expect(
      (await own.agent.ask("discover")).parts.some((part) => "instance" in part && part.instance.instance === instance),
    ).toBe(true);
    await clean(own);
  });
});
