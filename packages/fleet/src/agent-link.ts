/**
 * One host's connection: keeps it warm, with its channels `control` and `observe`, opens the others when they are used, and comes back by itself.
 * Guarantees: `connected` is said only after the agent has answered `hello` on the control channel; a request that was never written is `unreachable`, one that
 * was written and not answered is `unknown`; a changed host key ends all attempts. Shares nothing with other hosts.
 * Fails: with a state and words (`HostLink`), then tries again after 0.5 to 15 s; never by an exception.
 * Killed in the middle: the sockets close, and the host's sshd ends both agents.
 */
import type { AgentArguments, AgentVerb } from "@mailbrake/contract";
import { type ChannelSlot, createChannelSlot } from "./channel-slot.ts";
import type { FleetChannel, FleetHost, FleetResult, HostLink, RequestOptions } from "./fleet-contract.ts";
import { type FollowChannels, openFollowChannels } from "./follow-channels.ts";
import { backOffMs, type FleetLimits } from "./limits.ts";
import { openSshSession, SshFailure, type SshSession } from "./ssh-session.ts";

export interface AgentLinkOptions {
  host: FleetHost;
  privateKey: () => Promise<string | Buffer>;
  limits: FleetLimits;
  onChange: (link: HostLink) => void;
}

export interface AgentLink {
  link(): HostLink;
  nudge(): void;
  request<V extends AgentVerb>(verb: V, values: AgentArguments, options: RequestOptions): Promise<FleetResult<V>>;
  /** Resolves once the connection is closed and no attempt will follow. */
  close(why: string): Promise<void>;
}

/** A control channel that ends this often soon after its hello isn't worth keeping the session for. */
const quickLossesAllowed = 3;

/** Starts to connect at once. */
export function createAgentLink({ host, privateKey, limits, onChange }: AgentLinkOptions): AgentLink {
  const place = `${host.address} port ${host.port}`;
  const stopped = new AbortController();
  let stoppedBecause = "the connection was closed";
  let now: HostLink = {
    state: "connecting",
    detail: `connecting to ${place}`,
    nextAttemptAt: null,
    managementAddress: null,
  };
  let slots: (Record<Exclude<FleetChannel, "follow">, ChannelSlot> & { follow: FollowChannels }) | null = null;
  let wake: (() => void) | null = null;

  const tell = (link: HostLink) => {
    if (JSON.stringify(link) === JSON.stringify(now)) return;
    now = link;
    if (!stopped.signal.aborted) onChange(link);
  };

  /** Connects and stays until the connection is lost. @returns why it was lost; @throws SshFailure where there was none */
  const holdSession = async (): Promise<string> => {
    let key: string | Buffer;
    try {
      key = await privateKey();
    } catch (error) {
      throw new SshFailure("unreachable", `the control plane's own SSH key can't be read: ${wordsOf(error)}`);
    }
    const session = await openSshSession({
      ...host,
      ...limits,
      credentials: { privateKey: key },
      signal: stopped.signal,
    });
    try {
      return await serveSession(session);
    } finally {
      session.client.destroy();
    }
  };

  const serveSession = async ({ client, localAddress }: SshSession): Promise<string> => {
    let endSession: (why: string) => void = () => {};
    const ended = new Promise<string>((resolve) => {
      endSession = resolve;
    });
    client.on("error", (error: Error & { level?: string }) =>
      endSession(error.level === "client-timeout" ? "the host no longer answers" : error.message),
    );
    client.once("close", () => endSession("the connection was lost"));
    const stop = () => endSession(stoppedBecause);
    stopped.signal.addEventListener("abort", stop);

    let quickLosses = 0;
    const control: ChannelSlot = createChannelSlot(client, limits, {
      onLost(why, livedMs) {
        quickLosses = livedMs < limits.stableAfterMs ? quickLosses + 1 : 0;
        if (quickLosses > quickLossesAllowed) return endSession(`the agent ended ${quickLosses} times: ${why}`);
        tell({ ...now, detail: `control channel is being opened again: ${why}` });
        control.use().then(
          () => tell({ ...now, detail: "connected" }),
          (error: unknown) => endSession(wordsOf(error)),
        );
      },
    });
    const quiet = { onLost: () => {} };
    const observe = createChannelSlot(client, limits, quiet);
    const queues = createChannelSlot(client, limits, quiet, limits.idleCloseMs);
    const jobs = createChannelSlot(client, limits, quiet, limits.idleCloseMs);
    const follow = openFollowChannels(client, limits);
    try {
      const failed = await Promise.race([control.use().then(() => null), ended]);
      if (failed !== null) throw new SshFailure("unreachable", failed);
      slots = { control, observe, queues, jobs, follow };
      tell({ state: "connected", detail: "connected", nextAttemptAt: null, managementAddress: localAddress });
      observe.use().catch(() => {}); // warmed up only; whoever needs it is told then
      return await ended;
    } catch (error) {
      throw error instanceof SshFailure ? error : new SshFailure("unreachable", wordsOf(error), { cause: error });
    } finally {
      slots = null;
      const why = await Promise.race([ended, Promise.resolve("the connection was lost")]);
      for (const slot of [control, observe, queues, jobs, follow]) slot.close(why);
      stopped.signal.removeEventListener("abort", stop);
    }
  };

  const sleep = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => wake?.(), milliseconds);
      wake = () => {
        clearTimeout(timer);
        wake = null;
        resolve();
      };
    });

  const run = async () => {
    let failures = 0;
    while (!stopped.signal.aborted) {
      const startedAt = Date.now();
      let lostBecause: string;
      let longest = false;
      try {
        lostBecause = await holdSession();
        failures = Date.now() - startedAt >= limits.stableAfterMs ? 1 : failures + 1;
      } catch (error) {
        failures++;
        lostBecause = wordsOf(error);
        if (error instanceof SshFailure && error.reason === "key-changed") {
          tell({ state: "key-changed", detail: lostBecause, nextAttemptAt: null, managementAddress: null });
          return;
        }
        // sshd may count refused keys against our address; the longest wait keeps us below its limits.
        longest = error instanceof SshFailure && error.reason === "not-allowed";
      }
      if (stopped.signal.aborted) return;
      const waitMs = longest ? limits.backOffMaximumMs : backOffMs(failures, limits, Math.random());
      const unreachable = { state: "unreachable", managementAddress: null } as const;
      tell({ ...unreachable, detail: `${place}: ${lostBecause}`, nextAttemptAt: Date.now() + waitMs });
      await sleep(waitMs);
      if (stopped.signal.aborted) return;
      tell({ ...unreachable, detail: `${place}: ${lostBecause}; trying again`, nextAttemptAt: null });
    }
  };
  const running = run();

  return {
    link: () => now,
    nudge: () => wake?.(),
    async request(verb, values, options) {
      const slot = slots?.[options.channel ?? "control"];
      if (slot === undefined) return { outcome: "unreachable", detail: now.detail };
      let opened = false;
      try {
        return await slot.lend((channel) => {
          opened = true;
          return channel.request(verb, values, options);
        }, options.signal);
      } catch (error) {
        if (opened) throw error;
        return { outcome: "unreachable", detail: wordsOf(error) };
      }
    },
    async close(why) {
      stoppedBecause = why;
      stopped.abort();
      wake?.();
      await running;
    },
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
