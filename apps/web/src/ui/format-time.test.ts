import { describe, expect, it } from "vitest";
import { agoInWords, durationInWords, elapsedInWords, momentInWords, timeOfDay } from "./format-time.ts";

describe("durationInWords", () => {
  it.each([
    [-5, "0 s"],
    [0, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [125, "2 min 5 s"],
    [754, "12 min"],
    [3_600, "1 h"],
    [11_520, "3 h 12 min"],
    [86_400, "1 d"],
    [187_200, "2 d 4 h"],
  ])("%d s is %s", (seconds, words) => expect(durationInWords(seconds)).toBe(words));
});

describe("elapsedInWords", () => {
  it.each([
    [-3, "0.00 s"],
    [240, "0.24 s"],
    [3_140, "3.1 s"],
    [124_000, "2 min 4 s"],
  ])("%d ms is %s", (milliseconds, words) => expect(elapsedInWords(milliseconds)).toBe(words));
});

describe("momentInWords", () => {
  const now = new Date(2026, 10, 21, 3, 12, 4).getTime();
  it("names no day today", () => expect(momentInWords(now - 60_000, now)).toBe("03:11:04"));
  it("names the day on another day", () => expect(momentInWords(now - 86_400_000, now)).toBe("20 Nov, 03:12:04"));
  it("names the year in another year", () => {
    expect(momentInWords(new Date(2025, 10, 21, 3, 12, 4), now)).toBe("21 Nov 2025, 03:12:04");
  });
});

it("timeOfDay has seconds and 24 hours", () => expect(timeOfDay(new Date(2026, 0, 1, 0, 5, 9))).toBe("00:05:09"));
it("agoInWords says just now for less than two seconds", () => expect(agoInWords(1_000, 2_500)).toBe("just now"));
it("agoInWords counts", () => expect(agoInWords(1_000, 13_000)).toBe("12 s ago"));
