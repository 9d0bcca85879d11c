/** The program itself, as a process of its own: what it says and leaves when it can't start, and how it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const mainFile = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const posix = process.platform !== "win32";
const root = process.getuid?.() === 0;

interface Program {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
}

describe("the program", () => {
  let folder: string;
  let programs: Program[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mailbrake-start-"));
    programs = [];
  });
  afterEach(async () => {
    for (const program of programs) program.child.kill("SIGKILL");
    await Promise.all(programs.map((program) => program.ended));
    rmSync(folder, { recursive: true, force: true });
  });

  async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }

  function start(environment: Record<string, string>, ...words: string[]): Program {
    const child = spawn(process.execPath, [mainFile, ...words], {
      env: { PATH: process.env.PATH, MAILBRAKE_DATA: folder, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
    const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
    const program = { child, output: () => text, ended };
    programs.push(program);
    return program;
  }

  async function up(program: Program): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!program.output().includes("Mailbrake is up")) {
      if (program.child.exitCode !== null || Date.now() > deadline) throw new Error(program.output());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it("starts, makes its files for itself alone, and ends in order", async () => {
    const port = await freePort();
    const program = start({ MAILBRAKE_PORT: String(port) });
    await up(program);
    await vi.waitUntil(() => /\/setup#token=[A-Za-z0-9_-]{43}\n/.test(program.output()), { timeout: 10_000 });
    expect((await fetch(`http://127.0.0.1:${port}/api/health`)).status).toBe(200);
    if (posix)
      for (const file of [
        "mailbrake.sqlite",
        "mailbrake.sqlite-wal",
        "mailbrake.sqlite-shm",
        "secret.key",
        "server.lock",
      ])
        expect(statSync(join(folder, file)).mode & 0o777, file).toBe(0o600);
    program.child.kill("SIGTERM");
    expect(await program.ended).toBe(0);
    expect(existsSync(join(folder, "mailbrake.sqlite-wal"))).toBe(false);
  });

  it("opens again what was killed, with the key that it made", async () => {
    const environment = { MAILBRAKE_PORT: String(await freePort()) };
    const first = start(environment);
    await up(first);
    first.child.kill("SIGKILL");
    await first.ended;
    const second = start(environment);
    await up(second);
    expect(second.output()).not.toContain("can't");
  });

  it("says what to do when the port is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const program = start({ MAILBRAKE_PORT: String(port) });
    expect(await program.ended).toBe(1);
    taken.close();
    expect(program.output()).toContain(`Port ${port} on 127.0.0.1 is taken`);
    expect(program.output()).toContain("MAILBRAKE_PORT");
    expect(program.output()).not.toContain("    at ");
  });

  it("refuses data that another server is using", async () => {
    const first = start({ MAILBRAKE_PORT: String(await freePort()) });
    await up(first);
    const second = start({ MAILBRAKE_PORT: String(await freePort()) });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain("Another Mailbrake server is running on the data");
  });

  it.runIf(posix)("says what to do where the folder can't be made or written to", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const places = [file, join(file, "below"), "/proc/mailbrake"];
    if (!root) {
      chmodSync(folder, 0o500);
      places.push(folder);
    }
    for (const place of places) {
      const program = start({ MAILBRAKE_PORT: "1", MAILBRAKE_DATA: place });
      expect(await program.ended, place).toBe(1);
      expect(program.output(), place).toContain("MAILBRAKE_DATA");
      expect(program.output(), place).not.toContain("    at ");
    }
    chmodSync(folder, 0o700);
  });

  it("names each wrong variable", async () => {
    const program = start({ MAILBRAKE_PORT: "http", MAILBRAKE_PROTECT: "postmaster" });
    expect(await program.ended).toBe(1);
    expect(program.output()).toContain("MAILBRAKE_PORT: give a port number");
    expect(program.output()).toContain("MAILBRAKE_PROTECT: ");
  });

  it("gives a user a new password on the console, with the server stopped, and writes it down", async () => {
    const port = await freePort();
    const environment = { MAILBRAKE_PORT: String(port) };
    const url = `http://127.0.0.1:${port}`;
    const email = "ada@lab.example";
    const post = (path: string, body: object) =>
      fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const first = start(environment);
    await up(first);
    // The link comes after the line that tells that the server is up.
    const token = await vi.waitUntil(() => /#token=(\S+)\n/.exec(first.output())?.[1], { timeout: 10_000 });
    const made = await post("/api/setup", { token, name: "Ada", email, password: "forgotten password" });
    expect(made.ok, await made.text()).toBe(true);
    const refused = start(environment, "reset-password", email);
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toContain("Another Mailbrake server is running");
    first.child.kill("SIGTERM");
    await first.ended;

    const nobody = start(environment, "reset-password", "nobody@lab.example");
    expect(await nobody.ended).toBe(1);
    expect(nobody.output()).toContain("There is no user with the address nobody@lab.example");
    const reset = start(environment, "reset-password", email);
    const resetEnded = await reset.ended;
    expect(resetEnded, reset.output()).toBe(0);
    const password = /\n {2}(\S+)\n/.exec(reset.output())?.[1];
    await up(start(environment));
    expect((await post("/api/auth/sign-in/email", { email, password: "forgotten password" })).status).toBe(401);
    const answer = await post("/api/auth/sign-in/email", { email, password });
    expect(answer.status).toBe(200);
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    const page = await fetch(`${url}/api/audit?action=access.password-reset`, { headers: { cookie } });
    expect(await page.json()).toMatchObject({ events: [{ actor: { kind: "setup", id: "console" } }] });
  });

  it("tells how it is used", async () => {
    const program = start({}, "--help");
    expect(await program.ended).toBe(1);
    expect(program.output()).toContain("usage: npm start");
  });

  it("refuses a database whose key is gone or another's, and makes no new one", async () => {
    const environment = { MAILBRAKE_PORT: String(await freePort()) };
    const first = start(environment);
    await up(first);
    first.child.kill("SIGTERM");
    await first.ended;
    rmSync(join(folder, "secret.key"));
    const without = start(environment);
    expect(await without.ended).toBe(1);
    expect(without.output()).toContain("secret.key is gone");
    expect(existsSync(join(folder, "secret.key"))).toBe(false);
    const other = start({ ...environment, MAILBRAKE_SECRET: Buffer.alloc(32, 1).toString("base64") });
    expect(await other.ended).toBe(1);
    expect(other.output()).toContain("can't be opened with this key");
    expect(other.output()).not.toContain("    at ");
  });
});
