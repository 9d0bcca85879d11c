# What the brakes of an instance ask for, as lookup tables and arguments: cidr: for clients, texthash: for the rest (both are
# plain text, read by smtpd before it gives up root, and need no postmap). Pure awk functions.
#
# Order within a listener: tempfail, reject, discard, hold; a message that two brakes mean gets the milder answer, and of two
# alike the newer one's, so that a brake just applied can be proved by its reference.
# The tables are merged by effect, except the marks of a hold: each hold marks for itself, so that a lift knows its own.

# shellcheck disable=SC2016,SC2034 # awk programs, used by the other postfix modules
POSTFIX_AWK_TABLES='
# slug(s): a file name for s, different for every s.
function slug(s,   i, c, out, at) {
  out = ""
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    if (c ~ /[A-Za-z0-9.-]/) { out = out c; continue }
    if (c == "/") { out = out "+"; continue }
    at = index(" !\"#$%&()*+,/:;<=>?@[\\]^_`{|}~", c)
    out = out "_" sprintf("%02d", at)
  }
  return out
}

# brake_read(line): one line of journal_stream. CANDIDATE is the brake that is only being asked about.
function brake_read(line,   f, s) {
  split(line, f, "\t"); BRAKES++
  if (f[1] == "candidate") CANDIDATE = BRAKES
  APP[BRAKES] = f[2]; REF[BRAKES] = f[3]; POINT[BRAKES] = f[4]; EFFECT[BRAKES] = f[5]
  MATCH[BRAKES] = f[6]; MORE_MATCHES[BRAKES] = f[7] f[8]; TEXT[BRAKES] = f[9]
  LIMIT[BRAKES, 1] = f[10] + 0; LIMIT[BRAKES, 2] = f[11] + 0; LIMIT[BRAKES, 3] = f[12] + 0
  KIND[BRAKES] = f[6]; sub(/:.*$/, "", KIND[BRAKES])
  WHAT[BRAKES] = index(f[6], ":") ? substr(f[6], index(f[6], ":") + 1) : ""
  SERVICE[BRAKES] = 0; SERVICE_KEY[BRAKES] = ""
  s = f[4]
  if (s ~ /^listener:.*\/[a-z]+$/) {
    match(s, /\/[a-z]+$/)
    SERVICE_KEY[BRAKES] = substr(s, 10, RSTART - 10) SUBSEP substr(s, RSTART + 1)
  }
}

function brakes_place(   b) { for (b = 1; b <= BRAKES; b++) if (SERVICE_KEY[b] != "" && SERVICE_KEY[b] in SERVICE_OF) SERVICE[b] = SERVICE_OF[SERVICE_KEY[b]] }

function rule_effect(effect) { return effect == "tempfail" || effect == "reject" || effect == "discard" || effect == "hold" }

# rules_service(k): the smtpd service that asks the questions for listener k: itself, or where its postscreen hands over to. 0: none.
function rules_service(k,   name) {
  if (SERVICE_COMMAND[k] == "smtpd") return k
  name = service_value(k, "smtpd_service_name", "smtpd")
  return (name, "pass") in SERVICE_OF ? SERVICE_OF[name, "pass"] : 0
}

# answer(b): what the access table answers for brake b.
function answer(b,   text) {
  text = TEXT[b]
  if (EFFECT[b] == "tempfail") return "450 4.7.1 " (text == "" ? "Mail is paused here, please try again later" : text) " (ref " REF[b] ")"
  if (EFFECT[b] == "reject") return "554 5.7.1 " (text == "" ? "Not accepted here" : text) " (ref " REF[b] ")"
  if (EFFECT[b] == "discard") return "DISCARD mailbrake " REF[b]
  return "HOLD mailbrake " REF[b]
}

# keys_of(b): KEYS, KEY[i], and QUESTION: the restriction and the map type that look them up.
function keys_of(b,   s) {
  s = tolower(WHAT[b]); KEYS = 1; KEY[1] = s
  if (KIND[b] == "all") { KEYS = 2; KEY[1] = "0.0.0.0/0"; KEY[2] = "::/0" }
  if (KIND[b] == "all" || KIND[b] == "client") { QUESTION = "client"; return }
  QUESTION = KIND[b]
  if (s == "<>") { KEY[1] = main_value("smtpd_null_access_lookup_key", "<>"); return }
  # a domain and its subdomains, whichever way parent_domain_matches_subdomains is set
  if (KIND[b] != "helo" && !index(s, "@")) { KEYS = 2; KEY[2] = "." s }
}

function map_of(question) { return question == "client" ? "cidr" : "texthash" }

# table_row(k, name, key, value): the first of a key is kept (the newest brake comes first).
function table_row(k, name, key, value) {
  if ((k, name, key) in ROW_SEEN) return
  ROW_SEEN[k, name, key] = 1
  if (!((k, name) in TABLE)) { TABLES++; TABLE_OWNER[TABLES] = k; TABLE_NAME[TABLES] = name; TABLE[k, name] = "" }
  TABLE[k, name] = TABLE[k, name] key " " value "\n"
}

