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

# postfix_listening: what listens on this host, lines `ADDRESS PORT` (IPv6 addresses but :: and ::1 as `?`; the kernel
# writes IPv4 in the byte order of the machine, so both readings are told).
postfix_listening() {
  if [ -r /proc/net/tcp ]; then
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '
      function hex(s,   i, v) { v = 0; for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return v }
      $4 == "0A" {
        split($2, f, ":"); a = f[1]
        if (length(a) == 8) {
          little = hex(substr(a, 7, 2)) "." hex(substr(a, 5, 2)) "." hex(substr(a, 3, 2)) "." hex(substr(a, 1, 2))
          big = hex(substr(a, 1, 2)) "." hex(substr(a, 3, 2)) "." hex(substr(a, 5, 2)) "." hex(substr(a, 7, 2))
          print big, hex(f[2]); a = little
        } else a = a ~ /^0+$/ ? "::" : a ~ /^0+1000000$/ || a ~ /^0+1$/ ? "::1" : "?"
        print a, hex(f[2])
      }'
  else
    netstat -an 2>/dev/null | awk 'toupper($NF) ~ /^LISTEN/ {
      for (i = 1; i < NF; i++) if ($i ~ /[.:][0-9]+$/) {
        p = $i; sub(/^.*[.:]/, "", p); a = substr($i, 1, length($i) - length(p) - 1)
        if (a == "*") a = "0.0.0.0"
        print a, p; break
      }
    }'
  fi
}

# postfix_ports: compares the `port` lines of $MB_TMP/postfix-facts with what listens: `SERVICE TAB PORT TAB 1|0 TAB words`
# lines in $MB_TMP/postfix-ports, 1 where it is as wanted. Returns 1 when one is not.
postfix_ports() {
  { postfix_listening; echo '@@'; cat "$MB_TMP/postfix-facts"; } | awk '
    !facts && $0 == "@@" { facts = 1; FS = "\t"; next }
    !facts { on[$1 " " $2] = 1; port[$2] = 1; next }
    {
      split($0, f, "\t")
      if (f[1] != "port" || !f[3]) next
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
    END { exit wrong }
  ' >"$MB_TMP/postfix-ports"
}

# postfix_check_ports: each listener listens, unless a brake closed it. Given up to 2 s, as master opens them by and by.
postfix_check_ports() {
  postfix_tries=0
  until postfix_ports || [ "$postfix_tries" -ge 40 ]; do
    postfix_tries=$((postfix_tries + 1))
    sleep_short
  done
  while IFS='	' read -r postfix_service postfix_port postfix_ok postfix_words; do
    check_add "port $postfix_port ($postfix_service)" "$postfix_ok" "$postfix_words"
  done <"$MB_TMP/postfix-ports"
}
