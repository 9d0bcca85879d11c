/**
 * Debian's sshd on loopback, on a free port, with its own host key and authorized_keys in a temporary folder: a host without a mail server.
 * Guarantees: `stop` ends it and every session that it started, by pid, and removes the folder. Needs root only because sshd does.
 * Killed in the middle: the sshd goes on listening on loopback; its folder is in /tmp.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSshKeyPair, type SshKeyPair } from "@mailbrake/fleet";
import { freePort } from "./control-plane.ts";
import { type PrivateAccount, withAccounts } from "./private-accounts.ts";

export interface ThrowAwaySshd {
  readonly address: "127.0.0.1";
  readonly port: number;
  /** Lets root in, with the forced command. */
  readonly keyPair: SshKeyPair;
  readonly folder: string;
  /** Base64 of the host key that it shows now. */
  hostKey(): string;
  /** Line of the host's public key file. */
  hostKeyLine(): string;
  /** Pids of the sshd processes of the sessions that are open now. */
  sessionPids(): number[];
  /** Ends the listener and all sessions. */
  stopListening(): Promise<void>;
  startListening(): Promise<void>;
  /** From the next start on it shows a new key. */
  changeHostKey(): void;
  stop(): Promise<void>;
}

export interface ThrowAwaySshdOptions {
  /** What runs for every channel, whatever the client asks for; null runs what it asks for. */
  forcedCommand: string | null;
  extraKeys?: { type: "rsa" | "ecdsa" }[];
  /** Accounts that exist for this sshd and its sessions alone; they sign in by password. */
  accounts?: PrivateAccount[];
}

export async function startThrowAwaySshd(options: ThrowAwaySshdOptions): Promise<ThrowAwaySshd> {
  const folder = mkdtempSync(join(tmpdir(), "mailbrake-sshd-"));
  const port = await freePort();
  const keyPair = generateSshKeyPair();
  const keyFile = join(folder, "host_key");
  const makeHostKey = () => {
    rmSync(keyFile, { force: true });
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "throw-away", "-f", keyFile]);
  };
  makeHostKey();
  const restriction = options.forcedCommand === null ? "" : `restrict,command="${options.forcedCommand}" `;
  writeFileSync(join(folder, "authorized_keys"), `${restriction}${keyPair.publicKey}\n`, { mode: 0o600 });
  const more = (options.extraKeys ?? []).map(({ type }) => {
    const file = join(folder, `host_key_${type}`);
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", file]);
    return `HostKey ${file}`;
  });
  writeFileSync(
    join(folder, "sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${keyFile}`,
      ...more,
      `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
      "PidFile none",
      "StrictModes no",
      "UsePAM no",
      `PasswordAuthentication ${options.accounts === undefined ? "no" : "yes"}`,
      "PermitRootLogin yes",
      "MaxStartups 200",
      // root's own .bashrc, which its login shell would read here too, is no part of a test: one that waits for a lock makes every login wait.
      `SetEnv HOME=${folder}`,
      "",
    ].join("\n"),
  );
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const command = ["/usr/sbin/sshd", "-D", "-e", "-f", join(folder, "sshd_config")];
  const [program = "", ...words] =
    options.accounts === undefined ? command : withAccounts(folder, options.accounts, command);

  let listener: ChildProcess | null = null;
  const descendants = (): number[] => (listener?.pid === undefined ? [] : descendantsOf(listener.pid));

  const sshd: ThrowAwaySshd = {
    address: "127.0.0.1",
    port,
    keyPair,
    folder,
    hostKeyLine: () => readFileSync(`${keyFile}.pub`, "utf8").trim(),
    hostKey: () => sshd.hostKeyLine().split(" ")[1] ?? "",
    sessionPids: () => descendants().filter((pid) => commandOf(pid).startsWith("sshd")),
    async startListening() {
      listener = spawn(program, words, { stdio: "ignore" });
      await untilListening(port);
    },
    async stopListening() {
      const child = listener;
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const all = descendants();
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      for (const pid of all) killIfThere(pid);
      await ended;
      listener = null;
    },
    changeHostKey: makeHostKey,
    async stop() {
      await sshd.stopListening();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await sshd.startListening();
  return sshd;
}

function descendantsOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // ended meanwhile
    }
  }
  const found: number[] = [];
  const waiting = [root];
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    for (const [pid, its] of parents) {
      if (its !== parent) continue;
      found.push(pid);
      waiting.push(pid);
    }
  }
  return found;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ended meanwhile
  }
}

async function untilListening(port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("close", () => resolve(false));
      setTimeout(() => socket.destroy(), 1_000).unref();
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`sshd does not listen on 127.0.0.1 port ${port}: is openssh-server installed?`);
}
