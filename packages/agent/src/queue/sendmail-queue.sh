# The queue of a Sendmail, told by its spool: a qf file a message, hf where it is quarantined, df for its body; in the queues of the cf, with
# folders of their own for each kind or without, and in the client queue (local). Reads only. What we hold says so in its quarantine reason:
# `mailbrake+NAME+…=` of brakes and jobs; any other reason is the admin's.

# Paths of qf and hf files on standard input, in batches: the `ls -ln` lines of these and of their df files go before them.
# shellcheck disable=SC2016,SC2034 # awk program
SENDMAIL_AWK_STREAM='
function clean(s) { gsub(/[\001-\037\177]/, "?", s); return s }
# held_of(reason): who holds, by the reason of a quarantine
function held_of(s) {
  if (s !~ /^mailbrake[+].*[+]=$/) return "admin"
  s = substr(s, 11, length(s) - 12); gsub(/[+]/, " ", s)
  return s
}
function address(s) {
  if (s ~ /^<.*>$/) s = substr(s, 2, length(s) - 2)
  gsub(/ /, "?", s)
  return clean(s)
}
function id_of(path) { sub(/^.*\/[qhd]f/, "", path); return path }
function add(one) {
  if (length(LIST[CHUNKS]) > 2000) CHUNKS++
  LIST[CHUNKS] = LIST[CHUNKS] (RECIPIENTS++ ? " " : "") one
}
function message(path,   s, c, client, sender, arrived, reason, held, queue, version, i) {
  for (i = 0; i <= CHUNKS; i++) LIST[i] = ""
  CHUNKS = RECIPIENTS = 0; client = reason = held = "-"; sender = ""
  while ((getline s < path) > 0) {
    c = substr(s, 1, 1)
    # the headers come last
    if (c == "H" || s == ".") break
    if (c == "V") version = 1
    else if (c == "T") arrived = substr(s, 2)
    else if (c == "M") reason = clean(substr(s, 2))
    else if (c == "S") sender = address(substr(s, 2))
    else if (c == "q") { held = held_of(substr(s, 2)); if (held == "admin" && reason == "-") reason = clean("quarantined: " substr(s, 2)) }
    else if (c == "R") add(address(substr(s, index(s, ":") + 1)))
    else if (s ~ /^[$]_.*\[.*\]/) { client = s; sub(/^.*\[/, "", client); sub(/\].*$/, "", client); sub(/^IPv6:/, "", client) }
  }
  close(path)
  if (!version || arrived !~ /^[0-9]+$/) return
  if (path ~ /\/hf[^\/]*$/) { queue = "hold"; if (held == "-") held = "admin" } else { queue = index(path, ENVIRON["SENDMAIL_CLIENT"] "/") == 1 ? "local" : "deferred"; held = "-" }
  printf "%s\t%s\t%s\t%.0f\t%s\t%s\t%s\t%d\t", id_of(path), queue, held, SIZE[id_of(path)], arrived, clean(client), (sender == "" ? "<>" : sender), RECIPIENTS
  if (!RECIPIENTS) printf "-"
  for (i = 0; i <= CHUNKS; i++) printf "%s", LIST[i]
  print "\t" (reason == "" ? "-" : reason)
}
/^\// { message($0); next }
/^-/ { SIZE[id_of($NF)] += $5; next }
$0 == "" { split("", SIZE); next }
{ print }
'

