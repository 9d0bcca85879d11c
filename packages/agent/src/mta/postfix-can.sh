# What the driver can do exactly, and what a person must know before: postfix_can, postfix_explain, and the cells of discover.
# Nothing is changed here.

# shellcheck disable=SC2016,SC2034 # awk program
POSTFIX_AWK_CAN='
function refuse(code, field, message) { if (!REFUSED++ && !QUIET) print code "\t" field "\t" message; return 0 }

# can(): prints why the candidate can not be had exactly, or nothing.
function can(   b, k, q) {
  b = CANDIDATE
  if (MORE_MATCHES[b] != "") return refuse("cannot", "match2", "Postfix is asked for one condition a brake here; the nearest is a brake with only the first of them")
  if (POINT[b] == "local") return can_local(b)
  if (POINT[b] == "delivery") return can_delivery(b)
  k = SERVICE[b]
  if (!k) return refuse("no-such-point", "point", "master.cf has no such service any more; ask discover again")
  if (!SERVICE_ON[k]) return refuse("cannot", "point", "this service is switched off in Postfix (master_service_disable): it takes no mail already")
  if (EFFECT[b] == "pause") return refuse("cannot", "effect", "a listener can not pause; the nearest is tempfail or hold here, or pause at delivery")
  if (EFFECT[b] == "close") {
    if (KIND[b] != "all") refuse("cannot", "match", "a closed listener is closed for all; the nearest is tempfail or reject with this match")
    return 0
  }
  q = rules_service(k)
  if (!q) return refuse("cannot", "point", "its postscreen hands over to a service that master.cf does not have; the nearest is close")
  if (shared_with(k, q)) return refuse("cannot", "point", "postscreen at " SERVICE_NAME[shared_with(k, q)] "/inet hands over to the same smtpd, which would be braked too; the nearest is close")
  if (EFFECT[b] == "throttle") return can_throttle(b, k, q)
  if (KIND[b] !~ /^(all|client|helo|sender|recipient)$/) return refuse("cannot", "match", "not offered here for " KIND[b] "; the nearest is a sender or client")
  if (WHAT[b] ~ /^#/) return refuse("cannot", "match", "a name that begins with # can not stand in a Postfix table; the nearest is its domain")
  if (KIND[b] == "helo" && WHAT[b] ~ /^\[/) return refuse("cannot", "match", "an address in brackets is no table key for HELO; the nearest is client with that address")
  if ((EFFECT[b] == "discard" || EFFECT[b] == "hold") && service_value(q, "smtpd_proxy_filter", "") != "")
    refuse("cannot", "effect", "smtpd_proxy_filter passes this mail on while it comes in, so it can not be " (EFFECT[b] == "hold" ? "held" : "discarded") " here; the nearest is tempfail")
  return 0
}

function shared_with(k, q,   i) {
  for (i = 1; i <= SERVICES; i++) if (i != k && is_smtpd_listener(i) && rules_service(i) == q) return i
  return 0
}

function can_local(b,   k) {
  if (EFFECT[b] != "tempfail" && EFFECT[b] != "hold") return refuse("cannot", "effect", "local submission knows tempfail and hold; the nearest is hold, which loses nothing")
  if (KIND[b] != "all") return refuse("cannot", "match", "local submission is braked for all or for none; the nearest is all")
  if (EFFECT[b] == "hold") {
    for (k = 1; k <= SERVICES; k++) if (SERVICE_COMMAND[k] == "pickup" && SERVICE_ON[k]) return 0
    refuse("cannot", "point", "no pickup service runs here: what programs submit is not taken up already")
  }
  return 0
}

function can_delivery(b) {
  if (EFFECT[b] != "pause") return refuse("cannot", "effect", "delivery knows pause; the nearest to " EFFECT[b] " is that at a listener")
  if (KIND[b] != "all") return refuse("cannot", "match", "delivery is paused for all mail; the nearest is all, or hold at a listener with this match")
  if (main_value("maximal_queue_lifetime", "5d") ~ /^0+[smhdw]?$/) return refuse("cannot", "effect", "maximal_queue_lifetime is 0 here: mail that is not delivered at once bounces, so a pause would lose it; the nearest is tempfail at the listeners")
  return 0
}

function can_throttle(b, k, q,   i, unit, others) {
  if (KIND[b] != "all" && KIND[b] != "client") return refuse("cannot", "match", "Postfix counts by client; the nearest is all or client")
  unit = main_value("anvil_rate_time_unit", "60s")
  if (("anvil", "unix") in SERVICE_OF) unit = service_value(SERVICE_OF["anvil", "unix"], "anvil_rate_time_unit", "60s")
  if (unit !~ /^(60s?|1m)$/) return refuse("cannot", "effect", "anvil_rate_time_unit is " unit " here, so a limit a minute can not be had exactly; set it to 60s, or tempfail")
  throttle_collect(q)
  if (!CLASH) return 0
  others = ""
  for (i = 1; i <= BRAKES; i++) if (i != b && throttles(i, q)) others = others (others == "" ? "" : ", ") REF[i]
  refuse("conflict", "match", "throttled at this listener with other numbers by " others ", and Postfix keeps one set of numbers for each listener; lift that first, or ask for the same numbers")
  return 0
}

# explain(): what a person must know about the candidate; `reply`, `opens`, `note`, `loses`, `cuts` and text, parted by tabs.
function explain(   b, k, q) {
  b = CANDIDATE; k = SERVICE[b]
  if (POINT[b] == "local") explain_local(b)
  else if (POINT[b] == "delivery") explain_delivery()
  else { q = rules_service(k); explain_listener(b, k, q) }
  if (POINT[b] != "delivery") other_doors(b, k)
}

function tell(what, text) { print what "\t" text }

function explain_listener(b, k, q,   d, own) {
  if (EFFECT[b] == "close") {
    tell("reply", "connection refused")
    tell("cuts", 1)
    tell("note", "Sessions that are open at this listener are cut; their senders try again")
    return
  }
  if (EFFECT[b] == "throttle") return explain_throttle(b, q)
  if (EFFECT[b] == "tempfail" || EFFECT[b] == "reject") tell("reply", reply_of(b))
  if (EFFECT[b] == "discard") { tell("reply", "250 2.0.0 Ok: queued as ..."); tell("loses", 1); tell("note", "The mail is gone; the log has a line with sender and recipient for each") }
  if (EFFECT[b] == "hold") {
    tell("reply", "250 2.0.0 Ok: queued as ...")
    tell("note", "Held mail waits in the hold queue with a header X-Mailbrake-Held, and is released by the lift; held mail never expires")
    if (KIND[b] == "recipient") tell("note", "A message with further recipients waits for all of them")
  }
  if (EFFECT[b] == "discard" && KIND[b] == "recipient")
    tell("note", "So that no other recipient loses mail, this listener takes one recipient a message meanwhile (452 for the others, which mail servers send again at once or later, and mail programs of people do not)")
  if ((KIND[b] == "sender" || KIND[b] == "recipient" || KIND[b] == "helo") && !index(WHAT[b], "@") && WHAT[b] != "<>") tell("note", "Means " WHAT[b] " and all names below it")
  if (WHAT[b] == "<>") tell("note", "Bounces and other notices have this sender; so have the callbacks of servers that check whether an address exists")
  if (EFFECT[b] == "reject" && service_value(q, "soft_bounce", "no") == "yes") tell("note", "soft_bounce is on here: senders see a 4xx in place of the 5xx, and try again")
  if (hook_setting(q) != "smtpd_client_restrictions") tell("note", "smtpd_delay_reject is off here: the brake answers at RCPT TO, after the checks of client, HELO and sender")
  tell("opens", "Sessions that are open at this listener now go on with the old rules until they end")
}

function reply_of(b,   text) {
  text = answer(b)
  if (KIND[b] == "all" || KIND[b] == "client") return substr(text, 1, 10) "<CLIENT>: Client host rejected: " substr(text, 11)
  if (KIND[b] == "helo") return substr(text, 1, 10) "<" WHAT[b] ">: Helo command rejected: " substr(text, 11)
  if (KIND[b] == "sender") return substr(text, 1, 10) "<" (WHAT[b] == "<>" ? "" : "SENDER") ">: Sender address rejected: " substr(text, 11)
  return substr(text, 1, 10) "<RECIPIENT>: Recipient address rejected: " substr(text, 11)
}

function explain_throttle(b, q,   own) {
  if (LIMIT[b, 1]) tell("reply", "421 4.7.0 " main_value("myhostname", "HOST") " Error: too many connections from CLIENT")
  else if (LIMIT[b, 2]) tell("reply", "450 4.7.1 Error: too much mail from CLIENT")
  else tell("reply", "450 4.7.1 Error: too many recipients from CLIENT")
  tell("note", "The limits count for each client address by itself, not for all together; a reload starts the count anew")
  own = service_value(q, "smtpd_client_event_limit_exceptions", "$mynetworks")
  if (KIND[b] == "all") tell("note", "Clients that smtpd_client_event_limit_exceptions (" own ") spares are limited too meanwhile")
  else tell("note", "All other clients are spared by the event limits of this listener meanwhile, its smtpd_client_connection_count_limit included")
  tell("opens", "Sessions that are open at this listener now are not limited until they end")
}

function explain_local(b) {
  if (EFFECT[b] == "tempfail") {
    tell("reply", "sendmail: fatal: User NAME(UID) is not allowed to submit mail (exit status 75)")
    tell("loses", 1)
    tell("note", "A program that does not look at the exit status 75 and try again loses its mail; hold keeps all of it")
  } else {
    tell("reply", "accepted (exit status 0), waits in the maildrop folder of the queue")
    tell("note", "postqueue -f, mailq and new mail work meanwhile; what waits is taken up at the lift")
  }
  tell("opens", "Programs that speak SMTP to a listener of this host, localhost included")
}

function explain_delivery() {
  tell("reply", "accepted and queued")
  tell("note", "Mail older than maximal_queue_lifetime (" main_value("maximal_queue_lifetime", "5d") ") or bounce_queue_lifetime (" main_value("bounce_queue_lifetime", "5d") ") bounces even while paused; senders may be told of a delay after delay_warning_time (" main_value("delay_warning_time", "0h") ")")
  tell("note", "Address verification by probes (reject_unverified_...) finds no transport meanwhile and answers 450")
  tell("opens", "Deliveries that are under way are cut and tried again at the lift")
  tell("cuts", 1)
}

function other_doors(b, k,   i) {
  for (i = 1; i <= SERVICES; i++)
    if (i != k && is_smtpd_listener(i)) tell("opens", "listener:" SERVICE_NAME[i] "/inet of the same instance")
  if (POINT[b] != "local") tell("opens", "local: programs on the host that submit by sendmail(1)")
}
'

# postfix_candidate: J_* as a line of journal_stream that is only being asked about, after the instance's own.
postfix_candidate() {
  journal_stream "$J_instance" &&
    printf 'candidate\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t0\n' "$J_app" "$J_brake" "$J_point" "$J_effect" "$J_match" \
      "$J_match2" "$J_match3" "$J_text" "$J_connections" "$J_messages" "$J_recipients"
}

# postfix_ask PROGRAM: runs one of the awk functions above for J_*; its lines in $MB_TMP/postfix-asked.
postfix_ask() {
  postfix_config=${J_instance#postfix:}
  postfix_config_there "$postfix_config" || return 1
  postfix_candidate >"$MB_TMP/postfix-orders" || { fail internal '' "the journal can't be read"; return 1; }
  POSTFIX_ARMED=
  postfix_awk "$postfix_config" "$POSTFIX_AWK_CAN END { $1() }" "$MB_TMP/postfix-orders" >"$MB_TMP/postfix-asked" ||
    { fail internal '' "$postfix_config: main.cf and master.cf can't be read"; return 1; }
}

# postfix_can: with J_* loaded: 0, or fails naming the nearest that can be had.
postfix_can() {
  postfix_ask can || return 1
  IFS='	' read -r postfix_code postfix_field postfix_message <"$MB_TMP/postfix-asked" || return 0
  fail "$postfix_code" "$postfix_field" "$postfix_message"
}

# postfix_explain CONFIG: with J_* loaded: the reply, what is lost or cut, open doors, notes.
postfix_explain() {
  postfix_ask explain || return 1
  while IFS='	' read -r postfix_what postfix_text; do
    case $postfix_what in
    reply) plan_reply "$postfix_text" ;;
    opens) plan_opens "$postfix_text" ;;
    note) plan_note "$postfix_text" ;;
    loses) PLAN_LOSES=1 ;;
    cuts) PLAN_CUTS=1 ;;
    esac
  done <"$MB_TMP/postfix-asked"
}
