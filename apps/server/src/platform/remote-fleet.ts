/** For crash tests: a fleet whose hosts are scripted in the parent process; requests go there over IPC. */
import type { AgentArguments, AgentVerb } from "@mailbrake/contract";
import type { Fleet, FleetResult, HostLink, RequestOptions } from "@mailbrake/fleet";

/** `O`: what the parent tells the slice under test to do. */
export type ParentMessage<O extends { order: string }> =
  | { answerTo: number; result: FleetResult<AgentVerb> }
  | { link: { hostId: string; link: HostLink } }
  | { order: "start" }
  | O;

export type ChildMessage =
  | { request: number; hostId: string; verb: AgentVerb; values: AgentArguments }
  | { did: string }
  | { failed: string };

export class RemoteFleet implements Fleet {
  readonly #send: (message: ChildMessage) => void;
  readonly #open = new Map<number, (result: FleetResult<AgentVerb>) => void>();
  readonly #links = new Map<string, HostLink>();
  readonly #listeners = new Set<(hostId: string, link: HostLink) => void>();
  #next = 1;

  constructor(send: (message: ChildMessage) => void) {
    this.#send = send;
  }
  answer({ answerTo, result }: { answerTo: number; result: FleetResult<AgentVerb> }): void {
    this.#open.get(answerTo)?.(result);
    this.#open.delete(answerTo);
  }
  setLink({ hostId, link }: { hostId: string; link: HostLink }): void {
    this.#links.set(hostId, link);
    for (const listener of this.#listeners) listener(hostId, link);
  }
  link(hostId: string): HostLink {
    return (
      this.#links.get(hostId) ?? {
        state: "connecting",
        detail: "connecting",
        nextAttemptAt: null,
        managementAddress: null,
      }
    );
  }
  request<V extends AgentVerb>(
    hostId: string,
    verb: V,
    values: AgentArguments,
    options: RequestOptions,
  ): Promise<FleetResult<V>> {
    return new Promise((resolve) => {
      const request = this.#next++;
      this.#open.set(request, resolve as (result: FleetResult<AgentVerb>) => void);
      this.#send({ request, hostId, verb, values });
      options.onSent?.();
    });
  }
  onLink(listener: (hostId: string, link: HostLink) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  add(): void {}
  async remove(): Promise<void> {}
  nudge(): void {}
  async close(): Promise<void> {}
}
