import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { buildAgent } from "../build-agent.ts";
import { adminEdits, editedMain, editedMaster } from "./postfix-admin-edits.ts";
import { postfixShapes } from "./postfix-shapes.ts";

const harnessPath = fileURLToPath(new URL("../../test/postfix-edit-harness.sh", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "mailbrake-postfix-edit-"));
const harness = join(work, "harness.sh");
writeFileSync(
  harness,
  buildAgent({ test: true, drivers: ["postfix"] }).replace(/^main "\$@"\n/m, () => readFileSync(harnessPath, "utf8")),
);
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Configuration {
  main: string;
  master: string;
}

/** `match` is one, or two parted by a blank. */
const brake = (app: string, point: string, effect: string, match: string, numbers = "0\t0\t0"): string => {
  const [one = "", two = ""] = match.split(" ");
  return `1\t${app}\t${app}\t${point}\t${effect}\t${one}\t${two}\t\tNot now, please\t${numbers}\t0\n`;
};
/** Brakes that need every kind of edit at once. */
const brakes = (listener: string): string =>
  brake("T1", listener, "tempfail", "all") +
  brake("H1", listener, "hold", "sender:a@b.example") +
  brake("D1", listener, "discard", "recipient:r@b.example") +
  brake("C1", listener, "throttle", "client:2001:db8::/32", "5\t0\t9") +
  brake("A1", listener, "hold", "recipient:b.example sender:<>") +
  brake("A2", listener, "reject", "client:192.0.2.0/24 recipient:r@b.example") +
  brake("P1", "delivery", "pause", "all") +
  brake("P2", "delivery", "pause", "recipient:b.example") +
  brake("S1", "delivery", "throttle", "all", "0\t25\t0") +
  brake("L1", "local", "tempfail", "all");

const shells: readonly (readonly string[])[] = [
  ["dash"],
  ["busybox", "ash"],
  ["ksh93"],
  ["mksh"],
  ["yash", "-o", "posixlycorrect"],
  ["bash", "--posix"],
];
const awks: readonly (readonly string[])[] = [["mawk"], ["gawk", "--posix"], ["busybox", "awk"], ["original-awk"]];

/** Renders each configuration for `orders`, all in one shell process. */
function renderAll(
  configurations: readonly Configuration[],
  orders: string,
  shell = shells[0],
  awk = awks[0],
): Configuration[] {
  const folder = mkdtempSync(join(work, "run-"));
  mkdirSync(join(folder, "bin"));
  const awkPath = join(folder, "bin", "awk");
  const found = (name: string): string =>
    execFileSync("/bin/sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim();
  const [awkProgram = "", ...awkArguments] = awk ?? [];
  if (awkArguments.length === 0) symlinkSync(found(awkProgram), awkPath);
  else writeFileSync(awkPath, `#!/bin/sh\nexec ${found(awkProgram)} ${awkArguments.join(" ")} "$@"\n`, { mode: 0o755 });
  const folders = configurations.map((configuration, index) => {
    const one = join(folder, String(index));
    mkdirSync(one);
    writeFileSync(join(one, "main.cf"), configuration.main);
    writeFileSync(join(one, "master.cf"), configuration.master);
    writeFileSync(join(one, "orders"), orders);
    return one;
  });
  const [shellProgram = "", ...shellArguments] = shell ?? [];
  execFileSync(shellProgram, [...shellArguments, harness, ...folders], {
    env: { PATH: `${join(folder, "bin")}:${process.env.PATH}`, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return folders.map((one) => ({
    main: readFileSync(join(one, "out", "main.cf"), "latin1"),
    master: readFileSync(join(one, "out", "master.cf"), "latin1"),
  }));
}

const renderOne = (configuration: Configuration, orders: string): Configuration => {
  const [result] = renderAll([configuration], orders);
  if (!result) throw new Error("nothing rendered");
  return result;
};

describe("hooks in main.cf and master.cf", () => {
  const originals = postfixShapes.map(({ main, master }) => ({ main, master }));
  const orders = brakes("listener:smtp/inet");
  const rendered = renderAll(originals, orders);

  it("come out as in the golden files", async () => {
    const text = postfixShapes
      .map(
        ({ name }, index) =>
          `======== ${name}: main.cf\n${rendered[index]?.main}\n======== ${name}: master.cf\n${rendered[index]?.master}\n`,
      )
      .join("")
      .replaceAll("\r", "<CR>");
    await expect(text).toMatchFileSnapshot("golden/postfix-hooks.txt");
  });

  it.each([
    ...shells.map((shell) => ({ shell, awk: ["mawk"] as readonly string[] })),
    ...awks.map((awk) => ({ shell: ["dash"] as readonly string[], awk })),
  ])(
    "trap: a hook put in twice stays in half: inserting twice changes nothing, removing gives back every byte ($shell, $awk)",
    ({ shell, awk }) => {
      const first = renderAll(originals, orders, shell, awk);
      expect(first).toEqual(rendered);
      expect(renderAll(first, orders, shell, awk)).toEqual(first);
      expect(renderAll(first, "", shell, awk)).toEqual(originals);
      for (const [index, shape] of postfixShapes.entries()) {
        expect(first[index]?.main, shape.name).not.toBe(shape.main);
        expect(first[index]?.master, shape.name).toContain("mailbrake_rules=");
      }
    },
  );

  it("trap: what stood there before is no text to put back while other brakes are on: lifting one leaves the text that the others alone would have made", () => {
    const lines = orders.split(/(?<=\n)/);
    for (const [index] of lines.entries()) {
      const others = lines.filter((_, other) => other !== index).join("");
      expect(renderAll(rendered, others)).toEqual(renderAll(originals, others));
    }
  });
});

describe("an admin edits while a brake is on", () => {
  const original = { main: editedMain, master: editedMaster };
  const orders = `${brakes("listener:smtp/inet")}${brake("R1", "listener:submission/inet", "reject", "all")}`;
  const braked = renderOne(original, orders);

  it.each(adminEdits)("$name: after the lift the edit is there and nothing of ours", ({ file, edit, expected }) => {
    const edited = { ...braked, [file]: edit(braked[file]) };
    const wanted = { ...original, [file]: (expected ?? edit)(original[file]) };
    expect(renderOne(edited, "")).toEqual(wanted);
  });

  it.each(adminEdits)(
    "$name: while it is on, the brake mends itself and is lifted whole",
    ({ file, edit, expected }) => {
      const edited = { ...braked, [file]: edit(braked[file]) };
      const wanted = { ...original, [file]: (expected ?? edit)(original[file]) };
      const mended = renderOne(edited, orders);
      expect(mended).toEqual(renderOne(wanted, orders));
      expect(renderOne(mended, "")).toEqual(wanted);
    },
  );
});
