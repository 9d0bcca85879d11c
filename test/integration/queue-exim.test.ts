/** Queue actions on a real Exim: each action, and the runner killed at each step. Exim keeps a message's id, held or restored. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentArguments } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eximHost, type Lab, labUp } from "../lab/index.ts";
import { AgentOnHost } from "./postfix-driver/agent-on-host.ts";
import { type Letter, letters, QueueHost, sendLetters } from "./queue-actions/queue-host.ts";

const spool = "/var/spool/exim4";

describe("queue actions on Exim", () => {
  let lab: Lab;
  let mx: QueueHost;
  let one = "";
  let two = "";
  let frozen: string[] = [];

  /** What Exim itself tells of a queue: ids by its own selection, in the ordinary queue or in the one that this job holds. */
  const exiqgrep = async (words: string) =>
    (await mx.shell(`exiqgrep -i ${words} 2>/dev/null || :`)).split("\n").filter(Boolean).sort();
  const inQueueOf = async (job: string) => Number(await mx.shell(`exim4 -qGmailbrake+${job} -bpc`));
  /** Without delivery, mail for all domains stays where it is, but for what an admin forces. */
  const deliver = async (on: boolean) => await mx.shell(on ? "rm -f /etc/exim4/held" : ": >/etc/exim4/held");
  /** Sends, and waits until Exim has tried each once: what it is delivering is locked. */
  const send = async (from: string, some: readonly Letter[]) => {
    await sendLetters(mx.host, from, some);
    for (const started = Date.now(); Date.now() - started < 30_000; await sleep(100))
      if ((await mx.shell(`grep -rle '^-deliver_firsttime' ${spool}/input || :`)) === "") return;
    throw new Error("Exim did not try each message within 30 s");
  };
  const ids = async (selection: AgentArguments) => (await mx.list(selection)).map(({ id }) => id).sort();

  beforeAll(async () => {
    lab = await labUp({
      hosts: [eximHost("ex1", 12, "upstream"), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    const host = lab.host("ex1");
    await host.shell(
      `sed -i '/^begin acl/i hold_domains = \${if exists{/etc/exim4/held}{*}}\\nsmtp_enforce_sync = false\\nsmtp_accept_queue_per_connection = 0\\n' /etc/exim4/exim4.conf
      : >/etc/exim4/held; kill -HUP "$(cat /run/exim4/exim.pid)"`,
    );
    mx = await QueueHost.on(lab, "ex1", "exim:/etc/exim4/exim4.conf");
    [one = "", two = ""] = lab.clientAddresses;
    await send(one, [
      ...letters(40, (index) => ({ sender: `user${index % 2}@spam.example`, recipients: ["a@lab.example"] }), "spam"),
      ...letters(
        12,
        () => ({ sender: "news@sub.spam.example", recipients: ["b@lab.example", "c@x.partner.example"] }),
        "sub",
      ),
      ...letters(8, () => ({ sender: "", recipients: ["d@lab.example"] }), "null"),
    ]);
    await send(two, [
      ...letters(20, () => ({ sender: "Good@Other.example", recipients: ["e@partner.example"], size: 6_000 }), "good"),
      { sender: '"quo ted$(id)`id`"@evil.example', recipients: ['"$(id)"@lab.example'], subject: "$(id) <b>" },
    ]);
    frozen = (await exiqgrep("-f user0@spam.example")).slice(0, 3);
    await mx.shell(`exim4 -Mf ${frozen.join(" ")}`);
  });
  afterAll(async () => {
    try {
      await mx?.agent.stop();
    } finally {
      await lab?.down();
    }
  });

  it("counts as Exim tells its queue, for each kind of selection", async () => {
    const cases: [AgentArguments, string][] = [
      [{ match: "all" }, "-y 80000"],
      [{ match: "sender:USER1@spam.example" }, "-f '^<user1@spam.example>$'"],
      [{ match: "sender:spam.example" }, "-f '[@.]spam.example>$'"],
      [{ match: "sender:<>" }, "-f '^<>$'"],
      [{ match: "recipient:partner.example" }, "-r '[@.]partner.example'"],
      [{ match: "recipient:B@lab.example" }, "-r '^b@lab.example'"],
      [{ match: "sender:other.example", match2: "recipient:partner.example" }, "-f Other.example"],
      [{ match: "all", in: "hold" }, "-z"],
      [{ match: "all", in: "deferred" }, "-x"],
      [{ older: "80000" }, "-o 80000"],
      [{ younger: "80000" }, "-y 80000"],
    ];
    const sizes = new Map(
      (await mx.shell(`cd ${spool}/input && find . -name '*-[DH]' -exec ls -ln {} +`)).split("\n").map((line) => {
        const words = line.split(/\s+/);
        return [words.at(-1)?.replace(/^.*\//, "") ?? "", Number(words[4])] as const;
      }),
    );
    for (const [selection, words] of cases) {
      const told = await exiqgrep(words);
      const bytes = told.reduce((sum, id) => sum + (sizes.get(`${id}-H`) ?? 0) + (sizes.get(`${id}-D`) ?? 0), 0);
      const { messages, complete, bytes: counted } = await mx.count(selection);
      expect([selection, messages, counted, complete]).toEqual([selection, told.length, bytes, true]);
    }
    expect((await exiqgrep("-y 80000")).length).toBe(81);
    expect((await mx.count({ match: `client:${one}` })).messages).toBe(60);
    expect((await mx.count({ match: `client:${one.replace(/\d+$/, "96")}/27` })).messages).toBe(81);
    expect((await mx.count({ match: "sender:other.example", larger: "6000" })).messages).toBe(20);
    expect((await mx.count({ match: "sender:am.example" })).messages).toBe(0);
  });

  it("lists each message once, oldest first, by pages, and shows what is hostile as it is", async () => {
    const listed = await mx.list({ match: "all" }, 25);
    expect(listed.map(({ id }) => id).sort()).toEqual(await exiqgrep("-y 80000"));
    expect(listed.map(({ arrived }) => arrived)).toEqual(listed.map(({ arrived }) => arrived).sort((a, b) => a - b));
    expect(
      listed
        .filter(({ held }) => held === "admin")
        .map(({ id }) => id)
        .sort(),
    ).toEqual(frozen);
    const evil = listed.find(({ sender }) => sender.endsWith("evil.example"));
    expect(evil).toMatchObject({
      sender: '"quo?ted$(id)`id`"@evil.example',
      recipients: ['"$(id)"@lab.example'],
      client: two,
      reason: expect.stringContaining("domain is held"),
    });
    const { parts } = await mx.agent.ask("queue", {
      instance: mx.instance,
      op: "show",
      message: evil?.id ?? "",
      body: "1",
    });
    const headers = parts.flatMap((part) => ("header" in part ? [part.header] : []));
    expect(headers).toContainEqual({ name: "Subject", value: "$(id) <b>" });
    expect(parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("")).toMatch(/^x{48}\n$/);
  });

  it("refuses what Exim can't do", async () => {
    expect(await mx.refusal("requeue", { match: "all" })).toMatchObject({ error: "cannot", field: "action" });
    expect(await mx.shell("ls -A /var/lib/mailbrake/jobs 2>/dev/null | wc -l")).toBe("0");
  });

  it("trap: exim -bpc counts one queue of several, and -qff lets frozen mail go: a job holds exactly its selection, killed midway too, and nothing that an admin froze", async () => {
    const selected = await ids({ match: "sender:spam.example" });
    const job = await mx.startKilledAt("queue-acted", "hold", { match: "sender:spam.example" });
    expect(await mx.ended(job)).toMatchObject({ state: "done", total: 52, done: 52, skipped: 0, failed: 0, why: "" });
    expect(await inQueueOf(job)).toBe(49);
    expect(await ids({ match: "all", app: job })).toEqual(selected.filter((id) => !frozen.includes(id)));
    await mx.shell("exim4 -q");
    expect(await inQueueOf(job)).toBe(49);
    const released = await mx.startKilledAt("queue-acted", "release", { match: "all", app: job });
    expect(await mx.ended(released)).toMatchObject({ state: "done", total: 49, done: 49, failed: 0 });
    expect((await mx.count({ app: job })).messages).toBe(0);
    expect(await ids({ match: "all", in: "hold" })).toEqual(frozen.filter((id) => selected.includes(id)));
    expect(await mx.shell(`find ${spool} -maxdepth 1 -name 'mailbrake*'`)).toBe("");
  });

  it.each([
    ["queue-backing-up", "queue-unpacked"],
    ["queue-backed-up", "queue-noted-inodes"],
    ["queue-deleted", "queue-moved"],
    ["queue-noted", "queue-restored"],
  ])("a delete killed at %s, its restore killed at %s: each message is back once, held", async (gone, back) => {
    const name = gone.slice(6);
    const of = `sender:${name}@back.example`;
    await send(
      two,
      letters(15, () => ({ sender: `${name}@back.example`, recipients: ["y@lab.example"] }), `back ${name}`),
    );
    const before = await ids({ match: of });
    const others = (await mx.count({ match: "all" })).messages - 15;
    const job = await mx.startKilledAt(gone, "delete", { match: of });
    const lost = 15 - (await mx.count({ match: of })).messages;
    const saved = await mx.shell(`tar -tf /var/lib/mailbrake/backup/${job}/1.tar 2>/dev/null | grep -c -- '-H$' || :`);
    expect(Number(saved)).toBeGreaterThanOrEqual(lost);
    expect(await mx.ended(job)).toMatchObject({ state: "done", total: 15, done: 15, skipped: 0, failed: 0 });
    expect(await exiqgrep(`-f ${name}@back.example`)).toEqual([]);
    expect((await mx.count({ match: "all" })).messages).toBe(others);
    const restore = await mx.startKilledAt(back, "restore", { of: job });
    expect(await mx.ended(restore)).toMatchObject({ state: "done", total: 15, done: 15, failed: 0 });
    expect((await mx.list({ match: of })).map(({ queue, held }) => [queue, held])).toEqual(
      Array(15).fill(["hold", restore]),
    );
    expect(await ids({ match: of })).toEqual(before);
    expect(await mx.does("restore", { of: job })).toMatchObject({ state: "done", done: 0, skipped: 15 });
    expect(
      await mx.shell(`find ${spool} -name '.mailbrake*'; find ${spool}/mailbrake+${restore} ! -user Debian-exim`),
    ).toBe("");
  });

  it("releases so many a minute, goes on after kill -9, stops when told; all of it arrives once", async () => {
    await send(
      two,
      letters(60, () => ({ sender: "ramp@slow.example", recipients: ["r@lab.example"] }), "ramp"),
    );
    await mx.does("hold", { match: "sender:slow.example" });
    await deliver(true);
    const job = await mx.start("release", { match: "sender:slow.example", rate: "600" });
    const done = async (least: number) => {
      for (const started = Date.now(); Date.now() - started < 20_000; await sleep(100)) {
        const seen = await mx.job(job);
        if (seen.done >= least) return seen.done;
      }
      throw new Error(`${job} did not come to ${least}`);
    };
    expect(await done(1)).toBeLessThan(60);
    const token = await mx.shell(`cat /var/lib/mailbrake/jobs/${job}/running`);
    await mx.shell(`kill -9 ${token.split(":")[0]}`);
    const stopped = await mx.job(job, "stop");
    expect(stopped).toMatchObject({ state: "stopped", why: "test: enough" });
    const left = (await mx.count({ match: "sender:slow.example", in: "hold" })).messages;
    expect(left).toBeGreaterThan(0);
    const rest = await mx.does("release", { match: "sender:slow.example", in: "hold", rate: "100000" });
    expect(rest).toMatchObject({ state: "done", done: left, failed: 0 });
    expect([...(await mx.arrived(60, /^ramp /)).values()]).toEqual(Array(60).fill(1));
  });

  it("a ramped release stops by itself above the ceiling, and where too much is deferred", async () => {
    await deliver(false);
    await send(
      two,
      letters(30, () => ({ sender: "top@top.example", recipients: ["r@lab.example"] }), "top"),
    );
    await mx.does("hold", { match: "sender:top.example" });
    expect(await mx.does("release", { match: "sender:top.example", rate: "60", ceiling: "20" })).toMatchObject({
      state: "stopped",
      done: 0,
      why: expect.stringMatching(/^\d+ messages wait, more than the ceiling of 20$/),
    });
    // nothing goes out: what is released is deferred again. A minute of two seconds.
    const agent = await AgentOnHost.start(mx.host, { shell: ["env", "MB_TEST_MINUTE=2"] });
    const job = await mx.start("release", { match: "sender:top.example", rate: "120", deferrals: "3" }, agent);
    await agent.stop();
    const stopped = await mx.ended(job);
    expect(stopped).toMatchObject({
      state: "stopped",
      why: expect.stringMatching(/^\d+ messages were deferred within/),
    });
    expect(stopped.done).toBeLessThan(30);
  });

  it("returns to the sender, flushes; in the end all that was not returned has arrived, none of it twice", async () => {
    await send(
      two,
      letters(4, () => ({ sender: "who@bounce.example", recipients: ["r@lab.example"] }), "bounced"),
    );
    expect(await mx.does("bounce", { match: "sender:bounce.example" })).toMatchObject({ state: "done", done: 4 });
    expect((await mx.count({ match: "sender:bounce.example" })).messages).toBe(0);
    const returned = await mx.list({ match: "recipient:who@bounce.example" });
    expect(returned.map(({ sender }) => sender)).toEqual(["", "", "", ""]);
    expect(await mx.does("flush", { match: "all", in: "hold" })).toMatchObject({
      done: 0,
      why: expect.stringContaining("held"),
    });
    await deliver(true);
    expect(await mx.does("flush", { match: "sender:other.example" })).toMatchObject({ state: "done", done: 20 });
    expect((await mx.arrived(20, /^good /)).size).toBe(20);
    expect(await mx.does("release", { match: "all" })).toMatchObject({ state: "done", failed: 0 });
    const all = /^(spam|sub|null|good|back \S+|ramp|top) \d+$/;
    const seen = await mx.arrived(40 + 12 + 8 + 20 + 60 + 60 + 30, all);
    expect(seen.size).toBe(230);
    // a letter to two domains is one message at the sink, or one for each
    expect([...seen].filter(([subject, times]) => times !== 1 && !(subject.startsWith("sub ") && times === 2))).toEqual(
      [],
    );
    for (const started = Date.now(); Date.now() - started < 20_000; await sleep(100))
      if ((await mx.count({ match: "all" })).messages === 0) break;
    expect((await mx.count({ match: "all" })).messages).toBe(0);
  });

  it("tells in a survey and each second what its log says", async () => {
    await deliver(false);
    await send(
      one,
      letters(3, () => ({ sender: "late@spam.example", recipients: ["a@lab.example"] }), "late"),
    );
    const { parts, final } = await mx.agent.ask("survey", { instance: mx.instance, rows: "100" });
    expect(final).toMatchObject({ messages: 3, complete: true, why: "" });
    const tops = Object.fromEntries(parts.flatMap((part) => ("top" in part ? [[part.top.of, part.top.rows]] : [])));
    expect(tops.client).toMatchObject([{ value: one, messages: 3 }]);
    expect(tops.reason).toMatchObject([{ value: expect.stringContaining("domain is held"), messages: 3 }]);
    const rates = parts.flatMap((part) => ("rates" in part ? [part.rates] : []));
    // 81 at first, 60 deleted and restored, 60, 30, 4 bounced, 3; all but the last 7, 12 of them to two recipients, and 4 bounces went out
    expect(rates).toMatchObject([{ received: 238, delivered: 247, rejected: 0 }]);
    expect(rates[0]?.deferred).toBeGreaterThan(100);
    expect(Math.abs((rates[0]?.to ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    const joined = parts.flatMap((part) => ("joined" in part ? part.joined : []));
    expect(joined.at(-1)).toMatchObject({
      sender: "late@spam.example",
      recipient: "a@lab.example",
      client: one,
      status: "deferred",
      detail: expect.stringContaining("domain is held"),
    });
    const following = mx.agent.ask("follow", { instance: mx.instance, seconds: "5" });
    await sleep(1_500);
    await sendLetters(
      mx.host,
      two,
      letters(2, () => ({ sender: "", recipients: ["a@lab.example"] }), "later"),
    );
    const ticks = (await following).parts.flatMap((part) => ("tick" in part ? [part.tick] : []));
    expect(ticks).toHaveLength(5);
    expect(ticks.reduce((sum, { received }) => sum + received, 0)).toBe(2);
    expect(ticks.at(-1)?.queues).toEqual([{ queue: "deferred", messages: 5 }]);
  });
});
