/** Writes dist/mailbrake-agent and dist/mailbrake-queue, and both as .test; run by the package's build after tsc. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildAgent, buildQueuePart } from "./build-agent.ts";

const folder = fileURLToPath(new URL("../dist/", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const test of [false, true]) {
  const suffix = test ? ".test" : "";
  writeFileSync(`${folder}mailbrake-agent${suffix}`, buildAgent({ test }));
  chmodSync(`${folder}mailbrake-agent${suffix}`, 0o755);
  writeFileSync(`${folder}mailbrake-queue${suffix}`, buildQueuePart({ test }));
}
