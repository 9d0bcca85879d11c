# The queue of a Postfix instance, told by Postfix itself (postqueue -j, since 3.1). Reads only.

# postqueue prints JSON: read by its quotes, so that a message of any length is read piece by piece.
# shellcheck disable=SC2016,SC2034 # awk program
POSTFIX_AWK_STREAM='
function load(path, part,   f, line) {
  while ((getline line < path) > 0) {
    split(line, f, " ")
    if (part == "held") HELD[f[1], f[2]] = HELD[f[1], f[2]] " " f[3]
    else if (part == "want") { WANT[line]; WANTED++ }
    else if (part == "mark") MARK[f[1]] = MARK[f[1]] " " f[2]
    else if (!(f[1] in CLIENT)) CLIENT[f[1]] = f[2]
  }
  close(path)
}
function unescape(s,   out, at, c) {
  while (at = index(s, "\\")) {
    c = substr(s, at + 1, 1); out = out substr(s, 1, at - 1)
    if (c == "u") { out = out "?"; at += 4 } else out = out (c ~ /[bfnrt]/ ? "?" : c)
    s = substr(s, at + 2)
  }
  return out s
}
function add(address) {
  gsub(/ /, "?", address)
  if (length(LIST[CHUNKS]) > 2000) CHUNKS++
  LIST[CHUNKS] = LIST[CHUNKS] (RECIPIENTS++ ? " " : "") address
}
function forget(   i) {
  for (i = 0; i <= CHUNKS; i++) LIST[i] = ""
  CHUNKS = RECIPIENTS = 0; ID = QUEUE = SENDER = REASON = SIZE = ARRIVED = ""
}
function message(   h, i) {
  if (ID in WANT) { delete WANT[ID]; WANTED-- } else if (PASS > 1) return
  if (QUEUE == "maildrop") QUEUE = "local"
  h = "-"
  if (QUEUE == "hold") { h = MARK[ID] HELD[ID, ARRIVED]; h = h == "" ? "admin" : substr(h, 2) }
  if (SENDER == "MAILER-DAEMON" || SENDER == "") SENDER = "<>"
  gsub(/ /, "?", SENDER)
  printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t", ID, QUEUE, h, SIZE + 0 ? SIZE : 0, ARRIVED, ID in CLIENT ? CLIENT[ID] : "-", SENDER, RECIPIENTS
  if (!RECIPIENTS) printf "-"
  for (i = 0; i <= CHUNKS; i++) printf "%s", LIST[i]
  printf "\t%s\n", (REASON == "" ? "-" : REASON)
}
BEGIN {
  load(ENVIRON["POSTFIX_MARKS"], "mark"); load(ENVIRON["QUEUE_HELD"], "held"); load(ENVIRON["POSTFIX_CLIENTS"], "client")
  load(ENVIRON["POSTFIX_WANTED"], "want"); PASS = ENVIRON["POSTFIX_PASS"] + 0
  RS = "\""; forget()
}
INSIDE {
  if ($0 ~ /\\$/) {
    n = 0; while (n < length($0) && substr($0, length($0) - n, 1) == "\\") n++
    if (n % 2) { PIECE = PIECE $0 "\""; next }
  }
  TEXT = PIECE $0; PIECE = ""; INSIDE = 0
  if (index(TEXT, "\\")) TEXT = unescape(TEXT)
  if (!VALUE) { KEY = TEXT; next }
  if (KEY == "queue_name") QUEUE = TEXT
  else if (KEY == "queue_id") ID = TEXT
  else if (KEY == "sender") SENDER = TEXT
  else if (KEY == "address") add(TEXT)
  else if (KEY == "delay_reason" && REASON == "") REASON = TEXT
  next
}
{
  INSIDE = 1; VALUE = $0 == ": "
  if (VALUE) next
  if (KEY == "message_size" || KEY == "arrival_time" || KEY == "ended") {
    n = $0; gsub(/[^0-9]/, "", n)
    if (KEY == "message_size") SIZE = n; else if (KEY == "arrival_time") ARRIVED = n; else STATUS = n
  }
  KEY = ""
  if (index($0, "\n")) { if (ID != "" && ARRIVED != "") message(); forget() }
}
END {
  if (STATUS == "0" && WANTED && PASS < 3) { for (i in WANT) print i >ENVIRON["POSTFIX_MISSED"] }
  else if (STATUS == "0") print "."
  else print "!\t" (STATUS == 124 || STATUS == 137 || STATUS == 143 ? "postqueue took longer than " ENVIRON["QUEUE_LIMIT"] " s" : "postqueue ended with " STATUS)
}
'

