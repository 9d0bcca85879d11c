import { afterAll, describe, expect, it } from "vitest";
import { QueuePartHost, streamLine } from "../queue-part-host.ts";
import { awks, shellsAndAwks } from "../scratch-host.ts";

const host = new QueuePartHost();
const now = Math.floor(Date.now() / 1000);
afterAll(() => host.scratch.remove());

const queue = [
  {
    id: "A1",
    sender: "Alice@Good.example",
    client: "192.0.2.1",
    recipients: ["x@a.example", "y@b.example"],
    arrived: now - 100,
    size: 10,
  },
  { id: "A2", sender: "bob@sub.good.example", client: "192.0.2.129", arrived: now - 200, size: 20, queue: "active" },
  { id: "A3", sender: "<>", client: "2001:db8::1", recipients: ["z@notgood.example"], arrived: now - 300, size: 30 },
  {
    id: "A4",
    sender: "eve@notgood.example",
    client: "2001:db8:0:1::5",
    held: "B1 J2",
    queue: "hold",
    arrived: now - 400,
    size: 40,
  },
  {
    id: "A5",
    sender: '"a@good.example"@evil.example',
    client: "::ffff:192.0.2.1",
    recipients: ["root", "host.good.example"],
    arrived: now - 500,
    size: 50,
  },
  {
    id: "A6",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's, which no shell may ever see
    sender: "$(touch${IFS}pwned)`id`@x.example",
    recipients: Array.from({ length: 3000 }, (_, n) => `u${n}@big.example`),
    arrived: now - 600,
    size: 60,
  },
].map(streamLine);

/** A selection and the ids that it means. */
const selections: [Record<string, string>, string][] = [
  [{}, "A1 A2 A3 A4 A5 A6"],
  [{ match: "all" }, "A1 A2 A3 A4 A5 A6"],
  [{ match: "sender:alice@good.EXAMPLE" }, "A1"],
  [{ match: "sender:good.example" }, "A1 A2"],
  [{ match: "sender:<>" }, "A3"],
  [{ match: "recipient:b.example" }, "A1"],
  [{ match: "recipient:good.example" }, ""],
  [{ match: "recipient:y@b.example" }, "A1"],
  [{ match: "recipient:u2999@BIG.example" }, "A6"],
  [{ match: "recipient:u299@ig.example" }, ""],
  [{ match: "recipient:example" }, "A1 A2 A3 A4 A6"],
  [{ match: "client:192.0.2.1" }, "A1 A5"],
  [{ match: "client:192.0.2.0/25" }, "A1 A5"],
  [{ match: "client:192.0.2.128/25" }, "A2"],
  [{ match: "client:192.0.0.0/14" }, "A1 A2 A5"],
  [{ match: "client:0.0.0.0/0" }, "A1 A2 A5"],
  [{ match: "client:2001:db8::/64" }, "A3"],
  [{ match: "client:2001:db8::/47" }, "A3 A4"],
  [{ match: "client:2001:db8:0:1::5" }, "A4"],
  [{ match: "sender:good.example", match2: "client:192.0.2.129" }, "A2"],
  [{ match: "sender:good.example", match2: "client:192.0.2.129", match3: "recipient:a.example" }, ""],
  [{ in: "hold" }, "A4"],
  [{ app: "J2" }, "A4"],
  [{ app: "J" }, ""],
  [{ older: "300" }, "A3 A4 A5 A6"],
  [{ younger: "250" }, "A1 A2"],
  [{ larger: "30", smaller: "50" }, "A3 A4"],
];

describe("which messages a selection means", () => {
  it.each(shellsAndAwks)("under $shell and $awk", async ({ shell, awk }) => {
    host.queue(queue);
    const keys = ["match", "match2", "match3", "in", "app", "older", "younger", "larger", "smaller"];
    const calls = selections
      .map(
        ([selection]) => `${keys.map((key) => `R_${key}='${selection[key] ?? ""}'`).join(" ")}
queue_selection && queue_through 'BEGIN { percent_setup(); select_setup() } stream_end() { next } selected() { printf "%s ", $1 } END { print WHOLE + 0 }' >&3`,
      )
      .join("\n");
    const run = await host.run(`driver_of fake:/x\nqueue_part_of || exit 9\n${calls}`, { shell, awk });
    expect(run.standardError).toBe("");
    expect(run.lines.map((line, index) => [selections[index]?.[0], line.replace(/ ?1$/, "")])).toEqual(selections);
  });
});

