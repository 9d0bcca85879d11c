/** main.cf and master.cf as admins leave them: the shapes that the Postfix driver's text edits are tried on. */
export interface PostfixShape {
  readonly name: string;
  readonly main: string;
  readonly master: string;
}

const plainMaster = `# service type  private unpriv  chroot  wakeup  maxproc command
smtp      inet  n       -       y       -       -       smtpd
pickup    unix  n       -       y       60      1       pickup
smtp      unix  -       -       y       -       -       smtp
local     unix  -       n       n       -       -       local
maildrop  unix  -       n       n       -       -       pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -d \${recipient}
`;
const plainMain =
  "myhostname = mx.example\nsmtpd_client_restrictions = permit_mynetworks, reject_unknown_client_hostname\n";

const inMain = (name: string, main: string): PostfixShape => ({ name, main, master: plainMaster });
const inMaster = (name: string, master: string, main = plainMain): PostfixShape => ({ name, main, master });

export const postfixShapes: readonly PostfixShape[] = [
  inMain("one value a setting", plainMain),
  inMain("setting absent", "# Debian\n\nmyhostname = mx.example\nmydestination = mx.example\n"),
  inMain("empty file", ""),
  inMain("comments only", "# nothing set\n\n#smtpd_client_restrictions = permit\n"),
  inMain("comments only without a last newline", "# nothing set"),
  inMain("no blanks around the equals sign", "a=b\nsmtpd_client_restrictions=permit_mynetworks,reject\nc=d\n"),
  inMain("value begins on the next line", "smtpd_client_restrictions =\n    permit_mynetworks,\n    reject\nc = d\n"),
  inMain(
    "comments between the lines of a value",
    "smtpd_client_restrictions =\n# ours\n\tpermit_mynetworks,\n  # theirs\n\n\tcheck_client_access inline:{ 198.51.100.7=REJECT }\n# end\nc = d\n",
  ),
  inMain("list parted by blanks", "smtpd_client_restrictions = permit_mynetworks   reject_rbl_client bl.example\n"),
  inMain(
    "defined twice, the last counts",
    "smtpd_client_restrictions = reject\nc = d\nsmtpd_client_restrictions = permit\n",
  ),
  inMain("set to nothing", "smtpd_client_restrictions =\nc = d\n"),
  inMain("set to nothing, with blanks behind", "smtpd_client_restrictions =  \t \nc = d\n"),
  inMain("set to nothing, with comments behind", "smtpd_client_restrictions=\n# why\n   # not\nc = d\n"),
  inMain("no last newline", "a = b\nsmtpd_client_restrictions = permit"),
  inMain("no last newline after an empty value", "a = b\nsmtpd_client_restrictions ="),
  inMain(
    "lines that end in CR LF",
    "a = b\r\nsmtpd_client_restrictions = permit,\r\n  reject\r\nmaster_service_disable =\r\n",
  ),
  inMain("tabs everywhere", "smtpd_client_restrictions\t=\tpermit,\treject\n\t\n"),
  inMain("first line is a stray continuation", "   stray = 1\na = b\n"),
  inMain(
    "value with our own words in a comment",
    "# mailbrake was here once\nsmtpd_client_restrictions = $mynetworks_x\n",
  ),
  inMain(
    "services disabled and submitters named by the admin",
    "master_service_disable = foo/unix\n  bar/inet\nauthorized_submit_users = !carol, static:all\n",
  ),
  inMain("blank lines at the end", "a = b\nsmtpd_client_restrictions = permit\n\n\n  \n"),
  inMain(
    "delayed rejection off",
    "smtpd_delay_reject = no\nsmtpd_recipient_restrictions =\n  permit_mynetworks, reject\n",
  ),
  inMain("delayed rejection off through another setting", "mine = no\nsmtpd_delay_reject = $(mine)\n"),
  inMain(
    "classes, routes and waiting transports of the admin",
    "smtpd_restriction_classes =\n  own_class\n  # more\n  other_class\ntransport_maps = hash:/etc/postfix/transport\ndefer_transports=uucp\n",
  ),
  inMaster(
    "overrides of classes and routes",
    "smtp inet n - y - - smtpd\n  -o smtpd_restriction_classes=own_class,other_class\nsmtp unix - - y - - smtp\nrewrite unix - - y - - trivial-rewrite -o { transport_maps = hash:/etc/postfix/transport }\n",
  ),
  inMaster("entry is the last, without a newline", "pickup unix n - y 60 1 pickup\nsmtp inet n - y - - smtpd"),
  inMaster(
    "entry goes on, and ends the file without a newline",
    "pickup unix n - y 60 1 pickup\nsmtp inet n - y - - smtpd\n  -o a=b",
  ),
  inMaster(
    "override in the service",
    "smtp inet n - y - - smtpd\n  -o smtpd_client_restrictions=permit_mynetworks,reject\n  -o syslog_name=postfix/x\npickup fifo n - y 60 1 pickup\n",
  ),
  inMaster("override with nothing", "smtp inet n - y - - smtpd\n  -o smtpd_client_restrictions=\n  -o a=b\n"),
  inMaster(
    "override in braces",
    "smtp inet n - y - - smtpd\n  -o { smtpd_client_restrictions = permit, reject }\n  -o a=b\n",
  ),
  inMaster("override in braces with nothing", "smtp inet n - y - - smtpd -o { smtpd_client_restrictions = } -o a=b\n"),
  inMaster("override without a blank", "smtp inet n - y - - smtpd -v -osmtpd_client_restrictions=permit -oa=b\n"),
  inMaster(
    "override given twice",
    "smtp inet n - y - - smtpd -o smtpd_client_restrictions=a\n -o smtpd_client_restrictions=b\n",
  ),
  inMaster(
    "override refers to another setting",
    "smtp inet n - y - - smtpd\n  -o smtpd_client_restrictions=$mua_client_restrictions\n",
  ),
  inMaster(
    "delayed rejection off in the service",
    "smtp inet n - y - - smtpd\n  -o smtpd_delay_reject=no\n  -o smtpd_recipient_restrictions=permit_mynetworks,reject\n",
  ),
  inMaster(
    "comments between arguments",
    "smtp inet n - y - - smtpd\n#  -o smtpd_tls_wrappermode=yes\n  -o a=b\n\n  # last\n  -o c=d\n# after\n#smtp inet n - y - 1 postscreen\n",
  ),
  inMaster(
    "lines of master.cf end in CR LF",
    "smtp inet n - y - - smtpd\r\n  -o a=b\r\npickup unix n - y 60 1 pickup\r\n",
  ),
  inMaster(
    "postscreen",
    "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n  -o a=b\ndnsblog unix - - y - 0 dnsblog\n",
  ),
  inMaster("columns wrapped over lines", "smtp inet n\n  - y -\n  -  smtpd\n  -o a=b\nlast unix - - n - - local\n"),
  inMaster("command with a path", "smtp inet n - y - - /usr/lib/postfix/sbin/smtpd -o a=b\n"),
];
