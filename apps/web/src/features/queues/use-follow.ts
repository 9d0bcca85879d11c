/**
 * Follows the counts of an instance's queues, a tick each second, while the page is open and can be seen.
 * Guarantees: nothing is asked of the host once the page is left or hidden. What ends is said in the host's words, and tried again by itself.
 */
import { type FollowTick, followEventSchema } from "@mailbrake/contract";
import { useEffect, useState } from "react";
import { addTick, type FollowWindow, followWindow } from "./follow-window.ts";

const tryAgainMs = 10_000;

export type FollowState = "waiting" | "following" | "stopped" | "hidden";
export interface Followed {
  state: FollowState;
  /** Null before the first tick. */
  window: FollowWindow | null;
  /** Why it stopped; empty while it goes on. */
  why: string;
}

export function useFollow(instanceId: string): Followed {
  const [ticks, setTicks] = useState<readonly FollowTick[]>([]);
  const [state, setState] = useState<FollowState>("waiting");
  const [why, setWhy] = useState("");

  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;

    const leave = () => {
      clearTimeout(again);
      source?.close();
      source = undefined;
    };
    const stopped = (words: string) => {
      leave();
      setState("stopped");
      setWhy(words);
      again = setTimeout(open, tryAgainMs);
    };
    const open = () => {
      leave();
      if (document.visibilityState !== "visible") {
        setState("hidden");
        return;
      }
      setState("waiting");
      const opened = new EventSource(`/api/instances/${instanceId}/follow`);
      source = opened;
      opened.addEventListener("tick", (message) => {
        const tick = followEventSchema.safeParse(safeJson(message.data));
        if (!tick.success) return stopped("Mailbrake answered in a way that this page doesn't understand; reload it.");
        setTicks((before) => addTick(before, tick.data));
        setState("following");
        setWhy("");
      });
      opened.addEventListener("end", (message) => stopped(endWords(safeJson(message.data))));
      opened.onerror = () => stopped("The connection to Mailbrake was lost.");
    };

    setTicks([]);
    setWhy("");
    open();
    document.addEventListener("visibilitychange", open);
    return () => {
      document.removeEventListener("visibilitychange", open);
      leave();
    };
  }, [instanceId]);

  return { state, window: followWindow(ticks), why };
}

function endWords(data: unknown): string {
  const why = typeof data === "object" && data !== null && "why" in data ? data.why : "";
  return typeof why === "string" && why !== "" ? why : "The host gave no reason.";
}

function safeJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
