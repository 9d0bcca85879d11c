/** A lab host with queued mail and its agent, and the steps that every test of queue actions takes: look, start a job, wait for its end. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type AgentArguments,
  type AgentFailure,
  type QueueCount,
  type QueuedMessage,
  type QueueJob,
  queueCountSchema,
  queueFinalAnswerSchemas,
} from "@mailbrake/contract";
import type { Lab, LabHost } from "../../lab/index.ts";
import { AgentOnHost } from "../postfix-driver/agent-on-host.ts";

export interface Letter {
  sender: string;
  recipients: readonly string[];
  subject: string;
  /** Bytes of body, about. */
  size?: number;
}

/** So many letters, with their numbers as subjects: `name 0`, `name 1`… */
export function letters(count: number, of: (index: number) => Omit<Letter, "subject">, name: string): Letter[] {
  return Array.from({ length: count }, (_, index) => ({ ...of(index), subject: `${name} ${index}` }));
}

/** Sends all in one session from this address of the machine; throws unless every one was taken. */
export async function sendLetters(host: LabHost, from: string, letters: readonly Letter[]): Promise<void> {
  const lines = ["EHLO letters"];
  for (const letter of letters) {
    lines.push(
      `MAIL FROM:<${letter.sender}>`,
      ...letter.recipients.map((recipient) => `RCPT TO:<${recipient}>`),
      "DATA",
    );
    lines.push(
      `Subject: ${letter.subject}`,
      "",
      ...Array(Math.ceil((letter.size ?? 50) / 50)).fill("x".repeat(48)),
      ".",
    );
  }
  lines.push("QUIT", "");
  const said = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: host.address, port: 25, localAddress: from });
    let text = "";
    socket.setTimeout(60_000, () => socket.destroy(new Error("SMTP: timed out")));
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      // Exim takes what is sent ahead only after its greeting.
      if (text === "") socket.write(Buffer.from(lines.join("\r\n"), "latin1"));
      text += chunk.toString();
    });
    socket.on("close", () => resolve(text));
  });
  const taken = said.match(/^250 (2\.0\.0 Ok: queued|OK id=)/gm)?.length ?? 0;
  if (taken !== letters.length)
    throw new Error(`${taken} of ${letters.length} taken: ${said.split("\n").filter((line) => /^[45]/.test(line))[0]}`);
}

export class QueueHost {
  readonly host: LabHost;
  readonly lab: Lab;
  readonly instance: string;
  agent: AgentOnHost;
  #count = 0;

  private constructor(lab: Lab, host: LabHost, instance: string, agent: AgentOnHost) {
    this.lab = lab;
    this.host = host;
    this.instance = instance;
    this.agent = agent;
  }

  static async on(lab: Lab, name: string, instance: string): Promise<QueueHost> {
    const host = lab.host(name);
    const agent = await AgentOnHost.start(host);
    await agent.ask("discover");
    return new QueueHost(lab, host, instance, agent);
  }

  async shell(script: string): Promise<string> {
    return (await this.host.shell(script)).stdout.trim();
  }

  async count(selection: AgentArguments): Promise<QueueCount> {
    const { final } = await this.agent.ask("queue", { instance: this.instance, op: "count", ...selection });
    return queueCountSchema.parse(final);
  }

  /** All pages of a list, `limit` a page. */
  async list(selection: AgentArguments, limit = 100): Promise<QueuedMessage[]> {
    const messages: QueuedMessage[] = [];
    for (let after = ""; ; ) {
      const { parts, final } = await this.agent.ask("queue", {
        instance: this.instance,
        op: "list",
        limit: String(limit),
        ...(after === "" ? {} : { after }),
        ...selection,
      });
      for (const part of parts) if ("message" in part) messages.push(part.message);
      after = queueFinalAnswerSchemas.list.parse(final).next;
      if (after === "") return messages;
    }
  }

  request(action: string, selection: AgentArguments): AgentArguments & { job: string } {
    this.#count += 1;
    return {
      instance: this.instance,
      op: "start",
      job: `J${this.#count}`,
      action,
      by: "test",
      reason: "test",
      ...selection,
    };
  }

  async refusal(action: string, selection: AgentArguments): Promise<AgentFailure> {
    return await this.agent.refusal("queue", this.request(action, selection));
  }

  /** Starts a job; gives its name. */
  async start(action: string, selection: AgentArguments, agent = this.agent): Promise<string> {
    const request = this.request(action, selection);
    const { final } = await agent.ask("queue", request);
    queueFinalAnswerSchemas.start.parse(final);
    return request.job;
  }

  async job(job: string, op: "job" | "stop" = "job"): Promise<QueueJob> {
    const why = op === "stop" ? { by: "test", reason: "enough" } : {};
    const { final } = await this.agent.ask("queue", { instance: this.instance, op, job, ...why });
    return queueFinalAnswerSchemas[op].parse(final).job;
  }

  /** Waits for its end. Asking takes up a job whose runner was killed. */
  async ended(job: string, limitSeconds = 30): Promise<QueueJob> {
    for (const started = Date.now(); ; await sleep(100)) {
      const seen = await this.job(job);
      if (seen.state !== "running") return seen;
      if (Date.now() - started > limitSeconds * 1_000) throw new Error(`still running: ${JSON.stringify(seen)}`);
    }
  }

  /** Waits until its runner has left, at most 10 s. */
  async left(job: string): Promise<void> {
    for (const started = Date.now(); Date.now() - started < 10_000; await sleep(50))
      if ((await this.shell(`ls /var/lib/mailbrake/jobs/${job}/running 2>/dev/null || :`)) === "") return;
  }

  /** Start and end of a job that goes well. */
  async does(action: string, selection: AgentArguments, limitSeconds = 30): Promise<QueueJob> {
    return await this.ended(await this.start(action, selection), limitSeconds);
  }

  /** Starts a job whose runner is killed, with all that it started, at this crash point; gives its name once it is dead. */
  async startKilledAt(crashAt: string, action: string, selection: AgentArguments): Promise<string> {
    const agent = await AgentOnHost.start(this.host, { crashAt });
    const job = await this.start(action, selection, agent);
    await agent.stop();
    for (const started = Date.now(); ; await sleep(50)) {
      // not claimed yet reads 0:0
      const token = await this.shell(`cat /var/lib/mailbrake/jobs/${job}/running 2>/dev/null || echo none`);
      if (token === "none") throw new Error(`${job} was not killed at ${crashAt}: it ended`);
      if (token !== "0:0" && (await this.host.shell(`kill -0 ${token.split(":")[0]}`, { check: false })).exitCode !== 0)
        return job;
      if (Date.now() - started > 60_000) throw new Error(`${job} did not come to ${crashAt}`);
    }
  }

  /** How often each Subject arrived in the sink, once `count` messages have; waits up to two minutes. */
  async arrived(count: number, matching: RegExp): Promise<Map<string, number>> {
    for (const started = Date.now(); ; await sleep(100)) {
      const seen = new Map<string, number>();
      for (const message of await this.lab.sink.messages())
        if (matching.test(message.subject)) seen.set(message.subject, (seen.get(message.subject) ?? 0) + 1);
      if (seen.size >= count || Date.now() - started > 120_000) return seen;
    }
  }
}
