// Shell texts that make the lab's root file systems. Each one's $1 is the folder to make; `set -e` ends it at the first failure. setpriv ends it when this process dies.

/** $2 Debian release, $3 mirror, $4 packages with commas, $5 shell text run inside at the end. */
export const buildBaseScript = `set -eu; part=$1 release=$2 mirror=$3 packages=$4 finish=$5
debootstrap --variant=minbase --include="$packages" "$release" "$part" "$mirror"
chroot "$part" sh -euc "$finish"
rm -rf "$part"/var/cache/apt/archives/*.deb "$part"/var/cache/apt/*.bin "$part"/var/lib/apt/lists/*`;

const installInRoot = `mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" sh -euc "$before"
chroot "$root" apt-get update -q
chroot "$root" apt-get install -q -y --no-install-recommends "$@"
chroot "$root" apt-get clean
rm -f "$root/usr/sbin/policy-rc.d" "$root"/var/cache/apt/*.bin
rm -rf "$root"/etc/ssh/ssh_host_* "$root"/usr/share/doc/* "$root"/var/lib/apt/lists/*
: > "$root/etc/resolv.conf"
umount "$root/proc"`;

/** $2 folder of the base, $3 shell text run inside first, then the packages. Makes what the layer adds to the base. */
export const buildOverlayLayerScript = `set -eu; part=$1 base=$2 before=$3; shift 3
root=$part.root; mkdir -p "$part" "$part.work" "$root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$part,workdir=$part.work" "$root"
${installInRoot}
umount "$root"; rm -rf "$part.work" "$root"`;

/** As buildOverlayLayerScript, where overlayfs can't be mounted: makes a whole root file system. */
export const buildCopiedLayerScript = `set -eu; part=$1 base=$2 before=$3; shift 3
root=$part; cp -a "$base" "$root"
${installInRoot}`;
