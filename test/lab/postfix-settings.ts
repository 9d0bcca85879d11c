import { fullName, labDomain, type SetupContext } from "./role-setup.ts";

/** `mynetworks` of a host: as its spec says, or loopback and the lab's network. */
export function trustedNetworks({ host, network }: SetupContext): string {
  return host.trustedNetworks ?? `127.0.0.0/8 ${network}.0/24`;
}

/** The address in brackets, so that Postfix asks no DNS, of the first host with that role. */
export function nextHop({ hosts, network }: SetupContext, role: "sink" | "relay"): string {
  const target = hosts.find((host) => host.role === role);
  // 203.0.113.0/24 is for documentation: without a sink, mail stays queued.
  return target ? `[${network}.${target.octet}]` : "[203.0.113.1]";
}

/** Lines that every Postfix of the lab has. */
export function commonSettings(context: SetupContext): string {
  return `compatibility_level = 3.6
myhostname = ${fullName(context.host)}
biff = no
append_dot_mydomain = no
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
smtpd_tls_security_level = none
smtp_tls_security_level = none
`;
}

/** A transport table that sends everything but a host's own mail to the sink. */
export function transportToSink(context: SetupContext): string {
  const name = fullName(context.host);
  return `# Where mail goes on to; there is no DNS here.
${name}\tlocal:
localhost\tlocal:
${labDomain}\tsmtp:${nextHop(context, "sink")}
*\tsmtp:${nextHop(context, "sink")}
`;
}

/**
 * Shell text run after a Postfix configuration was written. Postfix sleeps until a main.cf is 2 s old ("hot main.cf"), so
 * its time of change is set back.
 */
export const finishPostfix = `postmap hash:/etc/postfix/transport
newaliases
touch -d '1 minute ago' /etc/postfix*/main.cf /etc/postfix*/master.cf
`;

/** Shell text that starts all Postfix instances at boot; Debian's own script fills the chroot first. */
export const startPostfix = `/usr/lib/postfix/configure-instance.sh -
postfix start
`;
