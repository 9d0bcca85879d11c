/**
 * Builds the lab's root file systems once and keeps them.
 * Guarantees: a folder under its final name is complete (built under a temporary name, then renamed); one builder at a time;
 * the key of each folder changes with its recipe; mounts of a build live in a namespace of their own and end with it.
 * Fails with LabError that names the log's last lines. If killed, a `.part-` folder is left and removed by the next build.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { buildBaseScript, buildCopiedLayerScript, buildOverlayLayerScript } from "./build-scripts.ts";
import { findDebianMirror } from "./debian-mirror.ts";
import { LabError } from "./lab-error.ts";
import { labNames, readRecord } from "./lab-state.ts";
import { type BuildStep, baseStep, debianRelease, type LayerName, layerNames, layerStep } from "./layers.ts";
import { checkBuildMachine, checkDiskSpace } from "./machine-check.ts";
import { runCommand } from "./run-command.ts";

/** `overlay`: hosts share the layers, each with its own top. `copy`: overlayfs can't be mounted here, each host is a full copy. */
export type Storage = "overlay" | "copy";

export interface LayerCache {
  storage: Storage;
  /** For each layer the folders to stack, topmost first; with storage `copy` the one folder to copy. */
  folders: Partial<Record<LayerName, string[]>>;
}

export interface LayerCacheOptions {
  layers: readonly LayerName[];
  onProgress: (message: string) => void;
  signal?: AbortSignal;
}

const buildTimeoutSeconds = 1200;
const cleanEnvironment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LC_ALL: "C",
  DEBIAN_FRONTEND: "noninteractive",
};

/** Where layers are kept and host disks live: MAILBRAKE_LAB_CACHE, or /var/cache/mailbrake-lab. */
export function cacheFolder(): string {
  const folder = resolve(process.env.MAILBRAKE_LAB_CACHE || "/var/cache/mailbrake-lab");
  // overlayfs options are separated by these.
  if (/[:,\\]/.test(folder))
    throw new LabError(`MAILBRAKE_LAB_CACHE is "${folder}".`, "Choose a folder without : , or \\.");
  return folder;
}

/** Makes sure that `layers` are built, and says where they are. Takes milliseconds when they are, about a minute when not. */
export async function ensureLayers(options: LayerCacheOptions): Promise<LayerCache> {
  const cache = cacheFolder();
  await mkdir(cache, { recursive: true });
  const storage = await chooseStorage(cache, options.onProgress);
  const folder = (key: string): string => join(cache, storage === "overlay" ? key : `${key}-copy`);
  const layers = [...new Set(options.layers)];
  const built = (): boolean => layers.every((layer) => existsSync(folder(layerStep(layer).key)));
  if (!built() || !existsSync(folder(baseStep().key))) {
    await checkBuildMachine(cache, storage === "overlay" ? 1500 : 3000);
    const slow = setTimeout(() => options.onProgress("Waiting for another build to end"), 1000);
    const lock = await takeLock(join(cache, "build.lock"), options.signal).finally(() => clearTimeout(slow));
    try {
      await build({ ...options, layers, cache, storage, folder });
    } finally {
      lock.stdin?.end();
    }
  }
  await checkDiskSpace(cache, storage === "overlay" ? 200 : 3000);
  const stack = (layer: LayerName): string[] => {
    const top = folder(layerStep(layer).key);
    return storage === "overlay" ? [top, folder(baseStep().key)] : [top];
  };
  return { storage, folders: Object.fromEntries(layers.map((layer) => [layer, stack(layer)])) };
}

interface Build extends LayerCacheOptions {
  cache: string;
  storage: Storage;
  folder: (key: string) => string;
}

async function build(plan: Build): Promise<void> {
  const { cache, folder, onProgress } = plan;
  for (const name of await readdir(cache)) {
    if (name.includes(".part-")) await rm(join(cache, name), { recursive: true, force: true });
  }
  const base = baseStep();
  if (!existsSync(folder(base.key))) {
    onProgress(`Building the base system (Debian ${debianRelease}), about 45 s`);
    const mirror = await findDebianMirror();
    await buildFolder(plan, base.key, buildBaseScript, [debianRelease, mirror, base.packages.join(","), base.script]);
  }
  const missing = plan.layers.filter((layer) => !existsSync(folder(layerStep(layer).key)));
  await Promise.all(
    missing.map(async (layer) => {
      onProgress(`Building the ${layer} layer`);
      const step: BuildStep = layerStep(layer);
      const script = plan.storage === "overlay" ? buildOverlayLayerScript : buildCopiedLayerScript;
      await buildFolder(plan, step.key, script, [folder(base.key), step.script, ...step.packages]);
      onProgress(`Built the ${layer} layer`);
    }),
  );
  await removeOldRecipes(plan);
}

