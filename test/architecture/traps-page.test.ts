import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { repositoryRoot, sourceFiles } from "./source-files.ts";

/** A test by its file and its name, `trap: …`, as it is written there. */
const named = (file: string, name: string): string => `${file}: ${name}`;

/** What stands in the last column of the page: a link to the file, and the name. */
const onPage = [
  ...readFileSync(`${repositoryRoot}docs/traps.md`, "utf8").matchAll(/\[([^\][|]+)\]\(\.\.\/([^)]+)\): `([^`]+)`/g),
].map(([, label = "", file = "", name = ""]) => ({ label, file, name }));

const testFiles = sourceFiles([".test.ts"]).filter((file) => file.path !== "test/architecture/traps-page.test.ts");
const inTests = testFiles.flatMap((file) =>
  [...file.text.matchAll(/\(\s*"(trap: (?:[^"\\]|\\.)*)"/g)].map((found) => named(file.path, found[1] ?? "")),
);

it("every row of docs/traps.md names a test that is there", () => {
  const rows = readFileSync(`${repositoryRoot}docs/traps.md`, "utf8")
    .split("\n")
    .filter((line) => /^\| (?!what goes wrong)/.test(line));
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter((row) => !/: `trap: [^`]+` \|$/.test(row))).toEqual([]);
  expect(onPage.map(({ file, name }) => named(file, name)).filter((one) => !inTests.includes(one))).toEqual([]);
  expect(onPage.filter(({ label, file }) => !file.endsWith(`/${label}`))).toEqual([]);
});

it("every test that is named for a trap is on the page", () => {
  const told = new Set(onPage.map(({ file, name }) => named(file, name)));
  expect(inTests.length).toBeGreaterThan(100);
  expect(inTests.filter((one) => !told.has(one))).toEqual([]);
});

it("none of them is left out of a run", () => {
  const left = testFiles.filter((file) => /\.(?:skip|todo|fails|skipIf|runIf)\b[^;]*?\(\s*"trap: /.test(file.text));
  expect(left.map((file) => file.path)).toEqual([]);
});
