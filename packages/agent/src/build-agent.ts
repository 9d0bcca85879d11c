/**
 * Builds the agent: one POSIX-sh file from the modules in the order that src/order tells. Reads them from the package's src folder,
 * from wherever this module runs (src under a test runner, dist when built). No effects but reading.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { denseShell } from "./dense-shell.ts";

export interface BuildOptions {
  /** With crash points and the MB_TEST_* overrides; never for a real host. */
  readonly test?: boolean;
  /** Only these drivers; all unless told. */
  readonly drivers?: readonly string[];
  /** Further modules (shell text) for tests, such as a driver of their own. */
  readonly extraModules?: readonly string[];
}

const sourceFolder = fileURLToPath(new URL("../src/", import.meta.url));

/** Where drivers live, as folders of src. */
const driverFolders = ["mta", "firewall", "site"];

/** The drivers that the core knows by name, in the order in which it asks them. */
const knownDrivers =
  /^MB_DRIVERS='([a-z ]+)'$/m.exec(readFileSync(`${sourceFolder}base.sh`, "utf8"))?.[1]?.split(" ") ?? [];

/** The `.sh` files of a folder of src, as paths relative to src; none where there is no such folder. */
function modulesIn(folder: string): string[] {
  if (!existsSync(sourceFolder + folder)) return [];
  return readdirSync(sourceFolder + folder)
    .filter((name) => name.endsWith(".sh"))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** Whose module this is: the driver that its base name starts with; "" for the core's. */
export function driverOfModule(path: string): string {
  const word = /([a-z0-9]+)[a-z0-9-]*\.sh$/.exec(path)?.[1] ?? "";
  return path.includes("/") && knownDrivers.includes(word) ? word : "";
}

/** What a driver discovers with is asked in calm: it is in the second file. */
const isDiscovery = (name: string) => name.endsWith("-discover.sh");

/** The core's modules in the order of src/order, then the drivers', as paths relative to src. */
export function moduleNames(): string[] {
  const core = readFileSync(`${sourceFolder}order`, "utf8").split("\n").filter(Boolean);
  const ofDrivers = driverFolders.flatMap(modulesIn).filter((name) => !isDiscovery(name));
  return [...core, ...knownDrivers.flatMap((driver) => ofDrivers.filter((name) => driverOfModule(name) === driver))];
}

/** The modules of the second file: what is for every mail system first. */
export function queueModuleNames(): string[] {
  const names = [...modulesIn("calm"), ...modulesIn("queue"), ...driverFolders.flatMap(modulesIn).filter(isDiscovery)];
  return ["", ...knownDrivers].flatMap((driver) => names.filter((name) => driverOfModule(name) === driver));
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
  const lines = (options.test ? source : withoutTestLines(source))
    .split("\n")
    .map((line) => line.replace(/^[ \t]+/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"));
  return denseShell(`${lines.join("\n")}\n`)
    .split("\n")
    .filter((line) => line !== "");
}

/** The drivers that there are: those that the core knows and that have modules. */
export const driverNames: readonly string[] = knownDrivers.filter((driver) =>
  moduleNames().some((name) => driverOfModule(name) === driver),
);

/** The modules of these drivers, each driver between `#@driver NAME` and `#@driver-end`: enrolment leaves out those that a host does not need. */
function driverSections(names: readonly string[], drivers: readonly string[], options: BuildOptions): string[] {
  return drivers.flatMap((driver) => [
    `#@driver ${driver}`,
    ...textOf(
      names.filter((name) => driverOfModule(name) === driver),
      options,
    ),
    "#@driver-end",
  ]);
}

function textOf(names: readonly string[], options: BuildOptions): string[] {
  return builtLines(names.map(moduleText).join("\n"), options);
}

/** The agent as text. Functions and constants only; the last line calls main. */
export function buildAgent(options: BuildOptions = {}): string {
  const drivers = options.drivers ?? driverNames;
  const names = moduleNames();
  const core = textOf(
    names.filter((name) => driverOfModule(name) === ""),
    options,
  ).map((line) => (line.startsWith("MB_DRIVERS='") ? `MB_DRIVERS='${drivers.join(" ")}'` : line));
  return [
    "#!/bin/sh",
    `# mailbrake-agent ${agentVersion}${options.test ? ", test build" : ""}: put here by Mailbrake's enrolment. Built from modules; do not edit.`,
    ...core,
    ...driverSections(names, drivers, options),
    ...builtLines((options.extraModules ?? []).join("\n"), options),
    'main "$@"',
    "",
  ].join("\n");
}

/**
 * The second file as text: what reads and changes queues, and what is asked in calm. The agent reads it when it is first asked for it.
 * Functions and constants only; it does nothing by itself, and nothing without the agent of the same version.
 */
export function buildQueuePart(options: BuildOptions = {}): string {
  const names = queueModuleNames();
  const core = names.filter((name) => driverOfModule(name) === "");
  return [
    `# The queue part of mailbrake-agent ${agentVersion}${options.test ? ", test build" : ""}: put here by Mailbrake's enrolment. Built from modules; do not edit.`,
    ...textOf(core, options),
    ...driverSections(names, options.drivers ?? driverNames, options),
    ...builtLines((options.extraModules ?? []).join("\n"), options),
    // Last: a part that was cut off has no version.
    `MB_QUEUE_VERSION=${agentVersion}`,
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
