import type { AgentArguments } from "@mailbrake/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, submissionLogin } from "../../lab/index.ts";
import type { SmtpTalk } from "../postfix-driver/smtp-talk.ts";
import { EximHost, eximLab, layouts } from "./exim-host.ts";

const recipient = "someone@lab.example";
const login = [
  `AUTH PLAIN ${Buffer.from(`\0${submissionLogin.user}\0${submissionLogin.password}`).toString("base64")}`,
];

/** A brake's match, a session that it means and one that it spares (each brings one message to one recipient). */
interface Row {
  match: [string, string?, string?];
  meant: (lab: Lab) => Partial<SmtpTalk>;
  spared: ((lab: Lab) => Partial<SmtpTalk>) | null;
}
const talk =
  (more: Partial<SmtpTalk> = {}) =>
  (): Partial<SmtpTalk> => ({ recipients: [recipient], ...more });
const from =
  (index: number, more: Partial<SmtpTalk> = {}) =>
  (lab: Lab): Partial<SmtpTalk> => ({ recipients: [recipient], from: lab.clientAddresses[index] ?? "", ...more });

/** What the conformance suite, which tries each kind of match in each layout, does not have. */
const rows: Row[] = [
  {
    match: ["sender:Al$ice{x}@news.example"],
    meant: talk({ sender: "al$ice{x}@NEWS.example" }),
    spared: talk({ sender: "bob@news.example" }),
  },
  {
    match: ["sender:alice@news.example"],
    meant: talk({ sender: '"alice"@news.example' }),
    spared: talk({ sender: "" }),
  },
  {
    match: ["client:ADDRESS", "helo:loud.example", "sender:<>"],
    meant: from(0, { helo: "loud.example", sender: "" }),
    spared: from(0, { helo: "loud.example" }),
  },
];

let lab: Lab;
beforeAll(async () => {
  lab = await eximLab();
});
afterAll(async () => await lab?.down());

