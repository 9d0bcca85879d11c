import { nextHop, trustedNetworks } from "./postfix-settings.ts";
import { fullName, labDomain, type RoleSetup, type SetupContext } from "./role-setup.ts";

/** How the configuration of a Sendmail host is kept: a sendmail.mc from which sendmail.cf is made, or a sendmail.cf alone. */
export type SendmailLayout = "mc" | "cf";

/** An inbound mail exchanger on Sendmail: port 25 everywhere and 587 on loopback, mail for lab.example goes on to the sink. */
export function sendmailMx(context: SetupContext): RoleSetup {
  return {
    files: [
      { path: "/etc/mail/sendmail.mc", content: sendmailMc(context), mode: "644", owner: "root:smmsp" },
      { path: "/etc/mail/local-host-names", content: `${fullName(context.host)}\nlocalhost`, mode: "644" },
      { path: "/etc/mail/relay-domains", content: `${labDomain}\npartner.example`, mode: "644" },
      { path: "/etc/mail/access", content: access(context), mode: "600" },
    ],
    // Without DNS, local submission would stay in its queue; the layout with a cf alone has nothing that it could be made from.
    configure: `cd /etc/mail
rm -f databases
makemap hash access < access
m4 sendmail.mc > sendmail.cf
sed -i '/^#*O ServiceSwitchFile=/d; /^# service switch/a O ServiceSwitchFile=/etc/mail/service.switch-nodns' submit.cf
sed -i 's/^#*O QueueLA=.*/O QueueLA=1000/' submit.cf
grep -q '^O ServiceSwitchFile' submit.cf || echo 'O ServiceSwitchFile=/etc/mail/service.switch-nodns' >> submit.cf
newaliases
${context.host.sendmailLayout === "cf" ? "rm -f sendmail.mc submit.mc Makefile\n" : ""}`,
    start: `install -d -o smmta -g smmsp -m 2755 /run/sendmail /run/sendmail/mta
install -d -o smmsp -g smmsp -m 2775 /run/sendmail/msp
install -d -o smmsp -g smmsp -m 2775 /run/sendmail/stampdir
/usr/sbin/sendmail-mta -bd -q10m -L sm-mta
`,
    ports: [25],
  };
}

function access(context: SetupContext): string {
  const trusted = trustedNetworks(context)
    .split(/\s+/)
    .map((network) => network.replace(/(\.0)*\/\d+$/, ""))
    .map((prefix) => `Connect:${prefix}\t\tRELAY`);
  return `# access of ${context.host.name}, kept by hand
${trusted.join("\n")}
GreetPause:localhost	0
# since 2019
From:spammer@bad.example	ERROR:5.7.1:550 not from you
Connect:198.51.100.7	REJECT
`;
}

function sendmailMc(context: SetupContext): string {
  return `divert(-1)dnl
# sendmail.mc of ${context.host.name}: change it here, then make -C /etc/mail
divert(0)dnl
define(\`_USE_ETC_MAIL_')dnl
include(\`/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(\`$Id: sendmail.mc of the lab$')
OSTYPE(\`debian')dnl
DOMAIN(\`debian-mta')dnl
undefine(\`confHOST_STATUS_DIRECTORY')dnl
FEATURE(\`no_default_msa')dnl
dnl the world, and our own mail programs
DAEMON_OPTIONS(\`Family=inet,  Name=MTA-v4, Port=smtp, Addr=0.0.0.0')dnl
DAEMON_OPTIONS(\`Family=inet,  Name=MSP-v4, Port=submission, M=Ea, Addr=127.0.0.1')dnl
define(\`confPRIVACY_FLAGS', \`needmailhelo,needexpnhelo,needvrfyhelo,restrictqrun,restrictexpand,nobodyreturn,authwarnings')dnl
FEATURE(\`use_cw_file')dnl
FEATURE(\`access_db', , \`skip')dnl
FEATURE(\`delay_checks', \`friend', \`n')dnl
FEATURE(\`conncontrol', \`nodelay', \`terminate')dnl
FEATURE(\`ratecontrol', \`nodelay', \`terminate')dnl
FEATURE(\`nocanonify')dnl
FEATURE(\`accept_unresolvable_domains')dnl
define(\`SMART_HOST', \`${nextHop(context, "sink")}')dnl
define(\`confSERVICE_SWITCH_FILE', \`/etc/mail/service.switch-nodns')dnl
dnl by default it takes no connections at load 12 for each processor, and delivers nothing at 8: tests make more
define(\`confQUEUE_LA', \`1000')dnl
define(\`confREFUSE_LA', \`1000')dnl
define(\`confDOMAIN_NAME', \`${fullName(context.host)}')dnl
MAILER_DEFINITIONS
MAILER(\`local')dnl
MAILER(\`smtp')dnl

LOCAL_RULESETS
# Nobody writes to the old list any more.
SLocal_check_rcpt
R$*			$: $1 $| $>CanonAddr $1
R$* $| oldlist < @ $+ > $*	$#error $@ 5.1.6 $: "551 the list has moved"
R$* $| $*		$: $1
`;
}
