# What the brakes of an instance ask for, as lookup tables and arguments: cidr: for clients, texthash: for the rest (both are
# plain text, read by smtpd before it gives up root, and need no postmap). Pure awk functions.
#
# Order within a listener: tempfail, reject, discard, hold; a message that two brakes mean gets the milder answer, and of two
# alike the newer one's, so that a brake just applied can be proved by its reference.
# The tables are merged by effect, except the marks of a hold: each hold marks for itself, so that a lift knows its own.

# shellcheck disable=SC2016,SC2034 # awk programs, used by the other postfix modules
PX_AWK_TABLES='
# slug(s): a file name for s, different for every s.
function slug(s,   i, c, out) {
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    out = out (c ~ /[A-Za-z0-9.-]/ ? c : c == "/" ? "+" : sprintf("_%02d", index(" !\"#$%&()*+,/:;<=>?@[\\]^_`{|}~", c)))
  }
  return out
}

# brake_read(line): one line of journal_stream. CANDIDATE is the brake that is only being asked about; CUT, whether it cuts sessions.
# Two matches stand in the order of KIND_ORDER; MORE is the second kind.
function brake_read(line,   f, b, d) {
  split(line, f, "\t"); b = ++BRAKES
  if (f[1] == "candidate") { CANDIDATE = b; CUT[b] = f[13] == 1 }
  APP[b] = f[2]; REF[b] = f[3]; POINT[b] = f[4]; EFFECT[b] = f[5]; TEXT[b] = f[9]
  if (APP[b] "" == ENVIRON["PX_EASE"] "") EFFECT[b] = POINT[b] == "delivery" ? "ease" : "tempfail"
  for (d = 1; d <= 3; d++) LIMIT[b, d] = f[9 + d] + 0
  brake_match(b, f[6], f[7])
  if (f[8] != "") MORE[b] = "two more"
}
function brake_match(b, one, two,   d, s) {
  if (two != "" && index(KIND_ORDER, substr(two, 1, 4)) < index(KIND_ORDER, substr(one, 1, 4))) { s = one; one = two; two = s }
  for (d = 1; d <= 2; d++) {
    s = KIND[b, d] = WHAT[b, d] = d > 1 ? two : one
    sub(/:.*$/, "", KIND[b, d])
    if (!sub(/^[^:]*:/, "", WHAT[b, d])) WHAT[b, d] = ""
  }
  KIND[b] = KIND[b, 1]; MORE[b] = KIND[b, 2]
}
function to_client(b) { return KIND[b] == "all" || KIND[b] == "client" }

# rules_service(k): the smtpd service that asks the questions for listener k: itself, or where its postscreen hands over to. 0: none.
function rules_service(k) { return COMMAND[k] == "smtpd" ? k : SERVICE_OF[service_value(k, "smtpd_service_name", "smtpd") "/pass"] + 0 }

# answer(b): what the access table answers for brake b.
function answer(b,   e) {
  e = EFFECT[b]
  if (e == "tempfail") return "450 4.7.1 " (TEXT[b] == "" ? "Mail is paused here, please try again later" : TEXT[b]) " (ref " REF[b] ")"
  if (e == "reject") return "554 5.7.1 " (TEXT[b] == "" ? "Not accepted here" : TEXT[b]) " (ref " REF[b] ")"
  return toupper(e) " mailbrake " REF[b]
}

# keys_of(kind, what): KEYS, KEY[i], and QUESTION: the restriction that looks them up.
function keys_of(kind, what,   s) {
  s = tolower(what); KEYS = 1; KEY[1] = s; QUESTION = kind == "login" ? "sasl" : kind
  if (kind == "all") { KEYS = 2; KEY[1] = "0.0.0.0/0"; KEY[2] = "::/0"; QUESTION = "client" }
  else if (s == "<>") KEY[1] = main_value("smtpd_null_access_lookup_key", "<>")
  # a domain and its subdomains, whichever way parent_domain_matches_subdomains is set
  else if (kind ~ /^(sender|recipient)$/ && !index(s, "@")) { KEYS = 2; KEY[2] = "." s }
}

function map_path(k, name) { return (QUESTION == "client" ? "cidr:" : "texthash:") table_path(k, name) }
function table_path(k, name) { return TABLE_ROOT "/" slug(LABEL[k]) "/" name }

# table_add(path, key, value): a row of a table. The first of a key is kept (the newest brake comes first).
function table_add(path, key, value) {
  if (!TABLE_NUMBER[path]) { TABLE_NUMBER[path] = ++TABLES; TABLE_PATH[TABLES] = path; TABLE[TABLES] = "" }
  if (!ROW_SEEN[path, key]++) TABLE[TABLE_NUMBER[path]] = TABLE[TABLE_NUMBER[path]] key " " value "\n"
}

# ask(k, list, name, value): the rules of that list, which service k goes through, look the keys up in that table.
function ask(k, list, name, value,   i, path) {
  path = table_path(k, name)
  if (!TABLE_NUMBER[path]) RULES[list] = join(RULES[list] "", ",", "check_" QUESTION "_access," map_path(k, name))
  for (i = 1; i <= KEYS; i++) table_add(path, KEY[i], value)
}

