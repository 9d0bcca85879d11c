/**
 * The place of one channel on a session: opens it when it is first used, and again after it had to be closed or was not used for a while.
 * Guarantees: a channel is handed out only after its agent said hello; each opening ends within `channelTimeoutMs`; one opening at a time, shared by all who wait.
 * Fails: `use` rejects with words for a person; nothing has been written then.
 */
import type { Client, ClientChannel } from "ssh2";
import { type AgentChannel, createAgentChannel, greet } from "./agent-channel.ts";
import type { FleetLimits } from "./limits.ts";
import { seconds } from "./ssh-session.ts";

export interface ChannelSlot {
  use(): Promise<AgentChannel>;
  /** The same for one request; where the slot has an `idleCloseMs`, the channel is closed so long after the last one has ended. */
  lend<T>(work: (channel: AgentChannel) => Promise<T>): Promise<T>;
  close(why: string): void;
}

export interface ChannelSlotEvents {
  /** The channel had to be closed while the session goes on. `livedMs`: since its hello. */
  onLost(why: string, livedMs: number): void;
}

/** @param idleCloseMs absent: the channel is kept */
export function createChannelSlot(
  client: Client,
  limits: FleetLimits,
  events: ChannelSlotEvents,
  idleCloseMs?: number,
): ChannelSlot {
  let opening: Promise<AgentChannel> | null = null;
  let current: AgentChannel | null = null;
  let closedBecause: string | null = null;
  let lent = 0;
  let idle: NodeJS.Timeout | undefined;

  const openChannel = async (): Promise<AgentChannel> => {
    const deadline = Date.now() + limits.channelTimeoutMs;
    const stream = await execServe(client, limits.channelTimeoutMs);
    let helloAt: number | null = null;
    const channel = createAgentChannel(stream, limits, (why) => {
      if (current === channel) current = null;
      if (helloAt !== null && closedBecause === null) events.onLost(why, Date.now() - helloAt);
    });
    try {
      await greet(channel, Math.max(1, deadline - Date.now()));
      if (closedBecause !== null) throw new Error(closedBecause);
      helloAt = Date.now();
      current = channel;
      return channel;
    } catch (error) {
      channel.close("the agent was not usable");
      throw error;
    }
  };

  const use = () => {
    if (closedBecause !== null) return Promise.reject(new Error(closedBecause));
    if (current !== null) return Promise.resolve(current);
    opening ??= openChannel().finally(() => {
      opening = null;
    });
    return opening;
  };

  return {
    use,
    async lend(work) {
      lent++;
      clearTimeout(idle);
      try {
        return await work(await use());
      } finally {
        lent--;
        if (lent === 0 && idleCloseMs !== undefined && closedBecause === null)
          idle = setTimeout(() => current?.close("it was not used"), idleCloseMs);
      }
    },
    close(why) {
      clearTimeout(idle);
      closedBecause ??= why;
      current?.close(why);
    },
  };
}

/** The forced command decides what runs; the word `serve` is only for those who read sshd's log. */
function execServe(client: Client, timeoutMs: number): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const timer = setTimeout(() => {
      settled = true;
      reject(new Error(`sshd opened no channel within ${seconds(timeoutMs)}`));
    }, timeoutMs);
    try {
      client.exec("serve", (error, stream) => {
        clearTimeout(timer);
        if (settled) stream?.close();
        else if (error === undefined) resolve(stream);
        else reject(new Error(`sshd opened no channel: ${error.message}`));
      });
    } catch (error) {
      clearTimeout(timer);
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
