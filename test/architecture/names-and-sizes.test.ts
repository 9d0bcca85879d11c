import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { sourceFiles } from "./source-files.ts";

/** Files that may be longer than 400 lines, each with its reason. */
const longFiles: Record<string, string> = {};

const mayReadEnvironment = new Set([
  "apps/server/src/main.ts",
  // Only tests use it: it hands the test's own PATH to the agent under test.
  "packages/agent/src/scratch-host.ts",
]);

const files = sourceFiles([".ts", ".tsx", ".sh", ".mjs"]);

describe("names and sizes", () => {
  it("no file is longer than 400 lines without a reason", () => {
    const long = files
      .filter((file) => file.text.split("\n").length > 401 && !(file.path in longFiles))
      .map((file) => `${file.path}: ${file.text.split("\n").length}`);
    expect(long).toEqual([]);
  });

  it("every reason still belongs to a long file", () => {
    const stale = Object.keys(longFiles).filter(
      (path) => (files.find((file) => file.path === path)?.text.split("\n").length ?? 0) <= 401,
    );
    expect(stale).toEqual([]);
  });

  it("files are named in kebab-case, React components in PascalCase", () => {
    const odd = files
      .map((file) => file.path)
      .filter((path) => {
        const name = basename(path);
        if (path.endsWith(".tsx")) return !/^([A-Z][A-Za-z0-9]*|[a-z0-9]+(-[a-z0-9]+)*)(\.test)?\.tsx$/.test(name);
        return !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.config|\.d)?\.(ts|sh|mjs)$/.test(name);
      });
    expect(odd).toEqual([]);
  });

  it("no room is called utils, helpers, common or manager", () => {
    const vague = files
      .map((file) => file.path)
      .filter((path) => /(^|[/-])(utils?|helpers?|common|managers?)([-./]|$)/i.test(path));
    expect(vague).toEqual([]);
  });

  it("nothing is exported by default, but for what a tool's configuration asks for", () => {
    const broken = files
      .filter(
        (file) =>
          /\.(ts|tsx)$/.test(file.path) && !/\.config\.ts$/.test(file.path) && /^export default /m.test(file.text),
      )
      .map((file) => file.path);
    expect(broken).toEqual([]);
  });

  it("no type is called ISomething or TSomething", () => {
    const broken = files
      .filter((file) => /\.tsx?$/.test(file.path))
      .flatMap((file) =>
        [...file.text.matchAll(/^(?:export )?(?:interface|type) ([IT][A-Z][a-z]\w*)/gm)].map(
          (found) => `${file.path}: ${found[1]}`,
        ),
      );
    expect(broken).toEqual([]);
  });

  it("the environment is read by main.ts alone", () => {
    const broken = files
      .filter((file) => /^(apps|packages|prisma)\/.*\.tsx?$/.test(file.path) && !/\.test\.tsx?$/.test(file.path))
      .filter((file) => /process\.env\b/.test(file.text))
      .map((file) => file.path)
      .filter((path) => !mayReadEnvironment.has(path));
    expect(broken).toEqual([]);
  });
});
