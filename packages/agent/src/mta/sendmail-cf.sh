# Our part of sendmail.cf: one block in front of the first ruleset, and the mark before a listener's line that is out of force.
# Sendmail adds the rules of a ruleset that is defined again, so ours run first and the admin's follow. Pure text.
#
# The rules look into a table of type `text`: it is read anew at each lookup, so a session that is open sees a change too, there is
# nothing to compile, and a change of data is one write. A missing table is no brake (-o), never an error.
#
# A recipient gets the best rank of all brakes that mean it (tempfail, reject, discard; of two alike the newer), else all holds that do.
# Discard and hold are of a whole message: decided at each recipient, kept in a macro, done at DATA, after the admin's rules have
# taken the recipients; a recipient who would have it otherwise is told 452, and comes again in a message of its own.

# shellcheck disable=SC2016,SC2034 # rules and awk programs
SENDMAIL_AWK_DAEMON='
BEGIN { BEGIN_MARK = "#mailbrake begin: put here by mailbrake-agent and taken out after the last lift"; END_MARK = "#mailbrake end" }
# daemon(line): sets D_* when it is a DaemonPortOptions line; D_REST is what it has but address.
function daemon(s,   i, n, part, c, v) {
  if (!sub(/^O[ \t]*DaemonPortOptions[ \t]*=[ \t]*/, "", s)) return 0
  D_NAME = D_REST = ""; D_PORT = 25; D_ADDRESS = "*"; D_FAMILY = "inet"
  n = split(s, part, ",")
  for (i = 1; i <= n; i++) {
    gsub(/^[ \t]+|[ \t]+$/, "", part[i])
    c = substr(part[i], 1, 1); v = part[i]; sub(/^[^=]*=[ \t]*/, "", v)
    if (c == "N") D_NAME = v
    else if (c == "P") D_PORT = v == "smtp" ? 25 : v == "submission" ? 587 : v == "smtps" || v == "submissions" ? 465 : v
    else if (c == "F") D_FAMILY = v
    if (c == "A") { D_ADDRESS = v; sub(/^\[/, "", D_ADDRESS); sub(/\]$/, "", D_ADDRESS); sub(/^IPv6:/, "", D_ADDRESS) }
    else if (part[i] != "") D_REST = D_REST (D_REST == "" ? "" : ", ") part[i]
  }
  if (D_ADDRESS == "0.0.0.0" || D_ADDRESS == "::" || D_ADDRESS == "0:0:0:0:0:0:0:0") D_ADDRESS = "*"
  return 1
}
'
# The cf on standard input, to standard output without ours or with it.
# shellcheck disable=SC2016
SENDMAIL_AWK_MAKE='
BEGIN {
  ON = ENVIRON["SENDMAIL_ON"]; RULES = ENVIRON["SENDMAIL_RULES"]; END_OF_FILE = "@@mailbrake-end@@"; OFF = "#mailbrake-off# "
  n = split(RULES, row, "\n"); for (i = 1; i <= n; i++) OURS[row[i]] = 1
  while ((getline line < ENVIRON["SENDMAIL_ORDERS"]) > 0) { split(line, f, "\t"); if (f[5] == "close") SHUT[substr(f[4], 10)] = SHUTS = 1 }
}
{
  open_end = 0
  if (length($0) >= length(END_OF_FILE) && substr($0, length($0) - length(END_OF_FILE) + 1) == END_OF_FILE) {
    open_end = length($0) > length(END_OF_FILE); $0 = substr($0, 1, length($0) - length(END_OF_FILE))
    if (!open_end) next
  }
  if (/mailbrake/) last = N + 1
  if (substr($0, 1, length(OFF)) == OFF) $0 = substr($0, length(OFF) + 1)
  ROW[++N] = $0
}
# What stands in our block and is not ours stays; where its end was taken away, it ends with the last row that names us, or is like ours.
function strip(   i, k, inside) {
  k = 0
  for (i = 1; i <= N; i++) {
    if (ROW[i] == BEGIN_MARK) { inside = 1; continue }
    if (inside && ROW[i] == END_MARK) { inside = 0; continue }
    if (inside && (mine(ROW[i]) || ROW[i] ~ /^O DaemonPortOptions=Addr=/)) continue
    if (inside && i > last) inside = 0
    KEPT[++k] = ROW[i]
  }
  N = k
  for (i = 1; i <= N; i++) ROW[i] = KEPT[i]
}
function mine(s) {
  if (s in OURS) return 1
  sub(/ -v1 .*$/, " -v1 TABLE", s); if (s in OURS) return 1
  return s ~ /^Scheck_(data|eom|eoh)$/ || s == "Smailbrake_none"
}
# listeners(): those that are closed out of force; LINES gets what stands in their place.
function listeners(   i, j, k, name, line) {
  k = 0
  for (i = 1; i <= N; i++) if (daemon(ROW[i])) { line = ROW[i]; for (j = i + 1; j <= N && ROW[j] ~ /^[ \t]/; j++) line = line ROW[j]; daemon(line); if (D_ADDRESS == "*") wide[D_PORT] = 1 }
  for (i = 1; i <= N; i++) if (daemon(ROW[i])) {
    line = ROW[i]; for (j = i + 1; j <= N && ROW[j] ~ /^[ \t]/; j++) line = line ROW[j]
    daemon(line); name = D_NAME == "" ? "Daemon" k : D_NAME; k++
    if (!((D_PORT in wide ? D_PORT : D_ADDRESS "." D_PORT) in SHUT)) { left++; continue }
    if (D_ADDRESS == "*") loopback(name)
    for (; i < j; i++) ROW[i] = OFF ROW[i]
    i--
  }
  if (!k) { daemon("O DaemonPortOptions="); if (25 in SHUT) loopback("Daemon0"); else left++ }
  if (!left) exit 3
}
function loopback(name) { left++; LINES = LINES "O DaemonPortOptions=Addr=" (D_FAMILY == "inet6" ? "::1" : "127.0.0.1") ", " (D_NAME == "" ? "Name=" name (D_REST == "" ? "" : ", ") : "") D_REST "\n" }
END {
  strip()
  DATA = "check_data check_eom check_eoh mailbrake_none"
  for (i = 1; i <= N; i++) if (match(ROW[i], /^Scheck_(data|eom|eoh)/)) sub(substr(ROW[i], 2, RLENGTH - 1) " ", "", DATA)
  sub(/ .*$/, "", DATA)
  if (ON && SHUTS) listeners()
  for (i = 1; i <= N; i++) {
    if (ON && !done && ROW[i] ~ /^S/) { block(); done = 1 }
    printf "%s%s", ROW[i], (i == N && open_end ? "" : "\n")
  }
}
function block(   n, row, i) {
  print BEGIN_MARK
  n = split(RULES, row, "\n")
  for (i = 1; i <= n; i++) {
    if (row[i] == "SDATA") row[i] = "S" DATA
    sub(/TABLE$/, ENVIRON["SENDMAIL_TABLE"], row[i])
    print row[i]
  }
  printf "%s", LINES
  print END_MARK
}
'
# shellcheck disable=SC2016
SENDMAIL_RULES='Kmailbrake text -o -z\t -k0 -v1 TABLE
Kmailbrake_set macro
Kmailbrake_is arith
Kmailbrake_plain dequote
Scheck_relay
R$*	$: $1 $| $>mailbrake_relay $1
R$* $| $* $| $# $*	$# $3
R$* $| $* $| $*	$: $1 $| $2
Scheck_rcpt
R$*	$: $1 $| $>mailbrake_rcpt $1
R$* $| $# $*	$# $2
R$* $| $*	$: $1
SDATA
R$*	$: $1 $| $>mailbrake_data $1
R$* $| $# $*	$# $2
R$* $| $*	$: $1
Scheck_compat
R$*	$: $1 $| $>mailbrake_compat $1
R$* $| $* $| $# $*	$# $3
R$* $| $* $| $*	$: $1 $| $2
Smailbrake_where
R$*	$: <$&{client_addr}>
R<127.$*>	$: l
R<IPv6:0:0:0:0:0:0:0:1>	$: l
R<IPv6:::1>	$: l
R<$*>	$: n
R$-	$@ $(mailbrake $1:$&{daemon_name} $: NO $)
Smailbrake_client
R$*	$: $1 <?> $&{client_addr}
R$* <?>	$@ NO
R$* <?> $+	$: $1 <$(mailbrake $1:c:$2 $: ! $)> $2
R$* <!> $+ . $-	$1 <$(mailbrake $1:c:$2 $: ! $)> $2
R$* <!> $+ : $-	$1 <$(mailbrake $1:c:$2 $: ! $)> $2
R$* <!> $*	$@ $(mailbrake $1:c: $: NO $)
R$* <$*> $*	$@ $2
Smailbrake_address
R$* $| $*	$: $1 <?> $>3 $2
R$* <?> < @ >	$@ $(mailbrake $1:<> $: NO $)
R$* <?> $* < @ $+ . >	$: $1 <?> $2 < @ $3 >
R$* <?> $+ < @ $+ >	$: $1 <=> $2 < @ $3 >
R$* <?> $+	$: $1 <=> $2 < @ $j >
R$* <=> $- < @ $+ >	$: $1 <=> $(mailbrake_plain $2 $) < @ $3 >
R$* <=> $+ < @ $+ >	$: $1 <$(mailbrake $1:$2@$3 $: ! $)> $3
R$* <!> $*	$: $1 <$(mailbrake $1:@$2 $: - $)> $2
R$* <-> $- . $+	$1 <$(mailbrake $1:@$3 $: - $)> $3
R$* <-> $*	$@ NO
R$* <?> $*	$@ NO
R$* <$*> $*	$@ $2
Smailbrake_join
R$- $| $* $| $* $| NO	$@ $1 $| $2.0 $| $3
R$- $| $* $| $* $| $- $- $*	$: $(mailbrake_is l $@ $4 $@ $1 $) $| $1 $| $2.$5 $| $3$6 $| $4
RTRUE $| $- $| $* $| $* $| $-	$@ $4 $| $2 $| $3
R$- $| $- $| $* $| $* $| $-	$@ $2 $| $3 $| $4
Smailbrake_end
R$- $| $- $| $* $| $*	$: $1 $| $2 $| $3 $| $4 $| $(mailbrake $1:a$3 $: NO $)
R$- $| $*	$: $1 $| $>mailbrake_join $2
R$- $| $*	$: $1 $| $2 $| $(mailbrake $1:all $: NO $)
R$- $| $*	$: $>mailbrake_join $2
R99999 $| $* $|	$@ none
R99999 $| $* $| $+	$@ $2
R$- $| $*	$: $(mailbrake do:$1 $: none $)
RTEMP $+	$# error $@ 4.7.1 $: $1
RREJ $+	$# error $@ 5.7.1 $: $1
Smailbrake_rcpt
R$*	$: $1 $| $>mailbrake_where
R$* $| NO	$: NO none
R$* $| $-	$: $2 $| 99999 $| $| $| $>mailbrake_address $2:r $| $1
R$- $| $*	$: $1 $| $>mailbrake_join $2
R$- $| $*	$: $1 $| $2 $| $>mailbrake_address $1:s $| $&f
R$- $| $*	$: $1 $| $>mailbrake_join $2
R$- $| $*	$: $1 $| $2 $| $(mailbrake $1:h:$&s $: NO $)
R$- $| $*	$: $1 $| $>mailbrake_join $2
R$- $| $*	$: $1 $| $2 $| $>mailbrake_client $1
R$- $| $*	$: $1 $| $>mailbrake_join $2
R$- $| $*	$: NO $>mailbrake_end $1 $| $2
RNO $# $*	$# $1
RNO $*	$: $1 $| <$&{nrcpts}>
R$* $| <>	$: TRUE <$1>
R$* $| <0>	$: TRUE <$1>
R$* $| <$*>	$: <$1>
RTRUE <$*>	$@ $(mailbrake_set {mailbrake_now} $@ $1 $)
R<$&{mailbrake_now}>	$@ OK
R$*	$# error $@ 4.5.3 $: "452 4.5.3 Too many recipients"
Smailbrake_data
R$*	$: $&{mailbrake_now}
RDISCARD.$*	$# discard $: discard
R$+ +	$# error $@ quarantine $: mailbrake+$1+=
Smailbrake_compat
R$*	$: $1 $| $(mailbrake d $: NO $)
R$* $| $* $| NO	$@ OK
R$* $| $* $| $-	$: $1 $| 99999 $| $| $| $>mailbrake_address $3:r $| $2
R$* $| $- $| $* $| $* $| $*	$: $1 $| $>mailbrake_join $2 $| $3 $| $4 $| $5
R$* $| $- $| $* $| $*	$: $2 $| $3 $| $4 $| $>mailbrake_address d:s $| $1
R$*	$: $>mailbrake_join $1
R$- $| $* $| $*	$: $>mailbrake_end d $| $1 $| $2.0.0 $| $3
R$# $*	$# $1
Smailbrake_relay
R$*	$: $>mailbrake_where
RNO	$@ OK
R$-	$: $>mailbrake_client $1:t
R$- $-	$: $(mailbrake_is l $@ $1 $@ $&{client_rate} $) $2
RTRUE $-	$: $(mailbrake do:$1 $: none $)
RTEMP $+	$# error $@ 4.7.0 $: $1'
