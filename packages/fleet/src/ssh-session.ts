/**
 * One authenticated SSH session to one host whose key is known.
 * Guarantees: no byte of a credential leaves before the host has proved the pinned key; ends within the given limits, one way or the other; never throws anything but SshFailure.
 * Fails with `key-changed` (another key), `not-allowed` (key or password refused) or `unreachable` (everything else), each with words for a person.
 * Killed in the middle: the socket closes and the host's sshd ends the session; nothing is left behind.
 */
import { connect, type Socket } from "node:net";
import ssh2, { type Client, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";
import { fingerprintOf, keyTypeOf } from "./fingerprint.ts";

/** `failed`: signed in, but what was asked for did not work. */
export type SshFailureReason = "key-changed" | "not-allowed" | "unreachable" | "failed";

export class SshFailure extends Error {
  readonly reason: SshFailureReason;
  constructor(reason: SshFailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SshFailure";
    this.reason = reason;
  }
}

export interface SshDestination {
  address: string;
  port: number;
}

export interface SshSessionOptions extends SshDestination {
  user: string;
  /** Base64 of the public key blob that the host must prove. */
  hostKey: string;
  credentials: Pick<ConnectConfig, "password" | "privateKey" | "passphrase" | "tryKeyboard">;
  connectTimeoutMs: number;
  handshakeTimeoutMs: number;
  keepaliveIntervalMs: number;
  keepaliveCount: number;
  signal?: AbortSignal;
}

export interface SshSession {
  client: Client;
  /** Our end of the connection: the control plane as this host sees it, where no address is translated between them. */
  localAddress: string;
}

const knownKeyAlgorithms: ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
  "ssh-rsa",
];

/**
 * A host has several keys and shows the one that the client prefers: the pinned key's type stands first, so that a
 * host which gains a new kind of key isn't taken for a changed one.
 */
export function hostKeyAlgorithms(pinnedHostKey: string | null): ServerHostKeyAlgorithm[] {
  const type = pinnedHostKey === null ? null : keyTypeOf(pinnedHostKey);
  const isPinnedType = (name: string) => name === type || (type === "ssh-rsa" && name.startsWith("rsa-sha2-"));
  return [...knownKeyAlgorithms.filter(isPinnedType), ...knownKeyAlgorithms.filter((name) => !isPinnedType(name))];
}

/** Opens a TCP connection. @throws SshFailure `unreachable` */
export function openSocket(to: SshDestination, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new SshFailure("unreachable", "given up"));
      return;
    }
    const socket = connect({ host: to.address, port: to.port, noDelay: true, keepAlive: true });
    const settle = (error: SshFailure | null) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      socket.removeAllListeners();
      if (error === null) return resolve(socket);
      socket.on("error", () => {}); // already told; a late one must not crash the process
      socket.destroy();
      reject(error);
    };
    const abort = () => settle(new SshFailure("unreachable", "given up"));
    const timer = setTimeout(
      () => settle(new SshFailure("unreachable", `no answer within ${seconds(timeoutMs)}`)),
      timeoutMs,
    );
    signal?.addEventListener("abort", abort);
    socket.once("connect", () => settle(null));
    socket.once("error", (error) => settle(new SshFailure("unreachable", socketWords(error), { cause: error })));
  });
}

/** Connects, checks the host key, signs in. @throws SshFailure */
export async function openSshSession(options: SshSessionOptions): Promise<SshSession> {
  const socket = await openSocket(options, options.connectTimeoutMs, options.signal);
  const localAddress = (socket.localAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  const client = new ssh2.Client();
  const shown: { hostKey: string | null } = { hostKey: null };

  await new Promise<void>((resolve, reject) => {
    const settle = (error: SshFailure | null) => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
      for (const name of ["ready", "error", "close", "keyboard-interactive"]) client.removeAllListeners(name);
      client.on("error", () => {}); // the session's owner listens to `close`; an error always comes with one
      if (error === null) return resolve();
      client.destroy();
      socket.destroy();
      reject(error);
    };
    const abort = () => settle(new SshFailure("unreachable", "given up"));
    const timer = setTimeout(
      () =>
        settle(new SshFailure("unreachable", `sshd did not sign us in within ${seconds(options.handshakeTimeoutMs)}`)),
      options.handshakeTimeoutMs,
    );
    options.signal?.addEventListener("abort", abort);
    client.once("ready", () => settle(null));
    client.once("error", (error) => settle(handshakeFailure(error, shown.hostKey, options)));
    client.once("close", () => settle(new SshFailure("unreachable", "sshd closed the connection")));
    if (options.credentials.password !== undefined && options.credentials.tryKeyboard === true) {
      const password = String(options.credentials.password);
      client.on("keyboard-interactive", (_name, _instructions, _language, prompts, finish) =>
        finish(prompts.map(() => password)),
      );
    }
    try {
      client.connect({
        sock: socket,
        username: options.user,
        ...options.credentials,
        algorithms: { serverHostKey: hostKeyAlgorithms(options.hostKey) },
        hostVerifier: (key: Buffer) => {
          shown.hostKey = key.toString("base64");
          return shown.hostKey === options.hostKey;
        },
        readyTimeout: 0,
        keepaliveInterval: options.keepaliveIntervalMs,
        keepaliveCountMax: options.keepaliveCount,
      });
    } catch (error) {
      settle(new SshFailure("not-allowed", error instanceof Error ? error.message : "the key can't be used"));
    }
  });
  return { client, localAddress };
}

function handshakeFailure(
  error: Error & { level?: string },
  shownHostKey: string | null,
  options: SshSessionOptions,
): SshFailure {
  if (shownHostKey !== null && shownHostKey !== options.hostKey) {
    return new SshFailure(
      "key-changed",
      `the host shows ${keyTypeOf(shownHostKey) ?? "a"} key ${fingerprintOf(shownHostKey)}; pinned is ${fingerprintOf(options.hostKey)}`,
      { cause: error },
    );
  }
  if (error.level === "client-authentication") {
    return new SshFailure("not-allowed", `sshd did not let ${options.user} in: ${error.message}`, { cause: error });
  }
  return new SshFailure("unreachable", socketWords(error), { cause: error });
}

/** The usual errors in a postmaster's words. */
function socketWords(error: Error & { code?: string }): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "connection refused: nothing listens there";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its name can't be found in DNS";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "no route to it";
    case "ECONNRESET":
      return "the connection was reset";
    case "ETIMEDOUT":
      return "no answer";
    default:
      return error.message === "" ? (error.code ?? "the connection failed") : error.message;
  }
}

/** `5 s`, `0.5 s` */
export function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`;
}
