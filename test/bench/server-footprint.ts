/** Memory and idle CPU of the server with its fleet connected, from /proc. Peer: a bare Node process that only waits. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const ticksPerSecond = 100;
const idleSeconds = 60;

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export async function benchServerFootprint(pid: number, hostCount: number): Promise<void> {
  const bare = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  try {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const before = cpuSeconds(pid);
    await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1_000));
    const share = ((cpuSeconds(pid) - before) / idleSeconds) * 100;
    const resident = residentMegabytes(pid);
    const peer = residentMegabytes(bare.pid ?? 0);
    process.stdout.write(`Server with ${hostCount} hosts, idle for ${idleSeconds} s
  resident                                 ${resident.toFixed(0)} MB   (limit 200 MB: ${resident < 200 ? "met" : "NOT met"}; ${(resident / peer).toFixed(1)} x a bare Node process of ${peer.toFixed(0)} MB)
  CPU                                      ${share.toFixed(2)} % of a core   (limit 2 %: ${share < 2 ? "met" : "NOT met"})
`);
  } finally {
    bare.kill("SIGKILL");
  }
}
