/**
 * One mail system under test: its lab, the agent's open channel, and SMTP from other machines. If the test is killed, the agent ends with its
 * input, and the next lab that comes up sweeps this one.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentArguments, DiscoveredPoint, PlanStep, ReportedApplication } from "@mailbrake/contract";
import { AgentOnHost } from "../integration/postfix-driver/agent-on-host.ts";
import { type SmtpAnswers, type SmtpTalk, smtpTalk } from "../integration/postfix-driver/smtp-talk.ts";
import { type ArrivedMessage, type Lab, type LabHost, labUp } from "../lab/index.ts";
import { recipient } from "./match-samples.ts";
import type { Subject } from "./subject.ts";

const waitLimitMs = 15_000;

export class Bench {
  readonly subject: Subject;
  readonly lab: Lab;
  readonly host: LabHost;
  readonly agent: AgentOnHost;
  /** The listener by which mail comes in that delivery brakes are tried with. */
  entry!: DiscoveredPoint;
  #subjectCount = 0;

  private constructor(subject: Subject, lab: Lab, agent: AgentOnHost) {
    this.subject = subject;
    this.lab = lab;
    this.host = lab.host(subject.host.name);
    this.agent = agent;
  }

  static async up(subject: Subject): Promise<Bench> {
    const name = `cf-${subject.title.replaceAll(" ", "-").slice(0, 18)}-${process.pid}`;
    const lab = await labUp({
      name,
      hosts: [subject.host, { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    try {
      const host = lab.host(subject.host.name);
      if (subject.prepare) await host.shell(subject.prepare);
      return new Bench(
        subject,
        lab,
        await AgentOnHost.start(host, { drivers: [subject.instance.replace(/:.*$/, "")] }),
      );
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  async down(): Promise<void> {
    try {
      await this.agent.stop();
    } finally {
      await this.lab.down();
    }
  }

  /** The block points of the subject's instance; listeners that others reach come first. */
  async points(): Promise<DiscoveredPoint[]> {
    const { parts } = await this.agent.ask("discover");
    const points = parts.flatMap((part) => ("point" in part ? [part.point] : []));
    const own = points.filter((point) => point.instance === this.subject.instance);
    return [...own.filter((point) => !onLoopback(point)), ...own.filter(onLoopback)];
  }

  async plan(order: AgentArguments) {
    const { parts, final } = await this.agent.ask("plan", order);
    const steps = parts.flatMap((part): PlanStep[] => ("step" in part ? [part.step] : []));
    return { ...final, steps };
  }

  /** The plan, or the driver's words where it can't do that exactly. */
  async planOrRefusal(order: AgentArguments) {
    try {
      return await this.plan(order);
    } catch (error) {
      const words = /^plan: cannot \S*: (.*)$/s.exec(error instanceof Error ? error.message : "")?.[1];
      if (words === undefined) throw error;
      return words;
    }
  }

  async status(app: string): Promise<ReportedApplication> {
    const { parts } = await this.agent.ask("status", { app });
    for (const part of parts) if ("application" in part) return part.application;
    throw new Error(`status knows no application ${app}`);
  }

  /** Lifts what a failed test left, so that the next one starts clean. */
  async liftAll(): Promise<void> {
    const { parts } = await this.agent.ask("status");
    for (const part of parts)
      if ("application" in part)
        await this.agent.ask("lift", { app: part.application.app, by: "test", reason: "left" });
  }

  /** What no brake may leave changed: a line a file, and the firewall. */
  async managedFiles(): Promise<string[]> {
    const { stdout } = await this.host.shell(`ls -d ${this.subject.managed.join(" ")}; echo; nft list ruleset`);
    const [folders = "", firewall = ""] = stdout.split("\n\n");
    return [...(await this.host.checksumTree(...folders.trim().split("\n"))), firewall.trim()];
  }

  async talk(point: DiscoveredPoint, talk: Partial<SmtpTalk>): Promise<SmtpAnswers> {
    const port = point.listens[0]?.port ?? 25;
    return await smtpTalk({ address: this.host.address, port, tls: port === 465, recipients: [recipient], ...talk });
  }

  /** Whether people log in there. */
  takesLogins(point: DiscoveredPoint): boolean {
    return point.listens.some((listens) => listens.port === (this.subject.loginPort ?? 587));
  }

  newSubject(): string {
    this.#subjectCount += 1;
    return `conformance ${this.#subjectCount} of ${process.pid}`;
  }

  /** Brings one message, which must be taken; gives its Subject and what was answered. */
  async send(point: DiscoveredPoint, talk: Partial<SmtpTalk>): Promise<{ subject: string; seen: SmtpAnswers }> {
    const subject = this.newSubject();
    const seen = await this.talk(point, { ...talk, subject });
    if (!seen.answers.DATA?.startsWith("250")) throw new Error(`was not accepted: ${JSON.stringify(seen)}`);
    return { subject, seen };
  }

  /** A program of a user of the host submits one message. */
  async submit(sender: string): Promise<{ subject: string; status: number; said: string }> {
    const subject = this.newSubject();
    const script = `printf 'Subject: %s\\n\\nText.\\n' "$1" | su bob -c "${this.subject.sendmail} -f '$2' ${recipient}"`;
    const result = await this.host.shell(script, { args: [subject, sender === "" ? "<>" : sender], check: false });
    return { subject, status: result.exitCode, said: `${result.stdout}${result.stderr}`.trim() };
  }

  /** What has come to the sink with this Subject, or one of these. */
  async inSink(subject: string | readonly string[]): Promise<ArrivedMessage[]> {
    return (await this.lab.sink.messages()).filter((message) => [subject].flat().includes(message.subject));
  }

  /** The text of the notice that came back for a message, once it is in the sink. */
  async bounceOf(subject: string, to: string): Promise<string> {
    const find =
      'cd /var/spool/sink; for file in $(grep -lF "Subject: $1" *); do grep -qF "X-Rcpt-Args: <$2>" "$file" && cat "$file"; done; :';
    let text = "";
    await this.until(`the notice about "${subject}" comes to ${to}`, async () => {
      text = (await this.lab.sink.host.shell(find, { args: [subject, to] })).stdout;
      return text !== "";
    });
    return text.replace(/\s+/g, " ");
  }

  /** Waits until it has come to the sink. */
  async arrives(subject: string): Promise<void> {
    await this.until(`"${subject}" arrives in the sink`, async () => (await this.inSink(subject)).length > 0);
  }

  async countHeld(): Promise<number> {
    return Number((await this.host.shell(this.subject.countHeld)).stdout);
  }
  async countQueued(): Promise<number> {
    return Number((await this.host.shell(this.subject.countQueued)).stdout);
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const started = Date.now(); !(await holds()); await sleep(20))
      if (Date.now() - started > waitLimitMs) throw new Error(`waited ${waitLimitMs / 1000} s in vain: ${what}`);
  }
}

/** Whether nobody but the host itself reaches it. */
export function onLoopback({ listens }: DiscoveredPoint): boolean {
  return listens.length > 0 && listens.every(({ address }) => /^(127\.|::1$)/.test(address));
}
