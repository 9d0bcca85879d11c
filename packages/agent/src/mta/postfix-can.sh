# What the driver can do exactly, and what a person must know before: postfix_can, postfix_explain, and the cells of discover.
# Nothing is changed here.

# shellcheck disable=SC2016,SC2034 # awk program
PX_AWK_CAN='
function refuse(code, field, message) { if (!REFUSED++ && !QUIET) print code "\t" field "\t" message }
function cannot(field, message, nearest) { refuse("cannot", field, message "; the nearest is " nearest) }

# can(): prints why the candidate can not be had exactly, or nothing.
function can(   b, k, q, e, i, all, s) {
  b = CANDIDATE; k = SERVICE[b]; e = EFFECT[b]; all = KIND[b] == "all"
  if (POINT[b] == "local") {
    if (e !~ /^(tempfail|hold)$/) cannot("effect", "local submission knows tempfail and hold", "hold, which loses nothing")
    else if (!all) cannot("match", "local submission is braked for all or none", "all")
    else if (e == "hold" && !running("^pickup$")) refuse("cannot", "point", "no pickup runs: what programs submit waits already")
  } else if (POINT[b] == "delivery") {
    if (e !~ /^(pause|throttle)$/) cannot("effect", "delivery knows pause and throttle", e " at a listener")
    else if (!all && (e == "throttle" || KIND[b] != "recipient" || WHAT[b, 1] ~ /@/ || MORE[b])) cannot("match", "delivery is " (e == "pause" ? "paused for all or one recipient domain" : "throttled for all"), "all, or hold at a listener with this match")
    else if (main_value("maximal_queue_lifetime", "5d") ~ /^0+[smhdw]?$/) cannot("effect", "maximal_queue_lifetime is 0: what waits bounces", "tempfail at the listeners")
    else if (e == "throttle") can_slow(b)
  } else if (!k) return refuse("no-such-point", "point", "master.cf has no such service; ask discover again")
  if (!k) { if (CUT[b]) cannot("cut", "only sessions of a listener can be cut", "the same without cut"); return }
  if (!ON[k]) return refuse("cannot", "point", "switched off already (master_service_disable)")
  if (e == "pause") return cannot("effect", "a listener can not pause", "tempfail or hold here, or pause at delivery")
  if (e == "close") { if (!all) cannot("match", "a listener is closed for all", "tempfail or reject with this match"); return }
  q = rules_service(k)
  if (!q) return cannot("point", "its postscreen hands over to no service of master.cf", "close")
  for (i = 1; i <= SERVICES; i++) if (i != k && is_smtpd_listener(i) && rules_service(i) == q)
    return cannot("point", "postscreen at " LABEL[i] " hands over to the same smtpd", "close")
  if (e == "throttle") return can_throttle(b, q)
  if (MORE[b] && !index(PAIRS, " " KIND[b] "," MORE[b] " ")) return cannot("match2", "Postfix ANDs two of client, sender and recipient", "two of these, or one match alone")
  for (i = 1; i <= 2; i++) {
    s = WHAT[b, i]; all = KIND[b, i]
    if (all == "login" && service_value(q, "smtpd_sasl_auth_enable", "no") != "yes") cannot("match", "nobody logs in here (smtpd_sasl_auth_enable)", "a sender or client")
    else if (s ~ /^#/) cannot("match", "no Postfix table takes a name with # first", "its domain")
    else if (all == "helo" && s ~ /^\[/) cannot("match", "an address in brackets is no key for HELO", "client with that address")
  }
  if (e ~ /^(discard|hold)$/ && service_value(q, "smtpd_proxy_filter", "") != "")
    cannot("effect", "smtpd_proxy_filter passes mail on at once: no " e " here", "tempfail")
}

# running(commands): the first service of that kind that is on.
function running(commands,   k) { for (k = 1; k <= SERVICES; k++) if (ON[k] && COMMAND[k] ~ commands) return k; return 0 }

function can_slow(b,   name) {
  for (name in VALUE) if (name ~ /_transport_rate_delay$/) return cannot("effect", "main.cf sets " name " itself", "pause, or to take that out")
  if (LIMIT[b, 1] || LIMIT[b, 3]) cannot(LIMIT[b, 1] ? "connections" : "recipients", "delivery is throttled by messages", "messages")
  else if (LIMIT[b, 2] > 60) cannot("messages", "Postfix waits whole seconds between deliveries", "60")
}

function can_throttle(b, q,   i, unit, others) {
  if (!to_client(b) || MORE[b]) return cannot("match", "Postfix counts by client", "all or client")
  unit = service_value(SERVICE_OF["anvil/unix"] + 0, "anvil_rate_time_unit", "60s")
  if (unit !~ /^(60s?|1m)$/) return cannot("effect", "anvil_rate_time_unit is " unit "; limits are a minute", "to set it to 60s, or tempfail")
  throttle_collect(q)
  if (!CLASH) return
  for (i = 1; i <= BRAKES; i++) if (i != b && throttles(i, q)) others = join(others, ", ", REF[i])
  refuse("conflict", "match", "throttled with other numbers by " others ", and a listener has one set; lift that first, or ask for the same")
}

# What a sender sees, and the first thing to know: for a plan, and for the cells of discover.
function reply_of(b,   e, s, k, w) {
  e = EFFECT[b]; s = answer(b); k = KIND[b, 1 + (MORE[b] != "")]; w = WHAT[b, 1 + (MORE[b] != "")]
  if (POINT[b] == "local") return e == "hold" ? "accepted (exit status 0), waits in maildrop" : "sendmail: fatal: User NAME(UID) is not allowed to submit mail (exit status 75)"
  if (POINT[b] == "delivery") return "accepted and queued"
  if (e ~ /^(tempfail|reject)$/) return substr(s, 1, 10) (k ~ /^(all|client)$/ ? "<CLIENT>: Client host" : k == "helo" ? "<" w ">: Helo command" : k == "sender" ? "<" (w == "<>" ? "" : "SENDER") ">: Sender address" : k == "login" ? "<" w ">: SASL login name" : "<RECIPIENT>: Recipient address") " rejected: " substr(s, 11)
  if (e == "throttle") {
    s = ""
    if (LIMIT[b, 1]) s = "421 4.7.0 " main_value("myhostname", "HOST") " Error: too many connections from CLIENT"
    if (LIMIT[b, 2]) s = join(s, "; ", "450 4.7.1 Error: too much mail from CLIENT")
    if (LIMIT[b, 3]) s = join(s, "; ", "450 4.7.1 Error: too many recipients from CLIENT")
    return s
  }
  return e == "close" ? "connection refused" : "250 2.0.0 Ok: queued as ..."
}
function note_of(b,   e, to) {
  e = EFFECT[b]; to = KIND[b] MORE[b] ~ /recipient/
  if (POINT[b] == "local") return e == "hold" ? "mailq and new mail work meanwhile; postqueue -f flushes, and says that the mail system is down" : "A program that does not try again after exit status 75 loses its mail; hold keeps all"
  if (POINT[b] == "delivery") return e == "throttle" ? "Counted for each transport (smtp, relay, local ...) by itself: one delivery after the other, whole seconds between. A message to several places is several deliveries" : to ? "For the domain and all names below it; deliveries under way end" : "Deliveries under way have 10 s to end, then are cut, and tried again at the lift"
  if (e == "discard") return "The mail is gone; the log names sender and recipient" (to ? ". One recipient a message is taken meanwhile (others get 452: mail servers send again, mail programs of people do not)" : "")
  if (e == "hold") return "Waits in the hold queue, with a header X-Mailbrake-Held, for the lift; never expires" (to ? ". Further recipients of a message wait too" : "")
  if (e == "throttle") return "Counted for each client address by itself; a reload starts anew"
  return e == "close" ? "Open sessions are cut, where a message is being taken after 10 s at most (nothing new is taken meanwhile); their senders try again" : ""
}
function loses(b) { return EFFECT[b] == "discard" || EFFECT[b] POINT[b] == "tempfaillocal" }

function tell(what, text) { if (text != "") print what "\t" text }

# explain(): what a person must know about the candidate; `reply`, `opens`, `note`, `loses`, `cuts` and text, parted by tabs.
function explain(   b, k, q, e, i) {
  b = CANDIDATE; k = SERVICE[b]; e = EFFECT[b]
  tell("reply", reply_of(b)); tell("note", note_of(b))
  if (loses(b)) tell("loses", 1)
  if (e == "close" || e == "pause" && KIND[b] == "all") { tell("cuts", 1); tell("note", "A message cut then, after its last dot, may come twice") }
  if (POINT[b] == "delivery") {
    tell("note", "Mail older than maximal_queue_lifetime (" main_value("maximal_queue_lifetime", "5d") ") or bounce_queue_lifetime (" main_value("bounce_queue_lifetime", "5d") ") bounces even so; delay_warning_time is " main_value("delay_warning_time", "0h"))
    tell("note", e == "pause" ? "Address verification answers 450 meanwhile" : "A delivery each " delay_of(b) " s")
    return
  }
  if (!k) tell("opens", "Programs that speak SMTP to a listener of this host, localhost included")
  else if (e != "close") {
    q = rules_service(k)
    if (e == "throttle") tell("note", KIND[b] == "all" ? "Clients that smtpd_client_event_limit_exceptions (" service_value(q, "smtpd_client_event_limit_exceptions", "$mynetworks") ") spares are limited too" : "All other clients are spared by all event limits here")
    else {
      for (i = 1; i <= 2; i++) if (KIND[b, i] ~ /^(sender|recipient)$/ && WHAT[b, i] !~ /@|^<>$/) tell("note", "Means " WHAT[b, i] " and all names below it")
      if (WHAT[b, 1] WHAT[b, 2] ~ /<>/) tell("note", "Bounces, notices and address checks of other servers have this sender")
      if (KIND[b] == "login") tell("note", "The name that the log shows as sasl_username, in capitals or not")
      if (e == "reject" && service_value(q, "soft_bounce", "no") == "yes") tell("note", "soft_bounce is on: senders see a 4xx and try again")
      if (hook_setting(q) != "smtpd_client_restrictions") tell("note", "smtpd_delay_reject is off: answers at RCPT TO, after the checks of client, HELO and sender")
    }
    tell(CUT[b] ? "note" : "opens", CUT[b] ? "Sessions open now are cut: a message cut after its last dot may come twice" : "Sessions open now go on as before until they end")
  }
  for (i = 1; i <= SERVICES; i++) if (i != k && is_smtpd_listener(i)) tell("opens", "listener:" LABEL[i] " of the same instance")
  if (k) tell("opens", "local: programs on the host that submit by sendmail(1)")
}
'
# px_ask PROGRAM: runs one of the awk functions above for J_*; its lines in $MB_TMP/px-asked.
px_ask() {
  px_awk "${J_instance#postfix:}" "END { $1() }" "candidate	$J_app	$J_brake	$J_point	$J_effect	$J_match	$J_match2	$J_match3	$J_text	$J_connections	$J_messages	$J_recipients	${J_cut:-0}
" >"$MB_TMP/px-asked"
}

# postfix_can: with J_* loaded: 0, or fails naming the nearest that can be had.
postfix_can() {
  px_ask can || return 1
  IFS='	' read -r px_code px_field px_message <"$MB_TMP/px-asked" || return 0
  fail "$px_code" "$px_field" "$px_message"
}

# postfix_explain CONFIG: with J_* loaded: the reply, what is lost or cut, open doors, notes.
postfix_explain() {
  px_ask explain || return 1
  while IFS='	' read -r px_what px_text; do
    case $px_what in
    loses) PLAN_LOSES=1 ;;
    cuts) PLAN_CUTS=1 ;;
    *) "plan_$px_what" "$px_text" ;;
    esac
  done <"$MB_TMP/px-asked"
}
