/** What a survey counts, of a queue that a test knows. */
import { afterAll, describe, expect, it } from "vitest";
import { QueuePartHost, streamLine } from "../queue-part-host.ts";
import { shellsAndAwks } from "../scratch-host.ts";

const host = new QueuePartHost();
afterAll(() => host.scratch.remove());

interface Row {
  value: string;
  messages: number;
  oldest: number;
}
interface Told {
  queues?: { queue: string; messages: number; bytes: number }[];
  ages?: { queue: string; olderThan: number; messages: number }[];
  top?: { of: string; rows: Row[] };
  oldest?: { id: string }[];
  messages?: number;
  complete?: boolean;
  why?: string;
}

async function survey(rows: number, options: { shell?: string; awk?: string; timeoutMilliseconds?: number } = {}) {
  const run = await host.run(
    `fake_queue_log() { QUEUE_LOG=; }
fake_queue_logline() { :; }
survey_strain() { STRAIN=; }
R_rows=${rows}
verb_survey || answer_failed`,
    options,
  );
  expect(run.standardError).toBe("");
  const told = run.lines.map((line) => JSON.parse(line) as Told);
  const top = Object.fromEntries(told.flatMap((line) => (line.top ? [[line.top.of, line.top.rows]] : [])));
  const part = <K extends keyof Told>(key: K) => told.find((line) => key in line && !("messages" in line))?.[key];
  return { top, queues: part("queues"), ages: part("ages"), oldest: part("oldest"), final: told.at(-1) };
}

describe("a survey", () => {
  it.each(shellsAndAwks)("counts by queue, age and value, under $shell and $awk", async (shellAndAwk) => {
    const now = Math.floor(Date.now() / 1000);
    host.queue(
      [
        {
          id: "A",
          queue: "active",
          sender: "x@A.example",
          recipients: ["p@q.example", "r@q.example"],
          arrived: now - 10,
          client: "192.0.2.1",
        },
        {
          id: "B",
          sender: "x@A.example",
          recipients: ["p@q.example"],
          arrived: now - 400,
          size: 7,
          client: "192.0.2.1",
          reason: 'no "route"',
        },
        {
          id: "C",
          sender: "y@a.example",
          recipients: ["p@Q.example"],
          arrived: now - 90_000,
          size: 8,
          reason: 'no "route"',
        },
        { id: "D", queue: "hold", held: "J1", sender: "<>", recipients: ["root"], arrived: now - 500_000, size: 9 },
      ].map(streamLine),
    );
    const { top, queues, ages, oldest, final } = await survey(2, shellAndAwk);
    expect(final).toMatchObject({ messages: 4, complete: true, why: "" });
    expect(queues).toHaveLength(3);
    expect(queues).toEqual(
      expect.arrayContaining([
        { queue: "active", messages: 1, bytes: 100 },
        { queue: "deferred", messages: 2, bytes: 15 },
        { queue: "hold", messages: 1, bytes: 9 },
      ]),
    );
    expect(ages).toHaveLength(4);
    expect(ages).toEqual(
      expect.arrayContaining([
        { queue: "active", olderThan: 0, messages: 1 },
        { queue: "deferred", olderThan: 300, messages: 1 },
        { queue: "deferred", olderThan: 86_400, messages: 1 },
        { queue: "hold", olderThan: 432_000, messages: 1 },
      ]),
    );
    expect(top.sender?.[0]).toEqual({ value: "x@A.example", messages: 2, oldest: now - 400 });
    expect(top.sender).toHaveLength(2);
    expect(top.senderDomain).toEqual([{ value: "a.example", messages: 3, oldest: now - 90_000 }]);
    expect(top.recipient?.[0]).toMatchObject({ value: "p@q.example", messages: 2 });
    // a message with two recipients of a domain counts once for it
    expect(top.recipientDomain).toEqual([{ value: "q.example", messages: 3, oldest: now - 90_000 }]);
    expect(top.client).toEqual([{ value: "192.0.2.1", messages: 2, oldest: now - 400 }]);
    expect(top.reason).toEqual([{ value: 'no "route"', messages: 2, oldest: now - 90_000 }]);
    expect(oldest?.map(({ id }) => id)).toEqual(["D", "C"]);
  });

  it("says why where the mail server did not tell all, and answers what it told", async () => {
    host.queue([streamLine({ id: "A" })], "!\tpostqueue took longer than 30 s");
    const { final, queues } = await survey(5);
    expect(final).toMatchObject({ messages: 1, complete: false, why: "postqueue took longer than 30 s" });
    expect(queues).toEqual([{ queue: "deferred", messages: 1, bytes: 100 }]);
  });

  it("of 250,000 messages from as many senders keeps the loud ones, and says that the rare are counted too low", async () => {
    const many = Array.from({ length: 250_000 }, (_, n) => ({
      id: `M${n}`,
      sender: n % 10 === 0 ? `loud${n % 3}@spam.example` : `u${n}@x.example`,
    }));
    host.queue(many.map(streamLine));
    const { top, final } = await survey(3, { timeoutMilliseconds: 120_000 });
    expect(final).toMatchObject({ messages: 250_000, complete: true, why: expect.stringContaining("too low") });
    expect(top.sender?.map(({ value }) => value).sort()).toEqual([0, 1, 2].map((n) => `loud${n}@spam.example`));
    for (const { messages } of top.sender ?? []) expect(Math.abs(messages - 8_333)).toBeLessThan(20);
    expect(top.recipient).toMatchObject([{ value: "to@lab.example", messages: 250_000 }]);
  }, 150_000);
});
