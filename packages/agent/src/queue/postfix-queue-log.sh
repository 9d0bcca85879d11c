# The log of a Postfix instance.

# postfix_queue_log CONFIG: sets QUEUE_LOG.
postfix_queue_log() {
  postfix_queue_facts "$1" || return 1
  [ -n "$QUEUE_LOG" ] || queue_log_usual
}

# shellcheck disable=SC2016,SC2034 # awk program
POSTFIX_AWK_LOGLINE='function mta_line(   text) {
  if (!match($0, / postfix[^ ]*\/[a-z]+\[[0-9]+\]: /)) return 0
  text = substr($0, RSTART + RLENGTH); AT = time_of()
  if (text ~ /^NOQUEUE: (milter-)?reject/) { WHAT = "rejected"; return 1 }
  if (!match(text, /^[0-9A-Za-z]+: /)) return 0
  ID = substr(text, 1, RLENGTH - 2); text = substr(text, RLENGTH + 1)
  # of a message that has an id already
  if (text ~ /^(milter-)?reject: /) WHAT = "rejected"
  else if (text ~ /^client=/) { WHAT = "received"; CLIENT_OF = inside(text, "[", "]") }
  else if (text ~ /^uid=/) WHAT = "received"
  else if (text ~ /^from=</) {
    SENDER_OF = inside(text, "from=<", ">")
    if (text ~ / status=expired/) WHAT = "bounced"
  } else if (text ~ /^to=</ && match(text, / status=[a-z]+ /)) {
    STATUS = substr(text, RSTART + 8, RLENGTH - 9); DETAIL = substr(text, RSTART + RLENGTH)
    if (STATUS == "sent") STATUS = "delivered"
    if (STATUS !~ /^(delivered|deferred|bounced|expired)$/) { STATUS = ""; return 1 }
    RECIPIENT = inside(text, "to=<", ">"); WHAT = STATUS == "expired" ? "bounced" : STATUS
  } else if (text ~ /^removed/) GONE_ID = ID
  return 1
}
'

postfix_queue_logline() { QUEUE_AWK_LOGLINE=$POSTFIX_AWK_LOGLINE; }
