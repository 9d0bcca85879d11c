import type { AgentArguments } from "@mailbrake/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import type { SmtpTalk } from "../postfix-driver/smtp-talk.ts";
import { layouts, SendmailHost, sendmailLab } from "./sendmail-host.ts";

const recipient = "someone@lab.example";

/** A brake's match, a session that it means and one that it spares (each brings one message to one recipient). */
interface Row {
  match: [string, string?];
  meant: (lab: Lab) => Partial<SmtpTalk>;
  spared: ((lab: Lab) => Partial<SmtpTalk>) | null;
}
const talk =
  (more: Partial<SmtpTalk> = {}) =>
  (): Partial<SmtpTalk> => ({ recipients: [recipient], ...more });
const from =
  (index: number, more: Partial<SmtpTalk> = {}) =>
  (lab: Lab): Partial<SmtpTalk> => ({ recipients: [recipient], from: lab.clientAddresses[index] ?? "", ...more });

const rows: Row[] = [
  { match: ["all"], meant: talk(), spared: null },
  { match: ["client:ADDRESS"], meant: from(0), spared: from(1) },
  { match: ["client:NETWORK/27"], meant: from(1), spared: talk() },
  { match: ["client:NETWORK/21"], meant: from(1), spared: null },
  { match: ["helo:Loud.Example"], meant: talk({ helo: "loud.example" }), spared: talk({ helo: "quiet.example" }) },
  { match: ["helo:[192.0.2.7]"], meant: talk({ helo: "[192.0.2.7]" }), spared: talk({ helo: "[192.0.2.71]" }) },
  {
    match: ["sender:Al$ice{x}%a@news.example"],
    meant: talk({ sender: "al$ice{x}%a@NEWS.example" }),
    spared: talk({ sender: "bob@news.example" }),
  },
  {
    match: ["sender:alice@news.example"],
    meant: talk({ sender: '"alice"@news.example' }),
    spared: talk({ sender: "" }),
  },
  {
    match: ["sender:news.example"],
    meant: talk({ sender: "x@daily.news.example" }),
    spared: talk({ sender: "x@goodnews.example" }),
  },
  { match: ["sender:<>"], meant: talk({ sender: "" }), spared: talk() },
  { match: ["recipient:someone@lab.example"], meant: talk(), spared: talk({ recipients: ["other@lab.example"] }) },
  {
    match: ["recipient:someone@lab.example"],
    meant: talk({ recipients: ["lab.example!someone"] }),
    spared: talk({ recipients: ["someone.else@lab.example"] }),
  },
  { match: ["recipient:lab.example"], meant: talk(), spared: talk({ recipients: ["x@partner.example"] }) },
  {
    match: ["sender:news.example", "recipient:someone@lab.example"],
    meant: talk({ sender: "a@news.example" }),
    spared: talk({ sender: "a@news.example", recipients: ["other@lab.example"] }),
  },
  { match: ["client:ADDRESS", "sender:<>"], meant: from(0, { sender: "" }), spared: from(0) },
  {
    match: ["client:NETWORK/27", "recipient:lab.example"],
    meant: from(0),
    spared: from(0, { recipients: ["x@partner.example"] }),
  },
  { match: ["helo:loud.example", "client:ADDRESS"], meant: from(0, { helo: "loud.example" }), spared: from(0) },
  {
    match: ["helo:loud.example", "sender:news.example"],
    meant: talk({ helo: "loud.example", sender: "a@news.example" }),
    spared: talk({ helo: "loud.example" }),
  },
  {
    match: ["helo:loud.example", `recipient:${recipient}`],
    meant: talk({ helo: "loud.example" }),
    spared: talk({ helo: "loud.example", recipients: ["other@lab.example"] }),
  },
];

let lab: Lab;
beforeAll(async () => {
  lab = await sendmailLab();
});
afterAll(async () => await lab?.down());