/** Removes what was built by recipes that are no more, unless a lab still runs on it. */
async function removeOldRecipes({ cache, folder }: Build): Promise<void> {
  const steps = [baseStep(), ...layerNames.map(layerStep)];
  const current = new Set(steps.map((step) => basename(folder(step.key))));
  const records = await Promise.all((await labNames()).map(readRecord));
  const inUse = new Set(records.flatMap((record) => Object.values(record?.layers.folders ?? {}).flat()));
  const family = new RegExp(`^(base|${layerNames.join("|")})-[0-9a-f]{12}(-copy)?(\\.log)?$`);
  for (const name of await readdir(cache)) {
    const path = join(cache, name.replace(/\.log$/, ""));
    if (!family.test(name) || current.has(basename(path)) || inUse.has(path)) continue;
    await rm(join(cache, name), { recursive: true, force: true });
  }
}

async function buildFolder(plan: Build, key: string, script: string, args: string[]): Promise<void> {
  const part = `${plan.folder(key)}.part-${process.pid}`;
  const argv = ["sh", "-c", script, "mailbrake-lab-build", part, ...args];
  const result = await runCommand(
    ["setpriv", "--pdeathsig", "KILL", "unshare", "-m", "-p", "-f", "--kill-child", ...argv],
    {
      timeoutSeconds: buildTimeoutSeconds,
      environment: cleanEnvironment,
      check: false,
      ...(plan.signal ? { signal: plan.signal } : {}),
    },
  );
  const log = `${plan.folder(key)}.log`;
  await writeFile(log, result.stdout + result.stderr);
  if (result.exitCode === 0) {
    await rename(part, plan.folder(key));
    return;
  }
  await rm(part, { recursive: true, force: true });
  const lastLines = (await readFile(log, "utf8"))
    .trim()
    .split("\n")
    .slice(-5)
    .join("\n")
    .replace(/:\/\/[^\s/]+/g, "://(mirror)");
  throw new LabError(
    `Building ${key} failed:\n${lastLines}\n`,
    `The whole log is in ${log}. If packages could not be fetched, check the machine's Debian mirror (apt-get update).`,
  );
}

async function takeLock(path: string, signal?: AbortSignal): Promise<ChildProcess> {
  // The lock lives as long as this child, and the child as long as its standard input: it is freed even if we are killed.
  const child = spawn("flock", ["-w", String(buildTimeoutSeconds), path, "sh", "-c", "echo locked; exec cat"], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  return await new Promise((resolve, reject) => {
    const onAbort = (): void => {
      child.stdin.end();
      child.kill();
      reject(new LabError("Waiting for the build lock was interrupted."));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    child.once("error", reject);
    child.stdout.once("data", () => {
      signal?.removeEventListener("abort", onAbort);
      resolve(child);
    });
    child.once("exit", () => reject(new LabError(`Another build has held ${path} for too long.`)));
  });
}

async function chooseStorage(cache: string, onProgress: (message: string) => void): Promise<Storage> {
  const forced = process.env.MAILBRAKE_LAB_STORAGE;
  if (forced === "copy" || forced === "overlay") return forced;
  if (forced)
    throw new LabError(`MAILBRAKE_LAB_STORAGE is "${forced}".`, "Set it to overlay or copy, or leave it out.");
  const trial = join(cache, `.trial-${process.pid}`);
  const script = `mkdir -p "$1/low" "$1/up" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$1/low,upperdir=$1/up,workdir=$1/work" "$1/root"`;
  const result = await runCommand(["unshare", "-m", "sh", "-euc", script, "sh", trial], { check: false });
  await rm(trial, { recursive: true, force: true });
  if (result.exitCode === 0) return "overlay";
  onProgress(
    `overlayfs can't be mounted in ${cache} (${result.stderr.trim()}): each host gets a full copy, about 400 MB`,
  );
  return "copy";
}
