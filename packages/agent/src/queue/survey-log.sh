# What a log tells: its end for a survey, what is new in it for a follow and for a release that stops by itself. Each driver reads its own
# mail server's lines (<mta>_queue_logline); time, joining and counting are here.

SURVEY_LOG_BYTES=4194304

# survey_log: rates and the last deliveries, from the end of the log; nothing where there is none.
survey_log() {
  queue_log_find || return 1
  [ -n "$QUEUE_LOG" ] || return 0
  tail -c "$SURVEY_LOG_BYTES" "$QUEUE_LOG" 2>/dev/null | awk "$AWK_PERCENT$AWK_JSON$QUEUE_AWK_JSON$SURVEY_AWK_LINE$QUEUE_AWK_LOGLINE"'
    BEGIN { percent_setup(); line_setup(); start = "{\"id\":\"" ENVIRON["SURVEY_ID"] "\",\""; most = ENVIRON["SURVEY_ROWS"] + 0 }
    !log_line() { next }
    AT { if (!from) from = AT; to = AT }
    SENDER_OF != "" { S[ID] = SENDER_OF }
    CLIENT_OF != "" { C[ID] = CLIENT_OF }
    RECIPIENT != "" {
      for (list = RECIPIENT "\n"; at = index(list, "\n"); list = substr(list, at + 1)) {
        J[++j] = sprintf("{\"at\":%.0f,\"id\":%s,\"sender\":%s,\"recipient\":%s,\"client\":%s,\"status\":\"%s\",\"detail\":%s}", AT, text_json(ID, 64), text_json(S[ID], 390), text_json(substr(list, 1, at - 1), 390), text_json(C[ID], 390), STATUS, text_json(DETAIL, 1500))
        delete J[j - most]
      }
    }
    # a message that has gone needs no memory
    GONE_ID != "" { delete S[GONE_ID]; delete C[GONE_ID] }
    END {
      if (!from) exit
      print start "rates\":{\"from\":" from ",\"to\":" to counts() "}}"
      for (i = j > most ? j - most + 1 : 1; i <= j; i++) out = out (out == "" ? "" : ",") J[i]
      print start "joined\":[" out "]}"
    }' >"$MB_TMP/survey-log" || return 0
  cat "$MB_TMP/survey-log" >&3
}

# queue_log_find: sets QUEUE_LOG ('' for none) and QUEUE_AWK_LOGLINE, and exports what SURVEY_AWK_LINE needs to make epoch seconds of a
# line's time: ZONE (as +0100; QUEUE_LOG_ZONE is the zone that the mail server writes in, '' for the host's), YEAR and LOG_NOW.
queue_log_find() {
  QUEUE_LOG_ZONE='' QUEUE_AWK_LOGLINE=
  driver queue_log "$DRIVER_CONFIG" && driver queue_logline || return 1
  epoch
  ZONE=$([ -z "$QUEUE_LOG_ZONE" ] || export TZ="$QUEUE_LOG_ZONE"; date +%z) || ZONE=
  YEAR=$(date +%Y) LOG_NOW=$EPOCH
  export ZONE YEAR LOG_NOW
}

# queue_log_usual: sets QUEUE_LOG to where syslog puts mail on most systems.
queue_log_usual() {
  for QUEUE_LOG in /var/log/mail.log /var/log/maillog /var/log/mail/mail.log /var/log/mail /var/log/syslog /var/log/messages; do
    if [ -f "$QUEUE_LOG" ] && [ -r "$QUEUE_LOG" ]; then return 0; fi
  done
  QUEUE_LOG=
}

