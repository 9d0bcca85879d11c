/** For each kind of match: values to brake by, a session that each means, and one that differs from it in nothing else and must be spared. */
import type { Effect, MatchKind } from "@mailbrake/contract";
import type { SmtpTalk } from "../integration/postfix-driver/smtp-talk.ts";
import { type Lab, submissionLogin } from "../lab/index.ts";
import type { Subject } from "./subject.ts";

export interface MatchSample {
  kind: MatchKind;
  /** What is said of it in names and in the table: "sender", "sender domain". */
  label: string;
  match: string;
  meant: Partial<SmtpTalk>;
  /** Null where nothing at this block point is spared. */
  spared: Partial<SmtpTalk> | null;
}

export const recipient = "someone@lab.example";

/**
 * The samples of one kind, the plainest first. Clients of a throttle's samples are no others' (some mail systems count what came in the minute
 * before).
 */
export function matchSamples(kind: MatchKind, effect: Effect, lab: Lab, subject: Subject): MatchSample[] {
  const sample = (
    label: string,
    value: string,
    meant: Partial<SmtpTalk>,
    spared: Partial<SmtpTalk> | null,
  ): MatchSample => ({ kind, label, match: value === "" ? kind : `${kind}:${value}`, meant, spared });
  const counted = effect === "throttle";
  const [first = "", second = "", third = "", fourth = ""] = lab.clientAddresses.slice(counted ? 3 : 0);
  switch (kind) {
    case "all":
      return [sample("all", "", counted ? { from: fourth } : {}, null)];
    case "client": {
      const network = `${lab.subnet.split(".").slice(0, 3).join(".")}.96/27`;
      return [
        sample("client", first, { from: first }, { from: second }),
        sample("client network", network, { from: third }, { from: lab.machineAddress }),
      ];
    }
    case "helo":
      return [sample("helo", "loud.example", { helo: "loud.example" }, { helo: "quiet.example" })];
    case "sender":
      return [
        sample("sender", "alice@news.example", { sender: "alice@news.example" }, { sender: "bob@news.example" }),
        sample("sender domain", "news.example", { sender: "x@daily.news.example" }, { sender: "x@goodnews.example" }),
        sample("sender <>", "<>", { sender: "" }, { sender: "writer@outside.example" }),
      ];
    case "recipient":
      return [
        sample("recipient", recipient, { recipients: [recipient] }, { recipients: ["other@lab.example"] }),
        sample("recipient domain", "lab.example", { recipients: [recipient] }, { recipients: ["x@partner.example"] }),
      ];
    case "login":
      return [
        sample(
          "login",
          submissionLogin.user,
          { before: [authenticate(submissionLogin)] },
          { before: subject.otherLogin ? [authenticate(subject.otherLogin)] : [] },
        ),
      ];
  }
}

function authenticate({ user, password }: { user: string; password: string }): string {
  return `AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString("base64")}`;
}
