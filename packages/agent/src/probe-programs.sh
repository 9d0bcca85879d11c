# The probe's dialogue in two languages, each the same: banner, EHLO, MAIL, RCPT, QUIT; after a refusal straight to QUIT.
# Constants: nothing is ever put into them.

# shellcheck disable=SC2016 # for perl, not for this shell
PROBE_PERL='
use strict; use Socket qw(:DEFAULT getaddrinfo SOCK_STREAM);
$| = 1; alarm 18;
my $e = \%ENV;
my ($err, @found) = getaddrinfo($e->{MB_PROBE_ADDRESS}, $e->{MB_PROBE_PORT}, {socktype => SOCK_STREAM});
die "$err\n" if $err;
socket(my $s, $found[0]{family}, SOCK_STREAM, 0) or die "$!\n";
connect($s, $found[0]{addr}) or die "$!\n";
select($s); $| = 1; select(STDOUT);
sub answer { my $code = 0; while (my $l = <$s>) { $l =~ s/[\r\n]+$//; print "S $l\n"; $code = $1 if $l =~ /^(\d\d\d)/; last unless $l =~ /^\d\d\d-/ } return $code }
sub ask { print "C $_[0]\n"; $SIG{PIPE} = "IGNORE"; print $s "$_[0]\r\n"; return answer() }
my $code = answer();
for my $line ("EHLO $e->{MB_PROBE_NAME}", "MAIL FROM:<$e->{MB_PROBE_SENDER}>", "RCPT TO:<$e->{MB_PROBE_RECIPIENT}>") {
  last if !$code || $code >= 400;
  $code = ask($line);
}
ask("QUIT") if $code;
'

# shellcheck disable=SC2016 # for bash, not for this shell
PROBE_BASH='
exec 4<>"/dev/tcp/$MB_PROBE_ADDRESS/$MB_PROBE_PORT" || exit 1
trap "" PIPE
answer() {
  code=0
  while IFS= read -r -t 15 line <&4; do
    printf "S %s\n" "$line"
    case $line in [0-9][0-9][0-9]*) code=${line:0:3} ;; esac
    case $line in [0-9][0-9][0-9]-*) ;; *) return ;; esac
  done
}
ask() { printf "C %s\n" "$1"; printf "%s\r\n" "$1" >&4; answer; }
answer
for line in "EHLO $MB_PROBE_NAME" "MAIL FROM:<$MB_PROBE_SENDER>" "RCPT TO:<$MB_PROBE_RECIPIENT>"; do
  [ "$code" != 0 ] && [ "$code" -lt 400 ] || break
  ask "$line"
done
[ "$code" = 0 ] || ask QUIT
'
