# What the brakes of an instance ask for, as ACL files. Pure awk; text from outside is escaped for Exim's expansion.
#
# Order within a listener: tempfail, reject, discard, throttle, hold; a message that two brakes mean gets the milder answer, and
# of two brakes alike that of the newer one.
# A hold puts the message into a named queue, which no queue run touches: mailbrake+APP, or mailbrake+APP+APP for one that
# several holds mean. A message has one queue, so recipients that belong into different ones are told 452, and come again in a
# message of their own. Exim (4.96) leaves the name of a queue set for the next message of a session: it is cleared first.

# shellcheck disable=SC2016,SC2034 # awk program
EXIM_AWK_RULES='
function escaped(s,   i, c, out) {
  out = ""
  for (i = 1; i <= length(s); i++) { c = substr(s, i, 1); out = out (index("\\${}", c) ? "\\" c : c) }
  return out
}

# test(match): one match as a condition.
function test(m,   kind, s, address) {
  if (m == "" || m == "all") return ""
  kind = m; sub(/:.*$/, "", kind); s = escaped(substr(m, index(m, ":") + 1))
  if (kind == "client") return "{match_ip{$sender_host_address}{<; " s "}}"
  if (kind == "helo") return "{eqi{$sender_helo_name}{" s "}}"
  if (kind == "login") return "{eqi{$authenticated_id}{" s "}}"
  if (s == "<>") return "{eq{$sender_address}{}}"
  # the sender as it was written, so "bob"@ and b\ob@ too
  address = kind == "sender" ? "${sg{$sender_address}{\\N[\"\\\\]\\N}{}}" : "$local_part@$domain"
  if (index(s, "@")) return "{eqi{" address "}{" s "}}"
  return "{match_domain{" (kind == "sender" ? "$sender_address_domain" : "$domain") "}{" s " : *." s "}}"
}

# place(point): which sessions belong to it; a local one has no client, and no port.
function place(point,   s, port) {
  if (point == "local") return "{eq{$sender_host_address}{}}"
  s = substr(point, 10); port = s; sub(/^.*[.]/, "", port)
  if (port == s) return "{eq{$received_port}{" port "}}"
  return "{eq{$received_port}{" port "}}{eq{$received_ip_address}{" substr(s, 1, length(s) - length(port) - 1) "}}"
}

function rule_read(line,   f) {
  split(line, f, "\t"); N++
  APP[N] = f[2]; REF[N] = f[3]; POINT[N] = f[4]; EFFECT[N] = f[5]; TEXT[N] = f[9]
  LIMIT[N, "connect"] = f[10] + 0; LIMIT[N, "message"] = f[11] + 0; LIMIT[N, "recipient"] = f[12] + 0
  MATCH[N] = f[6]; TESTS[N] = test(f[6]) test(f[7]) test(f[8])
  IF[N] = "condition = ${if and{" place(f[4]) TESTS[N] "}}"
}

# answer(code, fallback, b): Exim cuts a row of more than 75 characters at a blank; here it is cut so that the reference stays whole.
function answer(code, fallback, b,   n, i, word, row, out) {
  row = TEXT[b] == "" ? fallback : TEXT[b]
  if (length(row REF[b]) <= 58) return "message = " code " " escaped(row " (ref " REF[b] ")")
  n = split(row, word, " "); word[n + 1] = "(ref " REF[b] ")"; row = ""; out = ""
  for (i = 1; i <= n + 1; i++) {
    if (row != "" && length(row) + length(word[i]) > 60) { out = out escaped(row) "\\n"; row = "" }
    row = row (row == "" ? "" : " ") word[i]
  }
  return "message = " code " " out escaped(row)
}

function verbs(effect, verb, code, fallback,   b) {
  for (b = N; b; b--) if (EFFECT[b] == effect)
    RCPT = RCPT verb " " IF[b] "\n  " (code == "" ? "log_message = mailbrake " REF[b] : answer(code, fallback, b)) "\n"
}

# A hair more than the limit: Exim takes the first of all for a rate of 1, and refuses what reaches the limit.
function rate(b, what, per, code, noun) {
  return "defer " IF[b] "\n  ratelimit = " LIMIT[b, what] ".01 / 1m / leaky / " per " / mailbrake_" APP[b] "_" what "_$sender_host_address\n  " \
    answer(code, "Too many " noun ", please try again later", b) "\n"
}

