/**
 * Builds the agent: one POSIX-sh file from the modules in the order that src/order tells. Reads them from the package's src folder,
 * from wherever this module runs (src under a test runner, dist when built). No effects but reading.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface BuildOptions {
  /** With crash points and the MB_TEST_* overrides; never for a real host. */
  readonly test?: boolean;
  /** Further modules (shell text) for tests, such as a driver of their own. */
  readonly extraModules?: readonly string[];
}

const sourceFolder = fileURLToPath(new URL("../src/", import.meta.url));

/** The modules of the agent in the order of src/order, as paths relative to src; `*` stands for any name in that folder. */
export function moduleNames(): string[] {
  const names: string[] = [];
  for (const line of readFileSync(`${sourceFolder}order`, "utf8").split("\n")) {
    if (line === "") continue;
    if (!line.includes("*")) {
      names.push(line);
      continue;
    }
    const folder = line.slice(0, line.lastIndexOf("/") + 1);
    const [before = "", after = ""] = line.slice(folder.length).split("*");
    const found = readdirSync(sourceFolder + folder)
      .filter((name) => name.startsWith(before) && name.endsWith(after))
      .sort();
    names.push(...found.map((name) => folder + name));
  }
  return names;
}

/** The source of one module, by its path relative to src. */
export function moduleText(name: string): string {
  return readFileSync(sourceFolder + name, "utf8");
}

/** A line that ends in `#@test`, or stands between `#@test-begin` and `#@test-end`, or is a crash point, is in test builds only. */
function withoutTestLines(source: string): string {
  const kept: string[] = [];
  let inside = false;
  for (const line of source.split("\n")) {
    if (line.trim() === "#@test-begin") inside = true;
    else if (line.trim() === "#@test-end") inside = false;
    else if (!inside && !line.endsWith("#@test") && !/^\s*crash_point /.test(line)) kept.push(line);
  }
  return kept.join("\n");
}

/**
 * The whole agent as text, without blank lines and comments, indented by tabs (no module may rely on these inside a here-document).
 * Functions and constants only; the last line calls main.
 */
export function buildAgent(options: BuildOptions = {}): string {
  const sources = moduleNames().map(moduleText);
  let body = [...sources, ...(options.extraModules ?? [])].join("\n");
  if (!options.test) body = withoutTestLines(body);
  const lines = body
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s*#/.test(line))
    .map((line) => line.replace(/^(?: {2})+/, (indent) => "\t".repeat(indent.length / 2)));
  return [
    "#!/bin/sh",
    `# mailbrake-agent ${agentVersion}${options.test ? ", test build" : ""}: put here by Mailbrake's enrolment. Built from modules; do not edit.`,
    ...lines,
    'main "$@"',
    "",
  ].join("\n");
}

/** The version that hello answers with. */
export const agentVersion: string =
  /^MB_VERSION=(\S+)$/m.exec(readFileSync(`${sourceFolder}base.sh`, "utf8"))?.[1] ?? "unknown";

/** The agent as it goes to hosts. */
export function agentScript(): string {
  return buildAgent();
}
