/**
 * What package.json's scripts call: fetches the pinned pnpm, installs, builds, and runs one task. Plain JavaScript on Node alone, since nothing is installed yet when it starts.
 * Each failure ends in one clear sentence and what to do. Nothing outside the working tree is changed, but for Debian packages, and those only by tasks that need the lab, as root, after saying so.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stampFolder = join(root, "node_modules", ".mailbrake");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const pnpm = manifest.packageManager;

const labPackages = ["debootstrap", "iproute2", "nftables", "openssh-client", "procps", "util-linux"];
const toolchain = ["g++", "make", "python3"];
const shells = ["busybox", "dash", "gawk", "ksh93u+m", "mawk", "mksh", "original-awk", "yash"];
const testPackages = [...shells, "chromium", "openssh-server", "openssl", "shellcheck", "sudo"];

class Plain extends Error {}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function step(text) {
  say(`\u001b[1m▸ ${text}\u001b[0m`);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  if (!fits) {
    throw new Plain(
      `Node ${process.versions.node} is too old (or between releases): Mailbrake needs ${manifest.engines.node}. Install Node 20.19 or a newer LTS and run this again.`,
    );
  }
}

function checkDisk(needMegabytes) {
  const disk = statfsSync(root);
  const freeMegabytes = Math.floor((disk.bavail * disk.bsize) / 1_048_576);
  if (freeMegabytes < needMegabytes) {
    throw new Plain(
      `Only ${freeMegabytes} MB are free where ${root} is; this needs about ${needMegabytes} MB. Free some space and run this again.`,
    );
  }
}

/** Runs to the end with its output shown; throws with the tail of the output where it is hidden. */
function run(command, args, { env = {}, cwd = root, quiet = false, allowFailure = false } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
    encoding: "utf8",
    maxBuffer: 256 * 1_048_576,
    shell: process.platform === "win32",
  });
  if (result.error) throw new Plain(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0 && !allowFailure) {
    const tail = quiet ? `\n${`${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-40).join("\n")}` : "";
    throw new Plain(`${[command, ...args].join(" ")} ended with ${result.status ?? result.signal}.${tail}`);
  }
  return result;
}

/** In the foreground with signals handed on, so that Ctrl-C reaches what cleans up. */
function foreground(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: "inherit" });
    const passOn = (signal) => child.kill(signal);
    // A terminal sends Ctrl-C to the whole group; staying alive until the child has cleaned up is all there is to do.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", passOn);
    process.on("SIGHUP", passOn);
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
    child.on("error", (error) => {
      say(error.message);
      resolve(1);
    });
  });
}

function filesUnder(folder, skip = new Set(["node_modules", "dist", "build", "generated"])) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skip.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesUnder(path, skip));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}

function fingerprint(paths) {
  const hash = createHash("sha256").update(process.versions.modules).update(process.arch);
  for (const path of paths) hash.update(relative(root, path)).update("\0").update(readFileSync(path)).update("\0");
  return hash.digest("hex");
}

/** Does `work` only where what it depends on has changed since it last ended well. */
function onceFor(name, paths, result, work) {
  const mark = fingerprint(paths);
  const stamp = join(stampFolder, name);
  if (existsSync(result) && existsSync(stamp) && readFileSync(stamp, "utf8") === mark) return;
  rmSync(stamp, { force: true });
  work();
  mkdirSync(stampFolder, { recursive: true });
  writeFileSync(stamp, mark);
}

function install() {
  const inputs = [
    join(root, "pnpm-lock.yaml"),
    join(root, "pnpm-workspace.yaml"),
    ...["apps", "packages"].flatMap((folder) =>
      readdirSync(join(root, folder))
        .map((name) => join(root, folder, name, "package.json"))
        .filter(existsSync),
    ),
    join(root, "prisma/package.json"),
    join(root, "test/package.json"),
  ];
  onceFor("install", inputs, join(root, "node_modules/.modules.yaml"), () => {
    checkDisk(1_500);
    step(`Installing packages with ${pnpm} (the first time this takes a minute or two)`);
    const npx = process.platform === "win32" ? "npx.cmd" : "npx";
    const result = run(npx, ["--yes", pnpm, "install", "--frozen-lockfile", "--reporter=append-only"], {
      quiet: true,
      allowFailure: true,
    });
    if (result.status !== 0) {
      const output = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-30).join("\n");
      const compiler = /node-gyp|gyp ERR|make: not found|g\+\+/.test(output)
        ? " better-sqlite3 had to be compiled: install a C++ compiler, make and Python 3 (on Debian: apt-get install g++ make python3)."
        : " Check that the npm registry can be reached.";
      throw new Plain(`Installing failed.${compiler}\n${output}`);
    }
  });
}

function build() {
  const typescript = join(root, "node_modules/typescript/bin/tsc");
  onceFor(
    "prisma",
    [join(root, "prisma/schema.prisma"), join(root, "prisma/package.json")],
    join(root, "prisma/src/generated/client.ts"),
    () => {
      step("Generating the database client");
      // The generator wants a schema engine to exist; it never runs one (the client has none at run time).
      run(
        process.execPath,
        [join(root, "prisma/node_modules/prisma/build/index.js"), "generate", "--schema", "schema.prisma"],
        {
          cwd: join(root, "prisma"),
          env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: "1" },
          quiet: true,
        },
      );
    },
  );
  step("Building");
  run(process.execPath, [typescript, "-b", "apps/web", "test"]);
  run(process.execPath, [join(root, "packages/agent/dist/build.js")], { quiet: true });
  const web = ["apps/web", "packages/contract/src", "packages/domain/src"].flatMap((folder) =>
    filesUnder(join(root, folder)),
  );
  onceFor("web", web, join(root, "apps/web/dist/index.html"), () => {
    step("Building the dashboard");
    run(process.execPath, [join(root, "apps/web/node_modules/vite/bin/vite.js"), "build"], {
      cwd: join(root, "apps/web"),
      quiet: true,
    });
  });
}

function missingPackages(names) {
  return names.filter((name) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a field of dpkg-query, not of JavaScript
    const result = spawnSync("dpkg-query", ["-W", "-f=${db:Status-Status}", name], { encoding: "utf8" });
    return result.status !== 0 || result.stdout !== "installed";
  });
}

/** The lab needs root on a Debian: says what is wrong, or installs the Debian packages that are missing. */
function prepareLab(what, packages) {
  if (process.platform !== "linux" || !existsSync("/etc/debian_version")) {
    throw new Plain(
      `${what} needs a Debian 12 machine: its mail hosts are built from Debian's packages. The control plane alone runs anywhere: npm start`,
    );
  }
  if (process.getuid() !== 0) {
    throw new Plain(
      `${what} needs root: it makes network namespaces and mounts. Run it again as root (or in a throw-away VM). The control plane alone needs none: npm start`,
    );
  }
  const missing = missingPackages(packages);
  if (missing.length === 0) return;
  step(`Installing Debian packages: ${missing.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const policy = "/usr/sbin/policy-rc.d";
  const ownPolicy = !existsSync(policy);
  // Debian's way to install a package without starting its services: this machine is to get no sshd that it did not have.
  if (ownPolicy) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    run("apt-get", ["update", "-qq"], { env, quiet: true });
    run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { env, quiet: true });
  } finally {
    if (ownPolicy) rmSync(policy, { force: true });
  }
}

const tasks = {
  async build() {
    install();
    build();
  },
  async start(args) {
    install();
    build();
    return foreground(process.execPath, [join(root, "apps/server/dist/main.js"), ...args]);
  },
  async demo(args) {
    prepareLab("The demo", [...labPackages, ...toolchain]);
    install();
    build();
    return foreground(process.execPath, [join(root, "test/dist/lab/demo.js"), ...args]);
  },
  async lab(args) {
    if (args[0] !== "status") prepareLab("The lab", [...labPackages, ...toolchain]);
    install();
    build();
    return foreground(process.execPath, [join(root, "test/dist/lab/cli.js"), ...args]);
  },
  async test(args) {
    prepareLab("npm test", [...labPackages, ...toolchain, ...testPackages]);
    install();
    build();
    const { runSuites } = await import("./suites.mjs");
    return runSuites(root, args);
  },
  async endurance(args) {
    process.env.MAILBRAKE_ENDURANCE = "whole";
    return tasks.test([
      "lab",
      ...(args.length > 0 ? args.map((name) => `test/endurance/${name}`) : ["test/endurance"]),
    ]);
  },
  async "docs:mechanisms"() {
    process.env.MAILBRAKE_WRITE_DOCS = "1";
    return tasks.test(["lab", "test/conformance"]);
  },
  async bench(args) {
    prepareLab("The bench", [...labPackages, ...toolchain, ...testPackages]);
    install();
    build();
    return foreground(process.execPath, [join(root, "test/dist/bench/main.js"), ...args]);
  },
  async lint() {
    install();
    run(process.execPath, [join(root, "node_modules/@biomejs/biome/bin/biome"), "check", "."]);
  },
  async format() {
    install();
    run(process.execPath, [join(root, "node_modules/@biomejs/biome/bin/biome"), "check", "--write", "."]);
  },
};

const [name = "", ...args] = process.argv.slice(2);
try {
  checkNode();
  const task = tasks[name];
  if (!task) throw new Plain(`There is no task "${name}". There are: ${Object.keys(tasks).join(", ")}.`);
  statSync(join(root, "pnpm-lock.yaml"));
  process.exitCode = (await task(args)) ?? 0;
} catch (error) {
  process.stderr.write(`\n${error instanceof Plain ? error.message : error.stack}\n`);
  process.exitCode = 1;
}
