# Where the listeners of an instance listen, and whether something listens there now. Reads /proc/net/tcp where there is one.

# shellcheck disable=SC2016,SC2034 # awk program
PX_AWK_LISTEN='
# listen_of(k): LISTEN_HOST ("" for all of inet_interfaces), LISTEN_PORT, and ADDRESSES, parted by commas, of an inet service:
# `*` for all, `lo` for loopback only, `?` for a name.
function listen_of(k,   s, n, i, list) {
  s = NAME[k]; LISTEN_HOST = ""
  if (match(s, /:[^:\]]*$/)) { LISTEN_HOST = substr(s, 1, RSTART - 1); s = substr(s, RSTART + 1); gsub(/[\[\]]/, "", LISTEN_HOST) }
  LISTEN_PORT = s ~ /^[0-9]+$/ ? s : port_named(s)
  s = LISTEN_HOST == "" ? main_value("inet_interfaces", "all") : LISTEN_HOST
  gsub(/[\[\]]/, "", s); ADDRESSES = ""
  n = split(s, list, /[ \t\r\n,]+/)
  for (i = 1; i <= n; i++) {
    s = list[i]
    if (s ~ /^(all|0[.]0[.]0[.]0|::)$/) s = "*"
    else if (s ~ /^(loopback-only|localhost)$/) s = "lo"
    else if (s !~ /^[0-9.]+$/ && s !~ /:/) s = "?"
    ADDRESSES = ADDRESSES (i > 1 ? "," : "") s
  }
}
function port_named(name,   line, f, n, i) {
  if (!PORTS_READ++) {
    PORT_OF["smtp"] = 25; PORT_OF["submission"] = 587; PORT_OF["submissions"] = PORT_OF["smtps"] = 465
    while ((getline line < "/etc/services") > 0) {
      sub(/#.*$/, "", line); n = split(line, f, /[ \t]+/)
      if (f[2] ~ /^[0-9]+\/tcp$/) for (i = 1; i <= n; i++) if (!(f[i] in PORT_OF)) PORT_OF[f[i]] = f[2] + 0
    }
  }
  return PORT_OF[name] + 0
}
'

# px_look FILE: what must be seen ($MB_TMP/px-facts) against what is: lines of tabs, `readback WHAT VALUE`, `check WHAT 1|0
# VALUE`, and `row KEY MAP MARKS`, to be asked of postmap. Returns 1 when a port is not as wanted. One awk, as it is asked in the
# urgent path. A listener that the brake at hand is not about, and that was silent before the reload too, is told but fails
# nothing: an old trouble elsewhere must not keep a brake from being put on.
# The kernel writes IPv4 in the byte order of the machine: both readings are taken. IPv6 addresses but :: and ::1 count as `?`.
px_look() {
  px_file=$1
  if [ -r /proc/net/tcp ]; then
    set -- /proc/net/tcp
    [ ! -r /proc/net/tcp6 ] || set -- "$@" /proc/net/tcp6
  else
    set -- "$MB_TMP/px-netstat"
    netstat -an >"$1" 2>/dev/null || :
  fi
  PX_TMP=$MB_TMP PX_APP=$J_app PX_POINT=$J_point PX_RUNNING=$PX_RUNNING \
    awk "$PX_AWK_LOOK" "$@" "$MB_TMP/px-facts" >"$px_file"
}
# shellcheck disable=SC2016 # for awk
PX_AWK_LOOK='
function hex(s,   i, v) { for (i = 1; i <= length(s); i++) v = v * 16 + index("123456789ABCDEF", substr(s, i, 1)); return v + 0 }
function listens(a, p) { on[a, p] = on["", p] = 1; if (a ~ /^(0.0.0.0|::)$/) on["*", p] = 1; if (a ~ /^(127.0.0.1|::1)$/) on["lo", p] = 1 }
function readback(what, value) { print "readback\t" what "\t" value }
function check(what, ok, value) { print "check\t" what "\t" ok "\t" value }
function read_value() { value = ""; if ($2 in values) value = values[$2]; readback($2, value) }
BEGIN {
  FS = "\t"; before = ENVIRON["PX_TMP"] "/px-seen-before"; read = ENVIRON["PX_TMP"] "/px-read"
  app = ENVIRON["PX_APP"] ""
  while ((getline line < read) > 0) { at = index(line, " = "); if (at) values[substr(line, 1, at - 1)] = substr(line, at + 3) }
  while (app != "" && (getline line < before) > 0) { split(line, f, "\t"); if (f[3] == "0") old[f[2]] = 1 }
}
/^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:0000 0A / {
  sub(/^ *[0-9]+: /, ""); split($0, f, /[ :]/); a = f[1]; p = hex(f[2]); b = c = ""
  for (i = 1; i < 8; i += 2) { b = b "." hex(substr(a, i, 2)); c = "." hex(substr(a, i, 2)) c }
  if (length(a) > 8) listens(a ~ /^0+$/ ? "::" : a ~ /^0+1(000000)?$/ ? "::1" : "?", p)
  else { listens(substr(b, 2), p); listens(substr(c, 2), p) }
}
!/\t/ && toupper($0) ~ /LISTEN *$/ {
  n = split($0, f, / +/)
  for (i = 1; i < n; i++) if (f[i] ~ /[.:][0-9]+$/) {
    p = a = f[i]; sub(/^.*[.:]/, "", p); a = substr(a, 1, length(a) - length(p) - 1)
    listens(a == "*" ? "0.0.0.0" : a, p); break
  }
}
$1 == "port" && $3 && ENVIRON["PX_RUNNING"] == 1 {
  n = split($4, list, ","); seen = unsure = 0
  for (i = 1; i <= n; i++) if (list[i] ~ /^([*]|lo|[0-9.]+)$/) seen += on[list[i], $3]; else unsure += on["", $3]
  seen = seen ? 1 : unsure ? $5 : 0; what = "port " $3 " (" $2 ")"; words = seen ? "listens" : "does not listen"
  if (seen != $5 && old[what] && "listener:" $2 != ENVIRON["PX_POINT"]) readback(what, words ", nor did it before")
  else { check(what, seen == $5, words); if (seen != $5) wrong = 1 }
}
$1 == "is" { read_value(); check($2 " has the brake", value "" == $3 "", value) }
$1 == "refers" { read_value(); at = match(value, "[$][{(]?" $3); check($2 " asks for it", at == 1 || at && $3 !~ /_(rules|transport)$/, value) }
$1 == "gone" && (app == "" || $2 "" == app) { check($3 " of " $2, 0, "master.cf has it no more") }
$1 == "row" && $2 "" == app { print "row\t" $3 "\t" $4 "\t" $5 }
END { exit wrong }
'
