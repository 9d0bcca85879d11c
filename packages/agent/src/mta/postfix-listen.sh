# Where the listeners of an instance listen, and whether something listens there now. Reads /proc/net/tcp where there is one.

# shellcheck disable=SC2016,SC2034 # awk program
POSTFIX_AWK_LISTEN='
# listen_of(k): LISTEN_HOST ("" for all of inet_interfaces) and LISTEN_PORT of an inet service.
function listen_of(k,   s, at) {
  s = SERVICE_NAME[k]; LISTEN_HOST = ""
  if (match(s, /:[^:\]]*$/)) { LISTEN_HOST = substr(s, 1, RSTART - 1); s = substr(s, RSTART + 1); gsub(/[\[\]]/, "", LISTEN_HOST) }
  LISTEN_PORT = s ~ /^[0-9]+$/ ? s : port_named(s)
}
function port_named(name,   line, f, n, i) {
  if (!SERVICES_READ++) {
    PORT_OF["smtp"] = 25; PORT_OF["submission"] = 587; PORT_OF["submissions"] = 465; PORT_OF["smtps"] = 465
    while ((getline line < "/etc/services") > 0) {
      sub(/#.*$/, "", line); n = split(line, f, /[ \t]+/)
      if (f[2] !~ /^[0-9]+\/tcp$/) continue
      PORT_OF[f[1]] = f[2] + 0
      for (i = 3; i <= n; i++) if (f[i] != "" && !(f[i] in PORT_OF)) PORT_OF[f[i]] = f[2] + 0
    }
  }
  return name in PORT_OF ? PORT_OF[name] : 0
}
# listen_addresses(k): after listen_of: the addresses, parted by commas: `*` for all, `lo` for loopback only, `?` for a name.
function listen_addresses(k,   s, n, i, list, out) {
  s = LISTEN_HOST == "" ? main_value("inet_interfaces", "all") : LISTEN_HOST
  gsub(/[\[\]]/, "", s); out = ""
  n = split(s, list, /[ \t\r\n,]+/)
  for (i = 1; i <= n; i++) {
    s = list[i]
    if (s == "all" || s == "0.0.0.0" || s == "::") s = "*"
    else if (s == "loopback-only" || s == "localhost") s = "lo"
    else if (s !~ /^[0-9.]+$/ && s !~ /:/) s = "?"
    if (s != "") out = out (out == "" ? "" : ",") s
  }
  return out == "" ? "*" : out
}
'

# postfix_ports FILE: compares the `port` lines of $MB_TMP/postfix-facts with what listens: `SERVICE TAB PORT TAB 1|0 TAB words`
# lines in the file, 1 where it is as wanted. Returns 1 when one is not. One awk, as it is asked in the urgent path.
# The kernel writes IPv4 in the byte order of the machine: both readings are taken. IPv6 addresses but :: and ::1 count as `?`.
postfix_ports() {
  if [ -r /proc/net/tcp ]; then
    awk "$POSTFIX_AWK_PORTS" "$MB_TMP/postfix-facts" >"$1"
  else
    netstat -an 2>/dev/null | POSTFIX_NETSTAT=1 awk "$POSTFIX_AWK_PORTS" "$MB_TMP/postfix-facts" - >"$1"
  fi
}
# shellcheck disable=SC2016 # for awk
POSTFIX_AWK_PORTS='
function hex(s,   i, v) { v = 0; for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return v }
function listens(a, p) { on[a " " p] = 1; port[p] = 1 }
function take_kernel(path,   line, f, at, n) {
  while ((getline line < path) > 0) {
    sub(/^ +/, "", line); split(line, f, / +/)
    if (f[4] != "0A") continue
    n = split(f[2], at, ":"); p = hex(at[n]); a = at[1]
    if (length(a) == 8) {
      listens(hex(substr(a, 1, 2)) "." hex(substr(a, 3, 2)) "." hex(substr(a, 5, 2)) "." hex(substr(a, 7, 2)), p)
      listens(hex(substr(a, 7, 2)) "." hex(substr(a, 5, 2)) "." hex(substr(a, 3, 2)) "." hex(substr(a, 1, 2)), p)
    } else listens(a ~ /^0+$/ ? "::" : a ~ /^0+1000000$/ || a ~ /^0+1$/ ? "::1" : "?", p)
  }
  close(path)
}
function compare(   k, f, list, n, i, a, seen, unsure, ok) {
  for (k = 1; k <= facts; k++) {
    split(fact[k], f, "\t")
    if (f[1] != "port" || !f[3]) continue
    n = split(f[4], list, ","); seen = 0; unsure = 0
    for (i = 1; i <= n; i++) {
      a = list[i]
      if (a == "*") { if (("0.0.0.0 " f[3]) in on || (":: " f[3]) in on) seen = 1 }
      else if (a == "lo") { if (("127.0.0.1 " f[3]) in on || ("::1 " f[3]) in on) seen = 1 }
      else if (a ~ /^[0-9.]+$/) { if ((a " " f[3]) in on) seen = 1 }
      else if (f[3] in port) unsure = 1
    }
    if (!seen && unsure) seen = f[5]
    ok = (seen + 0 == f[5] + 0)
    if (!ok) wrong = 1
    print f[2] "\t" f[3] "\t" ok "\t" (seen ? "listens" : "does not listen")
  }
}
NR == FNR { fact[++facts] = $0; next }
toupper($NF) ~ /^LISTEN/ {
  for (i = 1; i < NF; i++) if ($i ~ /[.:][0-9]+$/) {
    p = $i; sub(/^.*[.:]/, "", p); a = substr($i, 1, length($i) - length(p) - 1)
    listens(a == "*" ? "0.0.0.0" : a, p); break
  }
}
END {
  if (!ENVIRON["POSTFIX_NETSTAT"]) { take_kernel("/proc/net/tcp"); take_kernel("/proc/net/tcp6") }
  compare(); exit wrong
}
'

# postfix_check_ports: each listener listens, unless a brake closed it. Given up to 2 s, as master opens them by and by.
# A listener that the brake at hand is not about, and that was silent before the reload too, is told but fails nothing: an old
# trouble elsewhere must not keep a brake from being put on.
postfix_check_ports() {
  postfix_tries=0
  until postfix_ports "$MB_TMP/postfix-ports" || ! postfix_ports_news || [ "$postfix_tries" -ge 40 ]; do
    postfix_tries=$((postfix_tries + 1))
    sleep_short
  done
  while IFS='	' read -r postfix_service postfix_port postfix_ok postfix_words; do
    if [ "$postfix_ok" = 0 ] && postfix_port_old "$postfix_service"; then
      readback_add "port $postfix_port ($postfix_service)" "$postfix_words, nor did it before"
    else
      check_add "port $postfix_port ($postfix_service)" "$postfix_ok" "$postfix_words"
    fi
  done <"$MB_TMP/postfix-ports"
}

# postfix_ports_news: whether a port is not as wanted that fails the check.
postfix_ports_news() {
  while IFS='	' read -r postfix_service postfix_port postfix_ok postfix_words; do
    if [ "$postfix_ok" = 0 ] && ! postfix_port_old "$postfix_service"; then return 0; fi
  done <"$MB_TMP/postfix-ports"
  return 1
}

postfix_port_old() {
  if [ -z "$J_app" ] || [ "$J_point" = "listener:$1" ] || [ ! -f "$MB_TMP/postfix-ports-before" ]; then return 1; fi
  while IFS='	' read -r postfix_before postfix_rest; do
    case $postfix_before:$postfix_rest in "$1":*'	0	'*) return 0 ;; esac
  done <"$MB_TMP/postfix-ports-before"
  return 1
}
