/** A lab host with Sendmail and its agent, and the steps that every test of the Sendmail driver takes: brake, try, lift, compare. */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentArguments, Checked } from "@mailbrake/contract";
import { expect } from "vitest";
import type { Lab, LabHost, SendmailLayout } from "../../lab/index.ts";
import { labUp, sendmailHost } from "../../lab/index.ts";
import { AgentOnHost } from "../postfix-driver/agent-on-host.ts";
import { type SmtpAnswers, type SmtpTalk, smtpTalk } from "../postfix-driver/smtp-talk.ts";

export const layouts: SendmailLayout[] = ["mc", "cf"];
export const instance = "sendmail:/etc/mail/sendmail.cf";

/** A lab with one Sendmail host a layout, named after it, that trusts nobody but itself; and the sink. */
export async function sendmailLab(wanted: readonly SendmailLayout[] = layouts): Promise<Lab> {
  return await labUp({
    name: `sm-${process.pid}`,
    hosts: [
      ...wanted.map((sendmailLayout, index) =>
        sendmailHost(sendmailLayout, 15 + index, { sendmailLayout, trustedNetworks: "127.0.0.0/8" }),
      ),
      { name: "sink", role: "sink", layer: "postfix", octet: 50 },
    ],
  });
}

let messageCount = 0;

export class SendmailHost {
  readonly host: LabHost;
  readonly lab: Lab;
  readonly agent: AgentOnHost;
  #count = 0;

  private constructor(lab: Lab, host: LabHost, agent: AgentOnHost) {
    this.lab = lab;
    this.host = host;
    this.agent = agent;
  }

  static async on(
    lab: Lab,
    layout: SendmailLayout,
    under?: Parameters<typeof AgentOnHost.start>[1],
  ): Promise<SendmailHost> {
    const host = lab.host(layout);
    const agent = await AgentOnHost.start(host, { drivers: ["sendmail"], ...under });
    const sendmail = new SendmailHost(lab, host, agent);
    await agent.ask("discover");
    return sendmail;
  }

  /** The keys of an apply or a plan, by default for all at the listener on port 25. */
  request(brake: AgentArguments): AgentArguments & { app: string } {
    this.#count += 1;
    const app = `S${this.#count}`;
    return {
      app,
      brake: app,
      instance,
      point: "listener:25",
      match: "all",
      ttl: "0",
      by: "test",
      reason: "test",
      ...brake,
    };
  }

  /** Applies a brake, expecting evidence without a flaw; gives the application's id (its reference is the same). */
  async brake(brake: AgentArguments): Promise<string> {
    const request = this.request(brake);
    const { final } = await this.agent.ask("apply", request);
    expect(final.outcome).toBe("applied");
    expectWell(final.checked);
    return request.app;
  }

  /** Lifts it; gives how many held messages were released. */
  async lift(app: string): Promise<number> {
    const { final } = await this.agent.ask("lift", { app, by: "test", reason: "test" });
    expect(final.outcome).toBe("lifted");
    expectWell(final.checked);
    return final.released;
  }

  async liftAll(): Promise<void> {
    const { parts } = await this.agent.ask("status");
    for (const part of parts)
      if ("application" in part)
        await this.agent.ask("lift", { app: part.application.app, by: "test", reason: "left" });
  }

  async arm(op: "arm" | "disarm" = "arm"): Promise<void> {
    await this.agent.ask(op, { instance, by: "test", reason: "test" });
  }

  /** The application as status tells it. */
  async status(app: string) {
    const { parts } = await this.agent.ask("status", { app });
    for (const part of parts) if ("application" in part) return part.application;
    throw new Error(`no application ${app}`);
  }

  async talk(talk: Partial<SmtpTalk>): Promise<SmtpAnswers> {
    return await smtpTalk({ address: this.host.address, ...talk });
  }

  /** A session that stays open: gives what says a command and gives its answer. The socket ends with the function. */
  async session(act: (say: (command: string) => Promise<string>) => Promise<void>, port = 25): Promise<void> {
    const socket = connect({ host: this.host.address, port });
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const answer = async (): Promise<string> => {
      for (;;) {
        const next = await lines.next();
        if (next.done) return "closed";
        if (next.value[3] !== "-") return next.value;
      }
    };
    try {
      await answer();
      await act(async (command) => {
        socket.write(`${command}\r\n`);
        return await answer();
      });
    } finally {
      socket.destroy();
    }
  }

