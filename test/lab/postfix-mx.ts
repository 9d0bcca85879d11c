import { commonSettings, finishPostfix, startPostfix, transportToSink, trustedNetworks } from "./postfix-settings.ts";
import { labDomain, type RoleSetup, type SetupContext } from "./role-setup.ts";

/** The user and password that may submit on an mx with `submission`. */
export const submissionLogin = { user: `bob@${labDomain}`, password: "bob-of-the-lab" };

/** An inbound mail exchanger, with a main.cf as an admin leaves it: comments, values over several lines, odd spacing. */
export function postfixMx(context: SetupContext): RoleSetup {
  const submission = context.host.submission === true;
  return {
    files: [
      { path: "/etc/postfix/main.cf", content: mainCf(context), mode: "644" },
      { path: "/etc/postfix/transport", content: transportToSink(context), mode: "644" },
      { path: "/etc/postfix/sender_access", content: senderAccess, mode: "640", owner: "root:postfix" },
      ...(submission ? [{ path: "/etc/postfix/sasl/smtpd.conf", content: saslConf, mode: "644" }] : []),
    ],
    configure: `postmap hash:/etc/postfix/sender_access
${submission ? addSubmission : ""}${finishPostfix}`,
    start: startPostfix,
    ports: submission ? [25, 587] : [25],
  };
}

function mainCf(context: SetupContext): string {
  return `# main.cf of ${context.host.name}, kept by hand.
# When you change something, say why.

${commonSettings(context)}
myorigin = ${labDomain}
mydestination = $myhostname, localhost
mynetworks = ${trustedNetworks(context)
    .split(/[\s,]+/)
    .join("\n    ")}
inet_interfaces = all
inet_protocols = ipv4

# We are MX for these, and keep no mailboxes for them.
relay_domains = ${labDomain}
# the partner moves to its own MX one day
    partner.example
transport_maps = hash:/etc/postfix/transport

# Greeting and order of checks.  Talk to the postmaster first!
smtpd_helo_required=yes
smtpd_client_restrictions =
\tpermit_mynetworks,
# a known nuisance, since 2019
\tcheck_client_access inline:{ 198.51.100.7=REJECT }
smtpd_sender_restrictions =   reject_non_fqdn_sender
    check_sender_access  hash:/etc/postfix/sender_access
smtpd_recipient_restrictions =
    reject_non_fqdn_recipient,
    # relaying is for our own machines
    permit_mynetworks,
    reject_unauth_destination

message_size_limit = 20480000
#smtpd_client_connection_rate_limit = 30
mailbox_size_limit = 0

# With one slow customer, retry sooner than the default.
minimal_backoff_time = 5s
maximal_backoff_time = 10s
queue_run_delay      = 5s
transport_retry_time = 5s
delay_warning_time = 0h
`;
}

const senderAccess = `# Senders that the admin blocked by hand.
spammer@bad.example\tREJECT not from you
bulk.example\tDEFER
`;

const saslConf = `pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN
`;

// smtpd is chrooted: its password database is in there (sasldblistusers2 and smtpd must see the same file).
const addSubmission = `cat >> /etc/postfix/master.cf <<'MASTER'
# ==== people's own mail programs ====
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_local_domain=${labDomain}
  -o smtpd_client_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
  -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject }
MASTER
mkdir -p /var/spool/postfix/etc
printf '%s' '${submissionLogin.password}' | saslpasswd2 -p -c -f /var/spool/postfix/etc/sasldb2 -u ${labDomain} bob
chown root:postfix /var/spool/postfix/etc/sasldb2
chmod 640 /var/spool/postfix/etc/sasldb2
`;
