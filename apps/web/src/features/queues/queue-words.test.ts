import { describe, expect, it } from "vitest";
import { actionInWords, bucketInWords, bytesInWords, heldOnly, messagesInWords } from "./queue-words.ts";

describe("bytesInWords", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1 kB"],
    [3_400_000, "3.4 MB"],
    [999_700, "1 MB"],
    [12_345_678_901, "12 GB"],
  ])("%s", (bytes, words) => expect(bytesInWords(bytes)).toBe(words));
});

it("counts one message as one", () => {
  expect(messagesInWords(1)).toBe("1 message");
  expect(messagesInWords(12_345)).toBe("12,345 messages");
});

it("says an age bucket", () => {
  expect(bucketInWords(0, 300)).toBe("under 5 min");
  expect(bucketInWords(3_600, 14_400)).toBe("1 h to 4 h");
  expect(bucketInWords(432_000, undefined)).toBe("over 5 d");
});

it("says what is done to what", () => {
  const all = { match: [{ kind: "all" as const, value: "" }] };
  expect(actionInWords("hold", { ...all, match: [{ kind: "sender", value: "spam.example" }] })).toBe(
    "Hold queued mail from anyone at spam.example",
  );
  expect(actionInWords("delete", { ...all, queue: "hold" })).toBe("Delete all queued mail, in the queue hold");
});

it("counts what is held alone for a release, unless something else was chosen", () => {
  expect(heldOnly("release", {})).toEqual({ queue: "hold" });
  expect(heldOnly("release", { queue: "deferred" })).toEqual({});
  expect(heldOnly("release", { held: "a1" })).toEqual({});
  expect(heldOnly("delete", {})).toEqual({});
});
