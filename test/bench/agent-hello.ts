/** Size of the built agent, and how long it takes to start and answer `hello`, beside a bare `sh` that only starts. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildAgent, buildQueuePart, driverNames } from "@mailbrake/agent";
import { inWords, sample } from "./measure.ts";

const rounds = 40;
function once(args: readonly string[], input: string): number {
  const start = performance.now();
  const result = spawnSync("sh", args, { input });
  const took = performance.now() - start;
  if (result.status !== 0) throw new Error(`sh ${args.join(" ")} ended with ${result.status}: ${result.stderr}`);
  return took;
}

export function benchAgentHello(): void {
  const folder = mkdtempSync(join(tmpdir(), "mailbrake-bench-"));
  try {
    process.stdout.write("Agent, as it is on a host with one mail system\n");
    for (const driver of driverNames) {
      const text = buildAgent({ drivers: [driver] });
      const bytes = Buffer.byteLength(text);
      const packed = gzipSync(text).length;
      const verdict = bytes < 100_000 ? "met" : "NOT met";
      process.stdout.write(
        `  with the ${driver} driver`.padEnd(43) +
          `${(bytes / 1000).toFixed(1)} kB, ${(packed / 1000).toFixed(1)} kB gzipped   (limit 100 kB: ${verdict})\n`,
      );
    }
    const second = driverNames.map((driver) => Buffer.byteLength(buildQueuePart({ drivers: [driver] })));
    process.stdout.write(
      `  its second file, read in calm            ${(Math.min(...second) / 1000).toFixed(1)} to ${(Math.max(...second) / 1000).toFixed(1)} kB\n`,
    );
    const both = Buffer.byteLength(buildAgent({ drivers: ["postfix", "nftables"] }));
    process.stdout.write(`  with the postfix and nftables drivers    ${(both / 1000).toFixed(1)} kB\n`);
    const agentFile = join(folder, "agent");
    writeFileSync(agentFile, buildAgent({ drivers: ["postfix"] }));
    const bare: number[] = [];
    const hello: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(once(["-c", ":"], ""));
      hello.push(once([agentFile, "serve"], "1 hello\n"));
    }
    const [peer, ours] = [sample(bare), sample(hello)];
    const more = ours.median - peer.median;
    process.stdout.write(`  bare sh                                  ${inWords(peer)}
  start and answer hello                   ${inWords(ours)}
  ratio                                    ${(ours.median / peer.median).toFixed(2)}; ${more.toFixed(1)} ms more   (limit 20 ms: ${more <= 20 ? "met" : "NOT met"})
`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
