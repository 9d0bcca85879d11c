/** Queue actions on a real Postfix: several hundred messages, each action, and the runner killed at each step. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentArguments } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../lab/index.ts";
import { letters, QueueHost, sendLetters } from "./queue-actions/queue-host.ts";

interface Told {
  queue_name: string;
  queue_id: string;
  arrival_time: number;
  message_size: number;
  sender: string;
  recipients: { address: string }[];
}

describe("queue actions on Postfix", () => {
  let lab: Lab;
  let mx: QueueHost;
  let adminHolds: string[] = [];
  const clients: Record<string, string> = {};

  /** What Postfix itself tells of its queue; a message that moves meanwhile it may tell twice. */
  const told = async (): Promise<Told[]> => {
    const all = (await mx.shell("postqueue -j")).split("\n").filter(Boolean);
    return [...new Map(all.map((line) => JSON.parse(line) as Told).map((one) => [one.queue_id, one])).values()];
  };
  /** Once nothing moves: what was released or taken in is deferred. */
  const settled = async (): Promise<number> => {
    for (const started = Date.now(); Date.now() - started < 20_000; await sleep(100)) {
      const all = await told();
      if (all.every(({ queue_name }) => queue_name === "deferred" || queue_name === "hold")) return all.length;
    }
    throw new Error("the queue did not come to rest within 20 s");
  };
  const inHold = async () =>
    (await told())
      .filter((one) => one.queue_name === "hold")
      .map((one) => one.queue_id)
      .sort();
  const deliver = async (on: boolean) =>
    await mx.shell(
      `postconf -e defer_transports=${on ? "" : "smtp"}; touch -d '-10 seconds' /etc/postfix/main.cf; postfix reload`,
    );

  beforeAll(async () => {
    lab = await labUp({
      hosts: [mxHost("mx1", 11), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    mx = await QueueHost.on(lab, "mx1", "postfix:/etc/postfix");
    // nothing moves by itself while it is counted
    await mx.shell("postconf -e queue_run_delay=1h minimal_backoff_time=1h maximal_backoff_time=2h");
    await deliver(false);
    const [one = "", two = ""] = lab.clientAddresses;
    await sendLetters(mx.host, one, [
      ...letters(120, (index) => ({ sender: `user${index % 3}@spam.example`, recipients: ["a@lab.example"] }), "spam"),
      ...letters(
        60,
        () => ({ sender: "news@sub.spam.example", recipients: ["b@lab.example", "c@x.partner.example"] }),
        "sub",
      ),
      ...letters(40, () => ({ sender: "", recipients: ["d@lab.example"] }), "null"),
    ]);
    await sendLetters(mx.host, two, [
      ...letters(100, () => ({ sender: "Good@Other.example", recipients: ["e@partner.example"], size: 6_000 }), "good"),
      {
        sender: '"quo ted$(touch /tmp/pwned)`id`"@evil.example',
        recipients: ['"t|ab %41 \\"q\\""@lab.example', '"$(id)"@lab.example'],
        subject: 'S"\\ $(touch /tmp/pwned) \u00e9\t<b>',
      },
    ]);
    const ids = (await told()).filter((message) => message.sender === "user0@spam.example").map((one) => one.queue_id);
    await settled();
    adminHolds = ids.slice(0, 5).sort();
    await mx.shell(`printf '%s\\n' ${adminHolds.join(" ")} | postsuper -h - 2>/dev/null`);
    clients.one = one;
    clients.two = two;
  });
  afterAll(async () => {
    try {
      await mx?.agent.stop();
    } finally {
      await lab?.down();
    }
  });

  it("counts as Postfix tells its queue, for each kind of selection", async () => {
    const all = await told();
    const count = async (selection: AgentArguments) => await mx.count(selection);
    const expected = (of: (one: Told) => boolean) => {
      const some = all.filter(of);
      return {
        messages: some.length,
        bytes: some.reduce((sum, one) => sum + one.message_size, 0),
        oldest: some.length === 0 ? 0 : Math.min(...some.map((one) => one.arrival_time)),
        complete: true,
        why: "",
      };
    };
    expect(all.length).toBe(321);
    const domain = (address: string) => address.slice(address.lastIndexOf("@") + 1).toLowerCase();
    const within = (address: string, top: string) => domain(address) === top || domain(address).endsWith(`.${top}`);
    const cases: [AgentArguments, (one: Told) => boolean][] = [
      [{}, () => true],
      [{ match: "all" }, () => true],
      [{ match: "sender:USER1@spam.example" }, (one) => one.sender === "user1@spam.example"],
      [{ match: "sender:spam.example" }, (one) => within(one.sender, "spam.example")],
      [{ match: "sender:am.example" }, () => false],
      [{ match: "sender:<>" }, (one) => one.sender === "MAILER-DAEMON"],
      [
        { match: "recipient:partner.example" },
        (one) => one.recipients.some((to) => within(to.address, "partner.example")),
      ],
      [{ match: "recipient:b@LAB.example" }, (one) => one.recipients.some((to) => to.address === "b@lab.example")],
      [{ match: "sender:other.example", match2: "recipient:lab.example" }, () => false],
      [{ match: "all", in: "hold" }, (one) => one.queue_name === "hold"],
      [{ match: "all", in: "deferred" }, (one) => one.queue_name === "deferred"],
      [{ larger: "5000" }, (one) => one.message_size >= 5000],
      [{ match: "sender:other.example", smaller: "5000" }, () => false],
      [{ older: "80000" }, () => false],
      [{ younger: "80000" }, () => true],
    ];
    for (const [selection, of] of cases) expect([selection, await count(selection)]).toEqual([selection, expected(of)]);
    const [one, two] = [clients.one ?? "", clients.two ?? ""];
    expect((await count({ match: `client:${one}` })).messages).toBe(220);
    expect((await count({ match: `client:${two}`, match2: "sender:other.example" })).messages).toBe(100);
    // .111 and .112: 96/27 has both, 96/28 the first, 112/30 the second
    expect((await count({ match: `client:${one.replace(/\d+$/, "96")}/28` })).messages).toBe(220);
    expect((await count({ match: `client:${one.replace(/\d+$/, "96")}/27` })).messages).toBe(321);
    expect((await count({ match: `client:${one.replace(/\d+$/, "112")}/30` })).messages).toBe(101);
    expect((await count({ match: "client:2001:db8::/32" })).messages).toBe(0);
  });

  it("lists each message once, oldest first, by pages, and shows what is hostile as it is", async () => {
    const listed = await mx.list({ match: "all" }, 50);
    expect(listed.map((one) => one.id).sort()).toEqual((await told()).map((one) => one.queue_id).sort());
    expect(listed.map((one) => one.arrived)).toEqual(listed.map((one) => one.arrived).sort((a, b) => a - b));
    expect(
      listed
        .filter((one) => one.held === "admin")
        .map((one) => one.id)
        .sort(),
    ).toEqual(adminHolds);
    expect(listed.every((one) => one.client === clients.one || one.client === clients.two)).toBe(true);
    const [evil] = listed.filter((one) => one.sender.endsWith("evil.example"));
    expect(evil).toMatchObject({
      sender: '"quo?ted$(touch?/tmp/pwned)`id`"@evil.example',
      recipients: expect.arrayContaining(['"$(id)"@lab.example', '"t|ab?%41?\\"q\\""@lab.example']),
      recipientCount: 2,
      queue: "deferred",
      held: "",
    });
    const { parts } = await mx.agent.ask("queue", {
      instance: mx.instance,
      op: "show",
      message: evil?.id ?? "",
      body: "1",
    });
    const subject = parts.find((part) => "header" in part && part.header.name === "Subject");
    expect(subject).toMatchObject({ header: { value: expect.stringContaining('S"\\ $(touch /tmp/pwned)') } });
    expect(parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("")).toContain("xxxx");
    expect(await mx.shell("ls /tmp/pwned 2>/dev/null || echo none")).toBe("none");
  });

  it("trap: a release of all that is held lets the admin's go: a job holds exactly its selection, knows it again, and releases it alone", async () => {
    const before = (await told()).length;
    const job = await mx.does("hold", { match: "sender:spam.example" });
    expect(job).toMatchObject({ state: "done", total: 180, done: 180, skipped: 0, failed: 0, why: "" });
    expect((await inHold()).length).toBe(180);
    expect((await mx.count({ app: job.job })).messages).toBe(175);
    expect((await mx.list({ match: "all", app: job.job })).every((one) => one.held === job.job)).toBe(true);
    expect(await mx.does("release", { match: "all", app: job.job })).toMatchObject({ state: "done", done: 175 });
    expect(await inHold()).toEqual(adminHolds);
    expect((await mx.count({ app: job.job })).messages).toBe(0);
    expect(await settled()).toBe(before);
  });

  it("refuses what it can't do exactly, and leaves no job behind", async () => {
    const jobs = await mx.shell("ls -A /var/lib/mailbrake/jobs | wc -l");
    expect(await mx.refusal("hold", { match: "helo:x.example" })).toMatchObject({ error: "cannot", field: "match" });
    expect(await mx.refusal("delete", {})).toMatchObject({ error: "missing-key", field: "match" });
    expect(await mx.refusal("hold", { match: "all", rate: "5" })).toMatchObject({ error: "bad-value", field: "rate" });
    expect(await mx.refusal("restore", { of: "none" })).toMatchObject({ error: "bad-value", field: "of" });
    expect(await mx.refusal("explode", { match: "all" })).toMatchObject({ error: "bad-value", field: "action" });
    expect(await mx.shell("ls -A /var/lib/mailbrake/jobs | wc -l")).toBe(jobs);
  });

  it("refuses a delete whose backup has no room, and deletes nothing", async () => {
    await mx.shell("mkdir -p /var/lib/mailbrake/backup && mount -t tmpfs -o size=1500k none /var/lib/mailbrake/backup");
    const before = (await told()).length;
    expect(await mx.refusal("delete", { match: "sender:other.example" })).toMatchObject({ error: "no-space" });
    await mx.shell("umount /var/lib/mailbrake/backup");
    expect((await told()).length).toBe(before);
    expect((await inHold()).length).toBe(5);
  });

  it.each(["queue-started", "queue-backing-up", "queue-backed-up", "queue-deleted", "queue-noted", "queue-ended"])(
    "a delete killed at %s is taken up: what is gone is in the backup, and nothing else is gone",
    async (point) => {
      const before = (await told()).length;
      const name = point.slice(6);
      await sendLetters(
        mx.host,
        clients.one ?? "",
        letters(20, () => ({ sender: `${name}@del.example`, recipients: ["z@lab.example"] }), name),
      );
      const job =
        point === "queue-started"
          ? await mx.start("delete", { match: `sender:${name}@del.example` })
          : await mx.startKilledAt(point, "delete", { match: `sender:${name}@del.example` });
      const lost = 20 - (await mx.count({ match: `sender:${name}@del.example` })).messages;
      const saved = await mx.shell(`tar -tf /var/lib/mailbrake/backup/${job}/1.tar 2>/dev/null | wc -l`);
      expect(Number(saved)).toBeGreaterThanOrEqual(lost);
      expect(await mx.ended(job)).toMatchObject({ state: "done", done: 20, skipped: 0, failed: 0 });
      expect(await mx.shell(`tar -tf /var/lib/mailbrake/backup/${job}/1.tar | wc -l`)).toBe("20");
      expect(await settled()).toBe(before);
      await mx.left(job);
      expect(
        await mx.shell(`ls /var/lib/mailbrake/jobs/${job}/running /var/lib/mailbrake/held/${job} 2>/dev/null | wc -l`),
      ).toBe("0");
    },
  );

  it("the minute sweep takes up a killed job, and is gone when none is left", async () => {
    await sendLetters(
      mx.host,
      clients.one ?? "",
      letters(3, () => ({ sender: "sweep@del.example", recipients: ["z@lab.example"] }), "sweep"),
    );
    const job = await mx.startKilledAt("queue-backed-up", "delete", { match: "sender:sweep@del.example" });
    expect(await mx.shell("ls /etc/cron.d/mailbrake")).not.toBe("");
    await mx.shell("mailbrake-agent expire");
    await mx.left(job);
    expect(await mx.job(job)).toMatchObject({ state: "done", done: 3 });
  });

  it.each(["queue-unpacked", "queue-noted-inodes", "queue-moved", "queue-renamed", "queue-restored"])(
    "trap: postsuper -s names a message anew by its inode: a restore killed at %s puts each back once, held; delivered, each arrives once",
    async (point) => {
      const name = `r${point.slice(6)}`;
      const of = `sender:${name}@back.example`;
      await sendLetters(
        mx.host,
        clients.two ?? "",
        letters(25, () => ({ sender: `${name}@back.example`, recipients: ["y@lab.example"] }), name),
      );
      const deleted = await mx.does("delete", { match: of });
      expect(deleted).toMatchObject({ state: "done", done: 25 });
      const job = await mx.startKilledAt(point, "restore", { of: deleted.job });
      // Postfix may start anew meanwhile: it renames what does not fit its inode
      if (point === "queue-moved") await mx.shell("postsuper -s >/dev/null 2>&1");
      expect(await mx.ended(job)).toMatchObject({ state: "done", total: 25, done: 25, failed: 0 });
      const back = await mx.list({ match: of });
      expect(back.map((one) => [one.queue, one.held])).toEqual(Array(25).fill(["hold", job]));
      expect(await mx.does("restore", { of: deleted.job })).toMatchObject({ state: "done", done: 0, skipped: 25 });
      expect((await mx.count({ match: of })).messages).toBe(25);
      expect(
        await mx.shell(
          "find /var/spool/postfix -maxdepth 1 -name '.mailbrake*'; find /var/spool/postfix/hold ! -user postfix; find /var/spool/postfix/hold -type f ! -perm 700",
        ),
      ).toBe("");
      await deliver(true);
      // no cleverness: as an admin would
      await mx.shell(
        `postqueue -j | grep '${name}@back' | sed 's/.*queue_id": "//; s/".*//' | postsuper -H - 2>/dev/null; postqueue -f`,
      );
      const seen = await mx.arrived(25, new RegExp(`^${name} `));
      await deliver(false);
      expect([...seen.values()]).toEqual(Array(25).fill(1));
    },
  );

  it("a backup that can't be written is refused: nothing is deleted, nothing stays held", async () => {
    await sendLetters(
      mx.host,
      clients.one ?? "",
      letters(10, () => ({ sender: "full@del.example", recipients: ["z@lab.example"] }), "full"),
    );
    await mx.shell("mount -t tmpfs -o size=64m none /var/lib/mailbrake/backup");
    await mx.shell("mount -o remount,ro /var/lib/mailbrake/backup");
    expect((await mx.refusal("delete", { match: "sender:full@del.example" })).error).toMatch(/no-space|read-only/);
    await mx.shell("umount /var/lib/mailbrake/backup");
    expect((await mx.list({ match: "sender:full@del.example" })).map((one) => one.queue)).toEqual(
      Array(10).fill("deferred"),
    );
  });

  it("releases so many a minute, goes on after kill -9, and stops when told", async () => {
    await sendLetters(
      mx.host,
      clients.two ?? "",
      letters(90, () => ({ sender: "ramp@slow.example", recipients: ["r@lab.example"] }), "ramp"),
    );
    await mx.does("hold", { match: "sender:slow.example" });
    await deliver(true);
    const job = await mx.start("release", { match: "sender:slow.example", rate: "600" });
    const at: number[] = [];
    for (const started = Date.now(); Date.now() - started < 4_000; await sleep(500)) {
      at.push((await mx.job(job)).done);
    }
    // ten a second: after four seconds 40, give or take what a step of two seconds and a busy machine make
    expect(at.at(-1)).toBeGreaterThan(15);
    expect(at.at(-1)).toBeLessThan(60);
    const token = await mx.shell(`cat /var/lib/mailbrake/jobs/${job}/running`);
    await mx.shell(`kill -9 ${token.split(":")[0]}`);
    const killedAt = (await mx.job(job)).done;
    expect(killedAt).toBeLessThan(90);
    await sleep(1_000);
    const stopped = await mx.job(job, "stop");
    expect(stopped).toMatchObject({ state: "stopped", why: "test: enough" });
    const left = (await mx.count({ match: "sender:slow.example", in: "hold" })).messages;
    expect(left).toBe(90 - stopped.done - stopped.skipped);
    expect(left).toBeGreaterThan(0);
    expect(await mx.does("release", { match: "sender:slow.example", in: "hold", rate: "100000" })).toMatchObject({
      state: "done",
      done: left,
    });
    const seen = await mx.arrived(90, /^ramp /);
    expect([...seen.values()]).toEqual(Array(90).fill(1));
  });

  it("a ramped release stops by itself above the ceiling", async () => {
    await deliver(false);
    await sendLetters(
      mx.host,
      clients.two ?? "",
      letters(10, () => ({ sender: "top@slow.example", recipients: ["r@lab.example"] }), "top"),
    );
    await mx.does("hold", { match: "sender:slow.example" });
    await sendLetters(
      mx.host,
      clients.one ?? "",
      letters(21, () => ({ sender: "new@wave.example", recipients: ["w@lab.example"] }), "wave"),
    );
    const job = await mx.does("release", { match: "sender:slow.example", rate: "60", ceiling: "20" });
    expect(job).toMatchObject({
      state: "stopped",
      done: 0,
      why: expect.stringMatching(/^\d+ messages wait, more than the ceiling of 20$/),
    });
    expect((await mx.count({ match: "sender:slow.example", in: "hold" })).messages).toBe(10);
  });

  it("returns to the sender, requeues, flushes", async () => {
    await mx.does("delete", { match: "sender:slow.example" });
    await sendLetters(
      mx.host,
      clients.two ?? "",
      letters(4, () => ({ sender: "who@bounce.example", recipients: ["r@lab.example"] }), "bounced"),
    );
    expect(await mx.does("bounce", { match: "sender:bounce.example" })).toMatchObject({
      state: "done",
      done: 4,
      failed: 0,
    });
    for (
      let tries = 0;
      tries < 100 && (await mx.count({ match: "recipient:who@bounce.example" })).messages < 4;
      tries += 1
    )
      await sleep(50);
    expect((await mx.list({ match: "recipient:who@bounce.example" })).map((one) => one.sender)).toEqual([
      "",
      "",
      "",
      "",
    ]);
    expect((await mx.count({ match: "sender:bounce.example" })).messages).toBe(0);
    expect(await mx.does("requeue", { match: "recipient:who@bounce.example" })).toMatchObject({
      state: "done",
      done: 4,
      failed: 0,
    });
    expect(await mx.does("flush", { match: "all", in: "hold" })).toMatchObject({
      done: 0,
      failed: 5,
      why: expect.stringContaining("held"),
    });
    await deliver(true);
    await mx.does("flush", { match: "sender:other.example" });
    expect((await mx.arrived(100, /^good /)).size).toBe(100);
    await mx.does("flush", { match: "all" });
    // all that was sent has gone once; the admin's five are held
    expect([...(await mx.arrived(115, /^spam /)).values()]).toEqual(Array(115).fill(1));
    expect(await inHold()).toEqual(adminHolds);
  });
});
