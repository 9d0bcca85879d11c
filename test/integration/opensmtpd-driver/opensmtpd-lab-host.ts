/** A lab host with OpenSMTPD and its agent, and the steps that every test of its driver takes: brake, try, lift, compare. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentArguments, Checked } from "@mailbrake/contract";
import { expect } from "vitest";
import { type Lab, type LabHost, labUp, opensmtpdHost } from "../../lab/index.ts";
import { AgentOnHost, type AgentSettings } from "../postfix-driver/agent-on-host.ts";
import { type SmtpAnswers, type SmtpTalk, smtpTalk } from "../postfix-driver/smtp-talk.ts";

/** A lab with one OpenSMTPD host that trusts nobody but itself; and the sink. */
export async function opensmtpdLab(): Promise<Lab> {
  return await labUp({
    hosts: [
      opensmtpdHost("mx", 14, { trustedNetworks: "127.0.0.0/8" }),
      { name: "sink", role: "sink", layer: "postfix", octet: 50 },
    ],
  });
}

let messageCount = 0;
let brakeCount = 0;

export class OpensmtpdLabHost {
  readonly lab: Lab;
  readonly host: LabHost;
  readonly instance = "opensmtpd:/etc/smtpd.conf";
  agent: AgentOnHost;

  private constructor(lab: Lab, host: LabHost, agent: AgentOnHost) {
    this.lab = lab;
    this.host = host;
    this.agent = agent;
  }

  static async on(lab: Lab, under?: AgentSettings): Promise<OpensmtpdLabHost> {
    const host = lab.host("mx");
    const mx = new OpensmtpdLabHost(lab, host, await AgentOnHost.start(host, { drivers: ["opensmtpd"], ...under }));
    await mx.agent.ask("discover");
    return mx;
  }

  /** The agent ends and another one starts, as after a lost connection. */
  async restartAgent(settings?: AgentSettings): Promise<void> {
    await this.agent.stop();
    this.agent = await AgentOnHost.start(this.host, { drivers: ["opensmtpd"], ...settings });
  }

  /** The block point of this port at the host's address. */
  point(port: number): string {
    return `listener:${this.host.address}:${port}`;
  }

  /** The keys of an apply or a plan, by default for all at the listener on port 25. */
  request(brake: AgentArguments): AgentArguments & { app: string } {
    brakeCount += 1;
    const app = `O${brakeCount}`;
    return {
      app,
      brake: app,
      instance: this.instance,
      point: this.point(25),
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

  /** Lifts it; gives how many messages were released. */
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

  /** The application as status tells it. */
  async status(app: string) {
    const { parts } = await this.agent.ask("status", { app });
    for (const part of parts) if ("application" in part) return part.application;
    throw new Error(`no application ${app}`);
  }

  async talk(talk: Partial<SmtpTalk>): Promise<SmtpAnswers> {
    return await smtpTalk({ address: this.host.address, tls: talk.port === 465, ...talk });
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

  /** The recipients with whom it arrived in the sink, once `count` have; waits up to 10 s. */
  async arrived(subject: string, count = 1): Promise<string[]> {
    for (const started = Date.now(); ; await sleep(20)) {
      const found = await this.inSink(subject);
      if (found.length >= count || Date.now() - started > 10_000) return found;
    }
  }
  async inSink(subject: string): Promise<string[]> {
    const messages = await this.lab.sink.messages();
    return messages.filter((message) => message.subject === subject).flatMap((message) => message.recipients);
  }

  async shell(script: string): Promise<string> {
    return (await this.host.shell(script)).stdout.trim();
  }

  /** Every file that smtpd's configuration is made of, by path, owner, mode and content. */
  async configuration(): Promise<string[]> {
    return await this.host.checksumTree("/etc/smtpd.conf", "/etc/smtpd");
  }

  /** The configuration is as before, nothing of ours is left that smtpd could read, and it runs with what is there. */
  async expectClean(before: readonly string[]): Promise<void> {
    expect(await this.configuration()).toEqual(before);
    expect(
      await this.shell(
        "find /var/lib/mailbrake/tables -mindepth 1; find /etc/smtpd.conf -newer /run/smtpd.pid; ls -A /var/lib/mailbrake/opensmtpd* 2>/dev/null || :",
      ),
    ).toBe("");
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