# queue_log_new FILE MOST: into FILE what QUEUE_LOG got since this was last called: whole lines, at most so many bytes (what is more is
# passed over). Nothing the first time; a log that was begun anew is read from its start. A log can be larger than shell arithmetic.
queue_log_new() {
  : >"$1"
  [ -n "$QUEUE_LOG" ] && queue_size=$(ls -Llni "$QUEUE_LOG" 2>/dev/null) || return 0
  queue_size=$(L=$queue_size AT=${QUEUE_LOG_AT-} MOST=$2 awk '
    BEGIN {
      split(ENVIRON["L"], now, " "); first = split(ENVIRON["AT"], was, " ") == 0
      at = first ? now[6] : was[1] != now[1] || now[6] + 0 < was[2] + 0 ? 0 : was[2]
      n = now[6] - at; more = n > ENVIRON["MOST"] + 0; if (more) n = ENVIRON["MOST"]
      block = int(at / 4096)
      printf "%s %.0f %.0f %.0f %.0f %.0f %d", now[1], more ? now[6] : at + n, block, int((at % 4096 + n) / 4096) + 1, at - block * 4096 + 1, n, more
    }')
  # shellcheck disable=SC2086 # numbers
  set -- "$1" $queue_size
  QUEUE_LOG_AT="$2 $3"
  [ "$7" != 0 ] || return 0
  # dd goes there without reading what is before
  dd if="$QUEUE_LOG" bs=4096 skip="$4" count="$5" 2>/dev/null | tail -c "+$6" | head -c "$7" >"$1" || return 0
  [ -n "$(tail -c 1 "$1")" ] || return 0
  queue_size=$(tail -n 1 "$1" | wc -c)
  sed '$d' "$1" >"$1.whole" && mv -f "$1.whole" "$1"
  [ "$8" = 1 ] || QUEUE_LOG_AT="$2 $(AT=$3 N=$queue_size awk 'BEGIN { printf "%.0f", ENVIRON["AT"] - ENVIRON["N"] }')"
}

# Of any mail server's log. log_line() reads $0 and is 1 where the line tells something; mta_line(), the driver's, sets AT (time_of()), ID,
# WHAT (received delivered deferred bounced rejected or ""), SENDER_OF and CLIENT_OF (of ID), RECIPIENT (several: a newline between) with
# STATUS (delivered deferred bounced expired) and DETAIL, GONE_ID (no line of it will come).
# shellcheck disable=SC2016,SC2034 # awk program
SURVEY_AWK_LINE='
function line_setup(   i, m) {
  split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", m, " ")
  for (i = 1; i <= 12; i++) MONTH[m[i]] = i
  ZONE = ENVIRON["ZONE"]; ZONE = (substr(ZONE, 2, 2) * 3600 + substr(ZONE, 4, 2) * 60) * (ZONE ~ /^-/ ? -1 : 1)
  YEAR = ENVIRON["YEAR"] + 0; NOW = ENVIRON["LOG_NOW"] + 0
}
# days_to(y, m, d): since 1970-01-01, in the Gregorian calendar
function days_to(y, m, d) { if (m < 3) { y--; m += 12 }; return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m - 457) / 5) + d - 719469 + 0 }
function seconds_of(t) { return substr(t, 1, 2) * 3600 + substr(t, 4, 2) * 60 + substr(t, 7, 2) }
function time_of(   zone) {
  if (/^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9]/) {
    zone = ZONE
    if (match($1, /[+-][0-9][0-9]:[0-9][0-9]$/)) zone = (substr($1, RSTART + 1, 2) * 3600 + substr($1, RSTART + 4, 2) * 60) * (substr($1, RSTART, 1) == "-" ? -1 : 1)
    else if ($1 ~ /Z$/) zone = 0
    return days_to(substr($0, 1, 4), substr($0, 6, 2) + 0, substr($0, 9, 2)) * 86400 + seconds_of(substr($0, 12, 8)) - zone
  }
  if (!($1 in MONTH)) return 0
  zone = days_to(YEAR, MONTH[$1], $2) * 86400 + seconds_of($3) - ZONE
  # of December, read in January
  return zone > NOW + 86400 ? zone - (days_to(YEAR, 1, 1) - days_to(YEAR - 1, 1, 1)) * 86400 : zone
}
function inside(s, from, to,   at) { at = index(s, from); if (!at) return ""; s = substr(s, at + length(from)); at = index(s, to); return at ? substr(s, 1, at - 1) : "" }
function log_line() {
  AT = 0; ID = WHAT = SENDER_OF = CLIENT_OF = RECIPIENT = STATUS = DETAIL = GONE_ID = ""
  if (!mta_line()) return 0
  # each recipient of a line counts
  if (WHAT != "") N[WHAT] += RECIPIENT == "" ? 1 : split(RECIPIENT, LINES, "\n")
  return 1
}
function counts() { return ",\"received\":" N["received"] + 0 ",\"delivered\":" N["delivered"] + 0 ",\"deferred\":" N["deferred"] + 0 ",\"bounced\":" N["bounced"] + 0 ",\"rejected\":" N["rejected"] + 0 }
'
