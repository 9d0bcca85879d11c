/** For tests: a fleet of scripted hosts, whose links can be cut and whose answers can be held back or lost at will. */
import { type AgentVerb, partialAnswerSchema } from "@mailbrake/contract";
import type { Fleet, FleetResult, HostLink, RequestOptions } from "@mailbrake/fleet";
import { ScriptedHost } from "./scripted-host.ts";

interface Gate {
  verb: AgentVerb;
  /** The line is out; the host works when this resolves. */
  arrived: () => void;
  released: Promise<void>;
}

export class ScriptedFleet implements Fleet {
  readonly hosts = new Map<string, ScriptedHost>();
  readonly #links = new Map<string, HostLink>();
  readonly #listeners = new Set<(hostId: string, link: HostLink) => void>();
  readonly #gates = new Map<string, Gate[]>();
  readonly #losses = new Map<string, AgentVerb[]>();
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly managementAddress: string;
  /** Follows that are going on. */
  follows = 0;
  /** Each request takes so long at the host. */
  workMs = 0;

  constructor(managementAddress = "127.0.0.1") {
    this.managementAddress = managementAddress;
  }

  host(hostId: string): ScriptedHost {
    const host = this.hosts.get(hostId);
    if (host === undefined) throw new Error(`no host ${hostId}`);
    return host;
  }

  /** Connects a host at once, with the one given or a new one. */
  connect(hostId: string, host = this.hosts.get(hostId) ?? new ScriptedHost()): ScriptedHost {
    this.hosts.set(hostId, host);
    this.#setLink(hostId, {
      state: "connected",
      detail: "connected",
      nextAttemptAt: null,
      managementAddress: this.managementAddress,
    });
    return host;
  }

  cut(hostId: string): void {
    const detail = "no route to host";
    this.#setLink(hostId, { state: "unreachable", detail, nextAttemptAt: Date.now() + 5_000, managementAddress: null });
  }

  /** The next request of this verb waits at the host until it is let go. */
  hold(hostId: string, verb: AgentVerb): { arrived: Promise<void>; release: () => void } {
    let arrived: () => void = () => {};
    let release: () => void = () => {};
    const hasArrived = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#gates.set(hostId, [...(this.#gates.get(hostId) ?? []), { verb, arrived, released }]);
    return { arrived: hasArrived, release };
  }

  /** The host does the next request of this verb, and its answer is lost. */
  loseAnswer(hostId: string, verb: AgentVerb): void {
    this.#losses.set(hostId, [...(this.#losses.get(hostId) ?? []), verb]);
  }

  add(): void {}
  async remove(hostId: string): Promise<void> {
    this.#links.delete(hostId);
  }
  link(hostId: string): HostLink {
    return (
      this.#links.get(hostId) ?? {
        state: "unreachable",
        detail: "not enrolled",
        nextAttemptAt: null,
        managementAddress: null,
      }
    );
  }
  nudge(): void {}
  onLink(listener: (hostId: string, link: HostLink) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  async close(): Promise<void> {}

  request<V extends AgentVerb>(
    hostId: string,
    verb: V,
    values: Parameters<Fleet["request"]>[2],
    options: RequestOptions,
  ): Promise<FleetResult<V>> {
    const link = this.link(hostId);
    if (link.state !== "connected") return Promise.resolve({ outcome: "unreachable", detail: link.detail });
    options.onSent?.();
    if (verb === "follow") return this.#follow(hostId, options) as Promise<FleetResult<V>>;
    const key = `${hostId} ${options.channel ?? "control"}`;
    const work = (this.#queues.get(key) ?? Promise.resolve()).then(() => this.#work(hostId, verb, values));
    this.#queues.set(key, work);
    return work;
  }

  /** Ticks until the reader is gone or the link is; each follow for itself, as each has a channel of its own. */
  async #follow(hostId: string, { onPart, signal }: RequestOptions): Promise<FleetResult<"follow">> {
    this.follows += 1;
    try {
      for (;;) {
        if (signal?.aborted) return { outcome: "unknown", detail: "nobody follows any more" };
        if (this.link(hostId).state !== "connected") return { outcome: "unknown", detail: "the connection was lost" };
        onPart?.(partialAnswerSchema.parse({ id: "1", tick: this.host(hostId).queue.tick() }));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      this.follows -= 1;
    }
  }

  async #work<V extends AgentVerb>(
    hostId: string,
    verb: V,
    values: Parameters<Fleet["request"]>[2],
  ): Promise<FleetResult<V>> {
    const gates = this.#gates.get(hostId) ?? [];
    const gate = gates.find((one) => one.verb === verb);
    if (gate !== undefined) {
      this.#gates.set(
        hostId,
        gates.filter((one) => one !== gate),
      );
      gate.arrived();
      await gate.released;
    }
    await new Promise((resolve) => (this.workMs > 0 ? setTimeout(resolve, this.workMs) : setImmediate(resolve)));
    const result = this.host(hostId).handle(verb, values);
    const losses = this.#losses.get(hostId) ?? [];
    const loss = losses.indexOf(verb);
    if (loss >= 0) losses.splice(loss, 1);
    if (loss >= 0 || this.link(hostId).state !== "connected")
      return { outcome: "unknown", detail: "the connection was lost" };
    return result;
  }

  #setLink(hostId: string, link: HostLink): void {
    this.#links.set(hostId, link);
    for (const listener of this.#listeners) listener(hostId, link);
  }
}
