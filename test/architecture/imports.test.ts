import { describe, expect, it } from "vitest";
import { type SourceFile, sourceFiles } from "./source-files.ts";

interface ImportRule {
  /** Files that the rule holds for. */
  from: RegExp;
  /** What they may not import. */
  never: RegExp;
  why: string;
}

const own = (names: string) => new RegExp(`^@mailbrake/(${names})(/|$)`);
const notTests = (folder: string) => new RegExp(`^${folder}/(?!.*\\.test\\.tsx?$)`);

const rules: ImportRule[] = [
  {
    from: notTests("packages/contract"),
    never: /^(?!\.{1,2}\/|zod$)/,
    why: "contract describes what crosses boundaries: zod and nothing else, so that everyone can stand on it",
  },
  {
    from: notTests("packages/domain"),
    never: /^(?!\.{1,2}\/|@mailbrake\/contract$|ipaddr\.js$)/,
    why: "domain is pure rules, run in the server and in the browser alike: no I/O, no framework",
  },
  {
    from: notTests("packages/audit"),
    never: /^(?!\.{1,2}\/|@mailbrake\/contract$|node:crypto$|zod$)/,
    why: "the hash chain must be checkable without the rest of the product",
  },
  {
    from: notTests("packages/fleet"),
    never: own("domain|audit|agent|prisma|server|web"),
    why: "fleet carries orders to agents; it decides nothing and stores nothing",
  },
  {
    from: notTests("apps/web"),
    never: own("agent|audit|fleet|prisma|server"),
    why: "the browser knows the API and the rules, never the host or the database",
  },
  { from: notTests("apps/web"), never: /^node:/, why: "it runs in a browser" },
  {
    from: notTests("apps/server"),
    never: own("web"),
    why: "the server serves the built dashboard as files; it has no code of it",
  },
  {
    from: /^(?!packages\/fleet\/).*\.tsx?$/,
    never: /^ssh2(\/|$)/,
    why: "fleet is the only importer of ssh2: host keys are pinned in one place",
  },
  {
    from: /^(?!prisma\/).*\.tsx?$/,
    never: /^(@prisma\/|better-sqlite3$)/,
    why: "@mailbrake/prisma is the only way to the database",
  },
  {
    from: /^(?!apps\/server\/src\/(platform|features\/access)\/).*\.tsx?$/,
    never: /^better-auth(\/|$)/,
    why: "sign-in is decided in one slice",
  },
  {
    from: /^apps\/server\/src\/features\/[^/]+\/(?!.*\.test\.ts$)/,
    never: /^@fastify\//,
    why: "plugins are registered in app.ts, in order, where it can be read",
  },
];

function importsOf(file: SourceFile): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;
  return [...file.text.matchAll(pattern)].map((found) => found[1] ?? found[2] ?? found[3] ?? "");
}

const files = sourceFiles([".ts", ".tsx"]);

describe("who may import whom", () => {
  it("sees the imports of this repository", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap(importsOf).length).toBeGreaterThan(100);
  });

  it.each(rules)("$why", ({ from, never, why }) => {
    const broken = files
      .filter((file) => from.test(file.path))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => never.test(name))
          .map((name) => `${file.path} imports ${name}: ${why}`),
      );
    expect(broken).toEqual([]);
  });

  it("a slice is entered through its index.ts alone", () => {
    const broken: string[] = [];
    for (const file of files) {
      const home = /^apps\/server\/src\/features\/([^/]+)\//.exec(file.path)?.[1];
      if (!file.path.startsWith("apps/server/src/") || file.path.endsWith(".test.ts")) continue;
      for (const name of importsOf(file)) {
        const inside = home
          ? /^\.\.\/([^./][^/]*)\/(.+)$/.exec(name)
          : /^\.{1,2}\/(?:.*\/)?features\/([^/]+)\/(.+)$/.exec(name);
        if (inside && inside[1] !== home && inside[2] !== "index.ts") broken.push(`${file.path} imports ${name}`);
      }
    }
    expect(broken).toEqual([]);
  });
});
