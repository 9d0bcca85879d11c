/**
 * Builds the agent: one POSIX-sh file from the modules in the order that src/order tells. Reads them from the package's src folder,
 * from wherever this module runs (src under a test runner, dist when built). No effects but reading.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface BuildOptions {
  /** With crash points and the MB_TEST_* overrides; never for a real host. */
  readonly test?: boolean;
  /** Only these drivers; all unless told. */
  readonly drivers?: readonly string[];
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

/** The lines of module text as they are built: without blank lines, comments and indentation (no here-document or shown text may rely on these). */
export function builtLines(source: string, options: BuildOptions = {}): string[] {
  return (options.test ? source : withoutTestLines(source))
    .split("\n")
    .map((line) => line.replace(/^[ \t]+/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The drivers that there are, as the core names them. */
export const driverNames: readonly string[] =
  /^MB_DRIVERS='([a-z ]+)'$/m.exec(readFileSync(`${sourceFolder}base.sh`, "utf8"))?.[1]?.split(" ") ?? [];

/**
 * The agent as text. Functions and constants only; the last line calls main. Each driver stands between `#@driver NAME` and `#@driver-end`:
 * enrolment leaves out those whose mail server the host does not have.
 */
export function buildAgent(options: BuildOptions = {}): string {
  const drivers = options.drivers ?? driverNames;
  const names = moduleNames();
  const text = (part: readonly string[]) => builtLines(part.map(moduleText).join("\n"), options);
  const core = text(names.filter((name) => !name.startsWith("mta/"))).map((line) =>
    line.startsWith("MB_DRIVERS='") ? `MB_DRIVERS='${drivers.join(" ")}'` : line,
  );
  return [
    "#!/bin/sh",
    `# mailbrake-agent ${agentVersion}${options.test ? ", test build" : ""}: put here by Mailbrake's enrolment. Built from modules; do not edit.`,
    ...core,
    ...drivers.flatMap((driver) => [
      `#@driver ${driver}`,
      ...text(names.filter((name) => name.startsWith(`mta/${driver}`))),
      "#@driver-end",
    ]),
    ...builtLines((options.extraModules ?? []).join("\n"), options),
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
