import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { useNow } from "../ui/use-now.ts";
import { type Freshness, freshnessOf, type LinkFacts } from "./freshness.ts";
import { type LiveConnection, openLiveConnection } from "./live-connection.ts";

const LiveContext = createContext<LiveConnection | null>(null);
const noFacts: LinkFacts = { streamOpen: false, answering: true, confirmedAt: null };

/** Holds the live connection while someone is signed in. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const queryClient = useQueryClient();
  const [connection, setConnection] = useState<LiveConnection | null>(null);
  useEffect(() => {
    const opened = openLiveConnection(queryClient);
    setConnection(opened);
    return () => opened.close();
  }, [queryClient]);
  return <LiveContext.Provider value={connection}>{children}</LiveContext.Provider>;
}

/** What the screen may claim about itself now; ages by itself, second by second. */
export function useFreshness(): Freshness {
  const connection = useContext(LiveContext);
  const facts = useSyncExternalStore(
    (listener) => connection?.subscribe(listener) ?? (() => undefined),
    () => connection?.facts() ?? noFacts,
  );
  useNow(1_000);
  return freshnessOf(facts, Date.now());
}
