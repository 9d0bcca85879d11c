import { eximHost, type HostSpec, mxHost, opensmtpdHost, sendmailHost } from "../lab/index.ts";

/** A mail server under endurance: its host, its instance's name, where its configuration is, and what its admin does meanwhile. */
export interface Subject {
  readonly name: string;
  readonly host: HostSpec;
  readonly mta: "postfix" | "exim" | "sendmail" | "opensmtpd";
  /** The folder that holds its configuration. */
  readonly folder: string;
  /** Shell text that edits the configuration under the folder $1; $2 is a number of this edit's own. */
  readonly edits: readonly string[];
  /** Paths under the folder that are made from the others, and so differ in what is not content. */
  readonly derived: RegExp;
  /** What the admin runs after an edit, on the real folder alone. */
  readonly afterEdit: string;
  /** Tells the server to read its configuration again, as its admin would, at any moment. */
  readonly reload: string;
  /** Tries at once what waits in its queue. */
  readonly flush: string;
  /** Ends the daemon as a power cut would. */
  readonly kill: string;
  /** Starts it again, as its admin would. */
  readonly start: string;
}

const settled = (file: string): string => `touch -d '1 minute ago' "$1/${file}"`;

export const subjects = {
  postfix: {
    name: "postfix",
    host: mxHost("mx1", 11, { submission: true }),
    mta: "postfix",
    folder: "/etc/postfix",
    edits: [
      `printf '# note %s\\n' "$2" >>"$1/main.cf"; ${settled("main.cf")}`,
      `sed -i "1i # first line $2" "$1/main.cf"; ${settled("main.cf")}`,
      `printf '# service note %s\\n' "$2" >>"$1/master.cf"; ${settled("master.cf")}`,
      `sed -i '/^message_size_limit/d' "$1/main.cf"; printf 'message_size_limit = %s\\n' "$((9000000 + $2))" >>"$1/main.cf"; ${settled("main.cf")}`,
      `printf '%s.example REJECT\\n' "$2" >>"$1/sender_access"`,
      `chmod 640 "$1/main.cf"`,
      `chmod 644 "$1/main.cf"`,
    ],
    derived: /\.db\t/,
    afterEdit: "postmap hash:/etc/postfix/sender_access",
    reload: "postfix reload",
    flush: "postqueue -f",
    kill: "kill -9 $(cat /var/spool/postfix/pid/master.pid)",
    start: "sleep 1; postfix start",
  },
  exim: {
    name: "exim",
    host: eximHost("mx1", 11, "upstream"),
    mta: "exim",
    folder: "/etc/exim4",
    edits: [
      `printf '# note %s\\n' "$2" >>"$1/exim4.conf"`,
      `sed -i "1i # first line $2" "$1/exim4.conf"`,
      `sed -i '/^message_size_limit/d' "$1/exim4.conf"; sed -i "1i message_size_limit = $((9000000 + $2))" "$1/exim4.conf"`,
      `sed -i "s/^begin acl.*/&\\n# acl $2/" "$1/exim4.conf"`,
      `printf '%s.example\\n' "$2" >>"$1/local_notes"`,
      `chmod 640 "$1/exim4.conf"; chgrp Debian-exim "$1/exim4.conf"`,
      `chmod 644 "$1/exim4.conf"`,
    ],
    derived: /^\/etc\/exim4\/\0/,
    afterEdit: ":",
    reload:
      // An admin waits for the daemon too: a HUP while it starts anew, after another, ends it.
      'ready() { until grep -q "^SigCgt:.*[13579bdf]$" "/proc/$pid/status"; do sleep 0.05; done; }; pid=$(cat /run/exim4/exim.pid); ready; kill -HUP "$pid"; sleep 0.1; ready',
    flush: "exim4 -qff",
    kill: "kill -9 $(cat /run/exim4/exim.pid)",
    start: "rm -f /run/exim4/exim.pid; exim4 -bd -q30m",
  },
  sendmail: {
    name: "sendmail",
    host: sendmailHost("mx1", 11),
    mta: "sendmail",
    folder: "/etc/mail",
    edits: [
      `printf '# note %s\\n' "$2" >>"$1/access"`,
      `printf 'Connect:192.0.2.%s REJECT\\n' "$(($2 % 250))" >>"$1/access"`,
      `printf 'dnl note %s\\n' "$2" >>"$1/sendmail.mc"`,
      `printf '# note %s\\n' "$2" >>"$1/sendmail.cf"`,
      `sed -i "1i # first line $2" "$1/sendmail.cf"`,
      `printf '%s.example\\n' "$2" >>"$1/local-host-names"`,
    ],
    derived: /\.db\t/,
    afterEdit: "makemap -r hash /etc/mail/access </etc/mail/access",
    reload:
      // An admin waits for the queue run too: the HUP ends it, also between a delivery and its note in the queue, and that mail comes twice.
      'pid=$(head -n 1 /run/sendmail/mta/sendmail.pid); for i in $(seq 50); do ps --ppid "$pid" -o args= | grep -qv ": server \\|: startup " || { kill -HUP "$pid"; break; }; sleep 0.1; done',
    flush: "sendmail -q; sendmail -Ac -q",
    kill: "kill -9 $(head -n 1 /run/sendmail/mta/sendmail.pid)",
    start: "$(sed -n 2p /run/sendmail/mta/sendmail.pid)",
  },
  opensmtpd: {
    name: "opensmtpd",
    host: opensmtpdHost("mx1", 11),
    mta: "opensmtpd",
    folder: "/etc",
    edits: [
      `printf '# note %s\\n' "$2" >>"$1/smtpd.conf"`,
      `sed -i "1i # first line $2" "$1/smtpd.conf"`,
      `sed -i '/^queue ttl/d' "$1/smtpd.conf"; sed -i "1i queue ttl $((2 + $2 % 5))d" "$1/smtpd.conf"`,
      `chmod 600 "$1/smtpd.conf"`,
      `chmod 644 "$1/smtpd.conf"`,
    ],
    // The whole of /etc is the folder; what isn't smtpd's is nobody's business here.
    derived: /^\/etc\/(?!smtpd)/,
    afterEdit: ":",
    // All that it can read again is a table; it may be restarting for a brake that expires.
    reload:
      "for try in $(seq 100); do ! smtpctl update table partners || break; sleep 0.1; done; smtpctl update table partners",
    flush: "smtpctl schedule all",
    // Each of its processes ends by itself when another one is gone, perhaps before its turn comes.
    kill: "pkill -9 -x smtpd; for try in $(seq 50); do pgrep -x smtpd >/dev/null || exit 0; sleep 0.1; done; exit 1",
    start: "rm -f /run/smtpd.sock /var/run/smtpd.sock; smtpd",
  },
} as const satisfies Record<string, Subject>;
