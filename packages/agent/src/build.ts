/** Writes dist/mailbrake-agent and dist/mailbrake-agent.test; run by the package's build after tsc. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildAgent } from "./build-agent.ts";

const folder = fileURLToPath(new URL("../dist/", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, test] of [
  ["mailbrake-agent", false],
  ["mailbrake-agent.test", true],
] as const) {
  writeFileSync(folder + name, buildAgent({ test }));
  chmodSync(folder + name, 0o755);
}
