import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labDown, labUp, mxHost } from "./index.ts";
import { labFolder } from "./lab-state.ts";
import { labTraces } from "./lab-traces.ts";
import { type CommandOptions, type CommandResult, runCommand } from "./run-command.ts";

let folder: string;
let cli: string;

/** Runs the lab's command line as compiled from the sources as they are now. */
async function runLab(args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return await runCommand([process.execPath, cli, ...args], { check: false, timeoutSeconds: 300, ...options });
}

/** A lab that is being brought up by a process of its own, `ended` once that process has. */
function startLab(name: string): { child: ChildProcess; ended: Promise<NodeJS.Signals | number | null> } {
  const child = spawn(process.execPath, [cli, "up", "--name", name], { stdio: "ignore" });
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? code));
  });
  return { child, ended };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailbrake-lab-cli-"));
  await chmod(folder, 0o755);
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  const source = fileURLToPath(new URL("cli.ts", import.meta.url));
  const project = fileURLToPath(new URL("../..", import.meta.url));
  const compiler = [join(project, "node_modules/typescript/bin/tsc"), "--ignoreConfig", "--outDir", folder, source];
  const modules = ["--module", "nodenext", "--target", "es2023", "--rewriteRelativeImportExtensions", "--strict"];
  const types = ["--types", "node", "--typeRoots", join(project, "node_modules/@types"), "--skipLibCheck"];
  await runCommand([process.execPath, ...compiler, ...modules, ...types]);
  cli = join(folder, "cli.js");
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("lab by hand", () => {
  it("brings a lab up that stays, shows it, and takes it down", async () => {
    try {
      const up = await runLab(["up", "--name", "by-hand"]);
      expect(up).toMatchObject({ exitCode: 0, stderr: "" });
      expect(up.stdout).toMatch(/^mx1 +10\.77\.\d+\.11 +mx1\.lab\.example$/m);
      const status = await runLab(["status"]);
      expect(status.stdout).toMatch(/^by-hand: 10\.77\.\d+\.0\/24\n {2}mx1 +\S+ +running$/m);
      const shell = await runLab(["shell", "relay", "--name", "by-hand"], { input: "hostname; id -un; pwd\n" });
      expect(shell.stdout).toContain("relay\nroot\n/root\n");
      expect(await runLab(["shell", "mx7", "--name", "by-hand"])).toMatchObject({ exitCode: 1 });
    } finally {
      const down = await runLab(["down", "--name", "by-hand"]);
      expect(down).toMatchObject({ exitCode: 0, stdout: 'The lab "by-hand" is down\n' });
    }
    await expect.poll(async () => await labTraces("by-hand"), { timeout: 5000 }).toEqual([]);
    expect((await runLab(["down", "--name", "by-hand"])).stdout).toBe('There is no lab "by-hand"\n');
  });

  it("says how it is used", async () => {
    for (const args of [[], ["fly"], ["shell"], ["up", "--fast"]]) {
      const result = await runLab(args);
      expect(result.exitCode, args.join(" ")).toBe(2);
      expect(result.stderr).not.toMatch(/\n {4}at /);
    }
    expect((await runLab(["build", "qmail"])).stderr).toBe(
      "There is no layer qmail. Choose of: postfix, exim, sendmail, opensmtpd.\n",
    );
  });
});

