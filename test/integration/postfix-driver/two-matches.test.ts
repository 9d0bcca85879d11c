import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../../lab/index.ts";
import { BrakedHost } from "./braked-host.ts";
import type { SmtpTalk } from "./smtp-talk.ts";

const open = /^250 2\.1\.5 /;
const submission = "listener:submission/inet";
const pauseMs = async (milliseconds: number): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("two matches at once, and people who log in, on a real Postfix", () => {
  let lab: Lab;
  let mx: BrakedHost;
  let untouched: string[];
  beforeAll(async () => {
    lab = await labUp({
      hosts: [mxHost("mx1", 11, { submission: true }), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    mx = await BrakedHost.on(lab.host("mx1"));
    await mx.host.shell(
      "printf '%s' carols-own | saslpasswd2 -p -c -f /var/spool/postfix/etc/sasldb2 -u lab.example carol",
    );
    await mx.agent.ask("discover");
    untouched = await mx.configuration();
  });
  afterEach(async () => await mx.liftAll());
  afterAll(async () => {
    try {
      await mx?.stop();
    } finally {
      await lab?.down();
    }
  });

  const first = (): string => lab.clientAddresses[0] ?? "";
  const second = (): string => lab.clientAddresses[1] ?? "";
  interface Row {
    pair: string;
    matches: () => { match: string; match2: string };
    meant: () => Partial<SmtpTalk>;
    /** Either match alone, and neither. */
    spared: () => Partial<SmtpTalk>[];
    reply: string;
  }
  const to = (address: string): Pick<SmtpTalk, "recipients"> => ({ recipients: [address] });
  const rows: Row[] = [
    {
      pair: "client and sender",
      matches: () => ({ match: `client:${first()}`, match2: "sender:news.example" }),
      meant: () => ({ ...to("someone@lab.example"), from: first(), sender: "a@daily.news.example" }),
      spared: () => [
        { ...to("someone@lab.example"), from: first() },
        { ...to("someone@lab.example"), from: first(), sender: "" },
        { ...to("someone@lab.example"), from: second(), sender: "a@news.example" },
      ],
      reply: "Sender address rejected",
    },
    {
      pair: "client and recipient",
      matches: () => ({ match: "recipient:someone@lab.example", match2: `client:${first()}` }),
      meant: () => ({ ...to("Someone@lab.example"), from: first() }),
      spared: () => [
        { ...to("other@lab.example"), from: first() },
        { ...to("someone@lab.example"), from: second() },
      ],
      reply: "Recipient address rejected",
    },
    {
      pair: "sender and recipient",
      matches: () => ({ match: "sender:<>", match2: "recipient:lab.example" }),
      meant: () => ({ ...to("someone@lab.example"), sender: "" }),
      spared: () => [
        { ...to("someone@lab.example") },
        { ...to("someone@partner.example"), sender: "" },
        { ...to("someone@partner.example") },
      ],
      reply: "Recipient address rejected",
    },
  ];

  describe.each(rows)("$pair", ({ matches, meant, spared, reply }) => {
    it.each([
      { effect: "tempfail", code: "450 4.7.1" },
      { effect: "reject", code: "554 5.7.1" },
    ])("$effect is seen where both hold, and by no one else", async ({ effect, code }) => {
      const app = await mx.brake({ effect, ...matches() });
      await mx.settles(meant(), new RegExp(`^${code} <.*>: ${reply}: .* \\(ref ${app}\\)$`));
      for (const talk of spared()) expect((await mx.talk(talk)).recipients[0], JSON.stringify(talk)).toMatch(open);
      await mx.lift(app);
      await mx.settles(meant(), open);
      await mx.expectClean(untouched);
    });

    it.each(["discard", "hold"])("%s takes that mail alone", async (effect) => {
      await lab.sink.reset();
      const app = await mx.brake({ effect, ...matches() });
      await pauseMs(300);
      const talks = [...spared(), meant()];
      for (const [index, talk] of talks.entries()) {
        const seen = await mx.talk({ ...talk, subject: `numbered message ${index + 1}` });
        expect(seen.answers.DATA).toMatch(/^250 2\.0\.0 Ok: queued/);
      }
      await lab.sink.waitFor(spared().length, 30);
      await pauseMs(300);
      expect((await lab.sink.received()).has(talks.length)).toBe(false);
      expect(await mx.lift(app)).toBe(effect === "hold" ? 1 : 0);
      const wanted = effect === "hold" ? talks.length : spared().length;
      expect((await lab.sink.waitFor(wanted, 30)).has(talks.length)).toBe(effect === "hold");
      await mx.expectClean(untouched);
    });
  });

  it("several pairs, single matches and an admin's own classes go together, also where master.cf overrides those", async () => {
    await mx.host.shell(`cp -a /etc/postfix /root/plain
postconf -e smtpd_restriction_classes=own_class own_class=check_recipient_access,inline:{third@lab.example=REJECT}
postconf -P smtp/inet/smtpd_restriction_classes=own_class
postconf -P smtp/inet/smtpd_sender_restrictions=check_sender_access,inline:{own@outside.example=own_class}
touch -d '1 minute ago' /etc/postfix/main.cf; postfix reload`);
    try {
      const edited = await mx.configuration();
      const own = { sender: "own@outside.example", ...to("third@lab.example") };
      await mx.settles(own, /^554 .*Access denied/);
      const apps: string[] = [];
      apps.push(
        await mx.brake({ effect: "tempfail", match: "sender:a@b.example", match2: "recipient:one@lab.example" }),
      );
      apps.push(await mx.brake({ effect: "reject", match: "sender:a@b.example", match2: "recipient:two@lab.example" }));
      apps.push(await mx.brake({ effect: "reject", match: "sender:c@d.example" }));
      apps.push(
        await mx.brake({
          effect: "reject",
          match: "sender:a@b.example",
          match2: "recipient:one@lab.example",
          point: submission,
        }),
      );
      const seen = async (sender: string, recipient: string): Promise<string> =>
        (await mx.talk({ sender, ...to(recipient) })).recipients[0] ?? "";
      await mx.settles({ sender: "a@b.example", ...to("one@lab.example") }, new RegExp(`^450 .*ref ${apps[0]}`));
      expect(await seen("a@b.example", "two@lab.example")).toContain(`ref ${apps[1]}`);
      expect(await seen("a@b.example", "third@lab.example")).toMatch(open);
      expect(await seen("c@d.example", "one@lab.example")).toContain(`ref ${apps[2]}`);
      await mx.settles(own, /^554 .*Access denied/);
      for (const app of apps) await mx.lift(app);
      expect(await seen("a@b.example", "one@lab.example")).toMatch(open);
      await mx.expectClean(edited);
    } finally {
      await mx.host.shell(
        "rm -rf /etc/postfix; cp -a /root/plain /etc/postfix; touch -d '1 minute ago' /etc/postfix/main.cf; postfix reload",
      );
    }
    untouched = await mx.configuration();
  });

  describe("login", () => {
    const login = (name: string, password: string): Partial<SmtpTalk> => ({
      ...to("someone@outside.example"),
      port: 587,
      before: [`AUTH PLAIN ${Buffer.from(`\0${name}@lab.example\0${password}`).toString("base64")}`],
    });
    const bob = login("bob", "bob-of-the-lab");
    const carol = login("carol", "carols-own");

    it.each([
      { effect: "tempfail", code: "450 4.7.1" },
      { effect: "reject", code: "554 5.7.1" },
    ])("$effect: one person is stopped, whatever the sender says, and no other", async ({ effect, code }) => {
      const app = await mx.brake({ point: submission, effect, match: "login:bob@lab.example" });
      const seen = await mx.settles(bob, /ref/);
      expect(seen.recipients[0]).toMatch(
        new RegExp(`^${code} <bob@lab.example>: SASL login name rejected: .* \\(ref ${app}\\)$`),
      );
      expect((await mx.talk({ ...bob, sender: "else@lab.example" })).recipients[0]).toContain(`ref ${app}`);
      expect((await mx.talk(carol)).recipients[0]).toMatch(open);
      await mx.lift(app);
      await mx.settles(bob, open);
      await mx.expectClean(untouched);
    });

    it.each(["discard", "hold"])("%s takes that person's mail alone", async (effect) => {
      await lab.sink.reset();
      const app = await mx.brake({ point: submission, effect, match: "login:bob@lab.example" });
      await pauseMs(300);
      for (const [index, talk] of [bob, carol].entries())
        expect((await mx.talk({ ...talk, subject: `numbered message ${index + 1}` })).answers.DATA).toMatch(/^250 /);
      await lab.sink.waitFor(1, 30);
      await pauseMs(300);
      expect([...(await lab.sink.received()).keys()]).toEqual([2]);
      expect(await mx.lift(app)).toBe(effect === "hold" ? 1 : 0);
      expect((await lab.sink.waitFor(effect === "hold" ? 2 : 1, 30)).has(1)).toBe(effect === "hold");
      await mx.expectClean(untouched);
    });
  });

  it("discover offers these pairs, and login only where people log in; other pairs are refused", async () => {
    const { parts } = await mx.agent.ask("discover");
    const points = parts.flatMap((part) => ("point" in part ? [part.point] : []));
    const cellsAt = (point: string) => points.find((one) => one.point === point)?.cells ?? [];
    const pairs = [
      ["client", "sender"],
      ["client", "recipient"],
      ["sender", "recipient"],
    ];
    for (const point of ["listener:smtp/inet", submission]) {
      for (const cell of cellsAt(point)) {
        const byMail = ["tempfail", "reject", "discard", "hold"].includes(cell.effect);
        expect(cell.pairs, `${point} ${cell.effect}`).toEqual(byMail ? pairs : undefined);
        expect(cell.matches.includes("login")).toBe(byMail && point === submission);
      }
    }
    const order = { app: "B94", brake: "B94", instance: "postfix:/etc/postfix", ttl: "0", by: "t", reason: "t" };
    for (const refused of [
      { point: "listener:smtp/inet", effect: "tempfail", match: "helo:a.example", match2: "sender:b.example" },
      { point: "listener:smtp/inet", effect: "tempfail", match: "login:bob" },
      { point: submission, effect: "tempfail", match: "login:bob", match2: "recipient:b.example" },
      { point: submission, effect: "throttle", match: `client:${first()}`, match2: "sender:b.example", messages: "1" },
      {
        point: submission,
        effect: "tempfail",
        match: `client:${first()}`,
        match2: "sender:b.example",
        match3: "recipient:c.example",
      },
    ]) {
      const answer = await mx.agent.refusal("apply", { ...order, ...refused });
      expect(answer.error, JSON.stringify(refused)).toBe("cannot");
      expect(answer.message).toContain("nearest");
    }
  });
});