# postfix_queue_stream CONFIG: a message that goes from one queue to another meanwhile is told by neither. Where the request must be exact, all
# that was there before is looked for again.
postfix_queue_stream() {
  postfix_queue_facts "$1" && queue_held_file || return 1
  POSTFIX_MARKS=$MB_TMP/postfix-marks POSTFIX_CLIENTS=/dev/null
  postfix_queue_marks "$1" >"$POSTFIX_MARKS"
  POSTFIX_WANTED=/dev/null POSTFIX_MISSED=$MB_TMP/postfix-left
  case $QUEUE_WANT in
  *exact*)
    POSTFIX_WANTED=$MB_TMP/postfix-wanted
    { (cd "$POSTFIX_QUEUE" && find incoming active deferred hold maildrop -type f -perm -100 2>/dev/null) || :; } | sed 's/^.*\///' >"$POSTFIX_WANTED"
    ;;
  esac
  case $QUEUE_WANT in
  *client*)
    POSTFIX_CLIENTS=$MB_TMP/postfix-clients
    # shellcheck disable=SC2086 # words
    (cd "$POSTFIX_QUEUE" && $QUEUE_NICE find incoming active deferred hold maildrop -type f -exec postcat -c "$1" -e {} + 2>/dev/null) | postfix_queue_clients >"$POSTFIX_CLIENTS"
    awk 'FILENAME == ARGV[1] { known[$1]; next } !($1 in known)' "$POSTFIX_CLIENTS" "$POSTFIX_WANTED" >"$MB_TMP/postfix-moved"
    if [ -s "$MB_TMP/postfix-moved" ]; then
      # shellcheck disable=SC2086
      $QUEUE_NICE xargs postcat -c "$1" -eq <"$MB_TMP/postfix-moved" 2>/dev/null | postfix_queue_clients >>"$POSTFIX_CLIENTS"
    fi
    ;;
  esac
  export POSTFIX_MARKS POSTFIX_CLIENTS POSTFIX_WANTED POSTFIX_MISSED QUEUE_HELD QUEUE_LIMIT
  for postfix_pass in 1 2 3; do
    : >"$POSTFIX_MISSED"
    # shellcheck disable=SC2086
    {
      $QUEUE_NICE postqueue -c "$1" -j 2>/dev/null && postfix_status=0 || postfix_status=$?
      echo "\"ended\": $postfix_status"
    } | POSTFIX_PASS=$postfix_pass awk "$POSTFIX_AWK_STREAM"
    [ -s "$POSTFIX_MISSED" ] || return 0
    postfix_queue_where | cut -d ' ' -f 1 >"$POSTFIX_WANTED"
    [ -s "$POSTFIX_WANTED" ] || break
  done
  echo .
}

