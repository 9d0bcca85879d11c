import { eximMx } from "./exim-mx.ts";
import { clientOctets, machineOctet } from "./lab-network.ts";
import { opensmtpdMx } from "./opensmtpd-mx.ts";
import { postfixMx } from "./postfix-mx.ts";
import { postfixRelay } from "./postfix-relay.ts";
import { postfixSender } from "./postfix-sender.ts";
import { exchangerName, fullName, labDomain, outsideDomain, type RoleSetup, type SetupContext } from "./role-setup.ts";
import { type SeedFile, seedScript } from "./seed-file.ts";
import { sendmailMx } from "./sendmail-mx.ts";
import { smtpSink } from "./smtp-sink.ts";

const roles = {
  mx: postfixMx,
  exim: eximMx,
  sendmail: sendmailMx,
  opensmtpd: opensmtpdMx,
  relay: postfixRelay,
  sender: postfixSender,
  sink: smtpSink,
  bare: (): RoleSetup => ({ files: [], configure: "", start: "", ports: [] }),
};

/** The whole setup of a host: shell text for its first start, and the ports that answer once it is up. */
export function hostSetup(context: SetupContext, authorizedKey: string): { firstStart: string; ports: number[] } {
  const role = roles[context.host.role](context);
  const files: SeedFile[] = [
    { path: "/etc/hostname", content: context.host.name, mode: "644" },
    { path: "/etc/hosts", content: hostsFile(context), mode: "644" },
    { path: "/root/.ssh/authorized_keys", content: authorizedKey, mode: "600" },
    { path: startPath, content: `#!/bin/sh\nset -eu\n${startBase}${role.start}`, mode: "755" },
    ...role.files,
  ];
  const firstStart = `set -eu
: > /etc/resolv.conf
rm -f /usr/sbin/policy-rc.d
install -d -m 700 /root/.ssh
${seedScript(files)}
for kind in ed25519 ecdsa; do ssh-keygen -q -t $kind -N '' -C "root@${context.host.name}" -f /etc/ssh/ssh_host_"$kind"_key; done
${role.configure}`;
  return { firstStart, ports: [22, ...role.ports] };
}

/** The program in each host that starts its services, at every boot. */
export const startPath = "/etc/rc.lab";

const startBase = `rm -f /run/rsyslogd.pid /run/crond.pid
rsyslogd
/usr/sbin/sshd
cron
`;

const exchangerRoles: ReadonlySet<string> = new Set(["mx", "exim", "sendmail", "opensmtpd"]);

function hostsFile({ hosts, network }: SetupContext): string {
  const lines = ["127.0.0.1 localhost", `${network}.${machineOctet} control.${labDomain} control`];
  for (const host of hosts) {
    lines.push(`${network}.${host.octet} ${fullName(host)} ${host.name}`);
    // One name for all that take the domain's mail, as equal MX records would give: a sender picks one, and tries the next.
    if (exchangerRoles.has(host.role)) lines.push(`${network}.${host.octet} ${exchangerName}`);
  }
  for (const octet of clientOctets) lines.push(`${network}.${octet} client${octet}.${outsideDomain}`);
  return lines.join("\n");
}
