/** For tests: the queue of a scripted host, answering `queue` and `survey` as docs/protocol.md says. Selections are read by sender alone. */
import type { AgentArguments, FollowTick, QueuedMessage, QueueJob } from "@mailbrake/contract";
import type { ScriptedAnswer } from "./scripted-host.ts";

export class ScriptedQueue {
  messages: QueuedMessage[] = [];
  readonly jobs = new Map<string, QueueJob>();
  readonly #chosen = new Map<string, QueuedMessage[]>();
  readonly #backups = new Map<string, QueuedMessage[]>();
  /** How many starts have made a job. */
  started = 0;
  /** A running job does so many messages each time that it is asked about. */
  perQuestion = Number.POSITIVE_INFINITY;
  surveys = 0;

  fill(count: number, sender = (index: number) => `user${index}@good.test`): void {
    for (let index = 0; index < count; index++)
      this.messages.push({
        id: `Q${this.messages.length}`,
        queue: "deferred",
        held: "",
        size: 1_000,
        arrived: 1_700_000_000 + index,
        sender: sender(index),
        recipients: ["bob@lab.example"],
        recipientCount: 1,
        client: "192.0.2.7",
        reason: "connection refused",
      });
  }

  tick(): FollowTick {
    const counts = { received: 1, delivered: 0, deferred: 0, bounced: 0, rejected: 0 };
    return {
      time: Math.floor(Date.now() / 1_000),
      queues: [{ queue: "deferred", messages: this.messages.length }],
      ...counts,
    };
  }

  survey(_values: AgentArguments): ScriptedAnswer {
    this.surveys += 1;
    const messages = this.messages.length;
    return {
      parts: [
        { queues: [{ queue: "deferred", messages, bytes: messages * 1_000 }] },
        { ages: [{ queue: "deferred", olderThan: 432_000, messages }] },
        { top: { of: "sender", rows: [{ value: "user0@good.test", messages: 1, oldest: 1_700_000_000 }] } },
        { oldest: this.messages.slice(0, 1) },
        { rates: { from: 1, to: 2, received: 3, delivered: 2, deferred: 1, bounced: 0, rejected: 0 } },
        { joined: [] },
      ],
      final: { messages, complete: true, why: "", milliseconds: 12 },
    };
  }

  answer(values: AgentArguments): ScriptedAnswer {
    switch (values.op) {
      case "count": {
        const chosen = this.#select(values);
        const bytes = chosen.reduce((sum, { size }) => sum + size, 0);
        const final = { messages: chosen.length, bytes, oldest: chosen[0]?.arrived ?? 0, complete: true, why: "" };
        return { parts: [], final };
      }
      case "list": {
        const from = Number(values.after ?? "0");
        const until = from + Number(values.limit);
        const chosen = this.#select(values);
        const parts = chosen.slice(from, until).map((message) => ({ message }));
        return { parts, final: { next: until < chosen.length ? String(until) : "" } };
      }
      case "show": {
        const message = this.messages.find(({ id }) => id === values.message);
        if (message === undefined)
          return { error: "bad-value", field: "message", message: "no such message in the queue" };
        const parts = [{ message }, { header: { name: "Subject", value: "hello" } }];
        const text = values.body === "1" ? [{ text: "Hello, " }, { text: "Bob" }] : [];
        return { parts: [...parts, ...text], final: { truncated: false } };
      }
      case "start":
        return this.#start(values);
      case "job":
      case "stop": {
        const job = this.jobs.get(values.job ?? "");
        if (job === undefined)
          return { error: "bad-value", field: "job", message: `there is no job called ${values.job}` };
        if (values.op === "job") this.#work(job);
        else if (job.state === "running") this.#end(job, "stopped", `${values.by}: ${values.reason}`);
        return { parts: [], final: { job } };
      }
      default:
        return { error: "bad-value", field: "op", message: "no such op" };
    }
  }

  #select({ match = "" }: AgentArguments): QueuedMessage[] {
    if (!match.startsWith("sender:")) return [...this.messages];
    return this.messages.filter(({ sender }) => sender.endsWith(match.slice("sender:".length)));
  }

  #start(values: AgentArguments): ScriptedAnswer {
    const { job = "", action = "", of = "" } = values;
    const before = this.jobs.get(job);
    if (before !== undefined) return { parts: [], final: { outcome: "already", job, total: before.total } };
    const chosen = action === "restore" ? (this.#backups.get(of) ?? []) : this.#select(values);
    this.started += 1;
    this.#chosen.set(job, chosen);
    this.jobs.set(job, {
      job,
      action: action as QueueJob["action"],
      state: "running",
      total: chosen.length,
      done: 0,
      skipped: 0,
      failed: 0,
      rate: Number(values.rate ?? "0"),
      ceiling: Number(values.ceiling ?? "0"),
      deferrals: Number(values.deferrals ?? "0"),
      by: values.by ?? "",
      reason: values.reason ?? "",
      since: 1_700_000_000,
      ended: 0,
      why: "",
      backup: action === "delete" ? `/var/lib/mailbrake/backup/${job}` : "",
      of,
    });
    return { parts: [], final: { outcome: "started", job, total: chosen.length } };
  }

  #work(job: QueueJob): void {
    if (job.state !== "running") return;
    const chosen = this.#chosen.get(job.job) ?? [];
    for (const message of chosen.slice(job.done, job.done + this.perQuestion)) {
      if (job.action === "delete" || job.action === "bounce")
        this.messages = this.messages.filter((one) => one !== message);
      if (job.action === "delete") this.#backups.set(job.job, [...(this.#backups.get(job.job) ?? []), message]);
      if (job.action === "restore") this.messages.push({ ...message, held: job.job });
      if (job.action === "hold") message.held = job.job;
      if (job.action === "release") message.held = "";
      job.done += 1;
    }
    if (job.done >= chosen.length) this.#end(job, "done", "");
  }

  #end(job: QueueJob, state: "done" | "stopped", why: string): void {
    Object.assign(job, { state, why, ended: Math.floor(Date.now() / 1_000) });
  }
}