# rules_collect(): RULES[k] and the tables of each smtpd service; SINGLE[k] where a message may have one recipient only; AND[b], the
# restriction class of a brake with two matches: the table of the first names it, and it asks the second.
function rules_collect(   effects, e, b, k, list, name) {
  split("tempfail reject discard hold", effects, " ")
  for (e = 1; e <= 4; e++) for (b = BRAKES; b > 0; b--) {
    if (EFFECT[b] != effects[e] || !SERVICE[b] || !(k = rules_service(SERVICE[b]))) continue
    keys_of(KIND[b], WHAT[b, 1]); list = k; name = ""
    if (MORE[b]) {
      AND[b] = list = "mailbrake_and_" ++ANDS; AND_SERVICE[ANDS] = k; name = "-" APP[b]
      ask(k, k, "and-" QUESTION name, list)
      keys_of(MORE[b], WHAT[b, 2])
    }
    if (EFFECT[b] == "hold") ask(k, list, mark_name(b), "PREPEND X-Mailbrake-Held: <" APP[b] ">")
    ask(k, list, EFFECT[b] "-" QUESTION name, answer(b))
    if (EFFECT[b] == "discard" && KIND[b] MORE[b] ~ /recipient/) SINGLE[k] = 1
  }
}
function mark_name(b) { return "mark-" QUESTION "-" APP[b] }

# event_pattern(client): as a match list writes it (IPv6 in brackets).
function event_pattern(client) {
  if (index(client, ":")) { sub(/^[^\/]*/, "[&]", client) }
  return client
}

# throttle_collect(k): THROTTLE[k, 1..3] (connections, messages, recipients a minute; 0 = none) and EXCEPT[k] for smtpd service k.
# CLASH is 1 where two throttles can not both be in force here.
function throttle_collect(k,   b, c, d, any) {
  THROTTLED[k] = CLASH = any = 0; EXCEPT[k] = ""
  for (d = 1; d <= 3; d++) THROTTLE[k, d] = 0
  for (b = 1; b <= BRAKES; b++) if (throttles(b, k)) {
    THROTTLED[k] = 1
    if (KIND[b] == "all") { any = 1; throttle_lower(k, b) }
  }
  for (b = 1; b <= BRAKES; b++) if (throttles(b, k) && KIND[b] != "all") {
    if (any) {
      for (d = 1; d <= 3; d++) if (LIMIT[b, d] && (!THROTTLE[k, d] || LIMIT[b, d] < THROTTLE[k, d])) CLASH = 1
      continue
    }
    for (c = 1; c < b; c++) if (throttles(c, k))
      for (d = 1; d <= 3; d++) if (LIMIT[c, d] != LIMIT[b, d]) CLASH = 1
    throttle_lower(k, b)
    EXCEPT[k] = EXCEPT[k] "!" event_pattern(WHAT[b, 1]) ","
  }
  if (!any && THROTTLED[k]) EXCEPT[k] = EXCEPT[k] "0.0.0.0/0,[::]/0"
}

function throttles(b, k) { return EFFECT[b] == "throttle" && SERVICE[b] && rules_service(SERVICE[b]) == k }
function throttle_lower(k, b,   d) { for (d = 1; d <= 3; d++) THROTTLE[k, d] = lower(THROTTLE[k, d], LIMIT[b, d]) }
function lower(a, b) { return a && b && a < b || !b ? a : b }

# delay_of(b): whole seconds between the deliveries of a transport, never too few.
function delay_of(b) { return LIMIT[b, 2] ? int((59 + LIMIT[b, 2]) / LIMIT[b, 2]) : 0 }

# delivery_collect(): CLOSED, the services that master must not run; DELAY, the seconds between deliveries; EASED, what the queue
# manager begins no more; PAUSED, the table of the recipient domains that wait: regexp:, as Postfix asks that for the whole address, before any domain of the tables of the admin.
function delivery_collect(   b, k, s, cut) {
  if (ENVIRON["PX_CUT"] != "") cut = rules_service(SERVICE_OF[substr(ENVIRON["PX_CUT"], 10)] + 0)
  for (b = 1; b <= BRAKES; b++) if (POINT[b] == "delivery") {
    if (EFFECT[b] == "throttle" && delay_of(b) > DELAY) DELAY = delay_of(b)
    if (EFFECT[b] KIND[b] != "pauserecipient") continue
    s = tolower(WHAT[b, 1]); gsub(/[.]/, "[.]", s); PAUSED = TABLE_ROOT "/delivery/paused"
    table_add(PAUSED, "/[@.]" s "$/", "mailbrake-paused:")
  }
  for (k = 1; k <= SERVICES; k++) for (b = 1; b <= BRAKES; b++)
    if (ON[k] && EFFECT[b] == "ease" && delivers(k)) EASED = EASED " " NAME[k]
    else if (ON[k] && (k == cut || EFFECT[b] == "close" && SERVICE[b] == k || EFFECT[b] KIND[b] == "pauseall" && delivers(k) || EFFECT[b] POINT[b] == "holdlocal" && COMMAND[k] == "pickup")) {
      CLOSED = join(CLOSED, ", ", LABEL[k])
      break
    }
}

function delivers(k) { return COMMAND[k] ~ /^(smtp|lmtp|local|virtual|pipe)$/ && TYPE[k] != "inet" }
function local_tempfail(   b) { for (b = 1; b <= BRAKES; b++) if (EFFECT[b] POINT[b] == "tempfaillocal") return 1; return 0 }
'
