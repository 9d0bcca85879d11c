/**
 * For tests of the queue part: the agent with its queue part in one script, a driver of the tests' own whose queue is a file of stream lines,
 * and scripts that stand for the programs of mail servers. Under each shell and awk.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { buildQueuePart } from "./build-agent.ts";
import { type AgentRun, type RunOptions, ScratchHost } from "./scratch-host.ts";

/** A message as a line of the stream has it. */
export interface StreamLine {
  id: string;
  queue?: string;
  held?: string;
  size?: number;
  arrived?: number;
  client?: string;
  sender?: string;
  recipients?: readonly string[];
  reason?: string;
}

export function streamLine(line: StreamLine): string {
  const recipients = line.recipients ?? ["to@lab.example"];
  return [
    line.id,
    line.queue ?? "deferred",
    line.held ?? "-",
    line.size ?? 100,
    line.arrived ?? 1_700_000_000,
    line.client ?? "-",
    line.sender ?? "from@lab.example",
    recipients.length,
    recipients.join(" ") || "-",
    line.reason ?? "-",
  ].join("\t");
}

const part = buildQueuePart({ test: true });
/** The driver `fake` of the scratch host, with a queue. */
const fakeQueue = `fake_queue_stream() { cat "$MB_TEST_CONFIG/queue"; }
fake_queue_fill() { cat; }
fake_queue_show() { cat "$MB_TEST_CONFIG/message"; }
discovery_find() { driver_of "$1"; }
state_make
request_clear
ANSWER_ID=1 R_instance=fake:/x`;

export class QueuePartHost {
  readonly scratch = new ScratchHost();
  readonly tools = `${this.scratch.folder}/tools`;

  constructor() {
    mkdirSync(this.tools);
  }

  /** The queue that the driver tells; \`end\` is its last line. */
  queue(lines: readonly string[], end = "."): void {
    writeFileSync(`${this.scratch.config}/queue`, `${[...lines, end].join("\n")}\n`, "latin1");
  }

  message(text: string): void {
    writeFileSync(`${this.scratch.config}/message`, text, "latin1");
  }

  /** A program found before any other of that name. */
  tool(name: string, text: string): void {
    writeFileSync(`${this.tools}/${name}`, `#!/bin/sh\n${text}\n`);
    chmodSync(`${this.tools}/${name}`, 0o755);
  }

  /** Runs shell text on the functions of agent and queue part. */
  async run(text: string, options: RunOptions = {}): Promise<AgentRun> {
    const path = [options.awk ? `${this.scratch.folder}/awk/${options.awk}` : "", this.tools].filter(Boolean).join(":");
    return await this.scratch.runFunctions(`${part}\n${fakeQueue}\n${text}`, {
      ...options,
      environment: { MB_TEST_PATH: path, ...options.environment },
    });
  }

  /** The answers of `queue op=…` with these keys set. */
  async ask(keys: Readonly<Record<string, string>>, options: RunOptions = {}): Promise<Record<string, unknown>[]> {
    const environment = Object.fromEntries(Object.entries(keys).map(([key, value]) => [`T_${key}`, value]));
    const set = Object.keys(keys)
      .map((key) => `R_${key}=$T_${key}`)
      .join("\n");
    const run = await this.run(`${set}\nverb_queue || answer_failed`, { ...options, environment });
    if (run.standardError !== "") throw new Error(`${options.shell} ${options.awk}: ${run.standardError}`);
    return run.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
