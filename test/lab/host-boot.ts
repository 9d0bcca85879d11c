/**
 * Starts and ends one host: its root file system, mounted inside its own namespaces, and the services of its role.
 * Guarantees: the disk is kept over a reboot, memory (/run, firewall, processes) is not; this machine's mounts aren't touched.
 * If killed in between, the host's processes run on and `endNamespaces` on its folder ends them.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { endNamespaces, startNamespaces } from "./host-processes.ts";
import type { HostSpec } from "./host-spec.ts";
import { plugHost, unplugHost } from "./lab-network.ts";
import { hostFolder, type LabRecord } from "./lab-state.ts";
import { runCommand } from "./run-command.ts";

// $1 host folder, $2 host name, $3 new root, $4 overlay options ("" = $3 is a full copy).
// The machine's /dev stays out (rsyslog would fight over /dev/log); its other mounts are let go of with the old root.
const bootScript = `
mount --make-rprivate /
if [ -n "$4" ]; then mount -t overlay mailbrake-lab -o "$4" "$3"; else mount --bind "$3" "$3"; fi
hostname "$2"; cd "$3"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p dev/shm dev/pts run/sshd run/lock
mount -t tmpfs tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -sf pts/ptmx dev/ptmx
rm -f var/spool/postfix*/pid/master.pid
pivot_root . mnt
exec /bin/sh -c 'cd /; umount -l /mnt; echo ready; trap : TERM; while :; do sleep 3600 & wait $!; done' mailbrake-lab "$1"
`;

/** Makes the disk of a new host from its layer. */
export async function makeDisk(lab: LabRecord, host: HostSpec): Promise<void> {
  const disk = diskFolder(lab, host);
  await mkdir(join(disk, "root"), { recursive: true, mode: 0o755 });
  if (lab.layers.storage === "overlay") {
    await mkdir(join(disk, "upper"), { mode: 0o755 });
    await mkdir(join(disk, "work"));
    return;
  }
  for (const folder of layerFolders(lab, host)) {
    await runCommand(["cp", "-a", "--reflink=auto", `${folder}/.`, join(disk, "root")], { timeoutSeconds: 300 });
  }
}

/** Starts a host on its disk and puts it on the network; no service runs yet. Gives the pid, as seen here, of its pid 1. */
export async function startHost(lab: LabRecord, host: HostSpec): Promise<number> {
  const disk = diskFolder(lab, host);
  const overlay =
    lab.layers.storage === "copy"
      ? ""
      : `lowerdir=${layerFolders(lab, host).join(":")},upperdir=${join(disk, "upper")},workdir=${join(disk, "work")}`;
  const flags = ["--mount", "--pid", "--uts", "--ipc", "--net"];
  const pid = await startNamespaces(hostFolder(lab.name, host.name), flags, bootScript, [
    host.name,
    join(disk, "root"),
    overlay,
  ]);
  if (lab.network === undefined) throw new Error("a host is started before its lab has a network");
  await plugHost(lab.name, lab.network, lab.hosts, host, pid);
  return pid;
}

/** Takes the power from a host: every process in it is gone at once, its disk stays. */
export async function stopHost(lab: LabRecord, hostName: string): Promise<void> {
  await endNamespaces(hostFolder(lab.name, hostName));
  await unplugHost(lab.name, hostName);
}

export function diskFolder(lab: LabRecord, host: HostSpec): string {
  return join(lab.disksFolder, host.name);
}

function layerFolders(lab: LabRecord, host: HostSpec): string[] {
  const folders = lab.layers.folders[host.layer];
  if (folders === undefined) throw new Error(`the ${host.layer} layer was not built for ${host.name}`);
  return folders;
}
