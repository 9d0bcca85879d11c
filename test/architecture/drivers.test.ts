import { describe, expect, it } from "vitest";
import { sourceFiles } from "./source-files.ts";

// `_ease` is left out where nothing is ended by a brake, `_cut` where a driver can't cut open sessions (the core then refuses by name), `_volatile` and `_lost` where its brakes outlive any restart.
const functions = ["discover", "can", "render", "reload", "check", "lifted", "explain"];
/** Modules of the agent itself; what enrolment runs is a script of its own. */
const modules = sourceFiles([".sh"], "packages/agent/src").filter((file) => !file.path.includes("/enrol/"));
const drivers = [
  ...new Set(
    modules.flatMap(
      (file) => /^packages\/agent\/src\/(?:mta|firewall|site)\/([a-z]+)[a-z0-9-]*\.sh$/.exec(file.path)?.[1] ?? [],
    ),
  ),
];

describe("drivers", () => {
  it("there is at least one", () => {
    expect(drivers).toContain("postfix");
  });

  it.each(drivers)("%s has every function that the core calls", (driver) => {
    const text = modules
      .filter((file) => new RegExp(`/src/(mta|firewall|site)/${driver}(-[a-z0-9-]+)?\\.sh$`).test(file.path))
      .map((file) => file.text)
      .join("\n");
    const missing = functions.filter((name) => !new RegExp(`^${driver}_${name}\\(\\)`, "m").test(text));
    expect(missing).toEqual([]);
  });

  it("each module's functions carry the name of a module, so that nothing is defined twice", () => {
    const names = modules.flatMap((file) =>
      [...file.text.matchAll(/^([a-z_][a-z0-9_]*)\(\)/gm)].map((found) => found[1] ?? ""),
    );
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    expect(twice).toEqual([]);
  });

  it("trap: what one shell or awk knows, another reads as something else or not at all: none of it is used", () => {
    const odd: readonly RegExp[] = [
      /\bpipefail\b|\bPIPESTATUS\b|\$RANDOM\b|\btrap\s.*\bERR\b|\bprintf\s+['"]?%q|\becho\s+-[neE]/,
      /\$\{\w+:[0-9]|<\(|&>|^\s*function\s+\w+\s*\{|^\w*-[\w-]*\(\)/,
      // the last part of a pipe is another process in most shells
      /[^|]\|\s*(?:IFS=\S*\s+)?read\s/,
      // awk: mawk has no intervals, POSIX none of these
      /[\])a-z.]\{[0-9]+,?[0-9]*\}[^"']*\/|\bnextfile\b|\bgensub\(|\bstrftime\(|\bIGNORECASE\b/,
    ];
    const broken = modules
      // has a program for bash in it
      .filter((file) => !file.path.endsWith("/probe-programs.sh"))
      .flatMap((file) =>
        file.text.split("\n").flatMap((line, index) => {
          const code = line.replace(/(^|\s)#.*$/, "");
          return odd.some((pattern) => pattern.test(code)) ? [`${file.path}:${index + 1}: ${line.trim()}`] : [];
        }),
      );
    expect(broken).toEqual([]);
    for (const line of [
      "set -o pipefail",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
      "x=${y:1:2}",
      "echo 5 | read y",
      "/a{8,}/ { print }",
      "a-b() {",
      "echo -n x",
    ])
      expect(
        odd.some((pattern) => pattern.test(line)),
        line,
      ).toBe(true);
  });

  it("nothing is evaluated, and nothing that a Unix of 2001 lacks is used", () => {
    const broken = modules.flatMap((file) =>
      file.text.split("\n").flatMap((line, index) => {
        const code = line.replace(/(^|\s)#.*$/, "");
        return /(^|[;&|{]|\b(?:then|do|else))\s*(eval|local|declare|typeset)\s|(^|\s)\[\[\s|<<<|(^|[\s=])\$'|\bmktemp\s+-p|\bstat -c|\bdate -d/.test(
          code,
        )
          ? [`${file.path}:${index + 1}: ${line.trim()}`]
          : [];
      }),
    );
    expect(broken).toEqual([]);
  });
});
