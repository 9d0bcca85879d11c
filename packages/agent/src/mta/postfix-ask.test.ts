import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { buildAgent } from "../build-agent.ts";

const work = mkdtempSync(join(tmpdir(), "mailbrake-postfix-ask-"));
const harness = join(work, "harness.sh");
const harnessPath = fileURLToPath(new URL("../../test/postfix-ask-harness.sh", import.meta.url));
writeFileSync(
  harness,
  buildAgent({ test: true, drivers: ["postfix"] }).replace(/^main "\$@"\n/m, () => readFileSync(harnessPath, "utf8")),
);
afterAll(() => rmSync(work, { recursive: true, force: true }));

const master = `smtp inet n - y - - smtpd
submission inet n - y - - smtpd
pickup unix n - y 60 1 pickup
smtp unix - - y - - smtp
anvil unix - - y - 1 anvil
`;
interface Question {
  main?: string;
  master?: string;
  point?: string;
  effect?: string;
  match?: string;
  numbers?: string;
  /** Lines of the journal before. */
  others?: string;
}
const line = (since: string, app: string, question: Question): string => {
  const { point = "listener:smtp/inet", effect = "tempfail", match = "all", numbers = "0\t0\t0" } = question;
  return `${since}\t${app}\t${app}\t${point}\t${effect}\t${match}\t\t\t\t${numbers}\t0\n`;
};

/** What `can` or `explain` says, a line each, fields parted by tabs. */
function ask(what: "can" | "explain", question: Question): string[] {
  const folder = mkdtempSync(join(work, "one-"));
  mkdirSync(join(folder, "tmp"));
  writeFileSync(join(folder, "main.cf"), question.main ?? "myhostname = mx.example\n");
  writeFileSync(join(folder, "master.cf"), question.master ?? master);
  writeFileSync(join(folder, "orders"), (question.others ?? "") + line("candidate", "NEW", question));
  return execFileSync("sh", [harness, what, folder], { encoding: "utf8" })
    .split("\n")
    .filter((text) => text !== "");
}

describe("what Postfix can't do exactly is refused, naming the nearest", () => {
  const postscreens = `smtp inet n - y - 1 postscreen
10.0.0.1:25 inet n - y - 1 postscreen
smtpd pass - - y - - smtpd
`;
  const throttle = { effect: "throttle", match: "client:192.0.2.1", numbers: "3\t0\t0" };
  it.each([
    {
      name: "two postscreens before one smtpd",
      question: { master: postscreens },
      code: "cannot",
      words: "10.0.0.1:25/inet hands over to the same smtpd",
    },
    {
      name: "a postscreen before nothing",
      question: { master: "smtp inet n - y - 1 postscreen\n" },
      code: "cannot",
      words: "close",
    },
    {
      name: "a service that is gone",
      question: { point: "listener:smtps/inet" },
      code: "no-such-point",
      words: "discover",
    },
    {
      name: "a service that the admin switched off",
      question: { main: "master_service_disable = submission.inet, smtp/inet\n" },
      code: "cannot",
      words: "switched off",
    },
    {
      name: "all inet services switched off",
      question: { main: "master_service_disable = inet\n" },
      code: "cannot",
      words: "switched off",
    },
    {
      name: "rates that count by another time",
      question: { ...throttle, main: "anvil_rate_time_unit = 30s\n" },
      code: "cannot",
      words: "anvil_rate_time_unit is 30s",
    },
    {
      name: "rates that anvil itself counts by another time",
      question: { ...throttle, master: master.replace("1 anvil", "1 anvil -o anvil_rate_time_unit=2m") },
      code: "cannot",
      words: "is 2m",
    },
    {
      name: "a pause where nothing may wait",
      question: { point: "delivery", effect: "pause", main: "maximal_queue_lifetime = 0\n" },
      code: "cannot",
      words: "bounces",
    },
    {
      name: "a key that a table takes for a comment",
      question: { match: "sender:#x@b.example" },
      code: "cannot",
      words: "nearest is its domain",
    },
    {
      name: "an address in brackets as HELO",
      question: { match: "helo:[192.0.2.1]" },
      code: "cannot",
      words: "nearest is client",
    },
    {
      name: "a limit below that of a throttle of all",
      question: { ...throttle, others: line("1", "OLD", { effect: "throttle", numbers: "5\t0\t0" }) },
      code: "conflict",
      words: "OLD",
    },
    {
      name: "a throttle of all above one of a client",
      question: { ...throttle, match: "all", numbers: "9\t0\t0", others: line("1", "OLD", throttle) },
      code: "conflict",
      words: "OLD",
    },
  ])("$name", ({ question, code, words }) => {
    const answers = ask("can", question);
    expect(answers).toHaveLength(1);
    expect(answers[0]?.split("\t")[0]).toBe(code);
    expect(answers[0]).toContain(words);
  });

  it.each([
    { name: "all doors open", question: {} },
    { name: "disabled services of other names", question: { main: "master_service_disable = smtp/unix, foo/inet\n" } },
    {
      name: "the same limit as a throttle of all",
      question: { ...throttle, others: line("1", "OLD", { effect: "throttle", numbers: "3\t0\t0" }) },
    },
    {
      name: "two throttles of all",
      question: { ...throttle, match: "all", others: line("1", "OLD", { effect: "throttle", numbers: "0\t7\t0" }) },
    },
    {
      name: "a throttle at another listener",
      question: {
        ...throttle,
        others: line("1", "OLD", { ...throttle, point: "listener:submission/inet", numbers: "8\t0\t0" }),
      },
    },
    { name: "a minute written as 1m", question: { ...throttle, main: "anvil_rate_time_unit = 1m\n" } },
  ])("not refused: $name", ({ question }) => {
    expect(ask("can", question)).toEqual([]);
  });
});

describe("what a person is told before", () => {
  it("the reply, and the doors that stay open", () => {
    expect(ask("explain", { effect: "reject", match: "sender:b.example" })).toEqual([
      "reply\t554 5.7.1 <SENDER>: Sender address rejected: Not accepted here (ref NEW)",
      "note\tMeans b.example and all names below it",
      "opens\tSessions open now go on as before until they end",
      "opens\tlistener:submission/inet of the same instance",
      "opens\tlocal: programs on the host that submit by sendmail(1)",
    ]);
  });
  it.each([
    { question: { effect: "discard" }, tells: "loses\t1" },
    { question: { effect: "close" }, tells: "cuts\t1" },
    { question: { point: "local" }, tells: "loses\t1" },
    { question: { effect: "reject", main: "soft_bounce = yes\n" }, tells: "note\tsoft_bounce" },
    { question: { main: "smtpd_delay_reject = no\n" }, tells: "note\tsmtpd_delay_reject is off" },
    {
      question: { effect: "throttle", numbers: "1\t0\t0", main: "mynetworks = 10.0.0.0/8\n" },
      tells: "note\tClients that smtpd_client_event_limit_exceptions (10.0.0.0/8)",
    },
    {
      question: { point: "delivery", effect: "pause", main: "maximal_queue_lifetime = 6h\n" },
      tells: "note\tMail older than maximal_queue_lifetime (6h)",
    },
  ])("$question: $tells", ({ question, tells }) => {
    expect(ask("explain", question).some((text) => text.startsWith(tells))).toBe(true);
  });
});
