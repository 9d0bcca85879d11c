/**
 * For tests of the agent's core: a folder that stands for a host (state, configuration, cron), and the test build of the agent run in it under
 * a chosen shell and awk, with a driver of the tests' own (test/fake-driver.sh). Real mail systems are tested in the lab.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  type AgentArguments,
  type AgentVerb,
  agentFailureSchema,
  encodeRequest,
  finalAnswerSchemas,
  partialAnswerSchema,
} from "@mailbrake/contract";
import { buildAgent, buildQueuePart } from "./build-agent.ts";

export const shells: Readonly<Record<string, readonly string[]>> = {
  dash: ["dash"],
  busybox: ["busybox", "ash"],
  ksh93: ["ksh93"],
  mksh: ["mksh"],
  yash: ["yash"],
  bash: ["bash", "--posix"],
};

export const awks: Readonly<Record<string, string>> = {
  mawk: "mawk",
  gawk: "gawk --posix",
  busybox: "busybox awk",
  "original-awk": "original-awk",
};
/** Each shell with mawk, and each other awk with dash. */
export const shellsAndAwks: readonly { shell: keyof typeof shells; awk: keyof typeof awks }[] = [
  ...Object.keys(shells).map((shell) => ({ shell, awk: "mawk" })),
  ...Object.keys(awks)
    .filter((awk) => awk !== "mawk")
    .map((awk) => ({ shell: "dash", awk })),
];

const fakeDriver = readFileSync(fileURLToPath(new URL("../test/fake-driver.sh", import.meta.url)), "utf8");
let builtAgent: string | undefined;
let builtQueuePart: string | undefined;

export interface AgentRun {
  readonly lines: readonly string[];
  readonly standardError: string;
  /** null: killed by a signal. */
  readonly status: number | null;
}

export interface RunOptions {
  readonly shell?: keyof typeof shells;
  readonly awk?: keyof typeof awks;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMilliseconds?: number;
}

export class ScratchHost {
  readonly folder = mkdtempSync(`${tmpdir()}/mailbrake-agent-`);
  readonly state = `${this.folder}/state`;
  readonly config = `${this.folder}/conf`;
  readonly cron = `${this.folder}/cron`;
  readonly agent = `${this.folder}/mailbrake-agent`;
  readonly queuePart = `${this.folder}/queue`;
  readonly instance = `fake:${this.config}`;
  readonly mainConf = `${this.config}/main.conf`;
  #functionsWritten = 0;
  static readonly mainConfText = "# the admin's\na = b\nc = d\n";

  constructor() {
    builtAgent ??= buildAgent({ test: true, extraModules: [fakeDriver] });
    builtQueuePart ??= buildQueuePart({ test: true });
    for (const folder of [this.config, this.cron, `${this.folder}/awk`]) mkdirSync(folder);
    writeFileSync(this.agent, builtAgent, { mode: 0o755 });
    writeFileSync(this.queuePart, builtQueuePart);
    writeFileSync(this.mainConf, ScratchHost.mainConfText);
    writeFileSync(`${this.config}/count.conf`, "0\n");
    for (const [name, command] of Object.entries(awks)) {
      mkdirSync(`${this.folder}/awk/${name}`);
      writeFileSync(`${this.folder}/awk/${name}/awk`, `#!/bin/sh\nexec /usr/bin/${command} "$@"\n`);
      chmodSync(`${this.folder}/awk/${name}/awk`, 0o755);
    }
  }

  /** Starts the agent as the leader of a process group of its own (a crash point kills that). */
  start(words: readonly string[], options: RunOptions = {}, script = this.agent): ChildProcess {
    const [command = "dash", ...before] = shells[options.shell ?? "dash"] ?? [];
    return spawn(command, [...before, script, ...words], {
      detached: true,
      env: {
        PATH: process.env.PATH ?? "",
        MB_TEST_STATE: this.state,
        MB_TEST_CONFIG: this.config,
        MB_TEST_CRON_DIR: this.cron,
        MB_TEST_UNIT_DIR: `${this.folder}/units`,
        MB_TEST_AGENT: this.agent,
        MB_TEST_QUEUE: this.queuePart,
        MB_TEST_DRIVERS: "fake",
        MB_TEST_PATH: options.awk ? `${this.folder}/awk/${options.awk}` : "",
        ...options.environment,
      },
    });
  }

