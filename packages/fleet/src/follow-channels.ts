/**
 * The channels of `follow`: one for each request, so that two who watch two instances of a host don't wait for each other.
 * Guarantees: at most `maximumFollows` at once; a channel ends with its request, and a request that is given up ends its channel, by which the agent ends.
 * Fails: `lend` rejects with words for a person; nothing has been written then.
 */
import type { Client } from "ssh2";
import type { AgentChannel } from "./agent-channel.ts";
import { type ChannelSlot, createChannelSlot } from "./channel-slot.ts";
import type { FleetLimits } from "./limits.ts";

export interface FollowChannels {
  lend<T>(work: (channel: AgentChannel) => Promise<T>, signal?: AbortSignal): Promise<T>;
  close(why: string): void;
}

export function openFollowChannels(client: Client, limits: FleetLimits): FollowChannels {
  const open = new Set<ChannelSlot>();
  return {
    async lend(work, signal) {
      if (open.size >= limits.maximumFollows)
        throw new Error(`${limits.maximumFollows} instances of this host are being followed already`);
      const slot = createChannelSlot(client, limits, { onLost: () => {} });
      open.add(slot);
      const giveUp = () => slot.close("nobody follows any more");
      signal?.addEventListener("abort", giveUp, { once: true });
      if (signal?.aborted) giveUp();
      try {
        return await slot.lend(work);
      } finally {
        signal?.removeEventListener("abort", giveUp);
        slot.close("its request has ended");
        open.delete(slot);
      }
    },
    close(why) {
      for (const slot of open) slot.close(why);
    },
  };
}
