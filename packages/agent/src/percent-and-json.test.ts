import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { awks, ScratchHost, shells } from "./scratch-host.ts";

const host = new ScratchHost();
afterAll(() => host.remove());

const combinations = [
  ...Object.keys(shells).map((shell) => ({ shell, awk: "mawk" })),
  ...Object.keys(awks).map((awk) => ({ shell: "dash", awk })),
];

const program = `for value; do
  percent_encode "$value"
  encoded=$ENCODED
  percent_decode "$encoded" || DECODED="(refused)"
  json_string "$DECODED"
  say "$encoded $JSON"
done`;

// yash, started in the C locale, holds ASCII alone: serve.test.ts looks at what it does with the rest.
test.for(combinations)(
  "trap: echo and printf make something else of a backslash: any text comes through unchanged under $shell with $awk",
  { timeout: 60_000 },
  async ({ shell, awk }) => {
    const text =
      shell === "yash"
        ? fc.string({ unit: "binary-ascii" })
        : fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "binary-ascii" }));
    const printable = text.map((value) =>
      [...value].filter((character) => character >= " " && character !== "\u007f").join(""),
    );
    const values = fc.sample(printable, 150);
    const run = await host.runFunctions(program, { shell, awk }, values);
    expect(run.standardError).toBe("");
    expect(run.lines).toHaveLength(values.length);
    for (const [at, value] of values.entries()) {
      const [encoded = "", ...json] = run.lines[at]?.split(" ") ?? [];
      expect(decodeURIComponent(encoded)).toBe(value);
      expect(encoded).toMatch(/^([A-Za-z0-9._~-]|%[0-9A-F]{2})*$/);
      expect(JSON.parse(json.join(" "))).toBe(value);
    }
  },
);

const refuseProgram = `for value; do
  if percent_decode "$value"; then say "taken $value"; else say refused; fi
done`;

test.for(combinations)(
  "what is not percent coding of UTF-8 text is refused under $shell with $awk",
  async ({ shell, awk }) => {
    const values = [
      "%",
      "a%",
      "%4",
      "%4g",
      "%g4",
      "%00",
      "%0a",
      "%1F",
      "%7f",
      "%7F",
      "%80",
      "%C3",
      "%C3%28",
      "%C0%AF",
      "%E0%80%80",
      "%ED%A0%80",
      "%F4%90%80%80",
      "%F8%88%80%80%80",
      "%FF",
      "%E2%82",
      "%C3%A9%0A",
      "%C3%A9%7F",
      "%c3%a9%",
      "%C3%A9%zz",
    ];
    const run = await host.runFunctions(refuseProgram, { shell, awk }, values);
    expect(run.lines).toEqual(values.map(() => "refused"));
  },
);