  /** Runs it to its end with this on standard input. */
  async run(words: readonly string[], input: string | Uint8Array, options: RunOptions = {}): Promise<AgentRun> {
    return this.#collect(this.start(words, options), input, options);
  }

  async #collect(child: ChildProcess, input: string | Uint8Array, options: RunOptions): Promise<AgentRun> {
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout?.on("data", (data: Buffer) => output.push(data));
    child.stderr?.on("data", (data: Buffer) => errors.push(data));
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    const limit = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), options.timeoutMilliseconds ?? 30_000);
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    clearTimeout(limit);
    return {
      lines: Buffer.concat(output)
        .toString("utf8")
        .split("\n")
        .filter((line) => line !== ""),
      standardError: Buffer.concat(errors).toString("utf8"),
      status,
    };
  }

  /** Runs shell text on the agent's own functions (all of the agent but its last line), under a shell and an awk. */
  async runFunctions(text: string, options: RunOptions = {}, words: readonly string[] = []): Promise<AgentRun> {
    const path = `${this.folder}/functions-${this.#functionsWritten++}`;
    const agent = this.read(this.agent).trimEnd().split("\n").slice(0, -1);
    writeFileSync(path, [...agent, "set -eu", "base_setup", "exec 3>&1", text, ""].join("\n"));
    return this.#collect(this.start(words, options, path), "", options);
  }

  /** A serve that stays, asked one request after the other. */
  session(options: RunOptions = {}): AgentSession {
    return new AgentSession(this.start(["serve"], options));
  }

  /** One request in a serve of its own; each line of the answer is parsed by the schemas of the contract. */
  async ask<V extends AgentVerb>(verb: V, values: AgentArguments = {}, options: RunOptions = {}): Promise<Answer> {
    const run = await this.run(["serve"], encodeRequest("1", verb, values), options);
    return parseAnswer(verb, run.lines, run.standardError);
  }

  /** A complete apply of `tempfail all`, with these values changed. */
  brake(values: AgentArguments = {}): AgentArguments {
    return {
      app: "app1",
      brake: "B1",
      instance: this.instance,
      point: "listener:smtp/inet",
      effect: "tempfail",
      match: "all",
      text: "later, please",
      ttl: "0",
      by: "eva",
      reason: "a test",
      ...values,
    };
  }

  read(path: string): string {
    return readFileSync(path, "utf8");
  }

  exists(path: string): boolean {
    return existsSync(path);
  }

  /** Its sleeping process, if one was started, is ended with it. */
  remove(): void {
    const sleeper = existsSync(`${this.state}/sleeper`) ? Number.parseInt(this.read(`${this.state}/sleeper`), 10) : 0;
    if (sleeper > 1) {
      try {
        if (this.read(`/proc/${sleeper}/cmdline`).includes(this.folder)) process.kill(-sleeper, "SIGKILL");
      } catch {
        // It has ended already.
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class AgentSession {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #nextId = 1;

  constructor(child: ChildProcess) {
    if (!child.stdout) throw new Error("the agent has no standard output");
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async ask(verb: AgentVerb, values: AgentArguments = {}): Promise<Answer> {
    this.#child.stdin?.write(encodeRequest(String(this.#nextId++), verb, values));
    const lines: string[] = [];
    while (!lines.at(-1)?.includes('"done":true')) {
      const next = await this.#lines.next();
      if (next.done) throw new Error(`the agent ended after ${lines.join("\n")}`);
      lines.push(next.value);
    }
    return parseAnswer(verb, lines);
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.on("close", resolve));
    this.#child.stdin?.end();
    await closed;
  }
}

export interface Answer {
  readonly parts: readonly Record<string, unknown>[];
  /** The last line, whatever it says. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at fields of many shapes, all parsed before
  readonly last: any;
}

/** Parses an answer line by line; throws where a line is not what the contract says. */
export function parseAnswer(verb: AgentVerb, lines: readonly string[], standardError = ""): Answer {
  if (lines.length === 0) throw new Error(`no answer; standard error: ${standardError}`);
  const parts = lines
    .slice(0, -1)
    .map((line) => partialAnswerSchema.parse(JSON.parse(line)) as Record<string, unknown>);
  const last = JSON.parse(lines.at(-1) ?? "");
  return { parts, last: last.ok === false ? agentFailureSchema.parse(last) : finalAnswerSchemas[verb].parse(last) };
}
