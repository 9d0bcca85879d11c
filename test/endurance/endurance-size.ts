/** How much an endurance test does: a share of it in each run of all tests, the whole with `npm run endurance`. */
const whole = process.env.MAILBRAKE_ENDURANCE === "whole";

export const enduranceSize = {
  messages: whole ? 20_000 : 200,
  /** So many at once, and twice as many on their way at most: so there is mail on its way under each brake, not all of it after the last. */
  batch: whole ? 500 : 50,
  /** Brakes, lifts and reloads while mail is on its way, at least; and whether that is enough to expect each kind of them. */
  steps: whole ? 200 : 12,
  everyKind: whole,
  sequences: whole ? 500 : 4,
} as const;

/** Repeats a run: MAILBRAKE_ENDURANCE_SEED; else another each time, told in the output. */
export function enduranceSeed(what: string): number {
  const given = Number(process.env.MAILBRAKE_ENDURANCE_SEED ?? "");
  const seed = Number.isSafeInteger(given) && given > 0 ? given : Date.now() % 1_000_000_007;
  process.stdout.write(`${what}: MAILBRAKE_ENDURANCE_SEED=${seed}\n`);
  return seed;
}
