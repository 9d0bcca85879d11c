/** Queue actions on a real OpenSMTPD: each action, smtpd restarted while a job holds, the runner killed in the middle, and all mail counted. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentArguments } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, opensmtpdHost } from "../lab/index.ts";
import { type Letter, QueueHost } from "./queue-actions/queue-host.ts";
import { sendInTurn } from "./queue-actions/send-in-turn.ts";

interface Told {
  id: string;
  sender: string;
  recipients: string[];
}

describe("queue actions on OpenSMTPD", () => {
  let lab: Lab;
  let mx: QueueHost;
  let one = "";
  let two = "";

  /** What smtpd itself tells of its queue: an envelope a line, the first eight of its id are the message's. */
  const told = async (): Promise<Told[]> => {
    const messages = new Map<string, Told>();
    for (const line of (await mx.shell("smtpctl show queue")).split("\n").filter(Boolean)) {
      const [envelope = "", , , , sender = "", , to = ""] = line.split("|");
      const id = envelope.slice(0, 8);
      const message = messages.get(id) ?? { id, sender: sender === "@" ? "" : sender, recipients: [] };
      message.recipients.push(to);
      messages.set(id, message);
    }
    return [...messages.values()];
  };
  const letters = (count: number, of: Omit<Letter, "subject">, name: string): Letter[] =>
    Array.from({ length: count }, (_, index) => ({ ...of, subject: `${name} ${index}` }));
  const restart = async () =>
    await mx.shell(
      "kill $(cat /run/smtpd.pid); while pgrep -x smtpd >/dev/null; do sleep 0.05; done; smtpd -P mta; until smtpctl show status | grep -q '^MTA paused'; do sleep 0.05; done",
    );

  beforeAll(async () => {
    lab = await labUp({
      name: `qos-${process.pid}`,
      hosts: [opensmtpdHost("os", 16), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    mx = await QueueHost.on(lab, "os", "opensmtpd:/etc/smtpd.conf");
    [one = "", two = ""] = lab.clientAddresses;
    await mx.shell("smtpctl pause mta");
    await sendInTurn(mx.host, one, [
      ...letters(30, { sender: "user@spam.example", recipients: ["a@lab.example"] }, "spam"),
      ...letters(15, { sender: "news@sub.spam.example", recipients: ["b@lab.example", "c@x.partner.example"] }, "sub"),
      ...letters(10, { sender: "", recipients: ["d@lab.example"] }, "null"),
    ]);
    await sendInTurn(mx.host, two, [
      ...letters(30, { sender: "Good@Other.example", recipients: ["e@partner.example"], size: 6_000 }, "good"),
      {
        sender: "x$`id`&{a}@evil.example",
        recipients: ["t'%41`id`@lab.example"],
        subject: 'S"\\ $(touch /tmp/pwned)\t<b>',
      },
    ]);
  });
  afterAll(async () => {
    try {
      await mx?.agent.stop();
    } finally {
      await lab?.down();
    }
  });

  it("counts as smtpd tells its queue, for each kind of selection", async () => {
    const all = await told();
    expect(all).toHaveLength(86);
    const within = (address: string, top: string) => {
      const domain = address.slice(address.lastIndexOf("@") + 1).toLowerCase();
      return domain === top || domain.endsWith(`.${top}`);
    };
    const cases: [AgentArguments, (message: Told) => boolean][] = [
      [{ match: "all" }, () => true],
      [{ match: "sender:USER@spam.example" }, ({ sender }) => sender === "user@spam.example"],
      [{ match: "sender:spam.example" }, ({ sender }) => within(sender, "spam.example")],
      [{ match: "sender:<>" }, ({ sender }) => sender === ""],
      [
        { match: "recipient:partner.example" },
        ({ recipients }) => recipients.some((to) => within(to, "partner.example")),
      ],
      [{ match: "recipient:b@LAB.example" }, ({ recipients }) => recipients.includes("b@lab.example")],
      [{ match: "all", in: "hold" }, () => false],
      [{ match: "all", in: "deferred" }, () => true],
      [{ larger: "5000" }, ({ sender }) => within(sender, "other.example")],
      [{ older: "80000" }, () => false],
      [{ younger: "80000" }, () => true],
    ];
    for (const [selection, of] of cases) {
      const { messages, complete } = await mx.count(selection);
      expect([selection, messages, complete]).toEqual([selection, all.filter(of).length, true]);
    }
    expect((await mx.count({ match: `client:${one}` })).messages).toBe(55);
    expect((await mx.count({ match: `client:${two}`, match2: "sender:other.example" })).messages).toBe(30);
    const bytes = await mx.shell("find /var/spool/smtpd/queue -type f -exec cat {} + | wc -c");
    expect((await mx.count({})).bytes).toBe(Number(bytes));
  });

  it("lists each message once, oldest first, and shows what is hostile as it is", async () => {
    const listed = await mx.list({ match: "all" }, 40);
    expect(listed.map((message) => message.id).sort()).toEqual((await told()).map((message) => message.id).sort());
    const arrived = listed.map((message) => message.arrived);
    expect(arrived).toEqual([...arrived].sort((a, b) => a - b));
    const [evil] = listed.filter((message) => message.sender.endsWith("evil.example"));
    expect(evil).toMatchObject({
      sender: "x$`id`&{a}@evil.example",
      recipients: ["t'%41`id`@lab.example"],
      queue: "deferred",
      client: two,
    });
    const show = { instance: mx.instance, op: "show", message: evil?.id ?? "", body: "1" };
    const { parts } = await mx.agent.ask("queue", show);
    const headers = new Map(parts.flatMap((part) => ("header" in part ? [[part.header.name, part.header.value]] : [])));
    expect(headers.get("Subject")).toContain('S"\\ $(touch /tmp/pwned)');
    expect(parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("")).toContain("xxxx");
    expect(await mx.shell("ls /tmp/pwned 2>/dev/null || echo none")).toBe("none");
  });

  it("trap: a restart forgets what was paused: what a job holds stays held, and is known again when released", async () => {
    const job = await mx.does("hold", { match: "sender:spam.example" });
    expect(job).toMatchObject({ state: "done", total: 45, done: 45, failed: 0, why: "" });
    expect(await told()).toHaveLength(41);
    expect((await mx.count({ app: job.job })).messages).toBe(45);
    await restart();
    await mx.shell("smtpctl resume envelope all");
    // smtpd reads its queue in bits after a start
    await expect.poll(async () => (await told()).length, { timeout: 30_000 }).toBe(41);
    const second = await mx.does("hold", { match: "recipient:b@lab.example" });
    expect(second).toMatchObject({ state: "done", done: 15 });
    expect((await mx.count({ app: job.job })).messages).toBe(45);
    expect((await mx.count({ app: second.job })).messages).toBe(15);
    expect(await mx.does("release", { match: "all", app: job.job })).toMatchObject({ state: "done", done: 45 });
    expect(await told()).toHaveLength(86);
    expect((await mx.count({ match: "all", in: "hold" })).messages).toBe(0);
    expect(
      await mx.shell("find /var/spool/smtpd -name '*mailbrake*'; find /var/spool/smtpd/queue ! -user opensmtpq"),
    ).toBe("");
  });

  it("refuses what OpenSMTPD can't do exactly, and a flush while deliveries are paused", async () => {
    for (const action of ["bounce", "requeue", "flush"])
      expect(await mx.refusal(action, { match: "all" })).toMatchObject({ error: "cannot", field: "action" });
  });

  it.each([
    ["queue-backed-up", "queue-unpacked"],
    ["queue-deleted", "queue-noted-inodes"],
  ])(
    "a delete killed at %s and a restore killed at %s lose nothing and double nothing",
    async (deleting, restoring) => {
      const name = deleting.slice(6);
      const of = `sender:${name}.example`;
      const recipients = ["y@lab.example", "z@partner.example"];
      await sendInTurn(mx.host, two, letters(12, { sender: `a@${name}.example`, recipients }, name));
      const before = (await told()).length;
      const deleted = await mx.startKilledAt(deleting, "delete", { match: of });
      expect(await mx.ended(deleted)).toMatchObject({ state: "done", done: 12, skipped: 0, failed: 0 });
      expect((await told()).length).toBe(before - 12);
      expect(await mx.shell(`tar -tf /var/lib/mailbrake/backup/${deleted}/1.tar | grep -vc '/$'`)).toBe("36");
      const restored = await mx.startKilledAt(restoring, "restore", { of: deleted });
      expect(await mx.ended(restored)).toMatchObject({ state: "done", total: 12, done: 12, failed: 0 });
      expect((await mx.list({ match: of })).map(({ queue, held }) => [queue, held])).toEqual(
        Array(12).fill(["hold", restored]),
      );
      expect(await mx.does("restore", { of: deleted })).toMatchObject({ state: "done", done: 0, skipped: 12 });
      expect(
        await mx.shell(
          "find /var/spool/smtpd -name '.mailbrake*'; find /var/spool/smtpd/mailbrake-held ! -user opensmtpq",
        ),
      ).toBe("");
    },
  );

  it("releases so many a minute, goes on after kill -9; all of it arrives, none twice", async () => {
    await mx.does("hold", { match: "all", in: "deferred" });
    expect(await told()).toEqual([]);
    await mx.shell("smtpctl resume mta");
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
    expect(survey.final).toMatchObject({ complete: true, messages: 80 });
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
    await mx.does("flush", { match: "all" });
    const counts = async (count: number, of: RegExp) => [...(await mx.arrived(count, of)).values()];
    expect(await counts(24, /^(backed-up|deleted) /)).toEqual(Array(24).fill(1));
    expect(await counts(30, /^spam /)).toEqual(Array(30).fill(1));
    expect(await counts(15, /^sub /)).toEqual(Array(15).fill(1));
  });
});
