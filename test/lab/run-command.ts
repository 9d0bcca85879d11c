/**
 * Runs one program of the machine and waits for it, with a limit.
 * Guarantees: no shell, no wait without an end; on timeout or abort the program's whole process group is killed.
 * Fails with LabError when the program is missing, fails (unless `check` is false) or runs out of time.
 * If this process is killed, the program runs on to its own end unless it was started under `setpriv --pdeathsig`.
 */
import { spawn } from "node:child_process";
import { LabError } from "./lab-error.ts";

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** Written to standard input, which is then closed. */
  input?: string | Buffer;
  /** Default 60. */
  timeoutSeconds?: number;
  /** Default true: an exit code other than 0 is an error. */
  check?: boolean;
  signal?: AbortSignal;
  environment?: Record<string, string>;
}

const outputLimitBytes = 64 * 1024 * 1024;

/** Runs `argv` and gives its exit code and output (UTF-8, at most 64 MiB each). A death by signal is exit code 128 + 9. */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...rest] = argv;
  if (program === undefined) throw new LabError("There is no program to run.");
  options.signal?.throwIfAborted();
  const timeoutSeconds = options.timeoutSeconds ?? 60;
  const result = await new Promise<CommandResult>((resolve, reject) => {
    const child = spawn(program, rest, {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.environment ? { env: options.environment } : {}),
    });
    const killGroup = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    };
    let failure: Error | undefined;
    const stop = (error: Error): void => {
      failure ??= error;
      killGroup();
      // Something that left the group may still hold the pipes open: don't wait for it.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(
      () => stop(new LabError(`"${shorten(argv)}" did not end within ${timeoutSeconds} s.`)),
      timeoutSeconds * 1000,
    );
    const onAbort = (): void => stop(new LabError(`"${shorten(argv)}" was interrupted.`));
    options.signal?.addEventListener("abort", onAbort, { once: true });
    const collect = (stream: NodeJS.ReadableStream): Buffer[] => {
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > outputLimitBytes) stop(new LabError(`"${shorten(argv)}" printed more than 64 MiB.`));
        else chunks.push(chunk);
      });
      return chunks;
    };
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.on("error", (error: NodeJS.ErrnoException) => {
      failure ??= error.code === "ENOENT" ? new LabError(`The program "${program}" is not installed.`) : error;
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
      if (failure) reject(failure);
      else
        resolve({
          exitCode: code ?? 137,
          stdout: Buffer.concat(stdout).toString("utf8"),
          stderr: Buffer.concat(stderr).toString("utf8"),
        });
    });
    // A program that doesn't read its input (EPIPE) says by its exit code whether that was a failure.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
  if (result.exitCode !== 0 && options.check !== false) {
    const said = (result.stderr.trim() || result.stdout.trim()).slice(-2000);
    throw new LabError(`"${shorten(argv)}" failed with exit code ${result.exitCode}: ${said}`);
  }
  return result;
}

function shorten(argv: readonly string[]): string {
  const line = argv.join(" ");
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
