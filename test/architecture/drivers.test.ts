import { describe, expect, it } from "vitest";
import { sourceFiles } from "./source-files.ts";

// `_cut` is left out where a driver can't cut open sessions (the core then refuses by name), `_volatile` and `_lost` where its brakes outlive any restart.
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
