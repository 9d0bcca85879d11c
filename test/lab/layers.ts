import { createHash } from "node:crypto";
import { buildBaseScript, buildCopiedLayerScript, buildOverlayLayerScript } from "./build-scripts.ts";

/** The Debian release that every lab host runs. */
export const debianRelease = "bookworm";

/** What is installed in every host, whatever its mail server. The shells and awks are those the agent is tested under. */
const basePackages = [
  "iproute2",
  "procps",
  "openssh-server",
  "sudo",
  "rsyslog",
  "cron",
  "nftables",
  "curl",
  "mksh",
  "yash",
  "ksh93u+m",
  "busybox",
  "gawk",
  "original-awk",
];

/**
 * Run in the base after debootstrap. No service may start while packages install (policy-rc.d); rsyslog must not copy the
 * machine's kernel log into each host; no ssh host key may be shared, so each host makes its own.
 */
const finishBase = `
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
sed -i '/imklog/s/^/#/' /etc/rsyslog.conf
rm -f /etc/ssh/ssh_host_*
update-alternatives --set awk /usr/bin/mawk
rm -rf /usr/share/doc /usr/share/locale /usr/share/man /var/cache/apt/*.bin
mkdir -p /usr/share/man/man1 /usr/share/man/man5 /usr/share/man/man8
useradd --create-home --shell /bin/sh bob
useradd --create-home --shell /bin/sh carol
`;

const installPostfix = `
echo 'postfix postfix/main_mailer_type select Internet Site' | debconf-set-selections
echo 'postfix postfix/mailname string unset.lab.example' | debconf-set-selections
`;

interface LayerRecipe {
  packages: readonly string[];
  /** Shell text run in the layer's root before the packages are installed. */
  before: string;
}

/** One layer a mail server, each on top of the same base. A new mail server is one more entry here. */
const layerRecipes = {
  postfix: { packages: ["postfix", "postfix-pcre", "sasl2-bin", "libsasl2-modules"], before: installPostfix },
  exim: { packages: ["exim4-daemon-heavy"], before: "" },
  sendmail: { packages: ["sendmail", "sendmail-bin", "sendmail-cf", "m4", "make"], before: "" },
  opensmtpd: { packages: ["opensmtpd", "opensmtpd-extras", "openssl"], before: "" },
} satisfies Record<string, LayerRecipe>;

export type LayerName = keyof typeof layerRecipes;

/** Every layer that can be built. */
export const layerNames = Object.keys(layerRecipes) as LayerName[];

/** What a build step needs to know; `key` changes whenever the recipe does. */
export interface BuildStep {
  key: string;
  packages: readonly string[];
  script: string;
}

/** The step that makes the base: debootstrap with `packages`, then `script` run inside. */
export function baseStep(): BuildStep {
  return {
    key: `base-${digest([debianRelease, basePackages, finishBase, buildBaseScript])}`,
    packages: basePackages,
    script: finishBase,
  };
}

/** The step that makes a layer on top of the base: `script` run inside, then `packages` installed. */
export function layerStep(layer: LayerName): BuildStep {
  const recipe = layerRecipes[layer];
  return {
    key: `${layer}-${digest([baseStep().key, recipe, buildOverlayLayerScript, buildCopiedLayerScript])}`,
    packages: recipe.packages,
    script: recipe.before,
  };
}

function digest(recipe: unknown): string {
  return createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
}