function table_path(k, name) { return TABLE_ROOT "/" slug(SERVICE_NAME[k] "/" SERVICE_TYPE[k]) "/" name }

function ask(k, question, name) {
  if ((k, name) in ASKED) return
  ASKED[k, name] = 1
  RULES[k] = RULES[k] (RULES[k] == "" ? "" : ",") "check_" question "_access," map_of(question) ":" table_path(k, name)
}

# rules_collect(): RULES[k] and the tables of each smtpd service; SINGLE[k] where a message may have one recipient only.
function rules_collect(   effects, n, e, b, i, k) {
  n = split("tempfail reject discard hold", effects, " ")
  for (e = 1; e <= n; e++) {
    for (b = BRAKES; b > 0; b--) {
      if (EFFECT[b] != effects[e] || !SERVICE[b]) continue
      k = rules_service(SERVICE[b])
      if (!k) continue
      keys_of(b)
      if (EFFECT[b] == "hold") {
        for (i = 1; i <= KEYS; i++) table_row(k, "mark-" QUESTION "-" APP[b], KEY[i], "PREPEND X-Mailbrake-Held: <" APP[b] ">")
        ask(k, QUESTION, "mark-" QUESTION "-" APP[b])
      }
      for (i = 1; i <= KEYS; i++) table_row(k, EFFECT[b] "-" QUESTION, KEY[i], answer(b))
      ask(k, QUESTION, EFFECT[b] "-" QUESTION)
      if (EFFECT[b] == "discard" && KIND[b] == "recipient") SINGLE[k] = 1
    }
  }
}

# event_pattern(client): as a match list writes it (IPv6 in brackets).
function event_pattern(client,   at) {
  if (!index(client, ":")) return client
  at = index(client, "/")
  return at ? "[" substr(client, 1, at - 1) "]" substr(client, at) : "[" client "]"
}

# throttle_collect(k): THROTTLE[k, 1..3] (connections, messages, recipients a minute; 0 = none) and EXCEPT[k] for smtpd service k.
# CLASH is 1 where two throttles can not both be in force here.
function throttle_collect(k,   b, c, d, any) {
  THROTTLED[k] = 0; EXCEPT[k] = ""; any = 0; CLASH = 0
  for (d = 1; d <= 3; d++) THROTTLE[k, d] = 0
  for (b = 1; b <= BRAKES; b++) {
    if (!throttles(b, k) || KIND[b] != "all") continue
    THROTTLED[k] = 1; any = b
    for (d = 1; d <= 3; d++) THROTTLE[k, d] = lower(THROTTLE[k, d], LIMIT[b, d])
  }
  for (b = 1; b <= BRAKES; b++) {
    if (!throttles(b, k) || KIND[b] != "client") continue
    THROTTLED[k] = 1
    if (any) {
      for (d = 1; d <= 3; d++) if (LIMIT[b, d] && (!THROTTLE[k, d] || LIMIT[b, d] < THROTTLE[k, d])) CLASH = 1
      continue
    }
    for (c = 1; c < b; c++) if (throttles(c, k))
      for (d = 1; d <= 3; d++) if (LIMIT[c, d] != LIMIT[b, d]) CLASH = 1
    for (d = 1; d <= 3; d++) THROTTLE[k, d] = lower(THROTTLE[k, d], LIMIT[b, d])
    EXCEPT[k] = EXCEPT[k] "!" event_pattern(WHAT[b]) ","
  }
  if (!any && THROTTLED[k]) EXCEPT[k] = EXCEPT[k] "0.0.0.0/0,[::]/0"
}

function throttles(b, k) { return EFFECT[b] == "throttle" && SERVICE[b] && rules_service(SERVICE[b]) == k }
function lower(a, b) { return a && b ? (a < b ? a : b) : a ? a : b }

# closed_collect(): CLOSED, the services that master must not run.
function closed_collect(   b, k, list, want) {
  list = ""
  for (k = 1; k <= SERVICES; k++) {
    want = 0
    for (b = 1; b <= BRAKES; b++) {
      if (EFFECT[b] == "close" && SERVICE[b] == k) want = 1
      if (EFFECT[b] == "pause" && delivers(k)) want = 1
      if (EFFECT[b] == "hold" && POINT[b] == "local" && SERVICE_COMMAND[k] == "pickup") want = 1
    }
    if (want && SERVICE_ON[k]) list = list (list == "" ? "" : ", ") SERVICE_NAME[k] "/" SERVICE_TYPE[k]
  }
  CLOSED = list
}

function delivers(k) { return SERVICE_COMMAND[k] ~ /^(smtp|lmtp|local|virtual|pipe)$/ && SERVICE_TYPE[k] != "inet" }
'