describe("a lab that can't be brought up", () => {
  it("asks an ordinary user for root", async () => {
    const result = await runCommand(
      ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", process.execPath, cli, "up"],
      {
        check: false,
      },
    );
    expect(result).toMatchObject({
      exitCode: 1,
      stderr: "The lab needs root, to make namespaces and network links. Run the same command with sudo.\n",
    });
  });

  it("names the package to install when a tool is missing", async () => {
    const hide = `mount -t tmpfs tmpfs "$1"; mkdir "$1/up" "$1/work"
mount -t overlay overlay -o "lowerdir=/usr/sbin,upperdir=$1/up,workdir=$1/work" /usr/sbin
rm /usr/sbin/debootstrap; shift; exec "$@"`;
    const result = await runCommand(
      ["unshare", "-m", "sh", "-euc", hide, "sh", "/mnt", process.execPath, cli, "build"],
      {
        check: false,
        environment: { PATH: process.env.PATH ?? "", MAILBRAKE_LAB_CACHE: join(folder, "empty-cache") },
      },
    );
    expect(result).toMatchObject({
      exitCode: 1,
      stderr: "Missing on this machine: debootstrap. Install with: apt-get install -y debootstrap\n",
    });
  });

  it("says when namespaces are forbidden", async () => {
    const bounding = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"];
    const result = await runCommand([...bounding, process.execPath, cli, "up"], { check: false });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/^This machine doesn't let root make namespaces .*start it with --privileged/s);
  });

  it("says how much disk is missing", async () => {
    const small = `mkdir -p "$1"; mount -t tmpfs -o size=50m tmpfs "$1"; export MAILBRAKE_LAB_CACHE="$1"; shift; exec "$@"`;
    const argv = ["unshare", "-m", "sh", "-euc", small, "sh", join(folder, "small"), process.execPath, cli, "up"];
    const result = await runCommand(argv, { check: false });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(
      /^The lab needs \d+ MiB of free disk in .*, and there are \d+ MiB\. Free some, or name another/,
    );
  });
});

describe("a lab whose process ends too early", () => {
  // What is there of the lab, one after another, as it comes up.
  const stages = [
    "lab.json",
    "switch/parent.pid",
    "key",
    "hosts/mx1",
    "hosts/mx1/parent.pid",
    "hosts/relay/parent.pid",
  ];

  async function untilStage(name: string, stage: string): Promise<void> {
    await expect.poll(() => existsSync(join(labFolder(name), stage)), { timeout: 60_000, interval: 2 }).toBe(true);
  }

  it.each(stages)("leaves nothing when interrupted once there is %s", async (stage) => {
    const { child, ended } = startLab("interrupted");
    try {
      await untilStage("interrupted", stage);
      const signal = stages.indexOf(stage) % 2 === 0 ? "SIGINT" : "SIGTERM";
      child.kill(signal);
      expect(await ended).toBe(signal);
      expect(await labTraces("interrupted")).toEqual([]);
    } finally {
      await labDown({ name: "interrupted" });
    }
  });

  it.each(stages)("is cleared by down when it was killed outright once there was %s", async (stage) => {
    const { child, ended } = startLab("killed");
    await untilStage("killed", stage);
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    expect((await runLab(["down", "--name", "killed"])).exitCode).toBe(0);
    await expect.poll(async () => await labTraces("killed"), { timeout: 5000 }).toEqual([]);
  });

  it("is swept by the next lab when it was killed outright", async () => {
    const { child, ended } = startLab("forgotten");
    try {
      await untilStage("forgotten", "lab.json");
      child.kill("SIGKILL");
      await ended;
      const said: string[] = [];
      const next = await labUp({ hosts: [mxHost("mx1", 11)], onProgress: (message) => said.push(message) });
      await next.down();
      expect(said).toContain('Removed the lab "forgotten", whose process was killed');
      await expect.poll(async () => await labTraces("forgotten"), { timeout: 5000 }).toEqual([]);
    } finally {
      await labDown({ name: "forgotten" });
    }
  });

  it("is interrupted by taking it down in the same process", async () => {
    const rising = labUp({ name: "regretted" });
    const outcome = rising.then(
      () => "up",
      (error: Error) => error.message,
    );
    await untilStage("regretted", "hosts/mx1/parent.pid");
    await labDown({ name: "regretted" });
    expect(await outcome).toBe('The lab "regretted" was taken down.');
    expect(await labTraces("regretted")).toEqual([]);
  });
});
