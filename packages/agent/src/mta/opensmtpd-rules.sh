# What the brakes of an instance ask for, as filters of smtpd. Pure awk; text from outside is quoted for smtpd's lexer.
#
# A filter has one test and one text, so each brake has a filter of its own, at the phase rcpt-to, where all is known. Tests on
# addresses and names are regular expressions: in a list, `@*.d` means one level below d only, an address means all of its
# +extensions, and the null sender can't be told from all. Two tests are ANDed by their opposites: who is not the first leaves
# the phase (bypass); that ends the chain, so it stands behind the admin's own filters, and there can be one of it at a listener.

# shellcheck disable=SC2016,SC2034 # awk program
OPENSMTPD_AWK_RULES='
function plain(s,   i, c, out) {
  out = ""
  for (i = 1; i <= length(s); i++) { c = tolower(substr(s, i, 1)); out = out (c ~ /[a-z0-9@_-]/ ? c : c == "^" ? "\\^" : "[" c "]") }
  return out
}
function quoted(s,   i, c, out) {
  out = ""
  for (i = 1; i <= length(s); i++) { c = substr(s, i, 1); out = out (c == "\"" || c == "\\" && substr(s, i + 1, 1) == " " ? "\\" c : c) }
  return "\"" out "\""
}

# test(match, not): as smtpd writes it; not is "! " for its opposite.
function test(m, not, point,   kind, s) {
  if (m == "all") return point == "local" ? (not == "" ? "! " : "") "mail-from regex { \"^$\" }" : not "rcpt-to regex { \".*\" }"
  kind = m; sub(/:.*$/, "", kind); s = substr(m, index(m, ":") + 1)
  if (kind == "client") return not "src { \"" s "\" }"
  if (s == "<>") return not "mail-from regex { \"^$\" }"
  s = index(s, "@") || kind == "helo" || kind == "login" ? "^" plain(s) "$" : "@(.*[.])?" plain(s) "$"
  return not (kind == "sender" ? "mail-from" : kind == "recipient" ? "rcpt-to" : kind == "login" ? "auth" : kind) " regex { \"" s "\" }"
}

function order_read(line,   f) {
  split(line, f, "\t"); B++
  APP[B] = f[2]; REF[B] = f[3]; POINT[B] = f[4]; EFFECT[B] = f[5]; TEXT[B] = f[9]
  MATCH[B, 1] = f[6]; MATCH[B, 2] = f[7]; MATCH[B, 3] = f[8]
  KEY[B] = key_of(f[4])
  if (f[5] == "close") SHUT[KEY[B]] = 1
}
function key_of(point) {
  if (point == "local") return "socket"
  if (point !~ /^listener:/) return ""
  point = substr(point, 10); sub(/:[0-9]+$/, "_&", point); sub(/_:/, "_", point)
  return point
}

function filter(name, when, act) { FILTERS = FILTERS "filter \"" name "\" phase rcpt-to match " when " " act "\n" }
function refuse(b, code, fallback,   k, n, act) {
  act = "reject " quoted(code " " (TEXT[b] == "" ? fallback : TEXT[b]) " (ref " REF[b] ")")
  for (n = 1; n < 3 && MATCH[b, n + 1] != ""; n++) {
    filter("mailbrake." APP[b] "." n, test(MATCH[b, n], "! ", POINT[b]), "bypass")
    LAST_OF[KEY[b]] = LAST_OF[KEY[b]] "mailbrake." APP[b] "." n "\t"
  }
  filter("mailbrake." APP[b], test(MATCH[b, n], "", POINT[b]), act)
  if (n > 1) LAST_OF[KEY[b]] = LAST_OF[KEY[b]] "mailbrake." APP[b] "\t"
  else FIRST_OF[KEY[b]] = FIRST_OF[KEY[b]] "mailbrake." APP[b] "\t"
  HOOKED[KEY[b]] = 1
}

# rules(): before the sources are read. Tempfail before reject; of two alike the newer one answers.
function rules(   b, key, n, i, part) {
  for (b = B; b; b--) if (EFFECT[b] == "tempfail") refuse(b, "450 4.7.1", "Mail is paused here, please try again later")
  for (b = B; b; b--) if (EFFECT[b] == "reject") refuse(b, "554 5.7.1", "Not accepted here")
  if (ARMED) { n = split(ENVIRON["OSD_KEYS"], part, " "); for (i = 1; i <= n; i++) HOOKED[part[i]] = 1 }
  for (key in HOOKED) {
    if (FIRST_OF[key] LAST_OF[key] == "") { FIRST_OF[key] = "mailbrake.idle\t"; IDLE = 1 }
    MEMBERS_FIRST[key] = names(FIRST_OF[key], " ", ","); MEMBERS_LAST[key] = names(LAST_OF[key], ", ", "")
  }
  if (IDLE) filter("mailbrake.idle", "src { \"255.255.255.255\" }", "reject \"450 4.7.1 idle\"")
  HOOK = ARMED || FILTERS != ""
}
function names(list, before, after,   n, i, part, out) {
  n = split(list, part, "\t"); out = ""
  for (i = 1; i < n; i++) out = out before part[i] after
  return out
}

# write_brakes(): after the sources were read: the file that they include.
function write_brakes(   file, i, j, name, part, n, member, line) {
  file = OUT "/opensmtpd-brakes"
  printf "%s", "# Written by mailbrake-agent from its journal; changes here are lost.\n" FILTERS > file
  for (name in CHAIN_WITH) ORDER[++CHAINS] = name
  sort_names()
  for (i = 1; i <= CHAINS; i++) {
    split(CHAIN_WITH[ORDER[i]], part, "\001")
    n = split(FIRST_OF[part[1]] part[2] LAST_OF[part[1]], member, "\t"); line = ""
    for (j = 1; j < n; j++) line = line (j > 1 ? ", " : "") quoted(member[j])
    print "filter " quoted(ORDER[i]) " chain { " line " }" > file
  }
  if ("socket" in HOOKED && !("socket" in KNOWN)) print "filter \"mailbrake_socket\" chain { " substr(names(FIRST_OF["socket"] LAST_OF["socket"], ", ", ""), 3) " }\nlisten on socket filter \"mailbrake_socket\"" > file
  close(file)
}
function sort_names(   i, j, s) {
  for (i = 2; i <= CHAINS; i++) { s = ORDER[i]; for (j = i - 1; j && ORDER[j] > s; j--) ORDER[j + 1] = ORDER[j]; ORDER[j + 1] = s }
}
'
