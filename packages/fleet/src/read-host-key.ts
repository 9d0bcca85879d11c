import ssh2 from "ssh2";
import { fingerprintOf, keyTypeOf } from "./fingerprint.ts";
import { hostKeyAlgorithms, openSocket, type SshDestination, SshFailure, seconds } from "./ssh-session.ts";

export interface ShownHostKey {
  keyType: string;
  /** `SHA256:…` */
  fingerprint: string;
  /** Base64 of the public key blob: what is pinned. */
  hostKey: string;
}

export interface ReadHostKeyOptions extends SshDestination {
  timeoutMs: number;
  /** Base64 of a key whose type is asked for first, for example one that the host itself has reported. */
  preferredHostKey?: string;
}

/**
 * Reads the key that a host shows on the network, once the host has proved that it holds it. Sends no user name and no credential.
 * @throws SshFailure `unreachable`
 */
export async function readHostKey(options: ReadHostKeyOptions): Promise<ShownHostKey> {
  const startedAt = Date.now();
  const socket = await openSocket(options, options.timeoutMs);
  const client = new ssh2.Client();
  try {
    const hostKey = await new Promise<string>((resolve, reject) => {
      let shown: string | null = null;
      const remainingMs = Math.max(1, options.timeoutMs - (Date.now() - startedAt));
      const timer = setTimeout(
        () => reject(new SshFailure("unreachable", `sshd showed no key within ${seconds(options.timeoutMs)}`)),
        remainingMs,
      );
      const settled = () => clearTimeout(timer);
      // `handshake` comes after the signature over the key exchange has been checked; the verifier alone is called before that.
      client.once("handshake", () => {
        settled();
        if (shown !== null) resolve(shown);
        else reject(new SshFailure("unreachable", "sshd showed no key"));
      });
      client.on("error", (error) => {
        settled();
        reject(new SshFailure("unreachable", error.message, { cause: error }));
      });
      client.once("close", () => {
        settled();
        reject(new SshFailure("unreachable", "sshd closed the connection"));
      });
      client.connect({
        sock: socket,
        // Never sent: the connection ends before authentication starts.
        username: "mailbrake",
        algorithms: { serverHostKey: hostKeyAlgorithms(options.preferredHostKey ?? null) },
        authHandler: [],
        hostVerifier: (key: Buffer) => {
          shown = key.toString("base64");
          return true;
        },
        readyTimeout: 0,
      });
    });
    return { keyType: keyTypeOf(hostKey) ?? "unknown", fingerprint: fingerprintOf(hostKey), hostKey };
  } finally {
    client.destroy();
    socket.destroy();
  }
}