describe.each(layouts)("brakes on a real Sendmail with a %s, armed", (layout) => {
  let sendmail: SendmailHost;
  let untouched: string[];
  let armed: string[];
  beforeAll(async () => {
    sendmail = await SendmailHost.on(lab, layout);
    untouched = await sendmail.configuration();
    await sendmail.arm();
    armed = await sendmail.configuration();
    expect(armed).not.toEqual(untouched);
  });
  afterEach(async () => await sendmail.liftAll());
  afterAll(async () => await sendmail?.agent.stop());

  const keys = (row: Row): AgentArguments => {
    const network = lab.subnet.split(".").slice(0, 3);
    const [match, match2] = row.match.map((one) =>
      one
        ?.replace("ADDRESS", lab.clientAddresses[0] ?? "")
        .replace("NETWORK/27", `${network.join(".")}.96/27`)
        .replace("NETWORK/21", `${network[0]}.${network[1]}.${Number(network[2]) & 0xf8}.0/21`),
    );
    return { match: match ?? "", ...(match2 ? { match2 } : {}) };
  };
  // The rules are the same text in each layout: every row once, and a few everywhere.
  const chosen = layout === "mc" ? rows : rows.filter((_row, index) => [0, 6, 13].includes(index));
  const named = chosen.map((row) => [row.match.join(" and "), row] as const);

  it.each(named)("tempfail, reject, discard and hold × %s", async (_name, row) => {
    for (const [effect, code, words] of [
      ["tempfail", "450 4.7.1 <TO>...", "Mail is paused here, please try again later"],
      ["reject", "554 5.7.1", "Not accepted here"],
    ] as const) {
      const app = await sendmail.brake({ effect, ...keys(row) });
      const to = row.meant(lab).recipients?.[0] ?? "";
      expect(await sendmail.said(row.meant(lab))).toBe(`${code.replace("TO", to)} ${words} (ref ${app})`);
      if (row.spared) expect(await sendmail.said(row.spared(lab))).toMatch(/^250/);
      const status = await sendmail.status(app);
      expect(status.drift).toEqual([]);
      expect(status.intact).toBe(true);
      await sendmail.lift(app);
      expect(await sendmail.said(row.meant(lab))).toMatch(/^250/);
      await sendmail.expectClean(armed);
    }

    const discard = await sendmail.brake({ effect: "discard", ...keys(row) });
    const gone = await sendmail.send(row.meant(lab));
    if (row.spared) expect(await sendmail.arrived(await sendmail.send(row.spared(lab)))).toHaveLength(1);
    await sendmail.lift(discard);
    expect(await sendmail.queued()).toBe("");
    expect(await sendmail.inSink(gone)).toEqual([]);

    const hold = await sendmail.brake({ effect: "hold", ...keys(row) });
    const held = await sendmail.send(row.meant(lab));
    if (row.spared) expect(await sendmail.arrived(await sendmail.send(row.spared(lab)))).toHaveLength(1);
    expect(await sendmail.held()).toBe(`mailbrake+${hold}+=*1`);
    await sendmail.shell("sendmail -q");
    expect(await sendmail.inSink(held)).toEqual([]);
    expect(await sendmail.lift(hold)).toBe(1);
    expect(await sendmail.arrived(held)).toHaveLength(1);
    await sendmail.expectClean(armed);
  });

  it("throttle × all and client: connections a minute, each client by itself", async () => {
    // connections of the minute before count too
    for (const [match, client, other] of [
      [`client:${lab.clientAddresses[0]}`, 0, 1],
      ["all", 2, null],
    ] as const) {
      const before = 30;
      const app = await sendmail.brake({ effect: "throttle", match, connections: String(before) });
      let seen = "";
      for (let count = 0; count <= before + 1 && !seen.startsWith("421"); count += 1)
        seen = await sendmail.said(from(client)(lab));
      expect(seen).toBe(`421 4.7.0 Too many connections, please try again later (ref ${app})`);
      if (other !== null) expect(await sendmail.said(from(other)(lab))).toMatch(/^250/);
      await sendmail.lift(app);
      expect(await sendmail.said(from(client)(lab))).toMatch(/^250/);
    }
    await sendmail.expectClean(armed);
  });

  it("close: the listener refuses connections from outside, loopback stays; a session that is open goes on", async () => {
    let app = "";
    const open = await sendmail.talk({
      recipients: [recipient],
      subject: "open",
      pause: async () => {
        app = await sendmail.brake({ effect: "close" });
        expect((await sendmail.talk({})).banner).toBe("refused");
      },
    });
    expect(open.answers.DATA).toMatch(/^250/);
    expect(await sendmail.arrived(await sendmail.submit("bob@lab.example"))).toHaveLength(1);
    const other = await sendmail.brake({ effect: "close", point: "listener:127.0.0.1.587" });
    expect(await sendmail.shell("ss -Hltn 'sport = :587 or sport = :25' | awk '{ print $4 }'")).toBe("127.0.0.1:25");
    expect((await sendmail.status(app)).drift).toEqual([]);
    const { parts } = await sendmail.agent.ask("discover");
    expect(parts.filter((part) => "point" in part && part.point.kind === "listener")).toHaveLength(2);
    await sendmail.lift(app);
    expect((await sendmail.talk({})).banner).toMatch(/^220/);
    await sendmail.lift(other);
    expect(await sendmail.shell("ss -Hltn 'sport = :587' | awk '{ print $4 }'")).toBe("127.0.0.1:587");
    await sendmail.expectClean(armed);
  });

  it("pause × all, sender, recipient and both: taken, kept over every flush, delivered after the lift", async () => {
    const to = { recipients: [recipient] };
    for (const [keys, meant, spared] of [
      [{ match: "all" }, to, null],
      [{ match: "recipient:lab.example" }, to, { recipients: ["x@partner.example"] }],
      [{ match: "sender:news.example" }, { ...to, sender: "a@sub.news.example" }, { ...to, sender: "a@other.example" }],
      [
        { match: "sender:news.example", match2: `recipient:${recipient}` },
        { ...to, sender: "a@news.example" },
        { sender: "a@news.example", recipients: ["other@lab.example"] },
      ],
    ] as const) {
      const app = await sendmail.brake({ effect: "pause", point: "delivery", ...keys });
      const waiting = await sendmail.send(meant);
      if (spared) expect(await sendmail.arrived(await sendmail.send(spared))).toHaveLength(1);
      await sendmail.shell("sendmail -q; sendmail -q -v; sendmail -qRexample");
      expect(await sendmail.inSink(waiting)).toEqual([]);
      expect(await sendmail.queued()).toBe("1 mqueue");
      await sendmail.lift(app);
      expect(await sendmail.arrived(waiting)).toHaveLength(1);
    }
    const both = await sendmail.brake({ effect: "pause", point: "delivery", match: "recipient:partner.example" });
    const two = await sendmail.send({ recipients: ["x@partner.example", recipient] });
    expect(await sendmail.arrived(two)).toEqual([recipient]);
    await sendmail.lift(both);
    expect(await sendmail.arrived(two, 2)).toHaveLength(2);
    await sendmail.expectClean(armed);
  });

  it("local: tempfail waits in the submission queue, hold in quarantine; by all and by sender; nobody else is meant", async () => {
    for (const match of ["all", "sender:cron@lab.example"]) {
      const tempfail = await sendmail.brake({ effect: "tempfail", point: "local", match });
      const waiting = await sendmail.submit("cron@lab.example");
      if (match !== "all") expect(await sendmail.arrived(await sendmail.submit("bob@lab.example"))).toHaveLength(1);
      expect(await sendmail.said({ recipients: [recipient], sender: "cron@lab.example" })).toMatch(/^250/);
      await sendmail.shell("sendmail -Ac -q");
      expect(await sendmail.queued()).toBe("1 mqueue-client");
      expect(await sendmail.inSink(waiting)).toEqual([]);
      await sendmail.lift(tempfail);
      await sendmail.shell("sendmail -Ac -q");
      expect(await sendmail.arrived(waiting)).toHaveLength(1);

      const hold = await sendmail.brake({ effect: "hold", point: "local", match });
      const held = await sendmail.submit("cron@lab.example");
      if (match !== "all") expect(await sendmail.arrived(await sendmail.submit("bob@lab.example"))).toHaveLength(1);
      expect(
        await sendmail.arrived(await sendmail.send({ recipients: [recipient], sender: "cron@lab.example" })),
      ).toHaveLength(1);
      expect(await sendmail.held()).toBe(`mailbrake+${hold}+=*1`);
      expect(await sendmail.inSink(held)).toEqual([]);
      expect(await sendmail.lift(hold)).toBe(1);
      expect(await sendmail.arrived(held)).toHaveLength(1);
    }
    await sendmail.expectClean(armed);
  });

  it("disarmed, the files are what they were", async () => {
    await sendmail.arm("disarm");
    await sendmail.expectClean(untouched);
    expect(await sendmail.said(talk()())).toMatch(/^250/);
  });

  it("not armed: hooked by the first brake, unhooked by the last lift, whatever order; an admin's edit meanwhile stays", async () => {
    const edit = `cp -p /etc/mail/sendmail.cf /tmp/kept; cp -p /etc/mail/access /tmp/kept.access; sed -i '1i # edited' /etc/mail/sendmail.cf; echo 'From:more.example REJECT' >> /etc/mail/access`;
    const back = `cat /tmp/kept > /etc/mail/sendmail.cf; cat /tmp/kept.access > /etc/mail/access`;
    await sendmail.shell(edit);
    const edited = await sendmail.configuration();
    await sendmail.shell(back);
    expect(await sendmail.configuration()).toEqual(untouched);

    const first = await sendmail.brake({ effect: "tempfail", match: "sender:news.example" });
    const second = await sendmail.brake({ effect: "reject", match: "recipient:other@lab.example" });
    await sendmail.shell(edit);
    expect(await sendmail.said({ recipients: [recipient], sender: "a@news.example" })).toContain(`(ref ${first})`);
    await sendmail.lift(first);
    expect(await sendmail.said({ recipients: ["other@lab.example"] })).toContain(`(ref ${second})`);
    await sendmail.lift(second);
    await sendmail.expectClean(edited);
    await sendmail.shell("sed -i 1d /etc/mail/sendmail.cf; cat /tmp/kept.access > /etc/mail/access");
    await sendmail.expectClean(untouched);
  });
});
