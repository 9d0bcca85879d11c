/** Pure rule behind the live indicator, so that it can be tested: what may the screen claim at this moment? */
export interface LinkFacts {
  /** The event stream says that it is open. */
  streamOpen: boolean;
  /** The last request was answered; false as soon as one was not, or the browser says that it is offline. */
  answering: boolean;
  /** Last time (epoch ms) at which an answer or an event proved the connection while the stream was open; null = never. */
  confirmedAt: number | null;
}

export type Freshness =
  | { state: "live" }
  | { state: "connecting" }
  /** What is on screen is no newer than `asOf` (epoch ms). */
  | { state: "reconnecting"; asOf: number };

/** The heartbeat comes every 10 s; two missed ones and we no longer claim to be live, whatever the stream says. */
export const heartbeatMs = 10_000;
const staleAfterMs = 2.5 * heartbeatMs;

export function freshnessOf(facts: LinkFacts, now: number): Freshness {
  if (facts.confirmedAt === null) return { state: "connecting" };
  if (facts.streamOpen && facts.answering && now - facts.confirmedAt <= staleAfterMs) return { state: "live" };
  return { state: "reconnecting", asOf: facts.confirmedAt };
}
