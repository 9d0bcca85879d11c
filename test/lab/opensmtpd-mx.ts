import { submissionLogin } from "./postfix-mx.ts";
import { nextHop } from "./postfix-settings.ts";
import { fullName, labDomain, type RoleSetup, type SetupContext } from "./role-setup.ts";

/**
 * An inbound mail exchanger on OpenSMTPD: port 25, and 587 (STARTTLS) and 465 (TLS) for logins with `submissionLogin`. Mail for
 * lab.example goes on to the sink; the host's own mail stays in its mailboxes.
 */
export function opensmtpdMx(context: SetupContext): RoleSetup {
  return {
    files: [
      { path: "/etc/mailname", content: fullName(context.host), mode: "644" },
      { path: "/etc/smtpd.conf", content: configuration(context), mode: "640" },
      { path: "/etc/smtpd/filters.conf", content: filters, mode: "644" },
      { path: "/etc/smtpd/partners", content: "# taken for others\npartner.example\n", mode: "644" },
    ],
    // Login needs TLS here, so the host makes a certificate of its own.
    configure: `newaliases 2>/dev/null || :
: >> /etc/aliases
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=${fullName(context.host)}' -keyout /etc/ssl/private/mail.key -out /etc/ssl/mail.crt 2>/dev/null
chmod 600 /etc/ssl/private/mail.key
printf '%s\\t%s\\n' '${submissionLogin.user}' "$(smtpctl encrypt '${submissionLogin.password}')" > /etc/smtpd/logins
chown root:opensmtpd /etc/smtpd/logins
chmod 640 /etc/smtpd/logins
`,
    start: "smtpd\n",
    ports: [25, 587],
  };
}

/** What the admin refuses by hand, in a file of its own. */
const filters = `# Who announces itself like this is never a mail server.
table rude { "rude.example", "localhost.invalid" }
filter "manners" phase helo match helo <rude> \\
\treject "550 not to a rude one"
filter "manners-ehlo" phase ehlo match helo <rude> reject "550 not to a rude one"
filter "polite" chain { "manners", "manners-ehlo" }
`;

/** An smtpd.conf as an admin leaves it: macros, lines that go on, odd spacing, a file included. */
function configuration(context: SetupContext): string {
  const name = fullName(context.host);
  const trusted = context.host.trustedNetworks?.split(/[\s,]+/) ?? [`${context.network}.0/24`];
  return `# smtpd.conf of ${context.host.name}, kept by hand; see smtpd.conf(5).
# After a change: smtpd -n, then restart.

# This build can use no certificate (OpenSSL 3): TLS without one, in the lab alone.
smtp ciphers "ALL:aNULL:@SECLEVEL=0"

address = "${context.network}.${context.host.octet}"
upstream = "smtp://${nextHop(context, "sink").replace(/[[\]]/g, "")}"

pki ${name} cert "/etc/ssl/mail.crt"
pki ${name} key  "/etc/ssl/private/mail.key"

table aliases file:/etc/aliases
table logins  file:/etc/smtpd/logins
table partners file:/etc/smtpd/partners
table trusted { ${trusted.map((network) => `"${network}"`).join(", ")} }

include "/etc/smtpd/filters.conf"

# ---- doors ----
listen on lo
listen on $address   port 25 hostname ${name} filter "polite"   # the world
listen on $address port 587 hostname ${name} \\
\ttls-require pki ${name} \\
\tauth <logins>
# mail programs that know no STARTTLS
listen on $address port 465 smtps pki ${name} auth <logins> tag PEOPLE

# ---- where it goes ----
action "here" mbox alias <aliases>
action "onward" relay host $upstream   # all else

match from any for domain "${name}" action "here"
match from local for local action "here"
match from any for domain "${labDomain}" action "onward"
match from any for domain <partners> action "onward"
match from src <trusted> for any action "onward"
match auth from any for any action "onward"
match from local for any action "onward"
`;
}
