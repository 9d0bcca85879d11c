import type { SurveyView } from "@mailbrake/contract";
import { describe, expect, it } from "vitest";
import { ageTable, matchOfTop, oldestDomains, rateInWords, ratesPerMinute } from "./survey-tables.ts";

describe("ageTable", () => {
  const table = ageTable({
    queues: [
      { queue: "hold", messages: 1, bytes: 5 },
      { queue: "deferred", messages: 30, bytes: 100 },
      { queue: "active", messages: 0, bytes: 0 },
    ],
    ages: [
      { queue: "deferred", olderThan: 300, messages: 10 },
      { queue: "deferred", olderThan: 86_400, messages: 20 },
      { queue: "hold", olderThan: 432_000, messages: 1 },
    ],
  });
  it("has a column for each queue that holds something, in the order that mail takes", () =>
    expect(table.queues.map(({ queue }) => queue)).toEqual(["deferred", "hold"]));
  it("has every age, and its counts", () => {
    expect(table.rows.map(({ counts }) => counts)).toEqual([
      [0, 0],
      [10, 0],
      [0, 0],
      [0, 0],
      [20, 0],
      [0, 1],
    ]);
    expect(table.rows.map(({ words }) => words).slice(0, 2)).toEqual(["under 5 min", "5 min to 1 h"]);
    expect(table.rows.at(-1)).toMatchObject({ words: "over 5 d", toSeconds: undefined });
  });
  it("sums up", () => expect(table).toMatchObject({ total: 31, bytes: 105 }));
});

describe("matchOfTop", () => {
  it.each([
    ["sender", "", { kind: "sender", value: "<>" }],
    ["senderDomain", "spam.example", { kind: "sender", value: "spam.example" }],
    ["recipientDomain", "lab.example", { kind: "recipient", value: "lab.example" }],
    ["client", "192.0.2.7", { kind: "client", value: "192.0.2.7" }],
    ["client", "local", null],
    ["sender", '"quo ted"@evil', null],
    ["reason", "Connection timed out", null],
  ] as const)("%s %s", (of, value, match) => expect(matchOfTop(of, value)).toEqual(match));
});

describe("oldestDomains", () => {
  it("begins with the one that has waited longest", () => {
    const tops: SurveyView["tops"] = [
      {
        of: "recipientDomain",
        rows: [
          { value: "b", messages: 9, oldest: 20 },
          { value: "a", messages: 1, oldest: 10 },
        ],
      },
    ];
    expect(oldestDomains(tops, 1)).toEqual([{ value: "a", messages: 1, oldest: 10 }]);
    expect(oldestDomains([], 5)).toEqual([]);
  });
});

describe("ratesPerMinute", () => {
  const rates = { from: 1_000, to: 1_120, received: 60, delivered: 1, deferred: 0, bounced: 0, rejected: 0 };
  it("divides by the minutes of the log", () =>
    expect(ratesPerMinute(rates)?.rows.map(({ perMinute }) => perMinute)).toEqual([30, 0.5, 0, 0, 0]));
  it("is null without a log", () => expect(ratesPerMinute(null)).toBeNull());
  it.each([
    [0, "0"],
    [0.01, "under 0.1"],
    [0.5, "0.5"],
    [7_209.4, "7,209"],
  ])("%s a minute", (rate, words) => expect(rateInWords(rate)).toBe(words));
});
