/**
 * Purpose: one `follow` at the agent for each instance that somebody watches, told to all who do.
 * Guarantees: nothing is asked of a host that nobody watches; the last one who leaves ends the agent's work; instances wait for nothing of each other.
 * Fails: `end` with the host's words, once for each watcher; the browser decides whether to ask again.
 */
import type { FollowTick } from "@mailbrake/contract";
import type { Fleet } from "@mailbrake/fleet";
import type { QueuesLimits } from "./queues-deps.ts";

export interface Watcher {
  tick(tick: FollowTick): void;
  end(why: string): void;
}

export interface FollowHub {
  /** Returns the way to leave. */
  watch(instance: { id: string; hostId: string; instance: string }, watcher: Watcher): () => void;
  close(): void;
}

interface Followed {
  watchers: Set<Watcher>;
  given: AbortController;
}

export function createFollowHub(fleet: Pick<Fleet, "request">, limits: QueuesLimits): FollowHub {
  const followed = new Map<string, Followed>();
  const timeoutMs = limits.followSeconds * 1_000 + 15_000;

  const run = async ({ id, hostId, instance }: Parameters<FollowHub["watch"]>[0], { watchers, given }: Followed) => {
    let why = "";
    while (why === "" && !given.signal.aborted) {
      const result = await fleet.request(
        hostId,
        "follow",
        { instance, seconds: String(limits.followSeconds) },
        {
          channel: "follow",
          timeoutMs,
          signal: given.signal,
          onPart(part) {
            if ("tick" in part) for (const watcher of [...watchers]) watcher.tick(part.tick);
          },
        },
      );
      if (result.outcome === "refused") why = result.failure.message || result.failure.error;
      else if (result.outcome !== "answered") why = result.detail;
      else await new Promise((resolve) => setTimeout(resolve, limits.followPauseMs));
    }
    if (followed.get(id)?.given === given) followed.delete(id);
    if (!given.signal.aborted) for (const watcher of [...watchers]) watcher.end(why);
  };

  return {
    watch(instance, watcher) {
      let entry = followed.get(instance.id);
      if (entry === undefined) {
        entry = { watchers: new Set(), given: new AbortController() };
        followed.set(instance.id, entry);
        void run(instance, entry);
      }
      const { watchers, given } = entry;
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        if (watchers.size > 0) return;
        given.abort();
        if (followed.get(instance.id)?.given === given) followed.delete(instance.id);
      };
    },
    close() {
      for (const { watchers, given } of followed.values()) {
        given.abort();
        for (const watcher of [...watchers]) watcher.end("The server is shutting down.");
      }
      followed.clear();
    },
  };
}
