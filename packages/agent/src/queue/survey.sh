# The verbs survey and follow: the picture of a queue, and its counts each second. Changes nothing.

SURVEY_LIMIT=30

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
function top_of(kind,   key, at, i, m, V, C) {
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
  for (k = 1; k <= 6; k++) top_of(KIND[k])
  for (k = 1; k <= rows; k++) { $0 = LINE[k]; out = out (k > 1 ? "," : "") message_json() }
  print start "oldest\":[" out "]}"
  why = WHOLE ? (ROUGH ? "more than 40000 different values: the counts of the rarest are too low" : "") : (CUT == "" ? "the mail server stopped telling its queue" : CUT) (ENVIRON["SURVEY_STRAIN"] == "" ? "" : ", cut short because of " ENVIRON["SURVEY_STRAIN"])
  printf "\"messages\":%.0f,\"complete\":%s,\"why\":%s\n", n, WHOLE ? "true" : "false", text_json(why, 390)
}'
