import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { agentScript, buildAgent, buildQueuePart, moduleNames, moduleText, queueModuleNames } from "./build-agent.ts";
import { enrolmentScript } from "./enrolment-script.ts";
import { shells } from "./scratch-host.ts";

const folder = mkdtempSync(`${tmpdir()}/mailbrake-build-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGcHH2i2l0p0bqj5sl0kz1X3lH4F8i1GqYkX8kz1X3lH eva@example.org";

function put(name: string, text: string): string {
  writeFileSync(`${folder}/${name}`, text);
  return `${folder}/${name}`;
}

describe("the shipped agent", () => {
  test("has no crash point and no override by environment", () => {
    expect(agentScript()).not.toMatch(/crash_point|MB_TEST|#@test/);
    expect(buildAgent({ test: true })).toMatch(/crash_point/);
  });

  test("is ASCII alone: some shells can not read anything else in the C locale", () => {
    expect(agentScript()).toMatch(/^[\t\n -~]*$/);
  });

  test("runs nothing when it is cut off anywhere", () => {
    const lines = agentScript().trimEnd().split("\n");
    expect(lines.at(-1)).toBe('main "$@"');
    // No line at the outermost level but comments, constants and functions.
    const script = put("cut", [...lines.slice(0, -1), "echo whole"].join("\n"));
    expect(execFileSync("/bin/sh", [script], { encoding: "utf8", env: { PATH: "/nonexistent" } })).toBe("whole\n");
  });

  test.for(Object.entries(shells))(
    "trap: shells differ in what they can read: the agent is read by %s",
    ([name, [command = "", ...words]]) => {
      const run = spawnSync(command, [...words, "-n", put(`agent-${name}`, agentScript())], { encoding: "utf8" });
      expect([run.status, run.stderr.split("\n").filter((line) => line !== "" && !line.includes("warning:"))]).toEqual([
        0,
        [],
      ]);
    },
  );

  test.for(Object.entries(shells))(
    "is refused a wrong use by %s, and tells its version",
    ([name, [command = "", ...words]]) => {
      const script = put(`agent-use-${name}`, agentScript());
      expect(spawnSync(command, [...words, script, "version"], { encoding: "utf8" }).stdout).toMatch(
        /^mailbrake-agent \d/,
      );
      expect(spawnSync(command, [...words, script, "explode"]).status).toBe(2);
      expect(spawnSync(command, [...words, script, "serve", "more"]).status).toBe(2);
    },
  );
});

describe("shellcheck -s sh finds nothing", () => {
  test("in the agent, all its modules together", () => {
    const text = ["#!/bin/sh", ...[...moduleNames(), ...queueModuleNames()].map(moduleText), 'main "$@"', ""].join(
      "\n",
    );
    const run = spawnSync("shellcheck", ["-s", "sh", "-f", "gcc", put("modules", text)], { encoding: "utf8" });
    expect(run.error, "shellcheck must be installed").toBeUndefined();
    expect(run.stdout).toBe("");
  }, 300_000);

  test("in the enrolment script", () => {
    const run = spawnSync("shellcheck", ["-s", "sh", "-f", "gcc", put("enrol", enrolmentScript({ publicKey }))], {
      encoding: "utf8",
    });
    expect(run.error, "shellcheck must be installed").toBeUndefined();
    expect(run.stdout).toBe("");
  }, 300_000);
});

describe("the enrolment script", () => {
  test("carries the whole agent, the key and the address", () => {
    const script = enrolmentScript({
      publicKey,
      reportUrl: "https://brake.example.org/enrol/abc?x=1",
      hostName: "mx1",
    });
    expect(script).toContain(agentScript().trimEnd());
    expect(script).toContain(buildQueuePart().trimEnd());
    expect(script).toContain(`enrol_key='${publicKey.split(" ").slice(0, 2).join(" ")}'`);
    expect(script).toContain("enrol_url='https://brake.example.org/enrol/abc?x=1'");
    expect(script.trimEnd().split("\n").at(-1)).toBe('main "$@"');
  });

  test.for(Object.entries(shells))("is read by %s", ([name, [command = "", ...words]]) => {
    const run = spawnSync(command, [...words, "-n", put(`enrol-${name}`, enrolmentScript({ publicKey }))], {
      encoding: "utf8",
    });
    expect([run.status, run.stderr.split("\n").filter((line) => line !== "" && !line.includes("warning:"))]).toEqual([
      0,
      [],
    ]);
  });

  test.for([
    { publicKey: "ssh-rsa AAAAB3NzaC1yc2E" },
    { publicKey: `${publicKey}'; id; '` },
    { publicKey: `${publicKey}\nssh-ed25519 AAAA` },
    { publicKey: 'command="id" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGcHH2i2l0p0bqj5sl0kz1X3lH4F8i1GqYkX8kz1X3lH' },
    { publicKey, reportUrl: "file:///etc/passwd" },
    { publicKey, reportUrl: "https://x.example/'$(id)'" },
    { publicKey, reportUrl: 'https://x.example/"\nurl = "https://y.example' },
    { publicKey, hostName: "mx1'; id" },
    { publicKey, hostName: "mx1\nid" },
  ])("refuses %o", (options) => {
    expect(() => enrolmentScript(options)).toThrow(RangeError);
  });
});
