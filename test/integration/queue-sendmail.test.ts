/** Queue actions on a real Sendmail: daemon's and client queue, each action, the runner killed in the middle, and all mail counted. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentArguments } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, sendmailHost } from "../lab/index.ts";
import { type Letter, QueueHost } from "./queue-actions/queue-host.ts";
import { sendInTurn } from "./queue-actions/send-in-turn.ts";

interface Told {
  id: string;
  queue: "deferred" | "hold" | "local";
  sender: string;
  recipients: string[];
}

/** What mailq prints, id by id. */
function mailq(text: string, queue: Told["queue"]): Told[] {
  const all: Told[] = [];
  for (const line of text.split("\n")) {
    const [, id = "", sender = ""] = /^(\w{14})[ *X-]? +\d+ \w{3} \w{3} [\d ]+:\d\d (.*)$/.exec(line) ?? [];
    if (id !== "") all.push({ id, queue, sender: sender.replace(/^<(.*)>$/, "$1"), recipients: [] });
    else if (/^\t{3,}|^ {20,}<?[^(]*@/.test(line)) all.at(-1)?.recipients.push(line.trim().replace(/^<(.*)>$/, "$1"));
  }
  return all;
}

describe("queue actions on Sendmail", () => {
  let lab: Lab;
  let mx: QueueHost;
  let one = "";
  let two = "";
  let adminHolds: string[] = [];

  /** What Sendmail itself tells of its queues. */
  const told = async (): Promise<Told[]> => [
    ...mailq(await mx.shell("sendmail -bp -Am"), "deferred"),
    ...mailq(await mx.shell("sendmail -bp -Am -qQ"), "hold"),
    ...mailq(await mx.shell("sendmail -bp -Ac"), "local"),
  ];
  const inHold = async () =>
    (await told())
      .filter((message) => message.queue === "hold")
      .map((message) => message.id)
      .sort();
  const letters = (count: number, of: Omit<Letter, "subject">, name: string): Letter[] =>
    Array.from({ length: count }, (_, index) => ({ ...of, subject: `${name} ${index}` }));
  const deliver = async (on: boolean) =>
    await mx.shell(`ip route ${on ? "del" : "add"} unreachable ${lab.host("sink").address}`);

  beforeAll(async () => {
    lab = await labUp({
      name: `qsm-${process.pid}`,
      hosts: [sendmailHost("sm", 15), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    mx = await QueueHost.on(lab, "sm", "sendmail:/etc/mail/sendmail.cf");
    [one = "", two = ""] = lab.clientAddresses;
    await mx.shell(`cd /etc/mail
sed -i -e 's/^O DeliveryMode=.*/O DeliveryMode=queueonly/' -e 's,^O QueueDirectory=.*,O QueueDirectory=/var/spool/mqueue/q*,' sendmail.cf
for folder in q1 q2 q2/qf q2/df q2/xf; do install -d -o smmta -g smmsp -m 2750 /var/spool/mqueue/$folder; done
kill -HUP $(head -1 /run/sendmail/mta/sendmail.pid)
# nobody takes in what programs of this host send
sed -i 's/^D{MTAHost}.*/D{MTAHost}[127.0.0.9]/' submit.cf`);
    await deliver(false);
    for (const started = Date.now(); Date.now() - started < 20_000; await sleep(100))
      if (
        await sendInTurn(mx.host, one, []).then(
          () => true,
          () => false,
        )
      )
        break;
    await sendInTurn(mx.host, one, [
      ...letters(40, { sender: "user@spam.example", recipients: ["a@lab.example"] }, "spam"),
      ...letters(20, { sender: "news@sub.spam.example", recipients: ["b@lab.example", "c@x.partner.example"] }, "sub"),
      ...letters(10, { sender: "", recipients: ["d@lab.example"] }, "null"),
    ]);
    await sendInTurn(mx.host, two, [
      ...letters(30, { sender: "Good@Other.example", recipients: ["e@partner.example"], size: 6_000 }, "good"),
      {
        sender: '"quo ted$(touch /tmp/pwned)`id`"@evil.example',
        recipients: ['"t|ab %41 \\"q\\""@lab.example', '"$(id)"@lab.example'],
        subject: 'S"\\ $(touch /tmp/pwned) \u00e9\t<b>',
      },
    ]);
    await mx.shell(
      `for i in 1 2 3; do printf 'Subject: mine %s\\n\\nfrom here\\n' $i | sendmail -f me@here.example f@lab.example; done`,
    );
    adminHolds = (await told())
      .filter((message) => message.sender === "user@spam.example")
      .slice(0, 3)
      .map((message) => message.id)
      .sort();
    await mx.shell(`sendmail -Q'not now' ${adminHolds.map((id) => `-qI${id}`).join(" ")} 2>/dev/null`);
  });
  afterAll(async () => {
    try {
      await mx?.agent.stop();
    } finally {
      await lab?.down();
    }
  });

  it("counts as Sendmail tells its queues, for each kind of selection", async () => {
    const all = await told();
    expect(all).toHaveLength(104);
    const within = (address: string, top: string) => {
      const domain = address.slice(address.lastIndexOf("@") + 1).toLowerCase();
      return domain === top || domain.endsWith(`.${top}`);
    };
    const cases: [AgentArguments, (message: Told) => boolean][] = [
      [{ match: "all" }, () => true],
      [{ match: "sender:USER@spam.example" }, ({ sender }) => sender === "user@spam.example"],
      [{ match: "sender:spam.example" }, ({ sender }) => within(sender, "spam.example")],
      [{ match: "sender:am.example" }, () => false],
      [{ match: "sender:<>" }, ({ sender }) => sender === ""],
      [
        { match: "recipient:partner.example" },
        ({ recipients }) => recipients.some((to) => within(to, "partner.example")),
      ],
      [{ match: "recipient:b@LAB.example" }, ({ recipients }) => recipients.includes("b@lab.example")],
      [{ match: "all", in: "hold" }, ({ queue }) => queue === "hold"],
      [{ match: "all", in: "deferred" }, ({ queue }) => queue === "deferred"],
      [{ match: "all", in: "local" }, ({ queue }) => queue === "local"],
      [{ larger: "5000" }, ({ sender }) => sender === "Good@Other.example"],
      [{ older: "80000" }, () => false],
      [{ younger: "80000" }, () => true],
    ];
    for (const [selection, of] of cases) {
      const { messages, complete } = await mx.count(selection);
      expect([selection, messages, complete]).toEqual([selection, all.filter(of).length, true]);
    }
    expect((await mx.count({ match: `client:${one}` })).messages).toBe(70);
    expect((await mx.count({ match: `client:${two}`, match2: "sender:other.example" })).messages).toBe(30);
    const files = "find /var/spool/mqueue /var/spool/mqueue-client -type f -name '[qhd]f*' -exec cat {} +";
    expect((await mx.count({})).bytes).toBe(Number(await mx.shell(`${files} | wc -c`)));
  });

  it("lists each message once, oldest first, and shows what is hostile as it is", async () => {
    const listed = await mx.list({ match: "all" }, 40);
    expect(listed.map((message) => message.id).sort()).toEqual((await told()).map((message) => message.id).sort());
    expect(listed.map((message) => message.arrived)).toEqual(
      listed.map((message) => message.arrived).sort((a, b) => a - b),
    );
    const byAdmin = listed.filter((message) => message.held === "admin");
    expect(byAdmin.map((message) => message.id).sort()).toEqual(adminHolds);
    expect(byAdmin.map((message) => message.reason)).toEqual(Array(3).fill("quarantined: not now"));
    const [evil] = listed.filter((message) => message.sender.endsWith("evil.example"));
    expect(evil).toMatchObject({ recipientCount: 2, queue: "deferred", held: "", client: two });
    expect(evil?.sender).toBe('"quo?ted$(touch?/tmp/pwned)`id`"@evil.example');
    expect(evil?.recipients).toContain('"$(id)"@lab.example');
    const show = { instance: mx.instance, op: "show", message: evil?.id ?? "", body: "1" };
    const { parts } = await mx.agent.ask("queue", show);
    const headers = new Map(parts.flatMap((part) => ("header" in part ? [[part.header.name, part.header.value]] : [])));
    expect(headers.get("Subject")).toContain('S"\\ $(touch /tmp/pwned)');
    expect(headers.get("Received")).toContain("with ESMTP");
    expect(headers.has("Return-Path")).toBe(false);
    expect(parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("")).toContain("xxxx");
    expect(await mx.shell("ls /tmp/pwned 2>/dev/null || echo none")).toBe("none");
  });

  it("holds exactly the selection and releases it; what an admin holds stays", async () => {
    const job = await mx.does("hold", { match: "sender:spam.example" });
    expect(job).toMatchObject({ state: "done", total: 60, done: 60, failed: 0, why: "" });
    expect(await inHold()).toHaveLength(60);
    expect((await mx.count({ app: job.job })).messages).toBe(57);
    await mx.shell("sendmail -q");
    expect(await inHold()).toHaveLength(60);
    expect(await mx.does("flush", { match: "all", app: job.job })).toMatchObject({
      failed: 57,
      why: expect.stringContaining("held: release it"),
    });
    expect(await mx.does("release", { match: "all", app: job.job })).toMatchObject({ state: "done", done: 57 });
    expect(await inHold()).toEqual(adminHolds);
  });

  it("a lifted brake lets nothing go that a job holds", async () => {
    const request = { instance: mx.instance, point: "listener:25", ttl: "0", by: "test", reason: "test" };
    await mx.agent.ask("apply", { ...request, app: "B1", brake: "B1", effect: "hold", match: "sender:braked.example" });
    await sendInTurn(mx.host, one, letters(4, { sender: "x@braked.example", recipients: ["a@lab.example"] }, "braked"));
    expect((await mx.list({ match: "sender:braked.example" })).map((message) => message.held)).toEqual(
      Array(4).fill("B1"),
    );
    const job = await mx.does("hold", { match: "sender:braked.example", younger: "1000" });
    expect(job).toMatchObject({ state: "done", done: 4 });
    await mx.agent.ask("lift", { app: "B1", by: "test", reason: "test" });
    expect((await mx.list({ match: "sender:braked.example" })).map((message) => message.held)).toEqual(
      Array(4).fill(job.job),
    );
    await mx.does("release", { match: "sender:braked.example" });
  });

  it("refuses what Sendmail can't do exactly", async () => {
    for (const action of ["bounce", "requeue"])
      expect(await mx.refusal(action, { match: "all" })).toMatchObject({ error: "cannot", field: "action" });
  });

  it.each([
    ["queue-backed-up", "queue-unpacked"],
    ["queue-removing", "queue-noted-inodes"],
    ["queue-deleted", "queue-moved"],
  ])(
    "a delete killed at %s and a restore killed at %s lose nothing and double nothing",
    async (deleting, restoring) => {
      const name = deleting.slice(6);
      const of = `sender:${name}.example`;
      await sendInTurn(mx.host, two, letters(12, { sender: `a@${name}.example`, recipients: ["y@lab.example"] }, name));
      const before = (await told()).length;
      const deleted = await mx.startKilledAt(deleting, "delete", { match: of });
      expect(await mx.ended(deleted)).toMatchObject({ state: "done", done: 12, skipped: 0, failed: 0 });
      expect((await told()).length).toBe(before - 12);
      expect(await mx.shell(`tar -tf /var/lib/mailbrake/backup/${deleted}/1.tar | wc -l`)).toBe("24");
      const restored = await mx.startKilledAt(restoring, "restore", { of: deleted });
      expect(await mx.ended(restored)).toMatchObject({ state: "done", total: 12, done: 12, failed: 0 });
      expect((await mx.list({ match: of })).map(({ queue, held }) => [queue, held])).toEqual(
        Array(12).fill(["hold", restored]),
      );
      expect(await mx.does("restore", { of: deleted })).toMatchObject({ state: "done", done: 0, skipped: 12 });
      expect((await told()).length).toBe(before);
      expect(
        await mx.shell(
          "cd /var/spool; find . -name '.mailbrake*'; find mqueue -type f -name '[qh]f*' | sed 's,.*/[qh]f,,' | sort >/tmp/m; find mqueue -type f -name 'df*' | sed 's,.*/df,,' | sort | diff /tmp/m -",
        ),
      ).toBe("");
    },
  );

  it("releases so many a minute, goes on after kill -9; all of it arrives, none twice", async () => {
    await mx.does("hold", { match: "all", in: "deferred" });
    await deliver(true);
    const job = await mx.start("release", { match: "sender:other.example", rate: "600" });
    for (const started = Date.now(); Date.now() - started < 20_000; await sleep(100))
      if ((await mx.job(job)).done > 0) break;
    await mx.shell(`kill -9 $(cut -d: -f1 /var/lib/mailbrake/jobs/${job}/running)`);
    // what had gone when it was killed, but was not noted, has left the queue
    const ended = await mx.ended(job);
    expect(ended).toMatchObject({ state: "done", total: 30, failed: 0 });
    expect(ended.done + ended.skipped).toBe(30);
    expect([...(await mx.arrived(30, /^good /)).values()]).toEqual(Array(30).fill(1));
    const survey = await mx.agent.ask("survey", { instance: mx.instance });
    expect(survey.final).toMatchObject({ complete: true, messages: (await told()).length });
    const joined = survey.parts.flatMap((part) => ("joined" in part ? part.joined : []));
    expect(joined).toContainEqual(
      expect.objectContaining({
        status: "delivered",
        sender: "Good@Other.example",
        recipient: "e@partner.example",
        client: two,
      }),
    );
    await mx.does("release", { match: "all", in: "hold" });
    expect([...(await mx.arrived(36, /^(backed-up|removing|deleted) /)).values()]).toEqual(Array(36).fill(1));
    expect([...(await mx.arrived(40, /^spam /)).values()]).toEqual(Array(40).fill(1));
    expect([...(await mx.arrived(20, /^sub /)).values()]).toEqual(Array(20).fill(1));
  });

  it("mail in the client queue is listed, held, deleted and put back, and comes once when it is released; under a local hold too", async () => {
    const mine = { match: "sender:own@here.example" };
    await mx.shell(
      `ip route add unreachable 192.0.2.1; sed -i 's/^D{MTAHost}.*/D{MTAHost}[192.0.2.1]/' /etc/mail/submit.cf
for i in 1 2 3; do printf 'Subject: own %s\n\nfrom here\n' $i | sendmail -f own@here.example f@lab.example; done`,
    );
    const waits = async () => (await mx.list(mine)).map(({ queue, held }) => [queue, held]);
    const inClientQueue = async () =>
      await mx.shell("cd /var/spool/mqueue-client && find . -type f -name '[qhd]f*' -printf '%f %u:%g %m\\n' | sort");
    expect(await waits()).toEqual(Array(3).fill(["local", ""]));
    const held = await mx.does("hold", { ...mine, in: "local" });
    expect(held).toMatchObject({ state: "done", total: 3, done: 3, failed: 0 });
    expect(await waits()).toEqual(Array(3).fill(["hold", held.job]));
    const files = await inClientQueue();
    expect(files.split("\n")).toHaveLength(6);
    expect(mailq(await mx.shell("sendmail -bp -Ac -qQ"), "hold").map(({ sender }) => sender)).toEqual(
      Array(3).fill("own@here.example"),
    );
    // from here on the daemon takes it in
    await mx.shell("sed -i 's/^D{MTAHost}.*/D{MTAHost}[127.0.0.1]/' /etc/mail/submit.cf; sendmail -Ac -q");
    expect(await waits()).toEqual(Array(3).fill(["hold", held.job]));

    const deleted = await mx.does("delete", mine);
    expect(deleted).toMatchObject({ state: "done", total: 3, done: 3, failed: 0 });
    expect(await inClientQueue()).toBe("");
    const restored = await mx.does("restore", { of: deleted.job });
    expect(restored).toMatchObject({ state: "done", done: 3, failed: 0 });
    expect(await waits()).toEqual(Array(3).fill(["hold", restored.job]));
    expect(await inClientQueue()).toBe(files);

    await mx.agent.ask("discover");
    const brake = { app: "B2", brake: "B2", point: "local", effect: "hold", match: "sender:here.example", ttl: "0" };
    await mx.agent.ask("apply", { ...brake, instance: mx.instance, by: "test", reason: "test" });
    expect(await mx.does("release", { ...mine, app: restored.job })).toMatchObject({
      state: "done",
      done: 3,
      failed: 0,
    });
    // now in the daemon's hands, and held there
    const became = async (wanted: unknown) => {
      for (const started = Date.now(); Date.now() - started < 20_000; await sleep(100))
        if (JSON.stringify(await waits()) === JSON.stringify(wanted)) break;
      expect(await waits()).toEqual(wanted);
    };
    await became(Array(3).fill(["hold", "B2"]));
    expect(await inClientQueue()).toBe("");
    await mx.agent.ask("lift", { app: "B2", by: "test", reason: "test" });
    expect([...(await mx.arrived(3, /^own /)).values()]).toEqual(Array(3).fill(1));
    await became([]);
  });
});
