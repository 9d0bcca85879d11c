import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { pageSections } from "../conformance/mechanisms-page.ts";
import { subjects } from "../conformance/subjects.ts";

it("docs/mechanisms.md has one section for each mail system that the suite tries, in that order", () => {
  expect([...pageSections().keys()]).toEqual(subjects.map((subject) => subject.title));
});

it("each mail system has a test file of its own", () => {
  const missing = subjects
    .map((subject) => `${subject.title.replaceAll(" ", "-")}.test.ts`)
    .filter((name) => !existsSync(fileURLToPath(new URL(`../conformance/${name}`, import.meta.url))));
  expect(missing).toEqual([]);
});

it("the suite tries at least 150 cells", () => {
  const counts = [...pageSections().values()].map((section) => Number(/^(\d+) cells/m.exec(section)?.[1]));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(150);
});
