import type { Client } from "ssh2";
import { SshFailure, seconds } from "./ssh-session.ts";

export interface ExecResult {
  /** Null where the command was killed, or its end was not told. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  /** Written to its standard input, which is then closed. */
  input?: string;
  timeoutMs: number;
  maximumOutputBytes: number;
  onOutput?: (text: string) => void;
}

/**
 * Runs one fixed command on an open session. `command` goes through the remote user's shell: it must be a constant, never made of anything from outside.
 * @throws SshFailure `failed` when it can't be started, runs out of time, or says more than it may
 */
export function execOverSsh(client: Client, command: string, options: ExecOptions): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new SshFailure("failed", why));
    };
    const timer = setTimeout(() => {
      fail(`not done within ${seconds(options.timeoutMs)}; it may still be running on the host`);
      client.destroy();
    }, options.timeoutMs);
    client.once("close", () => fail("the connection was lost before the host was done"));
    client.exec(command, (error, stream) => {
      if (error !== undefined) return fail(`the host runs no commands for this user: ${error.message}`);
      let exitCode: number | null = null;
      let bytes = 0;
      const collected = { stdout: "", stderr: "" };
      const collect = (into: "stdout" | "stderr") => (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > options.maximumOutputBytes) {
          fail(`it wrote more than ${options.maximumOutputBytes} bytes`);
          client.destroy();
          return;
        }
        const text = chunk.toString("utf8");
        collected[into] += text;
        options.onOutput?.(text);
      };
      stream.on("data", collect("stdout"));
      stream.stderr.on("data", collect("stderr"));
      stream.on("exit", (code: number | null) => {
        exitCode = code;
      });
      stream.on("error", (failure: Error) => fail(failure.message));
      stream.on("close", () => {
        clearTimeout(timer);
        resolve({ exitCode, ...collected });
      });
      stream.end(options.input ?? "");
    });
  });
}
