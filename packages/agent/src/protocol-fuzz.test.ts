/** 100,000 random and hostile lines, shared out to the shells: nothing outside the state folder changes, and nothing is run. */
import { createHash, randomInt } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import {
  agentFailureSchema,
  agentKeyBytes,
  agentVerbs,
  encodeRequest,
  finalAnswerSchemas,
  partialAnswerSchema,
} from "@mailbrake/contract";
import { afterAll, describe, expect, test } from "vitest";
import { ScratchHost, shells } from "./scratch-host.ts";

const totalLines = 100_000;
// yash needs a process for each line and for each byte that is not ASCII: it gets a small share.
const yashLines = 1_000;
const linesEach = Math.ceil((totalLines - yashLines) / (Object.keys(shells).length - 1));
const hosts: ScratchHost[] = [];
afterAll(() => {
  for (const host of hosts) host.remove();
});

/** A generator that gives the same lines for the same seed, so that a failure can be had again. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

function hostileWords(canary: string): string[] {
  return [
    `$(touch ${canary})`,
    `\`touch ${canary}\``,
    `;touch ${canary};`,
    `|touch ${canary}`,
    `&& touch ${canary} #`,
    `'; touch ${canary}; '`,
    `"; touch ${canary}; "`,
    `\${IFS}touch\${IFS}${canary}`,
    `>${canary}`,
    `../../../../../..${canary}`,
    `-o${canary}`,
    "--help",
    "-rf",
    "-e",
    "*",
    "?",
    "[a-z]",
    "~root",
    "%n%s%p",
    "\\",
    "\\\\n",
    "$HOME",
    "$" + "{PATH:?}",
    "a=b=c",
    "%2e%2e%2f",
    "%00",
    "%0a1%20hello",
    "%",
    "%g1",
    "é",
    "\u2028",
    "'",
    '"',
    "\t",
    "\r",
    "<>",
    "{a,b}",
    "!!",
    "@(a|b)",
    `system("touch ${canary}")`,
    `";system("touch ${canary}");"`,
    "s/x/y/e",
    `awk BEGIN{system("touch ${canary}")}`,
  ];
}

/** As a client would; `all` also what needs no coding, which takes the agent a process. */
function percentEncode(text: string, all: boolean): string {
  return [...Buffer.from(text, "utf8")]
    .map((byte) =>
      !all && /[\w.~-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");
}

function* hostileLines(host: ScratchHost, count: number, seed: number): Generator<Buffer> {
  const below = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const words = hostileWords(`${host.folder}/canary`);
  const keys = Object.keys(agentKeyBytes);
  const good = encodeRequest("9", "apply", host.brake()).trimEnd();
  for (let n = 0; n < count; n++) {
    const kind = below(20);
    const word = () => pick(words);
    if (n === 100) yield Buffer.from(`1 status app=${"A".repeat(1_048_576)}`);
    else if (n === 200) yield Buffer.from("$(".repeat(524_288));
    else if (n === 300) yield Buffer.alloc(65_536, 0);
    else if (kind < 2)
      yield Buffer.from(Array.from({ length: below(200) }, () => below(256)).filter((byte) => byte !== 10));
    else if (kind < 4) yield Buffer.from(`${word()} ${word()} ${word()}=${word()}`);
    else if (kind < 6) yield Buffer.from(`${n} ${pick(agentVerbs)} ${pick(keys)}=${word()}`);
    else if (kind < 12)
      yield Buffer.from(
        `${n} ${pick(agentVerbs)} ${pick(keys)}=${percentEncode(word(), n % 40 === 0)} ${pick(keys)}=${percentEncode(word(), n % 40 === 0)}`,
      );
    else if (kind < 14) yield Buffer.from(`${percentEncode(word(), n % 40 === 0)} ${pick(agentVerbs)}`);
    else if (kind < 15)
      yield Buffer.from(`${n} apply ${keys.map((key) => `${key}=${percentEncode(word(), n % 40 === 0)}`).join(" ")}`);
    else if (kind < 16) {
      // A good request with one byte changed (not to NUL, which some shells drop: docs/protocol.md says so).
      const bytes = Buffer.from(good);
      bytes[below(bytes.length)] = 1 + below(255);
      for (let at = 0; at < bytes.length; at++) if (bytes[at] === 10) bytes[at] = 13;
      // Where it stays good it is a real apply: not what is tested here.
      yield bytes.equals(Buffer.from(good)) || /^[\w.~=% -]*$/.test(bytes.toString("latin1"))
        ? Buffer.from(`${n} x`)
        : bytes;
    } else if (kind < 17)
      yield Buffer.concat([
        Buffer.from(`${n} status app=`),
        Buffer.alloc(below(40), below(256) || 1).map((byte) => (byte === 10 ? 13 : byte)),
      ]);
    else if (kind < 18) yield Buffer.from(`${n} ${word()}`);
    else if (kind < 19) yield Buffer.from(`${n} hello\0${word()}`);
    else yield Buffer.from(`${"=".repeat(below(50))}${" ".repeat(below(5))}${"%".repeat(below(50))}`);
  }
}

/** Names, modes and content of all under a folder. */
function fingerprint(folder: string): string {
  const hash = createHash("sha256");
  const visit = (path: string) => {
    const found = statSync(path);
    hash.update(`${path} ${found.mode} ${found.mtimeMs}\n`);
    if (found.isDirectory()) for (const name of readdirSync(path).sort()) visit(`${path}/${name}`);
    else hash.update(readFileSync(path));
  };
  visit(folder);
  return hash.digest("hex");
}

describe.concurrent(`${totalLines} hostile lines`, () => {
  test.for(Object.keys(shells))(
    "under %s: answered each by the contract, nothing changed, nothing run",
    { timeout: 180_000 },
    async (shell, { expect: see }) => {
      const host = new ScratchHost();
      hosts.push(host);
      // Programs that no request may start; their names come first in the path of the agent.
      const shims = `${host.folder}/shims`;
      mkdirSync(shims);
      for (const name of [
        "touch",
        "curl",
        "wget",
        "nc",
        "mail",
        "sendmail",
        "reboot",
        "sudo",
        "su",
        "system",
        "hello",
      ]) {
        writeFileSync(`${shims}/${name}`, `#!/bin/sh\necho "$0 $*" >>${host.folder}/canary\n`);
        chmodSync(`${shims}/${name}`, 0o755);
      }
      await host.run(["serve"], "1 discover\n", { shell });
      const before = fingerprint(host.config) + fingerprint(host.cron);
      const seed = Number(process.env.MAILBRAKE_FUZZ_SEED ?? randomInt(2 ** 31));
      // yash takes a NUL for the end of its input, which ends the session (tested below): it gets these lines without.
      const lines = [...hostileLines(host, shell === "yash" ? yashLines : linesEach, seed)].map((line) =>
        shell === "yash" ? line.filter((byte) => byte !== 0) : line,
      );
      const input = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
      const run = await host.run(["serve"], Buffer.concat([input, Buffer.from("last hello\n")]), {
        shell,
        environment: { MB_TEST_PATH: shims },
        timeoutMilliseconds: 170_000,
      });
      see(run.status, `seed ${seed}: ${run.standardError.slice(-2000)}`).toBe(0);
      let ends = 0;
      for (const line of run.lines) {
        const answer = JSON.parse(line);
        if (!answer.done) partialAnswerSchema.parse(answer);
        else if (!answer.ok) agentFailureSchema.parse(answer);
        else
          see(
            Object.values(finalAnswerSchemas).some((schema) => schema.safeParse(answer).success),
            line,
          ).toBe(true);
        if (answer.done) ends++;
        see(answer.error, `seed ${seed}: ${line}`).not.toBe("internal");
      }
      see(ends, `seed ${seed}: one last line for each line sent`).toBe(lines.length + 1);
      finalAnswerSchemas.hello.parse(JSON.parse(run.lines.at(-1) ?? ""));
      see(
        host.exists(`${host.folder}/canary`) ? host.read(`${host.folder}/canary`) : "nothing ran",
        `seed ${seed}`,
      ).toBe("nothing ran");
      see(fingerprint(host.config) + fingerprint(host.cron), `seed ${seed}`).toBe(before);
    },
  );
});

test("under yash a NUL ends the session, without an effect", async () => {
  const host = new ScratchHost();
  hosts.push(host);
  const before = fingerprint(host.config);
  const run = await host.run(["serve"], Buffer.from(`1 hello\n\0${encodeRequest("2", "apply", host.brake())}`), {
    shell: "yash",
  });
  expect(run.status).toBe(0);
  expect(run.lines).toHaveLength(1);
  expect(fingerprint(host.config)).toBe(before);
});

test("the shares add up to what the title says", () => {
  expect(linesEach * (Object.keys(shells).length - 1) + yashLines).toBeGreaterThanOrEqual(totalLines);
});
