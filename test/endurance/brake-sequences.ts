/** Random sequences of apply, lift and expire with an admin's edits between: after the last lift only the edits remain. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentOnHost } from "../integration/postfix-driver/agent-on-host.ts";
import type { Lab, LabHost } from "../lab/index.ts";
import { liftEverything } from "./mail-under-brakes.ts";
import { type OpenDoors, openDoors, randomOrder } from "./random-orders.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { Subject } from "./subject.ts";
import { askPatiently, tryBrake } from "./try-brake.ts";

const shadow = "/root/shadow";

export interface SequenceOutcome {
  /** What was done, in order: for the message of a failure. */
  readonly acts: readonly string[];
  readonly expected: readonly string[];
  readonly found: readonly string[];
}

/** Random sequences on one host; call `prepare` once before. */
export class BrakeSequences {
  readonly #host: LabHost;
  readonly #agent: AgentOnHost;
  readonly #subject: Subject;
  readonly #clients: readonly string[];
  #doors: OpenDoors = { points: [] };
  #count = 0;

  constructor(lab: Lab, subject: Subject, agent: AgentOnHost) {
    this.#host = lab.host(subject.host.name);
    this.#agent = agent;
    this.#subject = subject;
    this.#clients = lab.clientAddresses;
  }

  async prepare(): Promise<void> {
    this.#doors = await openDoors(this.#agent);
    // What the admin's edits would have made of the files if there had been no brake.
    await this.#host.shell(`rm -rf ${shadow}; cp -a "$1" ${shadow}`, { args: [this.#subject.folder] });
  }

  /** One sequence from a seed. A refusal for which no other brake is the reason is an error. */
  async run(seed: number): Promise<SequenceOutcome> {
    const random = new SeededRandom(seed);
    // Each status would tell the last 200 of what has ended.
    await this.#host.shell("rm -f /var/lib/mailbrake/ended/*");
    const acts: string[] = [];
    const active = new Set<string>();
    const steps = 3 + random.below(5);
    for (let step = 0; step < steps; step += 1) {
      const dice = random.next();
      if (dice < 0.45) await this.#apply(random, acts, active);
      else if (dice < 0.65 && active.size > 0) await this.#lift(random.pick([...active]), acts, active);
      else if (dice < 0.7) {
        await askPatiently(this.#agent, "expire");
        acts.push("expire");
      } else await this.#edit(random, acts);
    }
    await liftEverything(this.#agent);
    await this.#quiet();
    return { acts, expected: await this.#tree(shadow), found: await this.#tree(this.#subject.folder) };
  }

  async #apply(random: SeededRandom, acts: string[], active: Set<string>): Promise<void> {
    this.#count += 1;
    const app = `Q${this.#count}`;
    const order = randomOrder(random, this.#doors, this.#clients, false);
    const ttl = random.next() < 0.25 ? "1" : "0";
    acts.push(`apply ${JSON.stringify(order)} ttl ${ttl}`);
    const request = { ...order, app, brake: app, ttl, by: "test", reason: "sequence" };
    const answer = await tryBrake(this.#agent, this.#doors, request).catch((error: unknown) => {
      throw new Error(`${acts.join("\n")}\n${String(error)}`);
    });
    if (answer !== "applied") acts.push(answer);
    else if (ttl === "0") active.add(app);
  }

  async #lift(app: string, acts: string[], active: Set<string>): Promise<void> {
    active.delete(app);
    acts.push(`lift ${app}`);
    await askPatiently(this.#agent, "lift", { app, by: "test", reason: "sequence" });
  }

  async #edit(random: SeededRandom, acts: string[]): Promise<void> {
    this.#count += 1;
    const edit = random.pick(this.#subject.edits);
    acts.push(`edit ${edit}`);
    const args = [this.#subject.folder, String(this.#count)];
    await this.#host.shell(`set -e; ${edit}; ${this.#subject.afterEdit}`, { args });
    await this.#host.shell(`set -e; ${edit}`, { args: [shadow, String(this.#count)] });
  }

  /** Waits until nothing is on any more: what expires by itself does so in its own process. */
  async #quiet(): Promise<void> {
    for (const started = Date.now(); Date.now() - started < 20_000; await sleep(50)) {
      const { parts } = await this.#agent.ask("status");
      if (!parts.some((part) => "application" in part)) return;
    }
    throw new Error("a brake is still on 20 s after everything was lifted");
  }

  async #tree(folder: string): Promise<string[]> {
    const lines = await this.#host.checksumTree(folder);
    return lines
      .map((line) => (line.startsWith(folder) ? `${this.#subject.folder}${line.slice(folder.length)}` : line))
      .filter((line) => !this.#subject.derived.test(line));
  }
}
