# The verbs survey and follow: the picture of a queue, and its counts each second. Changes nothing.

SURVEY_LIMIT=30
SURVEY_LOG_BYTES=4194304

# survey_clock: sets CLOCK to milliseconds, or seconds and three noughts where date knows no fractions.
survey_clock() {
  CLOCK=$(date +%s%3N 2>/dev/null) || CLOCK=
  case $CLOCK in
  *[!0-9]* | '' | ??????????) epoch; CLOCK=${EPOCH}000 ;;
  esac
}

# survey_strain: sets STRAIN to words where the host is near its end, and then the limit is shorter.
survey_strain() {
  STRAIN=
  [ -r /proc/loadavg ] && [ -r /proc/meminfo ] || return 0
  STRAIN=$(awk '
    FILENAME ~ /loadavg/ { load = $1 }
    $1 == "processor" { n++ }
    $1 == "MemTotal:" { all = $2 }
    $1 == "MemAvailable:" { free = $2 }
    END {
      if (load > 20 * (n ? n : 1)) printf "a load of %s", load
      else if (all && free < all / 33) printf "%d MB of memory left", free / 1024
    }' /proc/loadavg /proc/meminfo /proc/cpuinfo 2>/dev/null) || STRAIN=
  [ -z "$STRAIN" ] || QUEUE_LIMIT=10
}

verb_survey() {
  : "${R_rows:=20}"
  value_number rows "$R_rows" 1 100 || return 1
  QUEUE_LIMIT=$SURVEY_LIMIT
  survey_strain
  queue_instance || return 1
  survey_clock
  survey_from=$CLOCK
  epoch
  QUEUE_WANT='client reason' SURVEY_NOW=$EPOCH SURVEY_ROWS=$R_rows SURVEY_ID=$ANSWER_ID SURVEY_STRAIN=$STRAIN
  export SURVEY_NOW SURVEY_ROWS SURVEY_ID SURVEY_STRAIN
  queue_through "$SURVEY_AWK" >"$MB_TMP/survey" || return 1
  sed '$d' "$MB_TMP/survey" >&3
  survey_log || return 1
  survey_clock
  survey_last=$(sed -n '$p' "$MB_TMP/survey")
  answer_done "$survey_last,\"milliseconds\":$(A=$survey_from B=$CLOCK awk 'BEGIN { printf "%.0f", ENVIRON["B"] - ENVIRON["A"] }')"
}

# What is kept is bounded: of each kind the values seen, and where these are too many, the rarest are forgotten, which is said.
# shellcheck disable=SC2016,SC2034 # awk program
SURVEY_AWK='
BEGIN { percent_setup(); now = ENVIRON["SURVEY_NOW"] + 0; most = ENVIRON["SURVEY_ROWS"] + 0; start = "{\"id\":\"" ENVIRON["SURVEY_ID"] "\",\""; split("432000 86400 14400 3600 300 0", AGE, " "); split("sender senderDomain recipient recipientDomain client reason", KIND, " ") }
stream_end() { next }
{
  n++; COUNT[$2]++; BYTES[$2] += $4
  for (i = 1; now - $5 < AGE[i] && i < 6; i++);
  OLD[$2, i]++
  note("sender", $7)
  if ($7 ~ /@/) note("senderDomain", tolower(domain_of($7)))
  if ($6 != "-") note("client", $6)
  if ($10 != "-") note("reason", $10)
  list = $9 == "-" ? "" : $9 " "
  split("", SEEN)
  while (at = index(list, " ")) {
    r = substr(list, 1, at - 1); list = substr(list, at + 1)
    note("recipient", r)
    r = tolower(domain_of(r))
    if (r != "" && !(r in SEEN)) { SEEN[r]; note("recipientDomain", r) }
  }
  if (rows < most || $5 + 0 < FIRST[rows]) {
    if (rows < most) rows++
    for (i = rows; i > 1 && FIRST[i - 1] > $5 + 0; i--) { FIRST[i] = FIRST[i - 1]; LINE[i] = LINE[i - 1] }
    FIRST[i] = $5 + 0; LINE[i] = $0
  }
}
function note(kind, value,   key, old) {
  key = kind SUBSEP substr(value, 1, 300)
  if (!(key in T)) { if (++DIFFERENT[kind] > 40000) rarest(kind); A[key] = $5 + 0 }
  T[key]++
  if ($5 + 0 < A[key]) A[key] = $5 + 0
}
function rarest(kind,   key, part, gone) {
  LEVEL[kind]++; ROUGH = 1
  for (key in T) { split(key, part, SUBSEP); if (part[1] == kind && T[key] <= LEVEL[kind]) { GONE[++gone] = key } }
  for (; gone; gone--) { delete T[GONE[gone]]; delete A[GONE[gone]]; DIFFERENT[kind]-- }
}
function top(kind,   key, at, i, m, V, C) {
  for (key in T) {
    at = index(key, SUBSEP)
    if (substr(key, 1, at - 1) != kind || m == most && T[key] <= C[m]) continue
    if (m < most) m++
    for (i = m; i > 1 && C[i - 1] < T[key]; i--) { C[i] = C[i - 1]; V[i] = V[i - 1] }
    C[i] = T[key]; V[i] = key
  }
  at = ""
  for (i = 1; i <= m; i++) {
    key = substr(V[i], length(kind) + 2)
    at = at (i > 1 ? "," : "") "{\"value\":" text_json(kind == "sender" && key == "<>" ? "" : key, 1500) ",\"messages\":" C[i] ",\"oldest\":" A[V[i]] "}"
  }
  print start "top\":{\"of\":\"" kind "\",\"rows\":[" at "]}}"
}
END {
  for (q in COUNT) out = out (out == "" ? "" : ",") sprintf("{\"queue\":\"%s\",\"messages\":%.0f,\"bytes\":%.0f}", q, COUNT[q], BYTES[q])
  print start "queues\":[" out "]}"; out = ""
  for (q in COUNT) for (i = 6; i; i--) if (OLD[q, i]) out = out (out == "" ? "" : ",") sprintf("{\"queue\":\"%s\",\"olderThan\":%d,\"messages\":%d}", q, AGE[i], OLD[q, i])
  print start "ages\":[" out "]}"; out = ""
  for (k = 1; k <= 6; k++) top(KIND[k])
  for (k = 1; k <= rows; k++) { $0 = LINE[k]; out = out (k > 1 ? "," : "") message_json() }
  print start "oldest\":[" out "]}"
  why = WHOLE ? (ROUGH ? "more than 40000 different values: the counts of the rarest are too low" : "") : (CUT == "" ? "the mail server stopped telling its queue" : CUT) (ENVIRON["SURVEY_STRAIN"] == "" ? "" : ", cut short because of " ENVIRON["SURVEY_STRAIN"])
  printf "\"messages\":%.0f,\"complete\":%s,\"why\":%s\n", n, WHOLE ? "true" : "false", text_json(why, 390)
}'

# survey_log: rates and the last deliveries, from the end of the log; nothing where there is none.
survey_log() {
  driver queue_log "$DRIVER_CONFIG" || return 1
  [ -n "$QUEUE_LOG" ] || return 0
  survey_zone
  tail -c "$SURVEY_LOG_BYTES" "$QUEUE_LOG" 2>/dev/null | awk "$AWK_PERCENT$AWK_JSON$QUEUE_AWK_JSON$SURVEY_AWK_LINE"'
    BEGIN { percent_setup(); line_setup(); start = "{\"id\":\"" ENVIRON["SURVEY_ID"] "\",\""; most = ENVIRON["SURVEY_ROWS"] + 0 }
    { if (!log_line()) next; if (AT) { if (!from) from = AT; to = AT } }
    WHAT != "" { N[WHAT]++ }
    SENDER_OF != "" { S[ID] = SENDER_OF }
    CLIENT_OF != "" { C[ID] = CLIENT_OF }
    RECIPIENT != "" {
      J[++j] = sprintf("{\"at\":%d,\"id\":%s,\"sender\":%s,\"recipient\":%s,\"client\":%s,\"status\":\"%s\",\"detail\":%s}", AT, text_json(ID, 64), text_json(S[ID], 390), text_json(RECIPIENT, 390), text_json(C[ID], 390), STATUS, text_json(DETAIL, 1500))
      delete J[j - most]
    }
    # a message that has gone needs no memory
    GONE_ID != "" { delete S[GONE_ID]; delete C[GONE_ID] }
    END {
      if (!from) exit
      print start "rates\":{\"from\":" from ",\"to\":" to ",\"received\":" N["received"] + 0 ",\"delivered\":" N["delivered"] + 0 ",\"deferred\":" N["deferred"] + 0 ",\"bounced\":" N["bounced"] + 0 ",\"rejected\":" N["rejected"] + 0 "}}"
      for (i = j > most ? j - most + 1 : 1; i <= j; i++) out = out (out == "" ? "" : ",") J[i]
      print start "joined\":[" out "]}"
    }' >"$MB_TMP/survey-log" || return 0
  cat "$MB_TMP/survey-log" >&3
}

# survey_zone: what awk needs to make epoch seconds of a line's time: sets and exports ZONE (seconds east) and YEAR.
survey_zone() {
  ZONE=$(date +%z) YEAR=$(date +%Y) LOG_MTA=$DRIVER
  export ZONE YEAR LOG_MTA
}

# log_line(): reads $0. Sets AT, ID, WHAT (received delivered deferred bounced rejected or ""), SENDER_OF, CLIENT_OF, RECIPIENT with STATUS and DETAIL, GONE_ID.
# shellcheck disable=SC2016,SC2034 # awk program
SURVEY_AWK_LINE='
function line_setup(   i, m) {
  split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", m, " ")
  for (i = 1; i <= 12; i++) MONTH[m[i]] = i
  ZONE = ENVIRON["ZONE"]; ZONE = (substr(ZONE, 2, 2) * 3600 + substr(ZONE, 4, 2) * 60) * (ZONE ~ /^-/ ? -1 : 1)
  YEAR = ENVIRON["YEAR"] + 0
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
  return ($1 in MONTH) ? days_to(YEAR, MONTH[$1], $2) * 86400 + seconds_of($3) - ZONE : 0
}
function inside(s, from, to,   at) { at = index(s, from); if (!at) return ""; s = substr(s, at + length(from)); at = index(s, to); return at ? substr(s, 1, at - 1) : "" }
function log_line(   text) {
  AT = 0; ID = WHAT = SENDER_OF = CLIENT_OF = RECIPIENT = STATUS = DETAIL = GONE_ID = ""
  if (!match($0, / postfix[^ ]*\/[a-z]+\[[0-9]+\]: /)) return 0
  text = substr($0, RSTART + RLENGTH); AT = time_of()
  if (text ~ /^NOQUEUE: (milter-)?reject/) { WHAT = "rejected"; return 1 }
  if (!match(text, /^[0-9A-Za-z]+: /)) return 0
  ID = substr(text, 1, RLENGTH - 2); text = substr(text, RLENGTH + 1)
  if (text ~ /^client=/) { WHAT = "received"; CLIENT_OF = inside(text, "[", "]") }
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

# Each second what is new in the log, and the counts of the queues. Ends by itself after SECONDS, and where nobody reads any more.
verb_follow() {
  value_number seconds "$R_seconds" 1 60 || return 1
  queue_instance && driver queue_log "$DRIVER_CONFIG" || return 1
  survey_zone
  # queue_counts may set QUEUE_LOG anew.
  follow_log=$QUEUE_LOG follow_ticks=0 follow_at=0
  [ -z "$follow_log" ] || follow_at=$(($(wc -c <"$follow_log")))
  while [ "$follow_ticks" -lt "$R_seconds" ]; do
    sleep 1
    follow_tick || return 1
    follow_ticks=$((follow_ticks + 1))
  done
  answer_done "\"ticks\":$follow_ticks"
}

follow_tick() {
  driver queue_counts "$DRIVER_CONFIG" >"$MB_TMP/follow-counts" || return 1
  : >"$MB_TMP/follow-new"
  if [ -n "$follow_log" ] && [ -f "$follow_log" ]; then
    follow_end=$(($(wc -c <"$follow_log")))
    # a log that was put away begins anew
    [ "$follow_end" -ge "$follow_at" ] || follow_at=0
    # at most a megabyte a second: what is more is counted in part
    tail -c "+$((follow_at + 1))" "$follow_log" 2>/dev/null | head -c 1048576 >"$MB_TMP/follow-new" || :
    follow_at=$follow_end
  fi
  epoch
  FOLLOW_TIME=$EPOCH MB_ID=$ANSWER_ID awk "$SURVEY_AWK_LINE"'
    BEGIN { line_setup() }
    FILENAME ~ /follow-counts$/ { out = out (out == "" ? "" : ",") "{\"queue\":\"" $1 "\",\"messages\":" $2 + 0 "}"; next }
    log_line() && WHAT != "" { N[WHAT]++ }
    END {
      print "{\"id\":\"" ENVIRON["MB_ID"] "\",\"tick\":{\"time\":" ENVIRON["FOLLOW_TIME"] ",\"queues\":[" out "],\"received\":" N["received"] + 0 ",\"delivered\":" N["delivered"] + 0 \
        ",\"deferred\":" N["deferred"] + 0 ",\"bounced\":" N["bounced"] + 0 ",\"rejected\":" N["rejected"] + 0 "}}"
    }' "$MB_TMP/follow-counts" "$MB_TMP/follow-new" >&3
}
