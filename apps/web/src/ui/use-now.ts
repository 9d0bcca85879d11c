import { useEffect, useState } from "react";
import { serverNow } from "../api/server-clock.ts";

/** Renders again every `everyMs` and gives the server's time (epoch ms). */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
