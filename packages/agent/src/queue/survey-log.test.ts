import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { QueuePartHost } from "../queue-part-host.ts";
import { shellsAndAwks } from "../scratch-host.ts";

const host = new QueuePartHost();
const log = `${host.scratch.config}/log`;
afterAll(() => host.scratch.remove());

/** Two hours east of Greenwich, in POSIX's words. */
const TZ = "EET-2";
const at = (text: string) => Date.parse(`${text}+02:00`) / 1000;
const reading = (mta: string) => `fake_queue_log() { QUEUE_LOG=$MB_TEST_CONFIG/log; }
fake_queue_logline() { QUEUE_AWK_LOGLINE=$${mta.toUpperCase()}_AWK_LOGLINE; }
driver_of fake:/x`;

interface Joined {
  at: number;
  id: string;
  sender: string;
  recipient: string;
  client: string;
  status: string;
  detail: string;
}

async function survey(mta: string, lines: readonly string[], options: { shell?: string; awk?: string } = {}) {
  writeFileSync(log, `${lines.join("\n")}\n`, "latin1");
  const run = await host.run(`${reading(mta)}\nSURVEY_ID=1 SURVEY_ROWS=20\nexport SURVEY_ID SURVEY_ROWS\nsurvey_log`, {
    ...options,
    environment: { TZ },
  });
  expect(run.standardError).toBe("");
  const [rates, joined] = run.lines.map((line) => JSON.parse(line));
  return { rates: rates?.rates, joined: joined?.joined as Joined[] };
}

