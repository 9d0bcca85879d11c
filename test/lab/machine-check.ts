import { access, mkdir, statfs } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { LabError } from "./lab-error.ts";
import { runCommand } from "./run-command.ts";

const packageOfTool: Record<string, string> = {
  ip: "iproute2",
  nsenter: "util-linux",
  unshare: "util-linux",
  flock: "util-linux",
  setpriv: "util-linux",
  pivot_root: "util-linux",
  mount: "mount",
  "ssh-keygen": "openssh-client",
};
const packageOfBuildTool: Record<string, string> = { debootstrap: "debootstrap" };

/** Throws LabError with what to do unless this machine can run a lab: Linux, root, the tools, and namespaces. */
export async function checkMachine(): Promise<void> {
  if (process.platform !== "linux") {
    throw new LabError("The lab runs mail servers in Linux namespaces.", "Run it on Linux, best on Debian 12.");
  }
  if (process.getuid?.() !== 0) {
    throw new LabError("The lab needs root, to make namespaces and network links.", "Run the same command with sudo.");
  }
  await requireTools(packageOfTool);
  const namespaces = await runCommand(
    ["unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "ip", "link", "add", "probe", "type", "veth"],
    { check: false, timeoutSeconds: 10 },
  );
  if (namespaces.exitCode !== 0) {
    throw new LabError(
      `This machine doesn't let root make namespaces and veth links (${namespaces.stderr.trim()}).`,
      "In a container, start it with --privileged, or use a virtual machine.",
    );
  }
}

/** Throws LabError unless the layers can be built here: debootstrap, and `freeMiB` of disk under `folder`. */
export async function checkBuildMachine(folder: string, freeMiB: number): Promise<void> {
  await requireTools(packageOfBuildTool);
  await checkDiskSpace(folder, freeMiB);
}

/** Throws LabError unless the file system of `folder` (made if missing) has `freeMiB` left. */
export async function checkDiskSpace(folder: string, freeMiB: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const disk = await statfs(folder);
  const available = Math.floor((disk.bavail * disk.bsize) / (1024 * 1024));
  if (available >= freeMiB) return;
  throw new LabError(
    `The lab needs ${freeMiB} MiB of free disk in ${folder}, and there are ${available} MiB.`,
    "Free some, or name another folder in MAILBRAKE_LAB_CACHE.",
  );
}

async function requireTools(tools: Record<string, string>): Promise<void> {
  const missing = new Set<string>();
  for (const [tool, debianPackage] of Object.entries(tools)) {
    if (!(await isInstalled(tool))) missing.add(debianPackage);
  }
  if (missing.size === 0) return;
  const packages = [...missing].sort().join(" ");
  throw new LabError(`Missing on this machine: ${packages}.`, `Install with: apt-get install -y ${packages}`);
}

async function isInstalled(tool: string): Promise<boolean> {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"]) {
    if (folder === "") continue;
    const found = await access(join(folder, tool)).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
