/** Size of the built agent, and how long it takes to start and answer `hello`, beside a bare `sh` that only starts. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { inWords, sample } from "./measure.ts";

const rounds = 40;
const here = fileURLToPath(new URL(".", import.meta.url));
const agentFile = `${here.replace(/\/test\/(dist\/)?bench\/$/, "")}/packages/agent/dist/mailbrake-agent`;

function once(args: readonly string[], input: string): number {
  const start = performance.now();
  const result = spawnSync("sh", args, { input });
  const took = performance.now() - start;
  if (result.status !== 0) throw new Error(`sh ${args.join(" ")} ended with ${result.status}: ${result.stderr}`);
  return took;
}

export function benchAgentHello(): void {
  const bytes = statSync(agentFile).size;
  const bare: number[] = [];
  const hello: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(once(["-c", ":"], ""));
    hello.push(once([agentFile, "serve"], "1 hello\n"));
  }
  const [peer, ours] = [sample(bare), sample(hello)];
  const more = ours.median - peer.median;
  process.stdout.write(`Agent
  built file                               ${(bytes / 1000).toFixed(1)} kB (${(gzipSync(readFileSync(agentFile)).length / 1000).toFixed(1)} kB gzipped)   (limit 100 kB: ${bytes < 100_000 ? "met" : "NOT met"})
  bare sh                                  ${inWords(peer)}
  start and answer hello                   ${inWords(ours)}
  ratio                                    ${(ours.median / peer.median).toFixed(2)}; ${more.toFixed(1)} ms more   (limit 20 ms: ${more <= 20 ? "met" : "NOT met"})
`);
}