# sendmail_queue_facts CONFIG: sets SENDMAIL_QF and SENDMAIL_DF, the folders (words) that have qf and df files, SENDMAIL_CLIENT, the client queue
# (- where there is none), and SENDMAIL_BASE, the folder of the first queue or, where that is a pattern, the one around it.
sendmail_queue_facts() {
  sendmail_facts "$1" || return 1
  sendmail_queues "$1"
  SENDMAIL_CLIENT=$(sed -n 's/^O *QueueDirectory *= *//p' "${1%/*}/submit.cf" 2>/dev/null) || :
  SENDMAIL_QF='' SENDMAIL_DF='' SENDMAIL_BASE=
  for sendmail_folder in $SENDMAIL_QUEUES $SENDMAIL_CLIENT; do
    [ -d "$sendmail_folder" ] || continue
    sendmail_qf=$sendmail_folder sendmail_df=$sendmail_folder
    [ ! -d "$sendmail_folder/qf" ] || sendmail_qf=$sendmail_folder/qf
    [ ! -d "$sendmail_folder/df" ] || sendmail_df=$sendmail_folder/df
    case " $SENDMAIL_QF " in *" $sendmail_qf "*) continue ;; esac
    SENDMAIL_QF="$SENDMAIL_QF $sendmail_qf" SENDMAIL_DF="$SENDMAIL_DF $sendmail_df"
    : "${SENDMAIL_BASE:=$sendmail_folder}"
  done
  : "${SENDMAIL_CLIENT:=-}"
  export SENDMAIL_CLIENT
  [ -n "$SENDMAIL_BASE" ] || fail internal '' "$1 names no queue folder that is there" || return 1
  case $SENDMAIL_QUEUES in *\**) SENDMAIL_BASE=${SENDMAIL_BASE%/*} ;; esac
}

# sendmail_queue_find FOLDERS PATTERN [WORD…]: find in these folders, but not in what is below them.
sendmail_queue_find() {
  sendmail_pattern=$2 sendmail_in=
  for sendmail_folder in $1; do sendmail_in="$sendmail_in $sendmail_folder/."; done
  shift 2
  # shellcheck disable=SC2086 # words
  $QUEUE_NICE find $sendmail_in ! -name . -prune -type f -name "$sendmail_pattern" "$@" 2>/dev/null
}

# sendmail_queue_stream CONFIG: a file that went while it was looked for (status 1) had left the queue.
sendmail_queue_stream() {
  sendmail_queue_facts "$1" || return 1
  sendmail_status=0
  # shellcheck disable=SC2016 # the words are for the inner shell
  {
    sendmail_queue_find "$SENDMAIL_QF" '[qh]f*' -exec sh -c '
      echo
      printf "%s\n" "$@" | sed "p; s,/\./[qh]f\([^/]*\)$,/./df\1,; p; s,/qf/\./\([^/]*\)$,/df/./\1," | uniq | xargs ls -ln 2>/dev/null
      printf "%s\n" "$@"' sh {} + || sendmail_status=$?
    [ "$sendmail_status" != 1 ] || sendmail_status=0
    queue_end "$sendmail_status" find
  } | awk "$SENDMAIL_AWK_STREAM"
}

# sendmail_queue_fill CONFIG: all is known anyway.
sendmail_queue_fill() { cat; }

# sendmail_queue_counts CONFIG [bytes]
sendmail_queue_counts() {
  sendmail_queue_facts "$1" || return 1
  sendmail_list=
  [ -z "${2-}" ] || sendmail_list='-exec ls -ln {} +'
  # shellcheck disable=SC2086 # no words, or those of ls
  {
    sendmail_queue_find "$SENDMAIL_QF" '[qh]f*' $sendmail_list || :
    [ -z "$sendmail_list" ] || sendmail_queue_find "$SENDMAIL_DF" 'df*' $sendmail_list || :
  } | awk '
    function id_of(path) { sub(/^.*\/[qhd]f/, "", path); return path }
    $NF ~ /\/df[^\/]*$/ { if (id_of($NF) in queue) bytes[queue[id_of($NF)]] += $5; next }
    { p = $NF; q = p ~ /\/hf[^\/]*$/ ? "hold" : index(p, ENVIRON["SENDMAIL_CLIENT"] "/") == 1 ? "local" : "deferred"; n[q]++; if (NF > 1) { bytes[q] += $5; queue[id_of(p)] = q } }
    END { for (q in n) printf "%s %.0f %.0f\n", q, n[q], bytes[q] }
  '
}

# sendmail_queue_show CONFIG ID: the header as the qf file keeps it (letters of mailers before a name; one with a macro in its value is made when
# it is sent), then the body.
sendmail_queue_show() {
  sendmail_queue_facts "$1" || return 1
  sendmail_path=$(sendmail_queue_find "$SENDMAIL_QF" "[qh]f$2" | sed -n 1p)
  [ -n "$sendmail_path" ] || return 0
  awk '
    /^H/ { s = substr($0, 2); if (s ~ /^[?]/) sub(/^[?][^?]*[?]/, "", s); shown = s !~ /\201/; if (shown) print s; next }
    /^[ \t]/ { if (shown) print; next }
    { shown = 0 }
    END { print "" }
  ' "$sendmail_path"
  sendmail_queue_find "$SENDMAIL_DF" "df$2" -exec cat {} +
}
