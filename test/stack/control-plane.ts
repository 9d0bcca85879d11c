/**
 * Runs the built control plane as a child process of its own, as `npm start` would, and speaks its API with a cookie of its own.
 * Used by the demo, the tests and the bench. Ends only the process that it started, by pid; its data folder stays until `discard`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// From test/stack under vitest and from test/dist/stack once built: the repository's root is where apps/ is.
const here = fileURLToPath(new URL(".", import.meta.url));
export const repositoryRoot = here.replace(/\/test\/(dist\/)?stack\/$/, "");
const mainFile = join(repositoryRoot, "apps/server/dist/main.js");

export interface ControlPlaneOptions {
  /** Address to listen on; 127.0.0.1 unless told. */
  host?: string;
  /** Free port unless told. */
  port?: number;
  /** Base URL that hosts and browsers use; derived from host and port unless told. */
  url?: string;
  dataFolder?: string;
  env?: Record<string, string>;
  /** Another entry than main.js, e.g. one that kills itself at a step. */
  entry?: string;
}

export interface ApiAnswer<T = unknown> {
  status: number;
  body: T;
}

/** Asks the kernel for a port that is free now. */
export function freePort(host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

export class ControlPlane {
  readonly url: string;
  readonly dataFolder: string;
  readonly #env: Record<string, string>;
  readonly #entry: string;
  #child: ChildProcess | undefined;
  #output = "";
  #cookie = "";

  private constructor(url: string, dataFolder: string, env: Record<string, string>, entry: string) {
    this.url = url;
    this.dataFolder = dataFolder;
    this.#env = env;
    this.#entry = entry;
  }

  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const host = options.host ?? "127.0.0.1";
    const port = options.port ?? (await freePort(host));
    const url = options.url ?? `http://${host}:${port}`;
    const dataFolder = options.dataFolder ?? mkdtempSync(join(tmpdir(), "mailbrake-data-"));
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const env = {
      MAILBRAKE_HOST: host,
      MAILBRAKE_PORT: String(port),
      MAILBRAKE_URL: url,
      MAILBRAKE_DATA: dataFolder,
      ...options.env,
    };
    const plane = new ControlPlane(url, dataFolder, env, options.entry ?? mainFile);
    await plane.startAgain();
    return plane;
  }

  /** Starts the process (again) on the same data and waits until it answers. */
  async startAgain(extraEnv: Record<string, string> = {}, timeoutMs = 60_000): Promise<void> {
    this.#output = "";
    const child = spawn(process.execPath, [this.#entry], {
      env: { ...process.env, ...this.#env, ...extraEnv },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-400_000);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the control plane ended at its start:\n${this.#output}`);
      const healthy = await fetch(`${this.url}/api/health`, { signal: AbortSignal.timeout(2_000) }).then(
        (answer) => answer.ok,
        () => false,
      );
      if (healthy) return;
      if (Date.now() > deadline)
        throw new Error(`the control plane did not answer within ${timeoutMs} ms:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  get pid(): number {
    if (!this.#child?.pid) throw new Error("the control plane is not running");
    return this.#child.pid;
  }

  /** What it has written on its console, newest 400 kB. */
  get output(): string {
    return this.#output;
  }

  /** Signs in from a second browser's point of view: same server, other cookie. */
  get cookie(): string {
    return this.#cookie;
  }

  async api<T = unknown>(method: string, path: string, body?: unknown, timeoutMs = 60_000): Promise<ApiAnswer<T>> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        origin: this.url,
        ...(this.#cookie ? { cookie: this.#cookie } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const set = answer.headers.getSetCookie().map((line) => line.split(";")[0] ?? "");
    if (set.length > 0) this.#cookie = set.filter((pair) => !pair.endsWith("=")).join("; ");
    const text = await answer.text();
    const json = answer.headers.get("content-type")?.includes("json") && text !== "";
    return { status: answer.status, body: (json ? JSON.parse(text) : text) as T };
  }

  /** As `api`, but anything other than 2xx is thrown with the server's words. */
  async call<T = unknown>(method: string, path: string, body?: unknown, timeoutMs?: number): Promise<T> {
    const answer = await this.api<T>(method, path, body, timeoutMs);
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Makes the first admin through the one-time link on the console, and signs in. */
  async makeFirstAdmin(password = randomBytes(12).toString("base64url")): Promise<{ email: string; password: string }> {
    // It is printed after the line by which the server is known to be up.
    const link = (): string | undefined => /\/setup#token=([A-Za-z0-9_-]+)\s/.exec(this.#output)?.[1];
    for (const started = Date.now(); !link() && Date.now() - started < 10_000; )
      await new Promise((resolve) => setTimeout(resolve, 50));
    const token = link();
    if (!token) throw new Error(`no set-up link on the console:\n${this.#output}`);
    const email = "admin@lab.example";
    await this.call("POST", "/api/setup", { token, name: "Lab Admin", email, password });
    await this.signIn(email, password);
    return { email, password };
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.call("POST", "/api/auth/sign-in/email", { email, password });
  }

  /** Ends it as an operator would and waits. */
  async stop(signal: NodeJS.Signals = "SIGTERM", timeoutMs = 20_000): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    await ended;
    clearTimeout(timer);
  }

  /** Waits until the process has ended by itself (a crash step). */
  async ended(timeoutMs = 30_000): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await Promise.race([
      new Promise<void>((resolve) => child.once("exit", () => resolve())),
      new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error("the control plane did not end by itself")), timeoutMs).unref(),
      ),
    ]);
  }

  async discard(): Promise<void> {
    await this.stop();
    rmSync(this.dataFolder, { recursive: true, force: true });
  }
}