describe("count and list", () => {
  it.each(shellsAndAwks)(
    "pages give each message once, oldest first, under $shell and $awk",
    async ({ shell, awk }) => {
      let seed = 7;
      const random = (below: number) => {
        seed = (seed * 48271) % 2147483647;
        return seed % below;
      };
      const many = Array.from({ length: 2300 }, (_, n) => ({
        id: `M${n}`,
        arrived: now - 50 - random(40) * 13,
        size: n,
      }));
      host.queue(many.map(streamLine));
      const seen: string[] = [];
      for (let after = "", pages = 0; pages < 30; pages += 1) {
        const answers = await host.ask(
          { op: "list", limit: "100", ...(after === "" ? {} : { after }) },
          { shell, awk },
        );
        for (const answer of answers) if ("message" in answer) seen.push((answer.message as { id: string }).id);
        after = String(answers.at(-1)?.next);
        if (after === "") break;
      }
      const order = many.map((one) => `${one.arrived}:${one.id}`).sort();
      expect(seen).toEqual(order.map((key) => key.split(":")[1]));
      const [count] = await host.ask({ op: "count", match: "all" }, { shell, awk });
      expect(count).toMatchObject({
        ok: true,
        messages: 2300,
        bytes: (2299 * 2300) / 2,
        oldest: Math.min(...many.map((one) => one.arrived)),
        complete: true,
      });
    },
  );

  it.each(Object.keys(awks))("tells hostile values as JSON under %s", async (awk) => {
    host.queue([
      streamLine({
        id: "X1",
        sender: '"\\\\$(id)\u0001?"@x.example',
        recipients: ["a\u00ff@x.example", "<b>&'@x.example"],
        reason: 'said: 450 "no" \\n \u00c3\u00a9',
      }),
    ]);
    const answers = await host.ask({ op: "list", limit: "1" }, { awk });
    expect(answers[0]?.message).toMatchObject({
      sender: '"\\\\$(id)\u0001?"@x.example',
      recipients: ["a?@x.example", "<b>&'@x.example"],
      reason: 'said: 450 "no" \\n \u00e9',
    });
  });

  it("says of a queue that was cut short that it was", async () => {
    host.queue(queue, "!\tpostqueue took longer than 120 s");
    expect((await host.ask({ op: "count" }))[0]).toMatchObject({
      messages: 6,
      complete: false,
      why: "postqueue took longer than 120 s",
    });
    expect((await host.ask({ op: "list", limit: "5" }))[0]).toMatchObject({ ok: false, error: "internal" });
  });
});

describe("show", () => {
  it.each(shellsAndAwks)(
    "gives headers and the first 64 kB of the body under $shell and $awk",
    async ({ shell, awk }) => {
      host.queue(queue);
      host.message(
        `Subject: a\n\tb\nX-Empty:\nTo: "q\\" <x@y>\n\n${"\u0080".repeat(40_000)}\nline\r\n${"z\n".repeat(40_000)}`,
      );
      const answers = await host.ask({ op: "show", message: "A1", body: "1" }, { shell, awk });
      expect(answers.filter((one) => "header" in one).map((one) => one.header)).toEqual([
        { name: "Subject", value: "a\n\tb" },
        { name: "X-Empty", value: "" },
        { name: "To", value: '"q\\" <x@y>' },
      ]);
      const text = answers.flatMap((one) => ("text" in one ? [one.text as string] : [])).join("");
      expect(text.length).toBeGreaterThanOrEqual(65_530);
      expect(text.length).toBeLessThanOrEqual(65_540);
      expect(text.startsWith(`${"?".repeat(40_000)}\nline\nz\n`)).toBe(true);
      expect(answers.at(-1)).toMatchObject({ ok: true, truncated: true });
      expect(await host.ask({ op: "show", message: "nope", body: "0" }, { shell, awk })).toMatchObject([
        { error: "bad-value", field: "message" },
      ]);
    },
  );
});
