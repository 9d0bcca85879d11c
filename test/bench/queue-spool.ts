/**
 * A large queue in seconds: one real message, sent and deferred, is copied under new ids, senders and recipients of the same length, as spool files.
 * Half of it is from `loudSender`, the rest from as many senders. Only for hosts of the lab: all that was queued before is thrown away.
 */
import { connect } from "node:net";
import type { LabHost } from "../lab/index.ts";

export const loudSender = "s000000@spam.example";
/** For files of 100,000 messages, put or removed. */
const limit = { timeoutSeconds: 600 };

/** perl: @ARGV is the spool, how many, and the user that owns it. */
const postfixCopies = `
my ($spool, $count, $user) = @ARGV;
my ($uid, $gid) = (getpwnam $user)[2, 3];
chdir $spool or die;
sub text { local $/; open my $f, '<', $_[0] or die "$_[0]: $!"; <$f> }
my ($from) = glob 'deferred/*/*';
my ($id) = $from =~ m{([^/]+)$};
my ($message, $why) = (text($from), text('defer/' . substr($id, 0, 1) . "/$id"));
unlink glob "{deferred,defer}/*/$id";
my $later = time + 864000;
sub put {
  my ($path, $text, $mode) = @_;
  open my $f, '>', $path or die "$path: $!";
  print $f $text; close $f; chmod $mode, $path; chown $uid, $gid, $path;
}
mkdir "$_" for map { my $x = sprintf '%X', $_; ("deferred/$x", "defer/$x") } 0 .. 15;
chown $uid, $gid, glob '{deferred,defer}/*';
chmod 0700, glob '{deferred,defer}/*';
for my $i (0 .. $count - 1) {
  my $new = sprintf '%05X%06X', $i * 7919 % 0xFFFFF, 0x100000 + $i;
  my $at = substr($new, 0, 1) . "/$new";
  my ($m, $w) = ($message, $why);
  my $sender = $i % 2 ? sprintf('s%06d@good.example', $i) : 's000000@spam.example';
  my $to = sprintf 't%03d@', $i % 997;
  for ($m, $w) { s/s000000\\@spam.example/$sender/g; s/t000\\@/$to/g; s/$id/$new/g if length $id == length $new }
  put("deferred/$at", $m, 0700); put("defer/$at", $w, 0600);
  utime time, $later, "deferred/$at";
}`;
const eximCopies = `
my ($spool, $count, $user) = @ARGV;
my ($uid, $gid) = (getpwnam $user)[2, 3];
chdir $spool or die;
sub text { local $/; open my $f, '<', $_[0] or die "$_[0]: $!"; <$f> }
my ($from) = glob 'input/*-H';
my ($id) = $from =~ m{([^/]+)-H$};
my %text = map { $_ => text($_) } "input/$id-H", "input/$id-D", "msglog/$id";
unlink keys %text;
my @digits = (0 .. 9, 'A' .. 'Z', 'a' .. 'z');
for my $i (0 .. $count - 1) {
  my ($n, $word) = ($i, '');
  for (1 .. 6) { $word = $digits[$n % 62] . $word; $n = int($n / 62) }
  (my $new = $id) =~ s/-.*/-$word-00/;
  my $sender = $i % 2 ? sprintf('s%06d@good.example', $i) : 's000000@spam.example';
  my $to = sprintf 't%03d@', $i % 997;
  for my $path (sort keys %text) {
    (my $t = $text{$path}) =~ s/s000000\\@spam.example/$sender/g;
    $t =~ s/t000\\@/$to/g; $t =~ s/$id/$new/g;
    (my $p = $path) =~ s/$id/$new/;
    open my $f, '>', $p or die "$p: $!";
    print $f $t; close $f; chmod 0640, $p; chown $uid, $gid, $p;
  }
}`;

async function sendOne(host: LabHost): Promise<void> {
  const steps = [
    "EHLO bench",
    `MAIL FROM:<${loudSender}>`,
    "RCPT TO:<t000@lab.example>",
    "DATA",
    `Subject: bench\r\n\r\n${"x".repeat(70)}\r\n.`,
    "QUIT",
  ];
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: host.address, port: 25 });
    socket.setTimeout(30_000, () => socket.destroy(new Error("SMTP: timed out")));
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      if (/^[45]\d\d/m.test(text)) socket.destroy(new Error(`SMTP: ${text}`));
      else if (/^\d\d\d .*\r\n$/m.test(text) && steps.length > 0) socket.write(`${steps.shift()}\r\n`);
    });
    socket.on("close", () => resolve());
  });
}

/** Makes the queue anew with so many messages; every one waits, none is tried while it is measured. */
export async function fillPostfixQueue(host: LabHost, count: number): Promise<void> {
  await host.shell(
    "postsuper -d ALL >/dev/null 2>&1; rm -rf /var/spool/postfix/deferred/* /var/spool/postfix/defer/*",
    limit,
  );
  await sendOne(host);
  await host.shell(
    'for n in $(seq 100); do [ -z "$(find /var/spool/postfix/deferred -type f)" ] || exit 0; sleep 0.2; done; exit 1',
  );
  await host.exec(["perl", "-e", postfixCopies, "/var/spool/postfix", String(count), "postfix"], limit);
}

export async function fillEximQueue(host: LabHost, count: number): Promise<void> {
  await host.shell(
    "find /var/spool/exim4/input /var/spool/exim4/msglog /var/spool/exim4/mailbrake* -type f -delete 2>/dev/null || :",
    limit,
  );
  await sendOne(host);
  await host.shell(
    "for n in $(seq 100); do grep -q defer /var/spool/exim4/msglog/* 2>/dev/null && ! grep -rq deliver_firsttime /var/spool/exim4/input && exit 0; sleep 0.2; done; exit 1",
  );
  await host.exec(["perl", "-e", eximCopies, "/var/spool/exim4", String(count), "Debian-exim"], limit);
}