const day = "2026-11-20";
const exim = [
  "a line that a rotation cut => x@y",
  `${day} 15:00:00 1vMabc-000001-AA <= loud@spam.example H=(c.example) [192.0.2.7]:1234 P=esmtp S=400 id=x@y`,
  `${day} 14:00:01.250 +0100 [77] 1vMabd-00000000001-AAAA <= <> H=mx.example ([10.9.9.9]) [2001:db8::7] P=esmtps X=TLS1.3 S=4`,
  `${day} 15:00:02 1vMabc-000001-AA == a@lab.example R=smarthost T=remote_smtp defer (-44) H=sink [10.0.0.50]: SMTP error from remote mail server after RCPT TO:<a@lab.example>: 450 rejected for now`,
  `${day} 15:00:03 1vMabc-000001-AA => b <b@lab.example> R=smarthost T=remote_smtp H=sink [10.0.0.50] C="250 2.0.0 Ok: \\"x\\" queued" QT=1s`,
  `${day} 15:00:03 1vMabc-000001-AA -> "q r"@lab.example R=smarthost T=remote_smtp H=sink [10.0.0.50] C="250 ok"`,
  `${day} 15:00:03 1vMabc-000001-AA ** c@lab.example F=<loud@spam.example> R=smarthost T=remote_smtp H=sink [10.0.0.50]: 550 no`,
  `${day} 15:00:03 1vMabd-00000000001-AAAA ** d@lab.example: retry timeout exceeded`,
  `${day} 15:00:04 1vMabc-000001-AA H=sink [10.0.0.50]: SMTP error from remote mail server after MAIL FROM:<>: 451 rejected by x`,
  `${day} 15:00:04 1vMabe-000001-AA <= <> R=1vMabc-000001-AA U=Debian-exim P=local S=1`,
  `${day} 15:00:04 1vMabc-000001-AA Completed`,
  `${day} 15:00:05 H=(x) [192.0.2.9] F=<a@b> temporarily rejected RCPT <c@lab.example>: later`,
  `${day} 15:00:05 1vMabf-000001-AA H=(x) [192.0.2.9] F=<a@b> rejected after DATA: no`,
  `${day} 15:00:05 rejected EHLO from [192.0.2.9]: syntactically invalid argument(s): a b`,
  `${day} 15:00:05 Start queue run: pid=12`,
  `Nov 20 15:00:06 mx exim[12]: ${day} 15:00:06 1vMabg-000001-AA <= root@x.example U=root P=local S=3`,
  `${day}T13:00:07.1+00:00 mx exim4[12]: 1vMabg-000001-AA => |/bin/cat -x <root@x.example> R=pipe T=address_pipe`,
];
const postfix = [
  "ov 20 14:59:59 mx postfix/smtp[9]: cut off",
  "Nov 20 15:00:00 mx postfix/smtpd[1]: 4B1: client=c.example[192.0.2.7]",
  "Nov 20 15:00:00 mx postfix/qmgr[1]: 4B1: from=<loud@spam.example>, size=400, nrcpt=4 (queue active)",
  `${day}T13:00:01.250+00:00 mx postfix/submission/smtpd[1]: 4zXyBd2q1Qz9: client=mx.example[2001:db8::7], sasl_method=PLAIN`,
  "Nov 20 15:00:01 mx postfix/qmgr[1]: 4zXyBd2q1Qz9: from=<>, size=4, nrcpt=1 (queue active)",
  "Nov 20 15:00:02 mx postfix/smtp[2]: 4B1: to=<a@lab.example>, relay=sink[10.0.0.50]:25, delay=2, dsn=4.0.0, status=deferred (host sink said: 450 rejected for now)",
  'Nov 20 15:00:03 mx postfix/smtp[2]: 4B1: to=<b@lab.example>, orig_to=<b>, relay=sink[10.0.0.50]:25, dsn=2.0.0, status=sent (250 2.0.0 Ok: "x" queued)',
  'Nov 20 15:00:03 mx postfix/smtp[2]: 4B1: to=<"q r"@lab.example>, relay=sink[10.0.0.50]:25, dsn=2.0.0, status=sent (250 ok)',
  "Nov 20 15:00:03 mx postfix/smtp[2]: 4B1: to=<c@lab.example>, relay=sink[10.0.0.50]:25, dsn=5.0.0, status=bounced (550 no)",
  "Nov 20 15:00:03 mx postfix/error[2]: 4zXyBd2q1Qz9: to=<d@lab.example>, relay=none, dsn=4.4.7, status=expired (too old)",
  "Nov 20 15:00:04 mx postfix/qmgr[1]: 4B1: removed",
  "Nov 20 15:00:05 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.9]: 450 later",
  "Nov 20 15:00:05 mx postfix/cleanup[1]: 4B2: milter-reject: END-OF-MESSAGE from x[192.0.2.9]: 5.7.1 no",
  "Nov 20 15:00:05 mx postfix/smtpd[1]: 4B3: reject: RCPT from x[192.0.2.9]: 554 no",
  "Nov 20 15:00:05 mx dovecot: lmtp(1): 4B9: to=<z@lab.example>, status=sent (x)",
  "Nov 20 15:00:06 mx postfix/pickup[1]: 4B4: uid=0 from=<root@x.example>",
  "Nov 20 15:00:06 mx postfix/qmgr[1]: 4B4: from=<root@x.example>, size=3, nrcpt=1 (queue active)",
  "Nov 20 15:00:07 mx postfix/local[1]: 4B4: to=<root@x.example>, relay=local, dsn=2.0.0, status=sent (delivered to command)",
];
/** What both tell; details are each server's own words. */
const told = [
  ["15:00:02", "loud@spam.example", "a@lab.example", "192.0.2.7", "deferred", /450 rejected for now/],
  ["15:00:03", "loud@spam.example", "b@lab.example", "192.0.2.7", "delivered", /250 2\.0\.0 Ok: .*queued/],
  ["15:00:03", "loud@spam.example", '"q r"@lab.example', "192.0.2.7", "delivered", /250 ok/],
  ["15:00:03", "loud@spam.example", "c@lab.example", "192.0.2.7", "bounced", /550 no/],
  ["15:00:03", "", "d@lab.example", "2001:db8::7", "expired", /./],
  ["15:00:07", "root@x.example", "root@x.example", "", "delivered", /./],
] as const;

