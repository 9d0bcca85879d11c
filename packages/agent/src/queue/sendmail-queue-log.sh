# What Sendmail writes to syslog. Local mail has two ids: of the client queue, whose lines name no address in brackets, and of the daemon, which
# alone is counted; the handing on from the one to the other is no delivery.

# sendmail_queue_log CONFIG
sendmail_queue_log() { queue_log_usual; }

# sendmail_queue_logline
sendmail_queue_logline() { QUEUE_AWK_LOGLINE=$SENDMAIL_AWK_LOGLINE; }

# shellcheck disable=SC2016,SC2034 # awk program
SENDMAIL_AWK_LOGLINE='
function bare(s) { gsub(/^ +| +$/, "", s); if (s ~ /^<.*>$/) s = substr(s, 2, length(s) - 2); return s }
# value_of(text, key): to the next `, key=`
function value_of(s, key) {
  s = ", " s
  if (!match(s, ", " key "=")) return ""
  s = substr(s, RSTART + RLENGTH)
  if (match(s, /, [a-z_]+[0-9]?=/)) s = substr(s, 1, RSTART - 1)
  return s
}
function mta_line(   text, relay, dsn, stat) {
  if (!match($0, / (sendmail|sm-[a-z-]+)[^ ]*\[[0-9]+\]: [0-9A-Za-z]+: /)) return 0
  text = substr($0, RSTART, RLENGTH); ID = text; sub(/: $/, "", ID); sub(/^.* /, "", ID)
  text = substr($0, RSTART + RLENGTH)
  relay = value_of(text, "relay")
  if (text ~ /^(ruleset=check_|Milter).* reject=[45]/ || text ~ /^<.*>[.][.][.] User unknown/) WHAT = "rejected"
  else if (text ~ /^from=/) {
    SENDER_OF = bare(value_of(text, "from"))
    if (relay ~ /\[.*\]/) { WHAT = "received"; CLIENT_OF = relay; sub(/^.*\[/, "", CLIENT_OF); sub(/\].*$/, "", CLIENT_OF); sub(/^IPv6:/, "", CLIENT_OF) }
  } else if (text ~ /^to=/ && match(text, /, stat=/)) {
    stat = substr(text, RSTART + 7); dsn = value_of(text, "dsn")
    if (relay ~ /\[(127\.0\.0\.1|IPv6:.*:1)\]/ && stat ~ /^Sent \([0-9A-Za-z]+ Message accepted/) return 0
    if (stat ~ /^Sent/) STATUS = "delivered"
    else if (dsn ~ /^4/ || stat ~ /^Deferred/) STATUS = "deferred"
    else if (dsn ~ /^5/) STATUS = "bounced"
    else return 0
    WHAT = STATUS; DETAIL = stat; RECIPIENT = recipients(value_of(text, "to"))
  } else if (text ~ /: return to sender: Cannot send message (for|within) /) WHAT = "bounced"
  else return 0
  AT = time_of()
  return 1
}
function recipients(s,   out, at) {
  while (match(s, />?,</)) { out = out bare(substr(s, 1, RSTART + RLENGTH - 3)) "\n"; s = substr(s, RSTART + RLENGTH - 1) }
  return out bare(s)
}
'
