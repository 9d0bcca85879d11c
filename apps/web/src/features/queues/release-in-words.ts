import type { QueueActionView } from "@mailbrake/contract";
import { countInWords } from "./queue-words.ts";

type Rates = {
  [K in "ratePerMinute" | "stopAboveQueued" | "stopAboveDeferredPerMinute"]?: QueueActionView[K] | undefined;
};

/** How fast a release goes and when it stops by itself; empty where it goes all at once. */
export function ratesOfAction({ ratePerMinute, stopAboveQueued, stopAboveDeferredPerMinute }: Rates): string {
  if (ratePerMinute == null) return "";
  const stops = [
    ...(stopAboveQueued == null ? [] : [`more than ${countInWords(stopAboveQueued)} wait unheld`]),
    ...(stopAboveDeferredPerMinute == null
      ? []
      : [`more than ${countInWords(stopAboveDeferredPerMinute)} are deferred within a minute`]),
  ];
  const rate = `At most ${countInWords(ratePerMinute)} a minute at each instance`;
  return stops.length === 0 ? `${rate}.` : `${rate}; it stops by itself when ${stops.join(", or ")}.`;
}
