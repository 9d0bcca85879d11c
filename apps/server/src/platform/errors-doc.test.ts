import { readFileSync } from "node:fs";
import { errorCatalogue } from "@mailbrake/contract";
import { expect, it } from "vitest";

const page = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8");

it("docs/errors.md lists the catalogue of errors, all of it and nothing else, in the same words", () => {
  const listed = page.split("\n").filter((line) => line.startsWith("| `"));
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, message, mend }]) => `| \`${code}\` | ${status} | ${message} | ${mend} |`,
  );
  expect(listed).toEqual(rows);
});
