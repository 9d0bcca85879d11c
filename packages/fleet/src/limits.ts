/** Every wait and every buffer of the fleet. Milliseconds and bytes. */
export interface FleetLimits {
  /** TCP connection, name lookup included. */
  connectTimeoutMs: number;
  /** From the TCP connection to the end of authentication. */
  handshakeTimeoutMs: number;
  /** From asking for a channel to the agent's answer to `hello` on it. */
  channelTimeoutMs: number;
  /** A channel that is only opened when used is closed after so long without a request. */
  idleCloseMs: number;
  /** Requests on `follow` at once, each with a channel of its own. sshd allows 10 channels on a connection; the others must always find room. */
  maximumFollows: number;
  /** A ping each so often; a host that answers none of `keepaliveCount` pings is given up within `(keepaliveCount + 1) × keepaliveIntervalMs`. */
  keepaliveIntervalMs: number;
  keepaliveCount: number;
  backOffFirstMs: number;
  backOffMaximumMs: number;
  /** A connection that lasted this long starts the back-off anew. */
  stableAfterMs: number;
  /** Requests on one channel that are written and not answered, or wait for the channel to open. */
  maximumOpenRequests: number;
  /** Lines and bytes of one answer. */
  maximumAnswerLines: number;
  maximumAnswerBytes: number;
  /** How much of what the agent writes to stderr is kept. */
  maximumNoiseBytes: number;
}

export const defaultFleetLimits: FleetLimits = {
  connectTimeoutMs: 5_000,
  handshakeTimeoutMs: 10_000,
  channelTimeoutMs: 10_000,
  idleCloseMs: 60_000,
  maximumFollows: 4,
  keepaliveIntervalMs: 2_500,
  keepaliveCount: 2,
  backOffFirstMs: 500,
  backOffMaximumMs: 15_000,
  stableAfterMs: 10_000,
  maximumOpenRequests: 1_000,
  maximumAnswerLines: 20_000,
  maximumAnswerBytes: 16_777_216,
  maximumNoiseBytes: 2_048,
};

/**
 * How long to wait before the next attempt: doubles with each failure up to the maximum; the upper half of it is chance, so that hosts that
 * were lost together don't all come back in the same moment.
 * @param failures attempts that failed in a row, at least 1
 * @param chance 0 ≤ chance < 1
 */
export function backOffMs(failures: number, limits: FleetLimits, chance: number): number {
  const full = Math.min(limits.backOffMaximumMs, limits.backOffFirstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full / 2 + (full / 2) * chance);
}
