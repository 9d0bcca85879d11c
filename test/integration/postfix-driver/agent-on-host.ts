/**
 * The agent of a lab host, spoken to over `serve` as the control plane does, but without SSH: what is tested here is the driver.
 * If the test is killed, the agent ends with its input.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { buildAgent, buildQueuePart } from "@mailbrake/agent";
import {
  type AgentArguments,
  type AgentFailure,
  type AgentVerb,
  agentFailureSchema,
  encodeRequest,
  type FinalAnswer,
  finalAnswerSchemas,
  type PartialAnswer,
  partialAnswerSchema,
} from "@mailbrake/contract";
import type { LabHost } from "../../lab/index.ts";

const answerTimeoutMs = 60_000;

/** What a request brought: all lines before the last, and the last. */
export interface Answered<V extends AgentVerb> {
  parts: PartialAnswer[];
  final: FinalAnswer<V>;
}

/** How to start the agent; paths are the host's. */
export interface AgentSettings {
  /** All drivers unless told; a host gets those of its own mail servers. */
  drivers?: readonly string[];
  /** Instead of its own first line. */
  shell?: readonly string[];
  /** A folder with an `awk` to use. */
  awkFolder?: string;
  /** The crash point at which it is killed, with all that it started. */
  crashAt?: string;
}

const built = new Map<string, string>();
/** One agent is started over another of the same file: it must not change meanwhile. */
function builtOnce(drivers?: readonly string[]): string {
  const key = drivers?.join(" ") ?? "";
  const text = built.get(key) ?? buildAgent({ test: true, ...(drivers ? { drivers } : {}) });
  built.set(key, text);
  return text;
}
function builtQueuePart(): string {
  const text = built.get("queue part") ?? buildQueuePart({ test: true });
  built.set("queue part", text);
  return text;
}

export class AgentOnHost {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #count = 0;
  #complaints = "";

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.on("data", (text: Buffer) => {
      this.#complaints += text.toString();
    });
  }

  /**
   * Puts the agent in its test build on the host and starts it.
   */
  static async start(host: LabHost, under?: AgentSettings): Promise<AgentOnHost> {
    const path = "/usr/local/sbin/mailbrake-agent";
    await host.writeFile(path, builtOnce(under?.drivers));
    await host.exec(["chmod", "755", path]);
    await host.exec(["mkdir", "-p", "/usr/local/lib/mailbrake"]);
    await host.writeFile("/usr/local/lib/mailbrake/queue", builtQueuePart());
    const settings = [
      ...(under?.awkFolder ? [`MB_TEST_PATH=${under.awkFolder}`] : []),
      ...(under?.crashAt ? [`MB_TEST_CRASH=${under.crashAt}`] : []),
    ];
    // a crash point kills the agent's process group, which must be its own
    const words = ["setsid", "--wait", "env", ...settings, ...(under?.shell ?? []), path];
    const [program = "", ...rest] = host.enterCommand();
    return new AgentOnHost(spawn(program, [...rest, ...words, "serve"]));
  }

  /** Asks and gives the answer, parsed by the contract; throws with the agent's words when it refuses. */
  async ask<V extends AgentVerb>(verb: V, values: AgentArguments = {}): Promise<Answered<V>> {
    const { parts, last } = await this.#exchange(verb, values);
    const failure = agentFailureSchema.safeParse(last);
    if (failure.success)
      throw new Error(`${verb}: ${failure.data.error} ${failure.data.field ?? ""}: ${failure.data.message}`);
    return { parts, final: finalAnswerSchemas[verb].parse(last) as FinalAnswer<V> };
  }

  /** Asks for what the agent must refuse, and gives the refusal. */
  async refusal(verb: AgentVerb, values: AgentArguments): Promise<AgentFailure> {
    return agentFailureSchema.parse((await this.#exchange(verb, values)).last);
  }

  async #exchange(verb: AgentVerb, values: AgentArguments): Promise<{ parts: PartialAnswer[]; last: unknown }> {
    this.#count += 1;
    const id = String(this.#count);
    this.#child.stdin.write(encodeRequest(id, verb, values));
    const parts: PartialAnswer[] = [];
    for (;;) {
      const answer: unknown = JSON.parse(await this.#line(verb));
      if (typeof answer === "object" && answer !== null && "done" in answer) return { parts, last: answer };
      parts.push(partialAnswerSchema.parse(answer));
    }
  }

  async #line(verb: string): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${verb}: no answer within ${answerTimeoutMs} ms`)), answerTimeoutMs);
    });
    const next = await Promise.race([this.#lines.next(), late]);
    clearTimeout(timer);
    if (next.done) throw new Error(`${verb}: the agent ended`);
    return next.value;
  }

  /** Ends the agent; throws when it said anything on standard error, as nothing that it runs should. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.stdin.end();
    await ended;
    if (this.#complaints !== "") throw new Error(`the agent complained: ${this.#complaints}`);
  }
}
