/** For tests: a host that keeps a journal and answers as docs/protocol.md says. The parts that need a real agent are tried on the lab. */
import {
  type AgentArguments,
  type AgentKey,
  type AgentVerb,
  agentFailureSchema,
  encodeRequest,
  finalAnswerSchemas,
  partialAnswerSchema,
} from "@mailbrake/contract";
import type { FleetResult } from "@mailbrake/fleet";
import { ScriptedQueue } from "./scripted-queue.ts";

export interface JournalEntry {
  values: AgentArguments;
  since: number;
  expires: number;
  origin: "server" | "local";
  drift: string[];
}
export interface EndedEntry {
  app: string;
  brake: string;
  how: "lifted" | "expired";
  at: number;
  by: string;
  reason: string;
  released: number;
}

export type ScriptedAnswer = { parts: object[]; final: object } | { error: string; message: string; field?: string };

export class ScriptedHost {
  readonly journal = new Map<string, JournalEntry>();
  readonly ended = new Map<string, EndedEntry>();
  /** What its one instance has queued. */
  readonly queue = new ScriptedQueue();
  readonly requests: { verb: AgentVerb; values: AgentArguments }[] = [];
  /** Answers instead of doing, once for each entry. */
  readonly refusals: { verb: AgentVerb; error: string; message: string }[] = [];
  /** The host's clock is ahead by so much. */
  skewSeconds = 0;
  held = 0;
  /** An earlier agent was killed half way, and this one has not repaired it yet. */
  dirty = false;
  #nextId = 1;

  now(): number {
    return Math.floor(Date.now() / 1_000) + this.skewSeconds;
  }

  /** Does what a line of the protocol asks; the line is encoded and read back first, so that nothing passes here that a wire would not carry. */
  handle<V extends AgentVerb>(verb: V, given: AgentArguments): FleetResult<V> {
    const id = String(this.#nextId++);
    const values = decodeLine(encodeRequest(id, verb, given));
    this.requests.push({ verb, values });
    this.expire();
    const answer = this.#answer(verb, values);
    if ("error" in answer)
      return {
        outcome: "refused",
        failure: agentFailureSchema.parse({ id, done: true, ok: false, ...answer }),
        parts: [],
      };
    const final = finalAnswerSchemas[verb].parse({ id, done: true, ok: true, ...answer.final });
    return {
      outcome: "answered",
      answer: final as Extract<FleetResult<V>, { outcome: "answered" }>["answer"],
      parts: answer.parts.map((part) => partialAnswerSchema.parse({ id, ...part })),
    };
  }

  expire(): void {
    for (const [app, entry] of this.journal)
      if (entry.expires !== 0 && entry.expires <= this.now())
        this.end(app, "expired", "", "its time ran out", entry.expires);
  }

  end(app: string, how: "lifted" | "expired", by: string, reason: string, at = this.now()): void {
    const entry = this.journal.get(app);
    if (entry === undefined) throw new Error(`${app} is not active`);
    this.journal.delete(app);
    const released = entry.values.effect === "hold" ? this.held : 0;
    this.ended.set(app, { app, brake: entry.values.brake ?? "", how, at, by, reason, released });
  }

  #answer(verb: AgentVerb, values: AgentArguments): ScriptedAnswer {
    const refusal = this.refusals.findIndex((one) => one.verb === verb);
    if (refusal >= 0) {
      const [{ error, message } = { error: "internal", message: "" }] = this.refusals.splice(refusal, 1);
      return { error, message };
    }
    switch (verb) {
      case "apply":
        return this.#apply(values);
      case "lift":
        return this.#lift(values);
      case "status":
        return this.#status();
      case "plan":
        return {
          parts: [{ step: { kind: "command", text: "postfix reload" } }],
          final: {
            reply: "450 4.7.1 …",
            loses: values.effect === "discard",
            cutsSessions: values.cut === "1",
            opens: [],
            notes: [],
          },
        };
      case "queue":
        return this.queue.answer(values);
      case "survey":
        return this.queue.survey(values);
      default:
        return { error: "unknown-verb", message: `this host has no ${verb}` };
    }
  }

  #apply(values: AgentArguments): ScriptedAnswer {
    const app = values.app ?? "";
    const ttl = Number(values.ttl ?? "0");
    const before = this.journal.get(app);
    const content = (entry: AgentArguments) =>
      JSON.stringify([
        entry.instance,
        entry.point,
        entry.effect,
        entry.match,
        entry.match2,
        entry.match3,
        entry.text,
        entry.cut,
      ]);
    if (before !== undefined && content(before.values) !== content(values))
      return { error: "conflict", message: "active with other content", field: "app" };
    const same = before !== undefined && before.values.ttl === values.ttl;
    if (!same)
      this.journal.set(app, {
        values,
        since: before?.since ?? this.now(),
        expires: ttl === 0 ? 0 : this.now() + ttl,
        origin: "server",
        drift: [],
      });
    this.ended.delete(app);
    const expires = this.journal.get(app)?.expires ?? 0;
    return {
      parts: [{ progress: "journal" }, { progress: "render" }],
      final: {
        outcome: same ? "already" : "applied",
        app,
        expires,
        readback: [{ what: "journal", value: app }],
        checked: [{ what: "it is there", ok: true, detail: "" }],
      },
    };
  }

  #lift(values: AgentArguments): ScriptedAnswer {
    const app = values.app ?? "";
    const before = this.ended.get(app);
    if (!this.journal.has(app) && before === undefined)
      return { error: "no-such-application", message: "no such application", field: "app" };
    const outcome = this.journal.has(app) ? "lifted" : "already";
    if (outcome === "lifted") this.end(app, "lifted", values.by ?? "", values.reason ?? "");
    return {
      parts: [],
      final: { outcome, app, released: this.ended.get(app)?.released ?? 0, readback: [], checked: [] },
    };
  }

  #status(): ScriptedAnswer {
    const active = [...this.journal].map(([app, { values, since, expires, origin, drift }]) => ({
      application: {
        app,
        brake: values.brake ?? "",
        instance: values.instance ?? "",
        point: values.point ?? "",
        effect: values.effect ?? "",
        match: [values.match, values.match2, values.match3].filter((one) => one !== undefined),
        text: values.text ?? "",
        connections: 0,
        messages: 0,
        recipients: 0,
        cut: values.cut === "1",
        since,
        expires,
        by: values.by ?? "",
        reason: values.reason ?? "",
        origin,
        intact: drift.length === 0,
        drift,
        readback: [{ what: "journal", value: app }],
      },
    }));
    const ended = [...this.ended.values()].map((one) => ({ ended: one }));
    return { parts: [...active, ...ended], final: { time: this.now(), dirty: this.dirty, armed: [] } };
  }
}

function decodeLine(line: string): AgentArguments {
  const [, , ...pairs] = line.trimEnd().split(" ");
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at) as AgentKey, decodeURIComponent(pair.slice(at + 1))];
    }),
  );
}
