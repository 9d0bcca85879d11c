import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checksumTree } from "./checksum-tree.ts";
import { startHost, stopHost } from "./host-boot.ts";
import { firstProcess } from "./host-processes.ts";
import { hostSetup, startPath } from "./host-setup.ts";
import type { HostSpec } from "./host-spec.ts";
import { LabError } from "./lab-error.ts";
import { cutHost, mendHost } from "./lab-network.ts";
import { hostFolder, type LabRecord, labFolder } from "./lab-state.ts";
import { fullName, type SetupContext } from "./role-setup.ts";
import { type CommandOptions, type CommandResult, runCommand } from "./run-command.ts";

/** A host of a running lab. All methods may be called from any process. */
export interface LabHost {
  readonly spec: HostSpec;
  readonly name: string;
  /** The name it gives itself in SMTP. */
  readonly fullName: string;
  readonly address: string;
  readonly sshPort: number;
  /** Runs a program in the host as root; LabError when it fails (unless `check` is false) or takes longer than 60 s (or as given). */
  exec(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Runs a text as /bin/sh does, with `args` as $1 and on. */
  shell(script: string, options?: CommandOptions & { args?: readonly string[] }): Promise<CommandResult>;
  /** Replaces the content of a file, keeping owner and mode of one that exists. */
  writeFile(path: string, content: string | Buffer): Promise<void>;
  readFile(path: string): Promise<string>;
  /** One line for each file under the paths: path, type, mode, owner, and SHA-256 or link target. Not the times. */
  checksumTree(...paths: string[]): Promise<string[]>;
  /** The ed25519 host key's fingerprint, as ssh shows it: "SHA256:…". */
  readonly hostKeyFingerprint: string;
  /** Power off and on again: same disk, everything in memory lost. Returns when its services answer. */
  boot(): Promise<void>;
  /** Power off. `boot` starts it again. */
  halt(): Promise<void>;
  isRunning(): boolean;
  /** Cuts it from the network: to others it is silent. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** The start of a command line that runs what follows in the host, for a program that needs the terminal. */
  enterCommand(): string[];
}

const hostEnvironment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"];
const portTimeoutMs = 15_000;

/** The host of a lab by its spec, running or not. */
export function labHost(lab: LabRecord, spec: HostSpec): LabHost {
  const folder = hostFolder(lab.name, spec.name);
  const address = `${lab.network}.${spec.octet}`;
  const runningProcess = (): number => {
    const pid = firstProcess(folder);
    if (pid === undefined) throw new LabError(`The host "${spec.name}" of the lab "${lab.name}" isn't running.`);
    return pid;
  };
  const enterCommand = (): string[] => {
    return [
      "nsenter",
      "-t",
      String(runningProcess()),
      ..."-m -p -u -i -n -r -w".split(" "),
      "env",
      "-i",
      ...hostEnvironment,
    ];
  };
  const host: LabHost = {
    spec,
    name: spec.name,
    fullName: fullName(spec),
    address,
    sshPort: 22,
    enterCommand,
    isRunning: () => firstProcess(folder) !== undefined,
    exec: async (argv, options) => await runCommand([...enterCommand(), ...argv], options),
    shell: async (script, { args = [], ...options } = {}) =>
      await host.exec(["sh", "-c", script, "sh", ...args], options),
    writeFile: async (path, content) => {
      await host.exec(["sh", "-c", 'cat > "$1"', "sh", path], { input: content });
    },
    readFile: async (path) => (await host.exec(["cat", path])).stdout,
    checksumTree: async (...paths) => await checksumTree(host, paths),
    get hostKeyFingerprint() {
      const pid = runningProcess();
      const key = readFileSync(`/proc/${pid}/root/etc/ssh/ssh_host_ed25519_key.pub`, "utf8").split(" ")[1] ?? "";
      return `SHA256:${createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "")}`;
    },
    halt: async () => await stopHost(lab, spec.name),
    boot: async () => {
      await stopHost(lab, spec.name);
      await startHost(lab, spec);
      await startServices(lab, host);
    },
    cut: async () => await cutHost(lab.name, spec.name),
    mend: async () => await mendHost(lab.name, spec.name),
  };
  return host;
}

/** Configures a host that has just started for the first time, and starts its services. */
export async function setUpHost(lab: LabRecord, host: LabHost, signal?: AbortSignal): Promise<void> {
  const authorizedKey = await readFile(join(labFolder(lab.name), "key.pub"), "utf8");
  const { firstStart } = hostSetup(context(lab, host), authorizedKey);
  await host.exec(["sh", "-s"], { input: firstStart, ...(signal ? { signal } : {}) });
  await startServices(lab, host, signal);
}

async function startServices(lab: LabRecord, host: LabHost, signal?: AbortSignal): Promise<void> {
  // Services keep what they are given as output, so it must not be a pipe to this process.
  await host.shell('"$1" >/var/log/boot.log 2>&1 </dev/null || { cat /var/log/boot.log >&2; exit 1; }', {
    args: [startPath],
    ...(signal ? { signal } : {}),
  });
  const { ports } = hostSetup(context(lab, host), "");
  await Promise.all(ports.map((port) => untilAnswers(host, port, signal)));
}

function context(lab: LabRecord, host: LabHost): SetupContext {
  if (lab.network === undefined) throw new Error("a host is set up before its lab has a network");
  return { host: host.spec, hosts: lab.hosts, network: lab.network };
}

async function untilAnswers(host: LabHost, port: number, signal?: AbortSignal): Promise<void> {
  for (const started = Date.now(); Date.now() - started < portTimeoutMs; await sleep(10)) {
    signal?.throwIfAborted();
    if (await accepts(host.address, port)) return;
  }
  throw new LabError(
    `${host.name} doesn't answer on port ${port}.`,
    `Look into it with: npm run lab -- shell ${host.name}`,
  );
}

async function accepts(address: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = new Socket();
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.connect(port, address);
  });
}
