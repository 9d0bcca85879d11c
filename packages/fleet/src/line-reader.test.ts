import fc from "fast-check";
import { expect, test } from "vitest";
import { createLineReader } from "./line-reader.ts";

test("lines come out whole, however the bytes are cut", () => {
  const lines = fc.array(fc.string({ unit: "binary", maxLength: 30 }).map((text) => text.replaceAll("\n", " ")));
  fc.assert(
    fc.property(lines, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (texts, cuts) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""), "utf8");
      const reader = createLineReader(1_000);
      const seen: string[] = [];
      let at = 0;
      for (let index = 0; at < bytes.length; index++) {
        const size = cuts[index % cuts.length] ?? 1;
        seen.push(...reader.take(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(seen).toEqual(texts.map((text) => Buffer.from(text, "utf8").toString("utf8")));
    }),
  );
});

test("a line may be as long as the bound and not one byte longer, whether its end has come or not", () => {
  expect(createLineReader(5).take(Buffer.from("12345\n"))).toEqual(["12345"]);
  expect(() => createLineReader(5).take(Buffer.from("123456\n"))).toThrow("longer than 5 bytes");
  const reader = createLineReader(5);
  expect(reader.take(Buffer.from("123"))).toEqual([]);
  expect(() => reader.take(Buffer.from("456"))).toThrow(RangeError);
});
