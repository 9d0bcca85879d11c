import { expect, it } from "vitest";
import { clockInWords } from "./clock-in-words.ts";

it.each([
  [null, "Clock not compared yet", false],
  [0, "Clock agrees", false],
  [-4.9, "Clock agrees", false],
  [75, "Clock is 1 min 15 s ahead", true],
  [-5, "Clock is 5 s behind", true],
])("a skew of %s s: %s", (skew, words, off) => expect(clockInWords(skew)).toEqual({ words, off }));
