/**
 * `lab up|down|status|shell HOST|build`: the lab by hand. A lab brought up here stays until `down`.
 * Exit codes: 0 done, 1 not possible (the reason and what to do are on standard error), 2 wrong use.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { labAttach } from "./lab.ts";
import { labDown } from "./lab-down.ts";
import { LabError } from "./lab-error.ts";
import { isLeftOver, labNames, readRecord } from "./lab-state.ts";
import { labUp } from "./lab-up.ts";
import { ensureLayers } from "./layer-cache.ts";
import { type LayerName, layerNames } from "./layers.ts";
import { checkMachine } from "./machine-check.ts";

const usage = `Usage: lab up      [--name NAME]        bring up mx1, mx2, relay, sender and sink
       lab down    [--name NAME|--all]  take a lab down, with all that it left
       lab status                       show the labs of this machine
       lab shell   HOST [--name NAME]   a root shell in a host
       lab build   [LAYER...]           build the cached file systems (${layerNames.join(", ")}; default postfix)
NAME is "lab" unless given.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { name: { type: "string", default: "lab" }, all: { type: "boolean", default: false } },
  });
  const [command, ...operands] = positionals;
  const progress = (message: string): void => console.log(message);
  switch (command) {
    case "up": {
      const lab = await labUp({ name: values.name, keep: true, onProgress: progress });
      for (const host of lab.hosts) console.log(`${host.name.padEnd(12)}${host.address.padEnd(16)}${host.fullName}`);
      console.log(`Log in: ssh -i ${lab.privateKeyPath} root@ADDRESS`);
      return 0;
    }
    case "down":
      await checkMachine();
      for (const name of values.all ? await labNames() : [values.name]) {
        const known = (await labNames()).includes(name);
        await labDown({ name });
        progress(known ? `The lab "${name}" is down` : `There is no lab "${name}"`);
      }
      return 0;
    case "status":
      return await showStatus();
    case "shell": {
      const [hostName] = operands;
      if (hostName === undefined) break;
      await checkMachine();
      const enter = (await labAttach(values.name)).host(hostName).enterCommand();
      const term = `TERM=${process.env.TERM ?? "dumb"}`;
      const [program = "", ...args] = [...enter, term, "sh", "-c", "cd; exec bash -l"];
      return spawnSync(program, args, { stdio: "inherit" }).status ?? 1;
    }
    case "build": {
      const unknown = operands.filter((name) => !layerNames.includes(name as LayerName));
      if (unknown.length > 0)
        throw new LabError(`There is no layer ${unknown.join(", ")}.`, `Choose of: ${layerNames.join(", ")}.`);
      await checkMachine();
      await ensureLayers({
        layers: operands.length > 0 ? (operands as LayerName[]) : ["postfix"],
        onProgress: progress,
      });
      progress("The layers are built");
      return 0;
    }
  }
  console.error(usage);
  return 2;
}

async function showStatus(): Promise<number> {
  const names = await labNames();
  if (names.length === 0) console.log("No lab is up.");
  for (const name of names) {
    const record = await readRecord(name);
    if (record?.state !== "up") {
      console.log(`${name}: ${record && isLeftOver(record) ? "left over; take it down" : "starting"}`);
      continue;
    }
    const lab = await labAttach(name);
    console.log(`${name}: ${lab.subnet}${isLeftOver(record) ? ", left over; take it down" : ""}`);
    for (const host of lab.hosts) {
      console.log(`  ${host.name.padEnd(12)}${host.address.padEnd(16)}${host.isRunning() ? "running" : "halted"}`);
    }
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const wrongUse = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  if (!(error instanceof LabError) && !wrongUse) throw error;
  console.error(error.message);
  process.exitCode = wrongUse ? 2 : 1;
}
