import { type AddressInfo, connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../../lab/index.ts";
import { BrakedHost } from "./braked-host.ts";
import type { SmtpTalk } from "./smtp-talk.ts";

const recipient = "someone@lab.example";
const toSomeone: Partial<SmtpTalk> = { recipients: [recipient] };
const delivery = { point: "delivery", effect: "pause", match: "all" } as const;
const pauseMs = async (milliseconds: number): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("throttle, close, pause and local submission on a real Postfix", () => {
  let lab: Lab;
  let mx: BrakedHost;
  let untouched: string[];
  let client: string;
  beforeAll(async () => {
    lab = await labUp({
      hosts: [
        mxHost("mx1", 11, { submission: true }),
        { name: "sink", role: "sink", layer: "postfix", octet: 50 },
        { name: "sender", role: "sender", layer: "postfix", octet: 101 },
      ],
    });
    mx = await BrakedHost.on(lab.host("mx1"));
    await mx.agent.ask("discover");
    untouched = await mx.configuration();
    client = lab.clientAddresses[0] ?? "";
  });
  afterEach(async () => await mx.liftAll());
  afterAll(async () => {
    try {
      await mx?.stop();
    } finally {
      await lab?.down();
    }
  });

  /** How many of `count` sessions in a row got as far as an answer like `pattern`. */
  async function taken(count: number, talk: Partial<SmtpTalk>, pattern: RegExp): Promise<number> {
    let number = 0;
    for (let index = 0; index < count; index += 1) {
      const seen = await mx.talk(talk);
      if (pattern.test(seen.recipients.at(-1) ?? seen.answers.MAIL ?? seen.banner)) number += 1;
    }
    return number;
  }

  describe("throttle", () => {
    const limited = [
      { limit: "connections", reply: /^421 4\.7\.0 .*Error: too many connections from/ },
      { limit: "messages", reply: /^450 4\.7\.1 Error: too much mail from/ },
      { limit: "recipients", reply: /^450 4\.7\.1 Error: too many recipients from/ },
    ] as const;

    it.each(limited)(
      "trap: $limit: clients of mynetworks are spared (event_limit_exceptions): all, also a client of mynetworks is limited, each by itself",
      async ({ limit, reply }) => {
        const app = await mx.brake({ effect: "throttle", match: "all", [limit]: "3" });
        await pauseMs(300);
        for (const from of [undefined, client]) {
          const talk = from ? { ...toSomeone, from } : toSomeone;
          expect(await taken(3, talk, /^250 2\.1\.5/)).toBe(3);
          expect(await taken(2, talk, reply)).toBe(2);
        }
        await mx.lift(app);
        await mx.settles(toSomeone, /^250 2\.1\.5/);
        await mx.expectClean(untouched);
      },
    );

    it.each(limited)("one client, $limit: the others are not limited", async ({ limit, reply }) => {
      const app = await mx.brake({ effect: "throttle", match: `client:${client}`, [limit]: "2" });
      await pauseMs(300);
      expect(await taken(4, { ...toSomeone, from: client }, reply)).toBe(2);
      expect(await taken(4, toSomeone, /^250 2\.1\.5/)).toBe(4);
      await mx.lift(app);
      await mx.settles({ ...toSomeone, from: client }, /^250 2\.1\.5/);
      await mx.expectClean(untouched);
    });

    it("trap: anvil counts by client address alone, and each reload starts it anew: both said in the plan", async () => {
      const { final } = await mx.agent.ask("plan", {
        ...{ instance: "postfix:/etc/postfix", point: "listener:smtp/inet", effect: "throttle" },
        ...{ match: "all", connections: "5" },
      });
      expect(final.notes.join()).toContain("Counted for each client address by itself; a reload starts anew");
    });

    it("two clients with the same numbers are one throttle; other numbers are a conflict that names the brake", async () => {
      const [first = "", second = "", third = ""] = lab.clientAddresses;
      const one = await mx.brake({ effect: "throttle", match: `client:${first}`, connections: "2" });
      const two = await mx.brake({ effect: "throttle", match: `client:${second}`, connections: "2" });
      const order = {
        app: "B99",
        brake: "B99",
        instance: "postfix:/etc/postfix",
        point: "listener:smtp/inet",
        effect: "throttle",
        ttl: "0",
        by: "t",
        reason: "t",
      };
      const refused = await mx.agent.refusal("apply", { ...order, match: `client:${third}`, connections: "9" });
      expect(refused.error).toBe("conflict");
      expect(refused.message).toContain(`by ${one}, ${two},`);
      expect((await mx.agent.refusal("apply", { ...order, match: "all", messages: "1" })).error).toBe("conflict");
      await pauseMs(300);
      expect(await taken(3, { ...toSomeone, from: second }, /^250 2\.1\.5/)).toBe(2);
      expect(await taken(3, { ...toSomeone, from: third }, /^250 2\.1\.5/)).toBe(3);
      await mx.lift(one);
      await pauseMs(300);
      expect(await taken(3, { ...toSomeone, from: first }, /^250 2\.1\.5/)).toBe(3);
      expect(await taken(3, { ...toSomeone, from: second }, /^250 2\.1\.5/)).toBe(2);
      await mx.lift(two);
      await mx.expectClean(untouched);
    });
  });

  it("close: the port is refused, the other listener goes on, the lift opens it", async () => {
    const app = await mx.brake({ effect: "close", match: "all" });
    expect((await mx.talk(toSomeone)).banner).toBe("refused");
    expect((await mx.talk({ ...toSomeone, port: 587 })).banner).toMatch(/^220/);
    expect(
      (
        await mx.agent.refusal("apply", {
          app: "B98",
          brake: "B98",
          instance: "postfix:/etc/postfix",
          point: "listener:smtp/inet",
          effect: "close",
          match: `client:${client}`,
          ttl: "0",
          by: "t",
          reason: "t",
        })
      ).error,
    ).toBe("cannot");
    await mx.lift(app);
    expect((await mx.talk(toSomeone)).banner).toMatch(/^220/);
    await mx.expectClean(untouched);
  });

  it("trap: a service deleted from master.cf is lost with its arguments, and its sessions are killed: closed, the line stays; the plan says that sessions end", async () => {
    const socket = connect({ host: mx.host.address, port: 25 });
    const heard = new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
    const ended = new Promise<string>((resolve) => socket.once("close", () => resolve("closed")));
    expect(await heard).toMatch(/^220/);
    const line = "postconf -M smtp/inet; postconf -P 'smtp/inet/*'";
    const before = (await mx.host.shell(line)).stdout;
    const order = { instance: "postfix:/etc/postfix", point: "listener:smtp/inet", effect: "close", match: "all" };
    const { final } = await mx.agent.ask("plan", order);
    expect(final.cutsSessions).toBe(true);
    expect(final.notes?.join("\n")).toContain("Open sessions are cut");
    const app = await mx.brake(order);
    expect(await ended).toBe("closed");
    expect((await mx.host.shell(line)).stdout).toBe(before);
    await mx.lift(app);
    await mx.expectClean(untouched);
  });

  it("trap: a session that ends between the last dot and the answer makes its message come twice: a close ends idle ones first, and gives a message in hand its answer", async () => {
    await lab.sink.reset();
    const idle = connect({ host: mx.host.address, port: 25 });
    const ended = new Promise<string>((resolve) => idle.once("close", () => resolve("closed")));
    await new Promise((resolve) => idle.once("data", resolve));
    let closing: Promise<string> | undefined;
    const seen = await mx.talk({
      ...toSomeone,
      pause: async () => {
        closing = mx.brake({ effect: "close", match: "all" });
        expect(await ended).toBe("closed");
      },
      subject: "numbered message 1",
    });
    expect(seen.answers.DATA).toMatch(/^250/);
    const app = (await closing) ?? "";
    expect((await mx.talk(toSomeone)).banner).toBe("refused");
    expect([...(await lab.sink.waitFor(1, 30)).values()]).toEqual([1]);
    await mx.lift(app);
    await mx.expectClean(untouched);
  });

  it("trap: a session without end can't keep a listener open: after ten seconds it is cut", async () => {
    let closing: Promise<string> | undefined;
    const seen = await mx.talk({
      ...toSomeone,
      pause: async () => {
        closing = mx.brake({ effect: "close", match: "all" });
        await closing;
      },
      subject: "too late",
    });
    expect(seen.answers.DATA).toBe("closed");
    expect((await mx.talk(toSomeone)).banner).toBe("refused");
    await mx.lift((await closing) ?? "");
    await mx.expectClean(untouched);
  });

  it("trap: a delivery that is killed before the answer to its last dot is made again: a pause of all lets it end, and nothing new begins", async () => {
    // the next hop, which answers the last dot when it is told to
    let messages = 0;
    let answer = (): void => {};
    const nextHop = createServer((socket) => {
      socket.write("220 slow\r\n");
      createInterface({ input: socket }).on("line", (line) => {
        if (line === "DATA") socket.write("354 go on\r\n");
        else if (line === "QUIT") socket.end("221 bye\r\n");
        else if (line === ".") {
          messages += 1;
          answer = () => socket.write("250 taken\r\n");
        } else if (/^(EHLO|MAIL|RCPT) /.test(line)) socket.write("250 fine\r\n");
      });
    });
    await new Promise<void>((resolve) => nextHop.listen(0, client, resolve));
    const { port } = nextHop.address() as AddressInfo;
    const delivered = () => messages;
    const queue = async (): Promise<string> => (await mx.host.exec(["postqueue", "-p"])).stdout;
    try {
      await mx.host.shell(`cp -a /etc/postfix /root/plain
echo '${recipient} smtp:[${client}]:${port}' >>/etc/postfix/transport; postmap hash:/etc/postfix/transport
postconf -e transport_maps=hash:/etc/postfix/transport; touch -d '1 minute ago' /etc/postfix/main.cf; postfix reload`);
      const before = await mx.configuration();
      expect((await mx.talk({ ...toSomeone, subject: "under way" })).answers.DATA).toMatch(/^250/);
      await expect.poll(delivered, { timeout: 10_000 }).toBe(1);
      setTimeout(() => answer(), 1_500);
      const app = await mx.brake(delivery);
      expect(await queue()).toContain("Mail queue is empty");
      expect((await mx.talk({ ...toSomeone, subject: "waits" })).answers.DATA).toMatch(/^250/);
      await pauseMs(1_500);
      expect(messages).toBe(1);
      await mx.lift(app);
      await expect.poll(delivered, { timeout: 20_000 }).toBe(2);
      answer();
      await expect.poll(queue, { timeout: 20_000 }).toContain("Mail queue is empty");
      expect(messages).toBe(2);
      await mx.expectClean(before);
    } finally {
      nextHop.close();
      await mx.liftAll();
      await mx.host.shell(
        "rm -rf /etc/postfix; mv /root/plain /etc/postfix; touch -d '1 minute ago' /etc/postfix/main.cf; postfix reload",
      );
    }
    untouched = await mx.configuration();
  });

  it("trap: a flush delivers what defer_transports keeps: 100 messages paused wait through flushes, none is lost and none comes twice after the lift", async () => {
    await lab.sink.reset();
    const app = await mx.brake(delivery);
    await lab.sender.inject({ from: "writer@outside.example", to: recipient, count: 100 });
    const waiting = async (): Promise<number> =>
      Number((await mx.host.shell("cd /var/spool/postfix && find incoming active deferred -type f | wc -l")).stdout);
    for (let tries = 0; (await waiting()) < 100 && tries < 100; tries += 1) await pauseMs(200);
    for (let flush = 0; flush < 3; flush += 1) {
      await mx.host.exec(["postqueue", "-f"]);
      await pauseMs(500);
    }
    // what moves between two folders while they are read is not counted
    await expect.poll(waiting, { timeout: 20_000 }).toBe(100);
    expect((await lab.sink.received()).size).toBe(0);
    await mx.lift(app);
    await lab.sink.waitFor(100, 60);
    await pauseMs(1000);
    expect([...(await lab.sink.received()).values()].every((times) => times === 1)).toBe(true);
    await mx.expectClean(untouched);
  });

  it("hold: 100 messages wait in the hold queue; the lift releases all and counts them", async () => {
    await lab.sink.reset();
    const app = await mx.brake({ effect: "hold", match: "all" });
    await pauseMs(300);
    await lab.sender.inject({ from: "writer@outside.example", to: recipient, count: 100 });
    const held = async (): Promise<number> =>
      Number((await mx.host.shell("find /var/spool/postfix/hold -type f | wc -l")).stdout);
    for (let tries = 0; (await held()) < 100 && tries < 100; tries += 1) await pauseMs(200);
    expect(await held()).toBe(100);
    expect(await mx.lift(app)).toBe(100);
    await lab.sink.waitFor(100, 60);
    await pauseMs(1000);
    expect([...(await lab.sink.received()).values()].every((times) => times === 1)).toBe(true);
    await mx.expectClean(untouched);
  });

  it("trap: a running session keeps its rules: what one that was open at the lift of a hold still brings is released by the sweep", async () => {
    await lab.sink.reset();
    const app = await mx.brake({ effect: "hold", match: "all" });
    await mx.settles(toSomeone, /^250/);
    await pauseMs(300);
    let lifted = 0;
    const late = mx.talk({
      ...toSomeone,
      before: ["NOOP"],
      pause: async () => {
        lifted = await mx.lift(app);
      },
      subject: "numbered message 1",
    });
    expect((await late).answers.DATA).toMatch(/^250/);
    expect(lifted).toBe(0);
    expect((await mx.host.shell("find /var/spool/postfix/hold -type f | wc -l")).stdout.trim()).toBe("1");
    await mx.agent.ask("expire");
    await lab.sink.waitFor(1, 30);
    const { parts } = await mx.agent.ask("status");
    expect(parts.flatMap((part) => ("ended" in part && part.ended.app === app ? [part.ended.released] : []))).toEqual([
      1,
    ]);
    await mx.expectClean(untouched);
  });

  const submit = `for user in root nobody; do
  printf 'Subject: numbered message %s\\n\\nText.\\n' "$1" | su -s /bin/sh "$user" -c '/usr/sbin/sendmail -f writer@outside.example someone@lab.example'
  echo "status $?"; set -- $(($1 + 1)); done`;

  it("local tempfail: sendmail(1) ends with 75 for everyone, SMTP goes on", async () => {
    await lab.sink.reset();
    const app = await mx.brake({ point: "local", effect: "tempfail", match: "all" });
    const { stdout, stderr } = await mx.host.shell(submit, { args: ["1"] });
    expect(stdout.trim().split("\n")).toEqual(["status 75", "status 75"]);
    expect(stderr).toContain("is not allowed to submit mail");
    expect((await mx.talk(toSomeone)).recipients[0]).toMatch(/^250/);
    await mx.lift(app);
    expect((await mx.host.shell(submit, { args: ["1"] })).stdout.trim().split("\n")).toEqual(["status 0", "status 0"]);
    expect([...(await lab.sink.waitFor(2, 30)).entries()].sort()).toEqual([
      [1, 1],
      [2, 1],
    ]);
    await mx.expectClean(untouched);
  });

  it("local hold: sendmail(1) ends with 0, the mail waits and is all delivered after the lift", async () => {
    await lab.sink.reset();
    const app = await mx.brake({ point: "local", effect: "hold", match: "all" });
    await pauseMs(200);
    expect((await mx.host.shell(submit, { args: ["1"] })).stdout.trim().split("\n")).toEqual(["status 0", "status 0"]);
    await pauseMs(1500);
    expect((await lab.sink.received()).size).toBe(0);
    expect(await mx.lift(app)).toBe(2);
    expect([...(await lab.sink.waitFor(2, 30)).entries()].sort()).toEqual([
      [1, 1],
      [2, 1],
    ]);
    await mx.expectClean(untouched);
  });

  it("trap: postqueue -f calls the mail system down where pickup is held, after it has flushed: the lift of a pause beside a local hold is no failure, and what waited goes out", async () => {
    await lab.sink.reset();
    const paused = await mx.brake(delivery);
    const held = await mx.brake({ point: "local", effect: "hold", match: "all" });
    expect((await mx.talk({ ...toSomeone, subject: "numbered message 1" })).answers.DATA).toMatch(/^250/);
    await expect
      .poll(async () => (await mx.host.shell("find /var/spool/postfix/deferred -type f | wc -l")).stdout.trim(), {
        timeout: 20_000,
      })
      .toBe("1");
    await mx.lift(paused);
    const flushed = await mx.host.exec(["postqueue", "-f"], { check: false });
    expect(flushed.stderr).toContain("mail system is down");
    expect([...(await lab.sink.waitFor(1, 30)).values()]).toEqual([1]);
    await mx.lift(held);
    await mx.expectClean(untouched);
  });

  it("what can't be had exactly is refused, naming the nearest, and changes nothing", async () => {
    const order = { app: "B97", brake: "B97", instance: "postfix:/etc/postfix", ttl: "0", by: "t", reason: "t" };
    const refusals = [
      { point: "listener:smtp/inet", effect: "pause", match: "all" },
      { point: "listener:smtp/inet", effect: "throttle", match: "sender:a@b.example", messages: "1" },
      { point: "listener:smtp/inet", effect: "tempfail", match: "helo:b.example", match2: "recipient:c@d.example" },
      { point: "listener:smtp/inet", effect: "tempfail", match: "login:bob" },
      { point: "local", effect: "discard", match: "all" },
      { point: "local", effect: "hold", match: "sender:a@b.example" },
      { point: "delivery", effect: "hold", match: "all" },
      { point: "delivery", effect: "pause", match: "sender:b.example" },
    ];
    for (const refused of refusals) {
      const answer = await mx.agent.refusal("apply", { ...order, ...refused });
      expect(answer.error, JSON.stringify(refused)).toBe("cannot");
      expect(answer.message).toContain("nearest");
    }
    await mx.expectClean(untouched);
  });
});