describe("a survey reads", () => {
  it.each(shellsAndAwks)("the logs of Postfix and Exim alike, under $shell and $awk", async (shellAndAwk) => {
    for (const [mta, lines] of [
      ["postfix", postfix],
      ["exim", exim],
    ] as const) {
      const { rates, joined } = await survey(mta, lines, shellAndAwk);
      expect([mta, rates]).toEqual([
        mta,
        {
          from: at(`${day}T15:00:00`),
          to: at(`${day}T15:00:07`),
          received: 3,
          delivered: 3,
          deferred: 1,
          bounced: 2,
          rejected: 3,
        },
      ]);
      expect(joined.map(({ detail: _detail, id: _id, ...rest }) => rest)).toEqual(
        told.map(([time, sender, recipient, client, status]) => ({
          at: at(`${day}T${time}`),
          sender,
          recipient,
          client,
          status,
        })),
      );
      joined.forEach((one, index) => {
        expect(one.detail).toMatch(told[index]?.[5] ?? /never/);
      });
    }
  });

  it("a line of December in January as of last year", async () => {
    const now = new Date();
    const tomorrow = new Date(now.getTime() + 3 * 86_400_000);
    const [, month = "", date = ""] = tomorrow.toUTCString().match(/, (\d\d) (\w{3})/) ?? [];
    const { rates } = await survey("postfix", [
      `${date} ${month.replace(/^0/, " ")} 12:00:00 mx postfix/pickup[1]: 4B4: uid=0 from=<root@x.example>`,
    ]);
    expect(rates.from).toBeLessThan(now.getTime() / 1000);
    expect(rates.from).toBeGreaterThan(now.getTime() / 1000 - 366 * 86_400);
  });

  it("the end alone of a log of ten gigabytes", async () => {
    const lines = Array.from(
      { length: 60_000 },
      (_, n) => `${day} 15:00:00 1vM${n}-000001-AA <= s${n}@spam.example H=(c.example) [192.0.2.7] P=esmtp S=400`,
    );
    writeFileSync(log, "");
    truncateSync(log, 10 * 1024 ** 3);
    appendFileSync(log, `${lines.join("\n")}\n`);
    const run = await host.run(
      `${reading("exim")}\nSURVEY_ID=1 SURVEY_ROWS=20\nexport SURVEY_ID SURVEY_ROWS\nsurvey_log`,
    );
    const { rates } = JSON.parse(run.lines[0] ?? "");
    expect(rates.received).toBe(`${lines.join("\n")}\n`.slice(-4_194_304).split("\n").length - 2);
  });
});

describe("what is new in a log", () => {
  const news = `${reading("exim")}
queue_log_find
look() { queue_log_new "$MB_TMP/new" 60; wc -l <"$MB_TMP/new" | tr -d ' ' >&3; tail -n 1 "$MB_TMP/new" >&3; }`;

  it.each(shellsAndAwks)("is told once, line by line, under $shell and $awk", async (shellAndAwk) => {
    // beyond what shells with 32 bits can count
    writeFileSync(log, "");
    truncateSync(log, 3 * 1024 ** 3 + 5);
    appendFileSync(log, "\n");
    const run = await host.run(
      `${news}
look
printf 'one\\ntwo\\nthr' >>"$QUEUE_LOG"; look
printf 'ee\\n' >>"$QUEUE_LOG"; look
look
mv "$QUEUE_LOG" "$QUEUE_LOG.1"; echo fresh >"$QUEUE_LOG"; look
: >"$QUEUE_LOG"; echo a >"$QUEUE_LOG"; look
awk 'BEGIN { for (i = 0; i < 100; i++) print "line " i }' >>"$QUEUE_LOG"; look
look`,
      shellAndAwk,
    );
    expect(run.standardError).toBe("");
    expect(run.lines).toEqual(["0", "2", "two", "1", "three", "0", "1", "fresh", "1", "a", "8", "line 7", "0"]);
  });
});
