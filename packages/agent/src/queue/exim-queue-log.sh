# The log of an Exim: mainlog, or what syslog made of it.

# exim_queue_log CONFIG: sets QUEUE_LOG and QUEUE_LOG_ZONE (the main option timezone).
exim_queue_log() {
  exim_queue_facts "$1" || return 1
  QUEUE_LOG_ZONE=$("$EXIMQ" -bP timezone 2>/dev/null </dev/null) || QUEUE_LOG_ZONE=
  QUEUE_LOG_ZONE=${QUEUE_LOG_ZONE#timezone =}
  QUEUE_LOG_ZONE=${QUEUE_LOG_ZONE# }
  case $QUEUE_LOG in
  */*%s*)
    QUEUE_LOG=/${QUEUE_LOG#*/}
    QUEUE_LOG=${QUEUE_LOG%%%s*}main${QUEUE_LOG#*%s}
    QUEUE_LOG=${QUEUE_LOG%% *}
    ;;
  syslog) queue_log_usual ;;
  *) QUEUE_LOG=$EXIMQ_SPOOL/log/mainlog ;;
  esac
  [ -f "$QUEUE_LOG" ] || QUEUE_LOG=
}

# The mark after the id says what happened (specification, chapter 52, "Format of the main log").
# shellcheck disable=SC2016,SC2034 # awk program
EXIM_AWK_LOGLINE='
# address_of(s): the address that s begins with; REST is what follows
function address_of(s,   n, at) {
  n = substr(s, 1, 1) == "\"" ? index(s, "\"@") : s ~ /^[|]/ ? index(s, " <") - 1 : 0
  if (n < 0) n = 0
  at = index(substr(s, n + 1), " ")
  at = at ? n + at : length(s) + 1
  REST = substr(s, at); s = substr(s, 1, at - 1); sub(/:$/, "", s)
  return s
}
function mta_line(   text, mark) {
  if ($0 !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] /) {
    if (!match($0, / exim[^ ]*: /)) return 0
    text = substr($0, RSTART + RLENGTH); AT = time_of(); $0 = text
  }
  if (/^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] /) { AT = time_of(); sub(/^[^ ]+ [^ ]+ /, "") }
  if ($1 ~ /^[+-][0-9][0-9][0-9][0-9]$/) {
    AT += ZONE - (substr($1, 2, 2) * 3600 + substr($1, 4) * 60) * (/^-/ ? -1 : 1)
    $0 = substr($0, 7)
  }
  if ($1 ~ /^\[[0-9]+\]$/) $0 = substr($0, length($1) + 2)
  if ($1 ~ /^[0-9A-Za-z]+-[0-9A-Za-z]+-[0-9A-Za-z]+$/) { ID = $1; mark = $2; $0 = substr($0, length($1) + 2) }
  # with an id also what another server said while it delivered
  if (/^(H=|U=|F=)/ && (ID == "" ? / rejected / : / rejected (after DATA|by |during )/ && !/: SMTP error /) || /^rejected /) { WHAT = "rejected"; return 1 }
  if (ID == "") return 0
  text = substr($0, length(mark) + 2)
  if (mark == "<=") {
    SENDER_OF = address_of(text)
    # a bounce that it made itself tells of another message by R=
    if (SENDER_OF != "<>" || REST !~ / R=[^ ]* U=/) WHAT = "received"
    if (SENDER_OF == "<>") SENDER_OF = ""
    sub(/ P=.*/, "", REST)
    while (match(REST, / \[[0-9A-Fa-f.:]+\]/)) { CLIENT_OF = substr(REST, RSTART + 2, RLENGTH - 3); REST = substr(REST, RSTART + RLENGTH) }
    return 1
  }
  if (mark == "Completed") { GONE_ID = ID; return 1 }
  STATUS = mark ~ /^(=>|->|>>)$/ ? "delivered" : mark == "==" ? "deferred" : mark != "**" ? "" : text ~ /retry time(out)? exceeded/ ? "expired" : "bounced"
  if (STATUS == "") return 0
  WHAT = STATUS == "expired" ? "bounced" : STATUS
  RECIPIENT = address_of(text)
  if (REST ~ /^ </) { RECIPIENT = inside(REST, "<", ">"); REST = substr(REST, index(REST, ">") + 1) }
  if (STATUS == "deferred" && match(REST, / defer \(-?[0-9]+\)/)) DETAIL = substr(REST, RSTART + RLENGTH)
  else if (STATUS == "delivered" && match(REST, / C=".*"/)) DETAIL = substr(REST, RSTART + 4, RLENGTH - 5)
  else { DETAIL = REST; if (STATUS != "delivered") sub(/^( [FPRTQ]=[^ ]*)+/, "", DETAIL) }
  sub(/^:? */, "", DETAIL)
  return 1
}
'

exim_queue_logline() { QUEUE_AWK_LOGLINE=$EXIM_AWK_LOGLINE; }
