# What smtpd writes to syslog: a line for what a session does, one for each envelope that it tries.

# opensmtpd_queue_log CONFIG
opensmtpd_queue_log() { queue_log_usual; }

# opensmtpd_queue_logline
opensmtpd_queue_logline() { QUEUE_AWK_LOGLINE=$OPENSMTPD_AWK_LOGLINE; }

# An envelope's id begins with that of its message. The client is told once, when its session begins.
# shellcheck disable=SC2016,SC2034 # awk program
OPENSMTPD_AWK_LOGLINE='
function mta_line(   text, session, result) {
  if (!match($0, / smtpd\[[0-9]+\]: [0-9a-f]+ (smtp|mta|mda) [a-z-]+ /)) return 0
  text = substr($0, RSTART, RLENGTH); sub(/^ smtpd\[[0-9]+\]: /, "", text)
  session = substr(text, 1, index(text, " ") - 1)
  text = substr(text, index(text, " ") + 1) substr($0, RSTART + RLENGTH) " "
  if (text ~ /^smtp connected /) { FROM[session] = inside(text, " address=", " "); if (FROM[session] == "local") delete FROM[session]; return 0 }
  if (text ~ /^smtp disconnected /) { delete FROM[session]; return 0 }
  if (text ~ /^smtp message /) {
    WHAT = "received"; ID = inside(text, " msgid=", " ")
    if (session in FROM) { CLIENT_OF = FROM[session]; gsub(/[][]/, "", CLIENT_OF); sub(/^IPv6:/, "", CLIENT_OF) }
  } else if (text ~ /^smtp envelope /) {
    ID = substr(inside(text, " evpid=", " "), 1, 8); SENDER_OF = inside(text, " from=<", "> to=<")
  } else if (text ~ /^smtp failed-command /) {
    # not what is no SMTP at all
    if (text !~ / result="(4|5[1-9])/) return 0
    WHAT = "rejected"
  } else if (text ~ /^m[td]a delivery /) {
    result = inside(text, " result=", " "); gsub(/"/, "", result)
    STATUS = result == "Ok" ? "delivered" : result == "TempFail" ? "deferred" : result == "PermFail" ? "bounced" : ""
    if (STATUS == "") return 0
    if (text ~ / stat="?Expired/) STATUS = "expired"
    WHAT = STATUS == "expired" ? "bounced" : STATUS
    ID = substr(inside(text, " evpid=", " "), 1, 8); RECIPIENT = inside(text, "> to=<", "> "); DETAIL = text; sub(/^.* stat=/, "", DETAIL); gsub(/^"|"? +$/, "", DETAIL)
  } else return 0
  AT = time_of()
  return 1
}
'
