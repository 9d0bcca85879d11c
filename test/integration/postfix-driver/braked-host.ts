/** A lab host with its agent and the steps that every driver test takes: brake, try, lift, compare. */
import type { AgentArguments } from "@mailbrake/contract";
import { expect } from "vitest";
import type { LabHost } from "../../lab/index.ts";
import { AgentOnHost } from "./agent-on-host.ts";
import { type SmtpAnswers, type SmtpTalk, smtpTalk } from "./smtp-talk.ts";

export const postfix = "postfix:/etc/postfix";
export const smtpListener = "listener:smtp/inet";
const settleLimitMs = 5_000;

export type Brake = Pick<AgentArguments, "effect" | "match"> & AgentArguments;

export class BrakedHost {
  readonly host: LabHost;
  readonly agent: AgentOnHost;
  #count = 0;

  private constructor(host: LabHost, agent: AgentOnHost) {
    this.host = host;
    this.agent = agent;
  }

  static async on(host: LabHost, under?: Parameters<typeof AgentOnHost.start>[1]): Promise<BrakedHost> {
    return new BrakedHost(host, await AgentOnHost.start(host, { drivers: ["postfix"], ...under }));
  }

  /** Applies a brake, expecting evidence without a flaw; gives the application's id (its reference is the same). */
  async brake(brake: Brake): Promise<string> {
    this.#count += 1;
    const app = `B${this.#count}`;
    const { final } = await this.agent.ask("apply", {
      app,
      brake: app,
      instance: postfix,
      point: smtpListener,
      ttl: "0",
      by: "test",
      reason: "test",
      ...brake,
    });
    expect(final.outcome).toBe("applied");
    expect(final.checked.filter((checked) => !checked.ok)).toEqual([]);
    expect(final.checked.length).toBeGreaterThan(0);
    return app;
  }

  /** Lifts it; gives how many held messages were released. */
  async lift(app: string): Promise<number> {
    const { final } = await this.agent.ask("lift", { app, by: "test", reason: "test" });
    expect(final.outcome).toBe("lifted");
    expect(final.checked.filter((checked) => !checked.ok)).toEqual([]);
    return final.released;
  }

  /** Lifts what a failed test left, so that the next starts clean. */
  async liftAll(): Promise<void> {
    const { parts } = await this.agent.ask("status");
    for (const part of parts) {
      if ("application" in part)
        await this.agent.ask("lift", { app: part.application.app, by: "test", reason: "left" });
    }
  }

  /** What an SMTP client sees, from this machine unless `from` says another of its addresses. */
  async talk(talk: Partial<SmtpTalk>): Promise<SmtpAnswers> {
    return await smtpTalk({ address: this.host.address, ...talk });
  }

  /** The answer to RCPT TO, once new sessions see it as `pattern`: a reload takes effect some milliseconds later. */
  async settles(talk: Partial<SmtpTalk>, pattern: RegExp): Promise<SmtpAnswers> {
    const started = Date.now();
    for (;;) {
      const seen = await this.talk(talk);
      const text = seen.recipients.at(-1) ?? seen.answers.MAIL ?? seen.banner;
      if (pattern.test(text)) return seen;
      if (Date.now() - started > settleLimitMs) throw new Error(`expected ${pattern}, saw: ${text}`);
    }
  }

  /** Every file under /etc that Postfix reads, by path, owner, mode and content. */
  async configuration(): Promise<string[]> {
    const { stdout } = await this.host.shell("ls -d /etc/postfix*");
    return await this.host.checksumTree(...stdout.trim().split("\n"));
  }

  /** Nothing of Mailbrake is left that Postfix could read. */
  async expectClean(before: readonly string[]): Promise<void> {
    expect(await this.configuration()).toEqual(before);
    const { stdout } = await this.host.shell(
      "find /var/lib/mailbrake/tables -type f; find /etc -name '*mailbrake-new*'",
    );
    expect(stdout).toBe("");
  }

  async stop(): Promise<void> {
    await this.agent.stop();
  }
}
