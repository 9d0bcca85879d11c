import { LabError } from "./lab-error.ts";
import type { LabHost } from "./lab-host.ts";

/** What to send: `count` messages numbered from `startNumber`. */
export interface Injection {
  /** "" is the null sender. */
  from: string;
  to: string;
  count: number;
  /** Default 1. */
  startNumber?: number;
}

/** The sender outside, as a source of numbered messages. */
export interface LabSender {
  readonly host: LabHost;
  /** Puts the messages into the sender's own queue; LabError unless it took them all. The number is in the Subject and the Message-ID. */
  inject(injection: Injection): Promise<void>;
  /** How many messages are in its queue, in whatever state. */
  queueCount(): Promise<number>;
  /** Makes it try everything in its queue now. */
  flush(): Promise<void>;
}

/** The Subject of a numbered message; `received` of the sink reads the number back from it. */
export function numberedSubject(messageNumber: number): string {
  return `numbered message ${messageNumber}`;
}

/** The number in a Subject written by `numberedSubject`, or undefined. */
export function numberInSubject(subject: string): number | undefined {
  const digits = /^numbered message (\d+)$/.exec(subject)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The sender of a lab. */
export function labSender(host: LabHost): LabSender {
  return {
    host,
    inject: async (injection) => {
      const { count, startNumber = 1 } = injection;
      const share = Math.ceil(count / parallelSessions);
      const sessions = Array.from({ length: parallelSessions }, (_, index) => ({
        ...injection,
        startNumber: startNumber + index * share,
        count: Math.min(share, count - index * share),
      }));
      await Promise.all(sessions.filter((session) => session.count > 0).map((session) => submit(host, session)));
    },
    queueCount: async () => {
      const folders = ["maildrop", "incoming", "active", "deferred", "hold"].map(
        (queue) => `/var/spool/postfix/${queue}`,
      );
      // A message may move on while find looks: a folder or file that is gone by then is no failure.
      const { stdout } = await host.exec(["find", ...folders, "-type", "f", "-printf", "%f\\n"], { check: false });
      return new Set(stdout.split("\n").filter((id) => id !== "")).size;
    },
    flush: async () => {
      await host.exec(["postqueue", "-f"]);
    },
  };
}

// By SMTP, as sendmail(1) costs a process for each message. smtpd reads ahead, so the whole session can be written at once.
const speakScript = "exec 3<>/dev/tcp/127.0.0.1/25 4<&0; cat <&4 >&3 & exec cat <&3";
// Each message is synced to disk; several sessions share that wait.
const parallelSessions = 8;

async function submit(host: LabHost, { from, to, count, startNumber }: Required<Injection>): Promise<void> {
  const lines = ["EHLO injector"];
  for (let messageNumber = startNumber; messageNumber < startNumber + count; messageNumber += 1) {
    const id = `${messageNumber}.${process.pid}.${Date.now()}@${host.fullName}`;
    lines.push(`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA");
    lines.push(`From: <${from || "MAILER-DAEMON"}>`, `To: <${to}>`, `Subject: ${numberedSubject(messageNumber)}`);
    lines.push(`Message-ID: <${id}>`, "", `This is message ${messageNumber}.`, ".");
  }
  lines.push("QUIT", "");
  const { stdout } = await host.exec(["bash", "-c", speakScript], { input: lines.join("\r\n"), timeoutSeconds: 120 });
  const taken = stdout.match(/^250 2\.0\.0 Ok: queued/gm)?.length ?? 0;
  if (taken !== count) {
    const refusals = stdout.split("\n").filter((line) => /^[45]/.test(line));
    throw new LabError(`${host.name} took ${taken} of ${count} messages: ${refusals.slice(0, 3).join(" | ")}`);
  }
}
