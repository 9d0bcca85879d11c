/**
 * Keeps the screen true: one EventSource to /api/events, whose events make cached answers old, and a heartbeat request beside it.
 * Guarantees: `live` is only claimed while the stream is open and something was heard in the last 25 s (freshness.ts). After every
 * reconnect all that is on screen is asked for again. EventSource reconnects by itself; where the server closed it for good, we open a new one.
 */
import { changeEventSchema, sessionViewSchema } from "@mailbrake/contract";
import type { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/api-error.ts";
import { get } from "../api/client.ts";
import { heartbeatMs, type LinkFacts } from "./freshness.ts";
import { staleKeys } from "./invalidation.ts";

const reopenMs = 3_000;
/** A burst of events (20 hosts answering at once) asks again once. */
const gatherMs = 80;

export interface LiveConnection {
  facts(): LinkFacts;
  subscribe(listener: () => void): () => void;
  close(): void;
}

export function openLiveConnection(queryClient: QueryClient): LiveConnection {
  let facts: LinkFacts = { streamOpen: false, answering: true, confirmedAt: null };
  let source: EventSource | undefined;
  let reopenTimer: ReturnType<typeof setTimeout> | undefined;
  let gatherTimer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  const gathered = new Map<string, readonly string[]>();
  const listeners = new Set<() => void>();

  const tell = (change: Partial<LinkFacts>) => {
    facts = { ...facts, ...change };
    for (const listener of listeners) listener();
  };
  const confirmed = () => {
    if (!facts.streamOpen) return;
    const wasAway = !facts.answering;
    tell({ answering: true, confirmedAt: Date.now() });
    if (wasAway) askAgain([[]]);
  };
  const askAgain = (keys: readonly (readonly string[])[]) => {
    for (const key of keys) gathered.set(JSON.stringify(key), key);
    gatherTimer ??= setTimeout(() => {
      gatherTimer = undefined;
      const all = [...gathered.values()];
      gathered.clear();
      for (const queryKey of all) void queryClient.invalidateQueries({ queryKey });
    }, gatherMs);
  };
  const open = () => {
    if (closed) return;
    source?.close();
    source = new EventSource("/api/events");
    source.onopen = () => {
      const first = facts.confirmedAt === null;
      tell({ streamOpen: true, answering: true, confirmedAt: Date.now() });
      if (!first) askAgain([[]]);
    };
    source.onerror = () => {
      tell({ streamOpen: false });
      if (source?.readyState === EventSource.CLOSED) {
        clearTimeout(reopenTimer);
        reopenTimer = setTimeout(open, reopenMs);
      }
    };
    source.addEventListener("change", (message) => {
      confirmed();
      const event = changeEventSchema.safeParse(safeJson(message.data));
      // An event of a newer server: we don't know what changed, so everything may have.
      askAgain(event.success ? staleKeys(event.data) : [[]]);
    });
  };
  const beat = async () => {
    try {
      await get("/api/session", sessionViewSchema, { timeoutMs: heartbeatMs / 2 });
      confirmed();
    } catch (cause) {
      // A lost session shows up in the next query of a screen, which leads to the sign-in.
      if (cause instanceof ApiError && cause.code === "offline") tell({ answering: false });
    }
  };
  const woken = () => {
    if (document.visibilityState !== "visible") return;
    if (facts.streamOpen) void beat();
    else open();
  };
  const cut = () => tell({ answering: false });

  open();
  const beatTimer = setInterval(() => void beat(), heartbeatMs);
  document.addEventListener("visibilitychange", woken);
  window.addEventListener("online", woken);
  window.addEventListener("offline", cut);

  return {
    facts: () => facts,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      source?.close();
      clearInterval(beatTimer);
      clearTimeout(reopenTimer);
      clearTimeout(gatherTimer);
      document.removeEventListener("visibilitychange", woken);
      window.removeEventListener("online", woken);
      window.removeEventListener("offline", cut);
    },
  };
}

function safeJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