  /** The answer that decided: to the last recipient, or to what came before it. */
  async said(talk: Partial<SmtpTalk>): Promise<string> {
    const seen = await this.talk(talk);
    return seen.recipients.at(-1) ?? seen.answers.MAIL ?? seen.banner;
  }

  /** Sends one message, which must be taken; gives its Subject. */
  async send(talk: Partial<SmtpTalk>): Promise<string> {
    const subject = newSubject();
    const seen = await this.talk({ ...talk, subject });
    expect(seen.answers.DATA ?? JSON.stringify(seen)).toMatch(/^250/);
    return subject;
  }

  /** A program of the host submits one message by sendmail(1); gives its Subject. */
  async submit(sender: string): Promise<string> {
    const subject = newSubject();
    const to = "someone@lab.example";
    await this.shell(
      `printf 'Subject: ${subject}\\n\\nText.\\n' | su bob -c "/usr/sbin/sendmail -f '${sender}' ${to}"`,
    );
    return subject;
  }

  /** The recipients with whom it arrived in the sink, once `count` have; waits up to 20 s. */
  async arrived(subject: string, count = 1): Promise<string[]> {
    for (const started = Date.now(); ; await sleep(20)) {
      const found = await this.inSink(subject);
      if (found.length >= count || Date.now() - started > 20_000) return found;
    }
  }
  async inSink(subject: string): Promise<string[]> {
    const messages = await this.lab.sink.messages();
    return messages.filter((message) => message.subject === subject).flatMap((message) => message.recipients);
  }

  async shell(script: string): Promise<string> {
    return (await this.host.shell(script)).stdout.trim();
  }

  /** Ends the daemon and starts it with these words. */
  async restart(words = "/usr/sbin/sendmail-mta -bd -q10m -L sm-mta"): Promise<void> {
    await this.shell(
      `kill "$(head -n 1 /run/sendmail/mta/sendmail.pid)"; for i in $(seq 400); do ss -Hltn 'sport = :25' | grep -q . || break; sleep 0.05; done; ${words}; for i in $(seq 400); do ss -Hltn 'sport = :25' | grep -q . && break; sleep 0.05; done`,
    );
  }

  /** Changes sendmail.cf as its admin would, and takes it back after. */
  async edited(script: string, act: () => Promise<void>): Promise<void> {
    const cf = "/etc/mail/sendmail.cf";
    await this.shell(`cp -p ${cf} /tmp/kept.cf; ${script}`);
    try {
      await act();
    } finally {
      await this.liftAll();
      await this.shell(`cat /tmp/kept.cf > ${cf}`);
      await this.restart();
    }
  }

  /** The reasons of quarantined mail, a line each with how often. */
  async held(): Promise<string> {
    return await this.shell(
      "cd /var/spool/mqueue && find . -name 'hf*' -exec sed -n 's/^q//p' {} + | sort | uniq -c | awk '{ print $2 \"*\" $1 }'",
    );
  }

  /** How many messages wait, in the queue and in that of submission, apart from quarantine. */
  async queued(): Promise<string> {
    return await this.shell(
      "find /var/spool/mqueue /var/spool/mqueue-client -name 'qf*' | cut -d/ -f4 | sort | uniq -c | xargs",
    );
  }

  /** Every file that Sendmail's configuration is made of, by path, owner, mode and content. */
  async configuration(): Promise<string[]> {
    return await this.host.checksumTree("/etc/mail");
  }

  /** The configuration is as before, no rule asks for a brake, and nothing half written is left. */
  async expectClean(before: readonly string[]): Promise<void> {
    expect(await this.configuration()).toEqual(before);
    expect(await this.shell("find /var/lib/mailbrake/tables -type f -size +0; find /etc -name '*mailbrake-new*'")).toBe(
      "",
    );
  }
}

export function newSubject(): string {
  messageCount += 1;
  return `message ${messageCount} of ${process.pid}`;
}

function expectWell(checked: readonly Checked[]): void {
  expect(checked.filter((one) => !one.ok)).toEqual([]);
  expect(checked.length).toBeGreaterThan(1);
}