function accept(acl) { return acl == "accept" ? "accept" : "accept acl = " acl }

function rules(   b, holds, local) {
  verbs("tempfail", "defer", "450 4.7.1", "Mail is paused here, please try again later")
  verbs("reject", "deny", "554 5.7.1", "Not accepted here")
  verbs("discard", "discard", "", "")
  for (b = N; b; b--) if (EFFECT[b] == "throttle") {
    if (LIMIT[b, "connect"]) CONNECT = CONNECT rate(b, "connect", "per_conn", "421 4.7.0", "connections")
    if (LIMIT[b, "message"]) RCPT = RCPT rate(b, "message", "per_mail", "450 4.7.1", "messages")
    if (LIMIT[b, "recipient"]) RCPT = RCPT rate(b, "recipient", "per_rcpt", "450 4.7.1", "recipients")
  }
  for (b = 1; b <= N; b++) if (EFFECT[b] == "hold") holds = holds held(b, IF[b])
  if (holds != "") RCPT = RCPT "warn condition = ${if and{{!def:acl_m_mailbrake}{match{$queue_name}{\\N^mailbrake[+]\\N}}}}\n  queue =\n" \
    "warn set acl_m_mailbrake_now = mailbrake\n" holds \
    "defer condition = ${if and{{def:acl_m_mailbrake}{!eq{$acl_m_mailbrake}{$acl_m_mailbrake_now}}}}\n  message = 452 4.5.3 Too many recipients\n" \
    "accept condition = ${if eq{$acl_m_mailbrake_now}{mailbrake}}\n  endpass\n  acl = " ENVIRON["EXIM_OR_rcpt"] "\n  set acl_m_mailbrake = mailbrake\n" \
    accept(ENVIRON["EXIM_OR_rcpt"]) "\n  control = queue\n  queue = $acl_m_mailbrake_now\n  set acl_m_mailbrake = $acl_m_mailbrake_now\n"
  else if (RCPT != "") RCPT = RCPT accept(ENVIRON["EXIM_OR_rcpt"]) "\n"
  if (CONNECT != "") CONNECT = CONNECT accept(ENVIRON["EXIM_OR_connect"]) "\n"
  for (b = N; b; b--) if (POINT[b] == "local") local_rule(b)
  if (START != "") {
    START = "warn set acl_m_mailbrake_now = mailbrake\n" START "warn condition = ${if !eq{$acl_m_mailbrake_now}{mailbrake}}\n  queue = $acl_m_mailbrake_now\n" accept(ENVIRON["EXIM_OR_start"]) "\n"
    LOCAL = LOCAL "warn condition = ${if match{$queue_name}{\\N^mailbrake[+]\\N}}\n  control = queue\n"
  }
  if (LOCAL != "") LOCAL = LOCAL accept(ENVIRON["EXIM_OR_local"]) "\n"
  for (b = 1; b <= N; b++) if (EFFECT[b] == "pause") HOLD = HOLD (MATCH[b] == "all" ? "*\n" : substr(MATCH[b], 11) "\n*." substr(MATCH[b], 11) "\n")
  put("connect", CONNECT); put("rcpt", RCPT); put("local", LOCAL); put("start", START); put("hold", HOLD)
}

function held(b, when) { return "warn " when "\n  set acl_m_mailbrake_now = ${acl_m_mailbrake_now}+" APP[b] "\n" }

# Notices that Exim itself writes (bounces, warnings) come the same way, with its own uid: they are no local submission.
function local_rule(b,   mine) {
  mine = "condition = ${if and{{!eq{$originator_uid}{" ENVIRON["EXIM_UID"] "}}" TESTS[b] "}}"
  if (EFFECT[b] == "reject") LOCAL = LOCAL "deny " mine "\n  " answer("554 5.7.1", "Not accepted here", b) "\n"
  if (EFFECT[b] == "hold") START = held(b, mine) START
}

function put(name, text,   path) {
  if (text == "") return
  path = ENVIRON["EXIM_OUT"] "/exim-" name
  printf "%s", text > path; close(path); print name
}
'
