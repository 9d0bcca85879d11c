/** The most memory that the agent on a host had, with all processes that it and its runners started: resident, looked at every quarter of a second. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LabHost } from "../lab/index.ts";

export class PeakMemory {
  readonly #host: LabHost;
  peakBytes = 0;

  constructor(host: LabHost) {
    this.#host = host;
  }

  /** Looks while this works. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    let working = true;
    const looking = (async () => {
      while (working) {
        await this.#look();
        await sleep(250);
      }
    })();
    try {
      return await work();
    } finally {
      working = false;
      await looking;
    }
  }

  async #look(): Promise<void> {
    const { stdout } = await this.#host.exec(["ps", "-eo", "pid=,ppid=,rss=,args="]);
    const processes = stdout.split("\n").flatMap((line) => {
      const [, pid, parent, kilobytes, words] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid === undefined ? [] : [{ pid, parent, bytes: Number(kilobytes) * 1_024, words: words ?? "" }];
    });
    const ours = new Set(processes.filter(({ words }) => words.includes("mailbrake-agent")).map(({ pid }) => pid));
    for (let grown = true; grown; ) {
      grown = false;
      for (const { pid, parent } of processes)
        if (!ours.has(pid) && ours.has(parent ?? "")) {
          ours.add(pid);
          grown = true;
        }
    }
    const bytes = processes.filter(({ pid }) => ours.has(pid)).reduce((sum, one) => sum + one.bytes, 0);
    this.peakBytes = Math.max(this.peakBytes, bytes);
  }
}