# postfix_queue_facts CONFIG: sets POSTFIX_QUEUE, POSTFIX_VERSION (30711 for 3.7.11), POSTFIX_RUNNING and QUEUE_LOG as far as it is
# configured. Fails where postqueue knows no -j.
postfix_queue_facts() {
  { postconf -c "$1" mail_version queue_directory maillog_file 2>/dev/null || :; } </dev/null >"$MB_TMP/postfix-facts"
  POSTFIX_QUEUE='' POSTFIX_VERSION=0 POSTFIX_RUNNING=0 QUEUE_LOG='' postfix_words='of unknown version'
  while read -r postfix_key _ postfix_value; do
    case $postfix_key in
    queue_directory) POSTFIX_QUEUE=$postfix_value ;;
    maillog_file) QUEUE_LOG=$postfix_value ;;
    mail_version)
      postfix_words=$postfix_value
      POSTFIX_VERSION=$(V=$postfix_value awk 'BEGIN { split(ENVIRON["V"], v, /[.-]/); print v[1] * 10000 + v[2] * 100 + v[3] }')
      ;;
    esac
  done <"$MB_TMP/postfix-facts"
  [ -d "$POSTFIX_QUEUE" ] || fail internal '' "postconf -c $1 tells no queue_directory" || return 1
  if [ -f "$POSTFIX_QUEUE/pid/master.pid" ] && read -r postfix_value <"$POSTFIX_QUEUE/pid/master.pid"; then
    # shellcheck disable=SC2086 # a number with blanks before it
    ! kill -0 $postfix_value 2>/dev/null || POSTFIX_RUNNING=1
  fi
  [ "$POSTFIX_VERSION" -ge 30100 ] || fail cannot instance "Postfix $postfix_words can't tell its queue so that it can be read exactly (postqueue -j); 3.1 can"
}

# postfix_queue_said WHAT: fails with what a command said.
postfix_queue_said() {
  run_words
  fail internal '' "$1: $RUN_WORDS"
}

# postfix_queue_clients: of what postcat -e prints: `ID CLIENT`. An attribute of the envelope: no content of a message can feign it.
postfix_queue_clients() {
  awk '/^\*\*\* ENVELOPE RECORDS / { id = $4; sub(/^.*\//, "", id) } /^named_attribute: client_address=[0-9a-fA-F.:]+$/ { print id, substr($2, 16) }'
}

# postfix_queue_marks CONFIG: `ID APP` for each message in hold that a brake of ours marked (a header line of it alone).
postfix_queue_marks() {
  [ -d "$POSTFIX_QUEUE/hold" ] || return 0
  { find "$POSTFIX_QUEUE/hold" -type f -exec grep -l -F 'X-Mailbrake-Held: <' {} + 2>/dev/null || :; } >"$MB_TMP/postfix-marked"
  [ -s "$MB_TMP/postfix-marked" ] || return 0
  xargs postcat -c "$1" -eh <"$MB_TMP/postfix-marked" 2>/dev/null | awk '
    /^\*\*\* ENVELOPE RECORDS / { id = $4; sub(/^.*\//, "", id) }
    /^X-Mailbrake-Held: <[A-Za-z0-9_-]+>$/ { print id, substr($2, 2, length($2) - 2) }
  '
}

# postfix_queue_fill CONFIG: clients of at most a hundred lines.
postfix_queue_fill() {
  cat >"$MB_TMP/postfix-lines"
  cut -f 1 "$MB_TMP/postfix-lines" | xargs postcat -c "$1" -eq 2>/dev/null >"$MB_TMP/postfix-envelopes" || :
  postfix_queue_clients <"$MB_TMP/postfix-envelopes" >"$MB_TMP/postfix-clients"
  CLIENTS=$MB_TMP/postfix-clients awk '
    BEGIN { FS = OFS = "\t"; while ((getline line < ENVIRON["CLIENTS"]) > 0) { split(line, f, " "); if (!(f[1] in client)) client[f[1]] = f[2] } }
    $1 in client { $6 = client[$1] }
    { print }
  ' "$MB_TMP/postfix-lines"
}

# postfix_queue_counts CONFIG [bytes]
postfix_queue_counts() {
  postfix_queue_facts "$1" || return 1
  postfix_sizes=${2-}
  set -- incoming active deferred hold maildrop -type f
  [ -z "$postfix_sizes" ] || set -- "$@" -exec ls -ln {} +
  { (cd "$POSTFIX_QUEUE" && find "$@" 2>/dev/null) || :; } | awk '
    { q = $NF; sub(/\/.*/, "", q); if (q == "maildrop") q = "local"; n[q]++; if (NF > 1) bytes[q] += $5 }
    END { for (q in n) printf "%s %.0f %.0f\n", q, n[q], bytes[q] }'
}

# postfix_queue_show CONFIG ID
postfix_queue_show() { postcat -c "$1" -bh -q "$2" 2>/dev/null; }
