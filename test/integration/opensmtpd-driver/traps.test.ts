import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { OpensmtpdLabHost, opensmtpdLab } from "./opensmtpd-lab-host.ts";

const recipient = "someone@lab.example";
const to = { recipients: [recipient] };
const restart =
  'pid=$(cat /run/smtpd.pid); kill "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done; smtpd; until smtpctl show status; do sleep 0.05; done';

/** What breaks naive ways of braking OpenSMTPD, each with what comes of it here. */
describe("traps of OpenSMTPD", () => {
  let lab: Lab;
  let mx: OpensmtpdLabHost;
  let untouched: string[];
  beforeAll(async () => {
    lab = await opensmtpdLab();
    mx = await OpensmtpdLabHost.on(lab);
    untouched = await mx.configuration();
    await mx.shell("cp -p /etc/smtpd.conf /tmp/kept");
  });
  afterEach(async () => await mx.liftAll());
  afterAll(async () => {
    try {
      await mx?.agent.stop();
    } finally {
      await lab?.down();
    }
  });
  /** Runs with another smtpd.conf, and with the one of before afterwards. */
  const withConfiguration = async (edit: string, work: () => Promise<void>): Promise<void> => {
    await mx.shell(`${edit}; smtpd -n 2>&1; ${restart}`);
    await mx.agent.ask("discover");
    try {
      await work();
    } finally {
      await mx.liftAll();
      await mx.shell(`cp -p /tmp/kept /etc/smtpd.conf; ${restart}`);
      await mx.agent.ask("discover");
    }
    await mx.expectClean(untouched);
  };

  it("trap: SIGHUP and a broken file end smtpd: it is refused with nothing changed, and the daemon lives", async () => {
    await mx.shell("printf 'no such word\\n' >>/etc/smtpd.conf");
    const broken = await mx.configuration();
    const pid = await mx.shell("cat /run/smtpd.pid");
    const refusal = await mx.agent.refusal("apply", mx.request({ effect: "tempfail" }));
    expect(refusal.message).toMatch(/syntax error/);
    expect(await mx.configuration()).toEqual(broken);
    expect(await mx.shell("cat /run/smtpd.pid")).toBe(pid);
    expect(await mx.said(to)).toMatch(/^250/);
    await mx.shell("cp -p /tmp/kept /etc/smtpd.conf");
    await mx.agent.ask("expire");
    await mx.lift(await mx.brake({ effect: "tempfail" }));
    await mx.expectClean(untouched);
  });

  it("trap: an empty table is no list: armed without a brake, mail passes; disarmed, nothing is left", async () => {
    await mx.agent.ask("arm", { instance: mx.instance, by: "test", reason: "test" });
    const armed = await mx.configuration();
    expect(await mx.arrived(await mx.send(to))).toHaveLength(1);
    const app = await mx.brake({ effect: "tempfail" });
    expect(await mx.said(to)).toContain(`(ref ${app})`);
    expect(await mx.configuration()).toEqual(armed);
    await mx.lift(app);
    expect(await mx.said(to)).toMatch(/^250/);
    await mx.agent.ask("disarm", { instance: mx.instance, by: "test", reason: "test" });
    await mx.expectClean(untouched);
  });

  it("trap: in a list @ means everybody and @*.domain one level: brakes of both kinds spare whom they do not mean", async () => {
    const empty = await mx.brake({ effect: "reject", match: "sender:<>" });
    const below = await mx.brake({ effect: "tempfail", match: "sender:news.example" });
    expect(await mx.said({ ...to, sender: "" })).toContain(`(ref ${empty})`);
    expect(await mx.said({ ...to, sender: "x@a.b.c.news.example" })).toContain(`(ref ${below})`);
    expect(await mx.said({ ...to, sender: "x@other.example" })).toMatch(/^250/);
  });

  it("trap: each filter has one text: two brakes at one listener answer each with its own, to the very character", async () => {
    const text = String.raw`a "quoted" \ back\slash\" $x %s # {y} <z> and \\ so on; it's long enough, is it not`;
    const first = await mx.brake({ effect: "reject", match: "sender:a.example", text });
    const second = await mx.brake({ effect: "tempfail", match: "sender:b.example", text: "another" });
    expect(await mx.said({ ...to, sender: "x@a.example" })).toBe(`554 5.7.1 ${text} (ref ${first})`);
    expect(await mx.said({ ...to, sender: "x@b.example" })).toBe(`450 4.7.1 another (ref ${second})`);
  });

  it("trap: words of smtpd.conf (helo) are no names: a brake and a filter of the admin's with such a name are in force, and stay apart", async () => {
    const named = `sed -i -e 's/filter "polite"/filter "helo"/' /etc/smtpd.conf; sed 's/"polite"/"helo"/' /etc/smtpd/filters.conf >/etc/smtpd.helo; sed -i 's:smtpd/filters.conf:smtpd.helo:' /etc/smtpd.conf`;
    await withConfiguration(named, async () => {
      const app = await mx.brake({ effect: "tempfail", match: "helo:loud.example", app: "helo", brake: "HELO" });
      expect(await mx.said({ ...to, helo: "loud.example" })).toContain("(ref HELO)");
      expect((await mx.talk({ ...to, helo: "rude.example" })).answers.EHLO).toBe("550 not to a rude one");
      expect(await mx.said(to)).toMatch(/^250/);
      await mx.lift(app);
      expect(await mx.said({ ...to, helo: "loud.example" })).toMatch(/^250/);
    });
  });

  it("trap: smtpd takes no commands that come together, and hangs up: the probe waits for each answer", async () => {
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: mx.host.address, port: 25 });
      let text = "";
      socket.setTimeout(20_000, () => socket.destroy(new Error("it did not hang up")));
      socket.on("data", (data) => {
        if (text === "") socket.write(`EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<${recipient}>\r\n`);
        text += data.toString();
      });
      socket.once("error", reject);
      socket.once("close", () => resolve(text));
    });
    expect(said).toMatch(/^500 /m);
    expect(said).not.toMatch(/^250 2\.1\.5/m);
    const point = mx.point(25);
    const probe = async () =>
      (await mx.agent.ask("probe", { instance: mx.instance, point, sender: "a@b.example", recipient })).final;
    expect(await probe()).toMatchObject({ code: 250 });
    await mx.shell("mv /usr/bin/perl /usr/bin/perl.away");
    try {
      expect(await probe()).toMatchObject({ code: 250 });
    } finally {
      await mx.shell("mv /usr/bin/perl.away /usr/bin/perl");
    }
  });

  it("trap: smtpd limits no rates and can't reload: a throttle is refused, naming the firewall; that a brake cuts sessions is in its plan", async () => {
    const throttle = mx.request({ effect: "throttle", connections: "5" });
    expect(await mx.agent.refusal("plan", throttle)).toMatchObject({
      error: "cannot",
      message: expect.stringContaining("nftables"),
    });
    const { final } = await mx.agent.ask("plan", mx.request({ effect: "tempfail" }));
    expect(final.cutsSessions).toBe(true);
    expect(final.notes.join()).toContain("Open sessions of all its listeners are cut");
    await mx.expectClean(untouched);
  });

  it("the admin's filters stay in force beside ours, and after the lift", async () => {
    await mx.brake({ effect: "tempfail", match: "sender:a.example" });
    await mx.brake({ effect: "tempfail", match: "sender:b.example", match2: `recipient:${recipient}` });
    expect((await mx.talk({ ...to, helo: "rude.example" })).answers.EHLO).toBe("550 not to a rude one");
  });

  it("a list of filters, macros, names without quotes, listeners in an included file, a file without a last newline", async () => {
    await withConfiguration(
      `sed -i -e '/^listen on [$]address   port 25/d' -e 's/^listen on lo$/include "\\/etc\\/smtpd.doors"/' /etc/smtpd.conf
       printf 'gate = "polite"\\nlisten on $address port 25 filter { manners, "manners-ehlo" } tag MX\\nlisten on lo filter $gate # inside\\nlisten on $address port 2525 filter polite hostname x.lab.example\\nlisten on socket # local' >/etc/smtpd.doors`,
      async () => {
        const before = await mx.shell("cksum /etc/smtpd.conf /etc/smtpd.doors");
        for (const [point, talk] of [
          [mx.point(25), to],
          [mx.point(2525), { ...to, port: 2525 }],
        ] as const) {
          const one = await mx.brake({ effect: "tempfail", point });
          const pair = await mx.brake({
            effect: "reject",
            point,
            match: "sender:b.example",
            match2: `recipient:${recipient}`,
          });
          const local = await mx.brake({ effect: "reject", point: "local" });
          const inside = await mx.brake({ effect: "tempfail", point: "listener:lo:25" });
          expect(await mx.said(talk)).toContain(`(ref ${one})`);
          expect((await mx.talk({ ...talk, helo: "rude.example" })).answers.EHLO).toBe("550 not to a rude one");
          expect(await mx.shell(`echo | sendmail ${recipient} 2>&1 || :`)).toContain(`(ref ${local})`);
          await mx.lift(one);
          expect(await mx.said({ ...talk, sender: "x@b.example" })).toContain(`(ref ${pair})`);
          expect(await mx.said(talk)).toMatch(/^250/);
          for (const app of [inside, pair, local]) await mx.lift(app);
          expect(await mx.shell("cksum /etc/smtpd.conf /etc/smtpd.doors")).toBe(before);
        }
      },
    );
    await mx.shell("rm /etc/smtpd.doors");
  });

  it("an admin's edits during a brake stay, and ours go", async () => {
    const edit = "sed -i -e '1i # edited' -e 's/# the world/# all the world/' -e '$a # last' /etc/smtpd.conf";
    await mx.shell(edit);
    const edited = await mx.configuration();
    await mx.shell("cp -p /tmp/kept /etc/smtpd.conf");
    const app = await mx.brake({ effect: "tempfail" });
    const closed = await mx.brake({ effect: "close", point: mx.point(587) });
    await mx.shell(edit);
    await mx.lift(app);
    await mx.lift(closed);
    expect(await mx.configuration()).toEqual(edited);
    await mx.shell(`cp -p /tmp/kept /etc/smtpd.conf; ${restart}`);
    await mx.expectClean(untouched);
  });

  it("an admin who puts the old file back during a brake: told as drift", async () => {
    const app = await mx.brake({ effect: "tempfail" });
    await mx.shell("cp -p /tmp/kept /etc/smtpd.conf");
    expect((await mx.status(app)).intact).toBe(false);
    await mx.lift(app);
    await mx.shell(restart);
    await mx.expectClean(untouched);
  });

  it.each(["after-journal", "after-file", "after-render", "smtpd-quiet", "smtpd-down", "after-reload", "before-check"])(
    "killed at %s: the next agent ends what was begun, and smtpd runs",
    async (crashAt) => {
      const request = mx.request({ effect: "tempfail" });
      await mx.restartAgent({ crashAt });
      await expect(mx.agent.ask("apply", request)).rejects.toThrow("the agent ended");
      await mx.restartAgent();
      expect(await mx.status(request.app)).toMatchObject({ intact: true, drift: [] });
      expect(await mx.said(to)).toContain(`(ref ${request.app})`);
      await mx.lift(request.app);
      expect(await mx.said(to)).toMatch(/^250/);
      await mx.expectClean(untouched);
    },
  );
});
