import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { labFolder, labNames, readRecord } from "./lab-state.ts";
import { cacheFolder } from "./layer-cache.ts";
import { runCommand } from "./run-command.ts";

/** All that can be seen on this machine of the lab by that name, one line each; none once it is down. */
export async function labTraces(name: string, namespaces: readonly string[] = []): Promise<string[]> {
  const traces: string[] = [];
  for (const pid of processes()) {
    const command = readProcess(pid, () => readFileSync(`/proc/${pid}/cmdline`, "utf8")) ?? "";
    const parts = command.split("\0");
    if (parts.some((part) => part === labFolder(name) || part.startsWith(`${labFolder(name)}/`))) {
      traces.push(`process ${pid}: ${parts.join(" ").slice(0, 200)}`);
    }
    for (const namespace of namespacesOf(pid)) {
      if (namespaces.includes(namespace)) traces.push(`process ${pid} in ${namespace}`);
    }
  }
  const disks = join(cacheFolder(), "disks", name);
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    if (line.includes(disks) || line.includes(labFolder(name))) traces.push(`mount ${line}`);
  }
  for (const folder of [labFolder(name), disks]) if (existsSync(folder)) traces.push(`folder ${folder}`);
  return [...traces, ...(await unclaimedLinks())];
}

/** The namespaces of a process, as "net:[4026531840]". */
export function namespacesOf(pid: number): string[] {
  return ["mnt", "net", "pid", "uts", "ipc"].flatMap((kind) => {
    const namespace = readProcess(pid, () => readlinkSync(`/proc/${pid}/ns/${kind}`));
    return namespace === undefined ? [] : [namespace];
  });
}

/** Links into a lab that no lab on this machine says is its own. */
async function unclaimedLinks(): Promise<string[]> {
  const links = (await runCommand(["ip", "-o", "link", "show", "type", "veth"])).stdout.matchAll(/ mailbrake-(\d+)@/g);
  const records = await Promise.all((await labNames()).map(readRecord));
  const claimed = records.map((record) => record?.network);
  return [...links].filter(([, third]) => !claimed.includes(`10.77.${third}`)).map(([link]) => `link${link}`);
}

function processes(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** What `read` gives, or undefined when the process has ended meanwhile or isn't ours to look at: pid 1 of a container, never a lab's. */
function readProcess(pid: number, read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!existsSync(`/proc/${pid}`) || ["ESRCH", "ENOENT", "EACCES"].includes(code)) return undefined;
    throw error;
  }
}
