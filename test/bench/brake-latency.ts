/**
 * From POST /api/brakes to the last host's evidence, beside its peer in the same run: a bare `postfix reload` on the same hosts over warm OpenSSH ControlMaster connections.
 * The peer only reloads; Mailbrake also plans, records, renders, checks and reads back.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RealStack } from "../stack/real-stack.ts";
import { inWords, sample, timed } from "./measure.ts";

const rounds = 15;

function runSsh(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", args, { stdio: ["ignore", "ignore", "pipe"] });
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => {
      words += chunk.toString();
    });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`ssh ended with ${code}: ${words}`))));
  });
}

export async function benchBrakeLatency(stack: RealStack, hostNames: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mailbrake-bench-"));
  const keyFile = join(folder, "key");
  writeFileSync(keyFile, stack.lab.privateKey, { mode: 0o600 });
  const addressOf = (name: string) => stack.lab.host(name).address;
  const ssh = (name: string) => [
    ...[
      "-i",
      keyFile,
      "-o",
      "BatchMode=yes",
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      `UserKnownHostsFile=${join(folder, "known")}`,
    ],
    ...["-o", `ControlPath=${join(folder, "%h")}`, `root@${addressOf(name)}`],
  ];
  try {
    for (const name of hostNames)
      await runSsh(["-f", "-N", "-o", "ControlMaster=yes", "-o", "ControlPersist=300", ...ssh(name)]);
    const ids = await Promise.all(hostNames.map(async (name) => (await stack.point(name, "listener:smtp/inet")).id));
    const bare: number[] = [];
    const braked: number[] = [];
    const proved: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await timed(() => Promise.all(hostNames.map((name) => runSsh([...ssh(name), "postfix", "reload"])))));
      const start = performance.now();
      const brake = await stack.brake({ effect: "tempfail", blockPointIds: ids });
      const done = await stack.reach(brake.id, ["proved"]);
      proved.push(performance.now() - start);
      const answered = done.applications.map((application) => Date.parse(application.answeredAt ?? ""));
      braked.push(Math.max(...answered) - Date.parse(done.createdAt));
      await stack.lift(brake.id);
      await stack.reach(brake.id, ["open"]);
    }
    const [peer, ours, toProof] = [sample(bare), sample(braked), sample(proved)];
    const aim = 1.3 * peer.median + 100;
    process.stdout.write(`Brake on ${hostNames.length} hosts, warm
  bare postfix reload over ControlMaster   ${inWords(peer)}
  POST to the last host's evidence         ${inWords(ours)}
  ratio                                    ${(ours.median / peer.median).toFixed(2)}   (aim: at most 1.3 x + 100 ms = ${aim.toFixed(0)} ms: ${ours.median <= aim ? "met" : "NOT met"})
  POST to the last probe's proof           ${inWords(toProof)}
`);
  } finally {
    for (const name of hostNames)
      await runSsh(["-O", "exit", ...ssh(name)]).catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    rmSync(folder, { recursive: true, force: true });
  }
}
