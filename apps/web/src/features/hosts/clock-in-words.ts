import { durationInWords } from "../../ui/format-time.ts";

/** A host keeps an expiry by its own clock, so more than this is said. */
const muchSkewSeconds = 5;

/** @param skewSeconds host minus server */
export function clockInWords(skewSeconds: number | null): { words: string; off: boolean } {
  if (skewSeconds === null) return { words: "Clock not compared yet", off: false };
  const size = Math.abs(skewSeconds);
  if (size < muchSkewSeconds) return { words: "Clock agrees", off: false };
  return { words: `Clock is ${durationInWords(size)} ${skewSeconds > 0 ? "ahead" : "behind"}`, off: true };
}
