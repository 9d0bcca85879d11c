import type { Effect } from "@mailbrake/contract";

export interface ExpiryChoice {
  /** null = until a person lifts it. */
  seconds: number | null;
  words: string;
}

export const expiryChoices: readonly ExpiryChoice[] = [
  { seconds: 15 * 60, words: "15 minutes" },
  { seconds: 3_600, words: "1 hour" },
  { seconds: 4 * 3_600, words: "4 hours" },
  { seconds: 24 * 3_600, words: "1 day" },
  { seconds: 7 * 24 * 3_600, words: "1 week" },
  { seconds: null, words: "until lifted" },
];

/** What loses or returns mail gets the shorter time; the rest an hour, so that a forgotten brake ends by itself. */
export function defaultExpirySeconds(effect: Effect): number {
  return effect === "discard" || effect === "reject" ? 15 * 60 : 3_600;
}

/**
 * Seconds to give the host with an order sent now. 0 = never.
 * @returns null where the time has already run out and no order may be sent
 */
export function ttlSeconds(expiresAt: Date | null, now: Date): number | null {
  if (expiresAt === null) return 0;
  const left = Math.round((expiresAt.getTime() - now.getTime()) / 1_000);
  return left >= 1 ? left : null;
}
