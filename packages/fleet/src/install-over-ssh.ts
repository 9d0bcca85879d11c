/**
 * Runs an installation script on a host with credentials that are used once.
 * Guarantees: nothing is sent before the host has proved the key that a person confirmed; password and script go over standard input, never as an argument, and into no log;
 * the session is closed whatever happens.
 * Fails with SshFailure: `key-changed`, `not-allowed`, `unreachable` (nothing was run), `failed` (the script ran or may have run; the message has its words).
 * Killed in the middle: the script may be half done on the host; running it again must finish it.
 */
import { type EnrolmentReport, enrolmentReportSchema } from "@mailbrake/contract";
import type { Client } from "ssh2";
import { defaultFleetLimits } from "./limits.ts";
import { printable } from "./printable.ts";
import { type ExecResult, execOverSsh } from "./ssh-exec.ts";
import { openSshSession, type SshDestination, SshFailure } from "./ssh-session.ts";

export interface InstallOptions extends SshDestination {
  user: string;
  password?: string;
  privateKey?: string;
  passphrase?: string;
  /** Base64 of the public key blob that a person confirmed by its fingerprint. */
  hostKey: string;
  /** POSIX sh, run as root by `sh -s`; its last line of output is the report as JSON. */
  script: string;
  timeoutMs: number;
  /** In a person's words: what is being done. */
  onProgress?: (what: string) => void;
}

const maximumOutputBytes = 1_000_000;
const questionTimeoutMs = 15_000;

export async function installOverSsh(options: InstallOptions): Promise<EnrolmentReport> {
  const { address, port, user, hostKey, password, privateKey, passphrase } = options;
  const progress = options.onProgress ?? (() => {});
  progress(`signing in as ${user}`);
  const session = await openSshSession({
    address,
    port,
    user,
    hostKey,
    ...defaultFleetLimits,
    credentials: {
      ...(password === undefined ? {} : { password, tryKeyboard: true }),
      ...(privateKey === undefined ? {} : { privateKey }),
      ...(passphrase === undefined ? {} : { passphrase }),
    },
  });
  try {
    const way = await wayToRoot(session.client, user, password);
    progress(way.words);
    const result = await execOverSsh(session.client, way.command, {
      input: way.inputBefore + options.script,
      timeoutMs: options.timeoutMs,
      maximumOutputBytes,
    });
    return reportIn(result, way.sudo);
  } finally {
    session.client.destroy();
  }
}

interface WayToRoot {
  /** A constant: nothing from outside is ever part of it. */
  command: string;
  inputBefore: string;
  sudo: boolean;
  words: string;
}

/**
 * sudo is asked first whether it wants a password: were one sent to a sudo that doesn't, it would be the script's first line.
 * `-k` makes the second sudo ask even where an earlier answer is remembered, for the same reason.
 */
async function wayToRoot(client: Client, user: string, password: string | undefined): Promise<WayToRoot> {
  const ask = (command: string) => execOverSsh(client, command, { timeoutMs: questionTimeoutMs, maximumOutputBytes });
  if (/\buid=0\b/.test((await ask("id")).stdout)) {
    return { command: "sh -s", inputBefore: "", sudo: false, words: "installing the agent as root" };
  }
  const words = `installing the agent as root, by sudo of ${user}`;
  const quiet = await ask("sudo -n true");
  if (quiet.exitCode === 0) return { command: "sudo -n sh -s", inputBefore: "", sudo: true, words };
  if (quiet.exitCode === 127 || /not found/i.test(quiet.stderr)) {
    throw new SshFailure(
      "failed",
      `${user} isn't root, and the host has no sudo: paste the one-liner on the host as root instead`,
    );
  }
  if (password === undefined) {
    throw new SshFailure(
      "failed",
      `sudo wants the password of ${user}: give it too, or paste the one-liner on the host as root`,
    );
  }
  return { command: "sudo -k -S -p '' sh -s", inputBefore: `${password}\n`, sudo: true, words };
}

function reportIn(result: ExecResult, sudo: boolean): EnrolmentReport {
  const lastLine = result.stdout.trimEnd().split("\n").at(-1) ?? "";
  const report = enrolmentReportSchema.safeParse(parseJson(lastLine));
  if (result.exitCode === 0 && report.success) return report.data;
  const said = tail(`${result.stderr}\n${report.success ? "" : result.stdout}`);
  const who = sudo ? "sudo or the script" : "the script";
  const how = result.exitCode === null ? "was killed" : `ended with status ${result.exitCode}`;
  throw new SshFailure("failed", `${who} ${how}${said === "" ? "" : `: ${said}`}`);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The last words of the output, on one line. */
function tail(output: string): string {
  return printable(output).trim().slice(-1_000);
}
