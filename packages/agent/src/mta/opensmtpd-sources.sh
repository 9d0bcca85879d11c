# smtpd.conf and the files that it includes: read as smtpd's own lexer does, our tokens put in and taken out as text. Pure awk.
#
# Each spelling tells how it got there, so each is taken out exactly, whatever the admin did around it:
#   include "D/brakes.conf" # mailbrake    a line of ours, before the first listen or match
#   ... filter "mailbrake_IFX_PORT"        appended to a listener without a filter
#   ... filter "mailbrake_IFX_PORT@NAME"   before the name of the admin's filter, whose members stand in our chain
#   filter { mailbrake.APP, ... }          members put into the admin's own list (at its end: `, mailbrake.APP`)
#   #mailbrake-off# listen on ...          a closed listener
# Killed in between: nothing is written here.

# shellcheck disable=SC2016,SC2034 # awk program
OPENSMTPD_AWK_SOURCES='
function strip(s,   at) {
  if (s == INCLUDE) return "\001"
  sub(/^#mailbrake-off# /, "", s)
  gsub(/ filter "mailbrake_[^"@]*"/, "", s);
  gsub(/mailbrake_[^"@ ]*@/, "", s); gsub(/ mailbrake[.][A-Za-z0-9_.-]*,/, "", s); gsub(/, mailbrake[.][A-Za-z0-9_.-]*/, "", s)
  return s
}

# load(path): reads a file and what it includes.
function load(path, depth,   f, i, s, n) {
  f = ++FILES; FILE[f] = path; n = 0; DEPTH_OF[f] = depth
  while ((getline s < path) > 0) {
    RAW[f, ++RAWS[f]] = s; s = strip(s)
    if (s != "\001") ROW[f, ++n] = s
  }
  close(path); ROWS[f] = n; RAWS[f] += 0
  N = BRACES = 0; QUOTE = ""; COMMENT = 0
  for (i = 1; i <= ROWS[f]; i++) if (lex(f, i)) { if (N) statement(f); N = 0 }
  if (N) statement(f)
  N = 0
}
function goes_on(s,   n) { n = 0; while (n < length(s) && substr(s, length(s) - n, 1) == "\\") n++; return n % 2 }

# lex(f, i): adds the tokens of a row; 1 where the statement ends with it. TOKEN is the value, KIND word, string, macro or mark.
function lex(f, i,   s, p, n, c, rest) {
  s = ROW[f, i]; n = length(s); p = 1
  if (COMMENT) { COMMENT = goes_on(s); return !COMMENT }
  while (p <= n) {
    if (QUOTE == "") {
      c = substr(s, p, 1)
      if (c == " " || c == "\t" || c == "\r") { p++; continue }
      if (c == "#") { if (COMMENT = goes_on(s)) return 0; break }
      if (c == "\\") { if (p == n) return 0; p++; continue }
      token(i, p, "", "mark")
      if (c == "\"" || c == "\047") { QUOTE = c; KIND[N] = "string"; p++ }
      else {
        rest = substr(s, p)
        if (c == "$") { match(rest, /^.[A-Za-z0-9_]*/); KIND[N] = "macro" }
        else if (match(rest, /^[^ \t\r(){}<>!=#,]+/)) KIND[N] = "word"
        else RLENGTH = 1
        TOKEN[N] = substr(rest, 1, RLENGTH); p += RLENGTH; SIZE[N] = RLENGTH
        if (KIND[N] == "word") { if (p > n && goes_on(TOKEN[N])) { TOKEN[N] = substr(TOKEN[N], 1, RLENGTH - 1); SIZE[N]--; return 0 } gsub(/\\/, "", TOKEN[N]) }
        if (c == "{") BRACES++
        if (c == "}") BRACES--
      }
    } else {
      c = substr(s, p++, 1)
      if (c == QUOTE) { QUOTE = ""; SIZE[N] = ROW_OF[N] == i ? p - AT[N] : 0; ENDS[N] = i; LAST[N] = p }
      else if (c == "\\" && p <= n && index(QUOTE " \t", substr(s, p, 1))) TOKEN[N] = TOKEN[N] substr(s, p++, 1)
      else if (c != "\\" || p <= n) TOKEN[N] = TOKEN[N] c
    }
  }
  return QUOTE == "" && BRACES <= 0 && !goes_on(s)
}
function token(i, p, text, kind) { N++; TOKEN[N] = text; KIND[N] = kind; ROW_OF[N] = ENDS[N] = i; AT[N] = p; SIZE[N] = LAST[N] = 0 }
function value(k,   name) {
  if (KIND[k] != "macro") return TOKEN[k]
  name = substr(TOKEN[k], 2)
  return name in MACRO ? MACRO[name] : TOKEN[k]
}
function is(k, word) { return KIND[k] != "string" && TOKEN[k] == word }

function statement(f,   j, path) {
  if (is(2, "=")) { MACRO[TOKEN[1]] = value(3); return }
  if (is(1, "include")) {
    path = value(2); INCLUDES[f, ROW_OF[1]] = path
    if (DEPTH_OF[f] < 8 && FILES < 40) load(path, DEPTH_OF[f] + 1)
    return
  }
  if (is(1, "table")) { table_read(); return }
  if (is(1, "filter")) {
    for (j = 3; j <= N; j++) if (is(j, "bypass")) BYPASS = 1
    if (is(3, "chain")) CHAIN[value(2)] = members(4)
  }
  if ((is(1, "listen") || is(1, "match")) && !FIRST) { FIRST = f; FIRST_ROW = ROW_OF[1] }
  if (is(1, "match")) for (j = 2; j < N; j++) if (is(j, "domain")) { domains_read(j + 1); break }
  if (is(1, "listen")) listen(f)
}

# members(j): the names in the list that opens at token j, a tab behind each; LIST_END is where it closes.
function members(j,   out) {
  out = ""
  for (j++; j <= N && !is(j, "}"); j++) if (KIND[j] != "mark") out = out value(j) "\t"
  LIST_END = j
  return out
}
function table_read(   name, s) {
  name = value(2)
  if (is(3, "{")) TABLE[name] = members(3)
  else { s = value(3); sub(/^(file|static):/, "", s); if (s ~ /^\//) TABLE_FILE[name] = s }
}
function domains_read(j,   name, s) {
  if (is(j, "regex")) return
  if (is(j, "{")) domains_add(members(j))
  else if (!is(j, "<")) domains_add(value(j) "\t")
  else {
    name = value(j + 1)
    if (name in TABLE) domains_add(TABLE[name])
    else if (name in TABLE_FILE) {
      while ((getline s < TABLE_FILE[name]) > 0) { sub(/^[ \t]+/, "", s); sub(/[ \t].*$/, "", s); domains_add(s "\t") }
      close(TABLE_FILE[name])
    }
  }
}
function domains_add(list,   n, i, part) {
  n = split(list, part, "\t")
  for (i = 1; i < n; i++) if (tolower(part[i]) ~ /^[a-z0-9.-]+$/ && !(part[i] in DOMAIN) && DOMAINS < 50) { DOMAIN[part[i]] = ++DOMAINS; DOMAIN_AT[DOMAINS] = tolower(part[i]) }
}
function port_number(s,   row, f) {
  if (s == "smtp") return 25
  if (s == "smtps" || s == "submissions") return 465
  if (s == "submission") return 587
  if (s ~ /^[0-9]+$/) return s + 0
  while ((getline row < "/etc/services") > 0) { split(row, f, /[ \t]+/); if (f[1] == s && f[2] ~ /\/tcp$/) { close("/etc/services"); return f[2] + 0 } }
  close("/etc/services")
  return 0
}

# listen(f): one listener; what the brakes want of it is done to its rows at once.
function listen(f,   j, ifx, port, ssl, named, open, shut, key, family, n, admin) {
  port = ssl = named = open = shut = 0; family = ""
  ifx = value(3); n = N
  for (j = 4; j <= n; j++) {
    if (KIND[j] == "string") continue
    if (TOKEN[j] == "port") port = port_number(value(++j))
    else if (TOKEN[j] == "smtps") ssl = 1
    else if (TOKEN[j] == "inet4" || TOKEN[j] == "inet6") family = TOKEN[j]
    else if (TOKEN[j] ~ /^auth(-optional)?$/) AUTH[LISTENERS + 1] = 1
    else if (TOKEN[j] == "filter" && is(j + 1, "{")) { open = j + 1; admin = members(open); shut = j = LIST_END }
    else if (TOKEN[j] == "filter") { named = ++j; admin = value(named) in CHAIN ? CHAIN[value(named)] : value(named) "\t" }
  }
  key = is(3, "socket") ? "socket" : ifx "_" (port ? port : ssl ? 465 : 25)
  LISTENER[++LISTENERS] = key; IFX[LISTENERS] = ifx; PORT[LISTENERS] = port ? port : ssl ? 465 : 25; FAMILY[LISTENERS] = family
  IMPLICIT_TLS[LISTENERS] = ssl
  if (!(key in KNOWN)) { KNOWN[key] = LISTENERS; KEYS[++KEY_COUNT] = key }
  if (SHUT[key]) { for (j = ROW_OF[1]; j <= ENDS[n]; j++) ROW[f, j] = "#mailbrake-off# " ROW[f, j]; return }
  # from right to left, so that what is found stays where it is
  if (!(key in HOOKED)) return
  if (open) {
    put_after(f, shut - 1, MEMBERS_LAST[key])
    put(f, ROW_OF[open], AT[open] + 1, MEMBERS_FIRST[key])
    return
  }
  if (named) {
    CHAIN_WITH["mailbrake_" key "@" (KIND[named] == "macro" ? TOKEN[named] : value(named))] = key "\001" admin
    put(f, ROW_OF[named], AT[named] + (KIND[named] == "string"), "mailbrake_" key "@")
  } else {
    CHAIN_WITH["mailbrake_" key] = key "\001"
    put_after(f, n, " filter \"mailbrake_" key "\"")
  }
}
function put(f, row, at, text) { ROW[f, row] = substr(ROW[f, row], 1, at - 1) text substr(ROW[f, row], at) }
function put_after(f, k, text) { put(f, ENDS[k], KIND[k] == "string" ? LAST[k] : AT[k] + SIZE[k], text) }

# write_sources(): `N same|changed PATH` lines; contents in $OUT/opensmtpd-N, and for a trial, with the includes of the trial, in $OUT/opensmtpd-try-N.
function write_sources(   f, i, n, s, end, real, trial, differs) {
  for (f = 1; f <= FILES; f++) PLACE[FILE[f]] = f
  for (f = 1; f <= FILES; f++) {
    real = OUT "/opensmtpd-" f; trial = OUT "/opensmtpd-try-" f; n = 0
    printf "" > real; printf "" > trial
    end = index(ENVIRON["OSD_BARE"], " " FILE[f] " ") ? "" : "\n"
    differs = 0
    for (i = 1; i <= ROWS[f]; i++) {
      if (HOOK && f == FIRST && i == FIRST_ROW) {
        if (RAW[f, ++n] "" != INCLUDE "") differs = 1
        print INCLUDE > real; print "include \"" OUT "/opensmtpd-brakes\"" > trial
      }
      s = ROW[f, i]
      if (RAW[f, ++n] "" != s "") differs = 1
      printf "%s%s", s, (i < ROWS[f] ? "\n" : end) > real
      if ((f, i) in INCLUDES && INCLUDES[f, i] in PLACE) s = "include \"" OUT "/opensmtpd-try-" PLACE[INCLUDES[f, i]] "\""
      print s > trial
    }
    close(real); close(trial)
    print f, (differs || n != RAWS[f] ? "changed" : "same"), FILE[f]
  }
}
'