describe.each(layouts)("brakes on a real Exim, %s layout, armed", (layout) => {
  let exim: EximHost;
  let untouched: string[];
  let armed: string[];
  beforeAll(async () => {
    exim = await EximHost.on(lab, layout);
    untouched = await exim.configuration();
    await exim.agent.ask("arm", { instance: exim.instance, by: "test", reason: "test" });
    armed = await exim.configuration();
    expect(armed).not.toEqual(untouched);
  });
  afterEach(async () => await exim.liftAll());
  afterAll(async () => {
    await exim?.agent.stop();
  });

  const keys = (row: Row): AgentArguments => {
    const [match, match2, match3] = row.match.map((one) => one?.replace("ADDRESS", lab.clientAddresses[0] ?? ""));
    return {
      match: match ?? "",
      ...(match2 ? { match2 } : {}),
      ...(match3 ? { match3 } : {}),
    };
  };
  // The rules are the same text in each layout: every row once, and an odd one everywhere.
  const chosen = layout === "split" ? rows : rows.slice(0, 1);
  const named = chosen.map((row) => [row.match.join(" and "), row] as const);

  it.each(named)("tempfail, reject, discard and hold × %s", async (_name, row) => {
    for (const [effect, code, words] of [
      ["tempfail", "450 4.7.1", "Mail is paused here, please try again later"],
      ["reject", "554 5.7.1", "Not accepted here"],
    ] as const) {
      const app = await exim.brake({ effect, ...keys(row) });
      expect(await exim.said(row.meant(lab))).toBe(`${code} ${words} (ref ${app})`);
      if (row.spared) expect(await exim.said(row.spared(lab))).toMatch(/^(250|550 .*relay|550 .*authenticat)/);
      const status = await exim.status(app);
      expect(status.drift).toEqual([]);
      expect(status.intact).toBe(true);
      await exim.lift(app);
      expect(await exim.said(row.meant(lab))).toMatch(/^250/);
      await exim.expectClean(armed);
    }

    const discard = await exim.brake({ effect: "discard", ...keys(row) });
    const gone = await exim.send(row.meant(lab));
    if (row.spared) expect(await exim.arrived(await exim.send(row.spared(lab)))).toHaveLength(1);
    await exim.lift(discard);
    expect(await exim.shell(`exim -bpc; grep -q 'discarded.*mailbrake ${discard}$' /var/log/exim4/mainlog`)).toBe("0");
    expect(await exim.inSink(gone)).toEqual([]);

    const hold = await exim.brake({ effect: "hold", ...keys(row) });
    const held = await exim.send(row.meant(lab));
    if (row.spared) expect(await exim.arrived(await exim.send(row.spared(lab)))).toHaveLength(1);
    expect(await exim.held()).toBe(`mailbrake+${hold}=1`);
    expect(await exim.inSink(held)).toEqual([]);
    expect(await exim.lift(hold)).toBe(1);
    expect(await exim.arrived(held)).toHaveLength(1);
    await exim.expectClean(armed);
  });

  const limits = [
    ["connections", /^421 4\.7\.0 Too many connections, please try again later \(ref E\d+\)$/],
    ["messages", /^450 4\.7\.1 Too many messages, please try again later \(ref E\d+\)$/],
    ["recipients", /^450 4\.7\.1 Too many recipients, please try again later \(ref E\d+\)$/],
  ] as const;
  it.each(limits)("throttle × all and client, %s: each client by itself", async (limit, pattern) => {
    for (const match of ["all", `client:${lab.clientAddresses[0]}`]) {
      const app = await exim.brake({ effect: "throttle", match, [limit]: "2" });
      const seen: string[] = [];
      for (let count = 0; count < 4; count += 1) seen.push(await exim.said(from(0)(lab)));
      expect(seen.map((text) => text.slice(0, 3))).toEqual(["250", "250", ...Array(2).fill(`${pattern}`.slice(2, 5))]);
      expect(seen[3]).toMatch(pattern);
      for (let count = 0; count < 3; count += 1) seen.push(await exim.said(from(1)(lab)));
      expect(seen.at(-1)).toMatch(match === "all" ? pattern : /^250/);
      await exim.lift(app);
      expect(await exim.said(from(0)(lab))).toMatch(/^250/);
    }
    await exim.expectClean(armed);
  });

  it("trap: a daemon that is ended to close its port runs no queue: close: this listener refuses connections, the other takes them, and the queue is run", async () => {
    let app = "";
    const open = await exim.talk({
      recipients: [recipient],
      subject: "open",
      pause: async () => {
        app = await exim.brake({ effect: "close" });
        expect((await exim.talk({})).banner).toBe("refused");
      },
    });
    expect(open.answers.DATA).toMatch(/^250/);
    expect((await exim.talk({ port: 587 })).banner).toMatch(/^220/);
    const other = await exim.brake({ effect: "close", point: "listener:587" });
    expect((await exim.talk({ port: 587 })).banner).toBe("refused");
    expect((await exim.status(app)).drift).toEqual([]);
    // with nothing to listen on, the daemon still runs the queue
    expect(await exim.shell('ps -o args= -p "$(cat /run/exim4/exim.pid)"')).toMatch(/exim4? -bd -q30m/);
    const { parts } = await exim.agent.ask("discover");
    expect(parts.filter((part) => "point" in part && part.point.kind === "listener")).toHaveLength(2);
    await exim.lift(app);
    expect((await exim.talk({})).banner).toMatch(/^220/);
    await exim.lift(other);
    expect((await exim.talk({ port: 587 })).banner).toMatch(/^220/);
    await exim.expectClean(armed);
  });

  it("pause × all and recipient domain: taken, kept over a queue run, delivered after the lift", async () => {
    const all = await exim.brake({ effect: "pause", point: "delivery" });
    const first = await exim.send(talk()());
    await exim.lift(all);
    expect(await exim.arrived(first)).toHaveLength(1);

    const domain = await exim.brake({ effect: "pause", point: "delivery", match: "recipient:partner.example" });
    const second = await exim.send({ recipients: ["x@partner.example", recipient] });
    const third = await exim.send({ recipients: ["x@sub.partner.example"], port: 587, before: login });
    expect(await exim.arrived(second)).toEqual([recipient]);
    await exim.shell("exim -q");
    expect(await exim.inSink(second)).toEqual([recipient]);
    expect(await exim.inSink(third)).toEqual([]);
    await exim.lift(domain);
    expect(await exim.arrived(second, 2)).toHaveLength(2);
    expect(await exim.arrived(third)).toHaveLength(1);
    await exim.expectClean(armed);
  });

  it("local: reject comes back to its sender, hold waits; by all and by sender; SMTP on standard input too", async () => {
    const submit = async (sender: string, subject: string): Promise<string> =>
      await exim.shell(
        `printf 'Subject: ${subject}\\n\\nText.\\n' | sendmail -f '${sender}' ${recipient} >/dev/null 2>&1; echo $?`,
      );
    const cron = `cron-${layout}@lab.example`;
    let bounces = 0;
    const overStdin = String.raw`printf 'EHLO x\r\nMAIL FROM:<${cron}>\r\nRCPT TO:<someone@lab.example>\r\nQUIT\r\n' | exim -bs`;
    for (const match of ["all", `sender:${cron}`]) {
      const name = `${match} ${layout}`;
      const reject = await exim.brake({ effect: "reject", point: "local", match });
      expect(await submit(cron, `rejected ${name}`)).toBe("1");
      expect(await exim.shell(overStdin)).toContain(`554 5.7.1 Not accepted here (ref ${reject})`);
      // the notice by which Exim sends it back is no local submission
      bounces += 1;
      expect(await exim.bounces(cron, bounces)).toBe(bounces);
      await exim.lift(reject);

      const hold = await exim.brake({ effect: "hold", point: "local", match });
      expect(await submit(cron, `held ${name}`)).toBe("0");
      expect(await exim.shell(overStdin)).toContain("250 Accepted");
      expect(await submit("other@lab.example", `other ${name}`)).toBe("0");
      expect(await exim.said(talk()())).toMatch(/^250/);
      expect(await exim.held()).toBe(`mailbrake+${hold}=${match === "all" ? 2 : 1}`);
      if (match !== "all") expect(await exim.arrived(`other ${name}`)).toHaveLength(1);
      expect(await exim.inSink(`held ${name}`)).toEqual([]);
      expect(await exim.lift(hold)).toBe(match === "all" ? 2 : 1);
      expect(await exim.arrived(`held ${name}`)).toHaveLength(1);
      expect(await exim.inSink(`rejected ${name}`)).toEqual([]);
    }
    await exim.expectClean(armed);
  });

  it("disarmed, the files are what they were", async () => {
    await exim.agent.ask("disarm", { instance: exim.instance, by: "test", reason: "test" });
    await exim.expectClean(untouched);
    expect(await exim.said(talk()())).toMatch(/^250/);
  });

  it("not armed: hooked by the first brake, unhooked by the last lift, whatever order; an admin's edit meanwhile stays", async () => {
    const path = layout === "split" ? "/etc/exim4/conf.d/main/10_site" : exim.sourcePath;
    const edit = `if [ -e ${path} ]; then [ -e /tmp/kept ] || cp -p ${path} /tmp/kept; sed -i '1i # edited\\nqueue_run_max = 3' ${path}; else echo 'queue_run_max = 3' > ${path}; fi; if [ ${layout} != upstream ]; then update-exim4.conf; fi`;
    const back = `if [ -e /tmp/kept ]; then cat /tmp/kept > ${path}; else rm ${path}; fi; if [ ${layout} != upstream ]; then update-exim4.conf; fi`;
    await exim.shell(edit);
    const edited = await exim.configuration();
    await exim.shell(back);
    expect(await exim.configuration()).toEqual(untouched);

    const first = await exim.brake({ effect: "tempfail", match: "sender:news.example" });
    const second = await exim.brake({ effect: "reject", match: "recipient:other@lab.example" });
    await exim.shell(edit);
    expect(await exim.said({ recipients: [recipient], sender: "a@news.example" })).toContain(`(ref ${first})`);
    await exim.lift(first);
    expect(await exim.said({ recipients: ["other@lab.example"] })).toContain(`(ref ${second})`);
    await exim.lift(second);
    await exim.expectClean(edited);
    await exim.shell(back);
    await exim.expectClean(untouched);
  });
});
