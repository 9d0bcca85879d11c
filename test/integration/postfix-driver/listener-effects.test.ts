import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../../lab/index.ts";
import { type Brake, BrakedHost } from "./braked-host.ts";
import type { SmtpTalk } from "./smtp-talk.ts";

const recipient = "someone@lab.example";
const open = /^250 2\.1\.5 /;

describe("a brake at a listener of a real Postfix", () => {
  let lab: Lab;
  let mx: BrakedHost;
  let untouched: string[];
  beforeAll(async () => {
    lab = await labUp({
      hosts: [mxHost("mx1", 11, { submission: true }), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    mx = await BrakedHost.on(lab.host("mx1"));
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

  interface Row {
    match: string;
    /** Sessions that the brake means, and sessions that it doesn't. */
    meant: (lab: Lab) => Partial<SmtpTalk>[];
    spared: (lab: Lab) => Partial<SmtpTalk>[];
    reply: string;
  }
  const to = (address: string): Partial<SmtpTalk> => ({ recipients: [address] });
  const rows: Row[] = [
    {
      match: "all",
      // this machine is in mynetworks
      meant: ({ clientAddresses }) => [
        to(recipient),
        { ...to(recipient), from: clientAddresses[0] ?? "" },
        { ...to(recipient), sender: "" },
      ],
      spared: () => [],
      reply: "Client host rejected",
    },
    {
      match: "client:ADDRESS",
      meant: ({ clientAddresses }) => [{ ...to(recipient), from: clientAddresses[0] ?? "" }],
      spared: ({ clientAddresses }) => [to(recipient), { ...to(recipient), from: clientAddresses[1] ?? "" }],
      reply: "Client host rejected",
    },
    {
      match: "client:NETWORK",
      meant: ({ clientAddresses }) => clientAddresses.map((from) => ({ ...to(recipient), from })),
      spared: () => [to(recipient)],
      reply: "Client host rejected",
    },
    {
      match: "helo:Loud.Example",
      meant: () => [{ ...to(recipient), helo: "loud.example" }],
      spared: () => [to(recipient), { ...to(recipient), helo: "quiet.example" }],
      reply: "Helo command rejected",
    },
    {
      match: "sender:Alice@news.example",
      meant: () => [
        { ...to(recipient), sender: "alice@news.example" },
        { ...to(recipient), sender: "ALICE@News.Example" },
      ],
      spared: () => [
        { ...to(recipient), sender: "bob@news.example" },
        { ...to(recipient), sender: "" },
      ],
      reply: "Sender address rejected",
    },
    {
      match: "sender:news.example",
      meant: () => [
        { ...to(recipient), sender: "alice@news.example" },
        { ...to(recipient), sender: "x@daily.news.example" },
      ],
      spared: () => [
        { ...to(recipient), sender: "alice@goodnews.example" },
        { ...to(recipient), sender: "" },
      ],
      reply: "Sender address rejected",
    },
    {
      match: "sender:<>",
      meant: () => [{ ...to(recipient), sender: "" }],
      spared: () => [{ ...to(recipient), sender: "a@b.example" }],
      reply: "Sender address rejected",
    },
    {
      match: "recipient:someone@lab.example",
      meant: () => [to(recipient), { recipients: ["other@lab.example", recipient] }],
      spared: () => [to("other@lab.example")],
      reply: "Recipient address rejected",
    },
    {
      match: "recipient:lab.example",
      meant: () => [to(recipient), to("other@lab.example")],
      spared: () => [to("someone@partner.example")],
      reply: "Recipient address rejected",
    },
  ];
  const matchIn = (match: string): string =>
    match
      .replace("ADDRESS", lab.clientAddresses[0] ?? "")
      .replace("NETWORK", `${lab.subnet.split(".").slice(0, 3).join(".")}.96/27`);

  describe.each(rows)("$match", ({ match, meant, spared, reply }) => {
    it.each([
      { effect: "tempfail", code: "450 4.7.1", words: "Mail is paused here, please try again later" },
      { effect: "reject", code: "554 5.7.1", words: "Not accepted here" },
    ])("$effect is seen by those it means and by no one else", async ({ effect, code, words }) => {
      const app = await mx.brake({ effect, match: matchIn(match) });
      const wanted = new RegExp(`^${code} <.*>: ${reply}: ${words} \\(ref ${app}\\)$`);
      for (const talk of meant(lab)) await mx.settles(talk, wanted);
      for (const talk of spared(lab)) expect((await mx.talk(talk)).recipients.at(-1)).toMatch(open);
      await mx.lift(app);
      for (const talk of meant(lab)) await mx.settles(talk, open);
      await mx.expectClean(untouched);
    });

    it.each(["discard", "hold"])(
      "%s takes what it means, and only that arrives which it doesn't mean",
      async (effect) => {
        await lab.sink.reset();
        const app = await mx.brake({ effect, match: matchIn(match) });
        await new Promise((resolve) => setTimeout(resolve, 300));
        const all = [
          ...meant(lab).map((talk) => ({ talk, taken: true })),
          ...spared(lab).map((talk) => ({ talk, taken: false })),
        ];
        for (const [number, { talk, taken }] of all.entries()) {
          const { recipients = [] } = talk;
          const seen = await mx.talk({
            ...talk,
            recipients: recipients.slice(-1),
            subject: `numbered message ${number + 1}`,
          });
          expect(seen.answers.DATA, JSON.stringify({ talk, taken })).toMatch(/^250 2\.0\.0 Ok: queued/);
        }
        const sparedCount = spared(lab).length;
        await lab.sink.waitFor(sparedCount, 30);
        const held = await mx.host.shell("find /var/spool/postfix/hold -type f | wc -l");
        expect(held.stdout.trim()).toBe(effect === "hold" ? String(meant(lab).length) : "0");
        expect(await mx.lift(app)).toBe(effect === "hold" ? meant(lab).length : 0);
        const arrived = await lab.sink.waitFor(effect === "hold" ? all.length : sparedCount, 30);
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect([...(await lab.sink.received()).entries()].sort(([a], [b]) => a - b)).toEqual(
          all.flatMap(({ taken }, index) => (taken && effect === "discard" ? [] : [[index + 1, 1]])),
        );
        expect(arrived.size).toBe(effect === "hold" ? all.length : sparedCount);
        await mx.expectClean(untouched);
      },
    );
  });

  it("says one's own text, whatever is in it", async () => {
    const text = `50% off! "quoted" $HOME \`id\` #not a comment; {a} 'b' \\ <c> 450 x`;
    const app = await mx.brake({ effect: "reject", match: "all", text });
    const seen = await mx.settles(to(recipient), /ref/);
    expect(seen.recipients[0]).toContain(`Client host rejected: ${text} (ref ${app})`);
    await mx.lift(app);
    await mx.expectClean(untouched);
  });

  it("trap: of two equal keys in a table the first counts, with a warning alone: the milder of two brakes answers, of two alike the newer, and lifting one leaves the other exactly", async () => {
    const reject = await mx.brake({ effect: "reject", match: "all" });
    const tempfail = await mx.brake({ effect: "tempfail", match: "sender:a@b.example" });
    const again = await mx.brake({ effect: "tempfail", match: "sender:a@b.example", text: "Second" });
    const sender: Partial<SmtpTalk> = { ...to(recipient), sender: "a@b.example" };
    await mx.settles(sender, new RegExp(`^450 .*Second \\(ref ${again}\\)`));
    await mx.settles(to(recipient), new RegExp(`^554 .*\\(ref ${reject}\\)`));
    await mx.lift(again);
    await mx.settles(sender, new RegExp(`^450 .*\\(ref ${tempfail}\\)`));
    await mx.lift(reject);
    await mx.settles(to(recipient), open);
    await mx.settles(sender, new RegExp(`^450 .*\\(ref ${tempfail}\\)`));
    await mx.lift(tempfail);
    await mx.settles(sender, open);
    await mx.expectClean(untouched);
  });

  it("trap: DISCARD drops the whole message: discarding for one recipient takes nothing from the others of the same message", async () => {
    await lab.sink.reset();
    const app = await mx.brake({ effect: "discard", match: "recipient:gone@lab.example" });
    await mx.settles({ recipients: ["gone@lab.example", "kept@lab.example"] }, /^452 4\.5\.3 /);
    const gone = await mx.talk({ recipients: ["gone@lab.example", "kept@lab.example"], subject: "numbered message 1" });
    expect(gone.recipients).toEqual([expect.stringMatching(open), expect.stringMatching(/^452 4\.5\.3 /)]);
    expect((await mx.talk({ recipients: ["kept@lab.example"], subject: "numbered message 2" })).answers.DATA).toMatch(
      /^250/,
    );
    expect([...(await lab.sink.waitFor(1, 30)).keys()]).toEqual([2]);
    await mx.lift(app);
    await mx.settles({ recipients: ["gone@lab.example", "kept@lab.example"] }, open);
    await mx.expectClean(untouched);
  });

  it("trap: postsuper -H ALL releases all: what two holds mean waits for both, and the admin's own stays held", async () => {
    await lab.sink.reset();
    const bySender = await mx.brake({ effect: "hold", match: "sender:a@b.example" });
    const byRecipient = await mx.brake({ effect: "hold", match: "recipient:someone@lab.example" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const send = async (number: number, sender: string, address: string): Promise<string> => {
      const seen = await mx.talk({ sender, recipients: [address], subject: `numbered message ${number}` });
      return /queued as (\S+)/.exec(seen.answers.DATA ?? "")?.[1] ?? "";
    };
    await send(1, "a@b.example", recipient);
    await send(2, "a@b.example", "other@lab.example");
    await send(3, "c@d.example", recipient);
    await send(4, "a@b.example", "third@lab.example");
    // the admin holds one by hand that no brake means
    const pause = await mx.brake({ point: "delivery", effect: "pause", match: "all" });
    const own = await send(5, "c@d.example", "other@lab.example");
    await mx.host.exec(["postsuper", "-h", own]);
    await mx.lift(pause);
    expect(own).not.toBe("");
    expect(await mx.lift(bySender)).toBe(2);
    expect([...(await lab.sink.waitFor(2, 30)).keys()].sort()).toEqual([2, 4]);
    expect(await mx.lift(byRecipient)).toBe(2);
    expect([...(await lab.sink.waitFor(4, 30)).keys()].sort()).toEqual([1, 2, 3, 4]);
    const { stdout } = await mx.host.shell("find /var/spool/postfix/hold -type f -printf '%f '");
    expect(stdout.trim()).toBe(own);
    await mx.host.exec(["postsuper", "-d", own]);
    await mx.expectClean(untouched);
  });

  it("trap: an override in master.cf hides main.cf: submission is braked like any other, and the SMTP port is not", async () => {
    const talk: Partial<SmtpTalk> = { ...to(recipient), port: 587 };
    const app = await mx.brake({ point: "listener:submission/inet", effect: "tempfail", match: "all" } satisfies Brake);
    await mx.settles(talk, new RegExp(`^450 4\\.7\\.1 .*\\(ref ${app}\\)`));
    const before = [`AUTH PLAIN ${Buffer.from("\0bob@lab.example\0bob-of-the-lab").toString("base64")}`];
    const signedIn = await mx.talk({ ...talk, before });
    expect(signedIn.answers.AUTH).toMatch(/^235 /);
    expect(signedIn.recipients[0]).toMatch(new RegExp(`^450 4\\.7\\.1 .*\\(ref ${app}\\)`));
    expect((await mx.talk(to(recipient))).recipients[0]).toMatch(open);
    await mx.lift(app);
    await mx.settles({ ...talk, before }, open);
    await mx.expectClean(untouched);
  });
});
