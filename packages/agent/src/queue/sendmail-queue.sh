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
    else if (s ~ /^[$]_.*\[.*\]/) { client = s; sub(/\][^\]]*$/, "", client); sub(/^.*\[/, "", client); sub(/^IPv6:/, "", client) }
  }
  close(path)
  if (!version || arrived !~ /^[0-9]+$/) return
  if (path ~ /\/hf[^\/]*$/) { queue = "hold"; if (held == "-") held = "admin" } else { queue = index(path, ENVIRON["SENDMAIL_CLIENT"] "/") == 1 ? "local" : "deferred"; held = "-" }
  printf "%s\t%s\t%s\t%.0f\t%s\t%s\t%s\t%d\t", id_of(path), queue, held, SIZE[id_of(path)], arrived, clean(client), sender == "" ? "<>" : sender, RECIPIENTS
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
# ('/' where there is none), and SENDMAIL_BASE, the folder of the first queue or, where that is a pattern, the one around it.
sendmail_queue_facts() {
  sendmail_facts "$1" || return 1
  sendmail_queues "$1"
  SENDMAIL_CLIENT=$(sed -n 's/^O *QueueDirectory *= *//p' "${1%/*}/submit.cf" 2>/dev/null) || :
  SENDMAIL_CLIENT=${SENDMAIL_CLIENT:-/} SENDMAIL_QF='' SENDMAIL_DF='' SENDMAIL_BASE=
  export SENDMAIL_CLIENT
  for sendmail_folder in $SENDMAIL_QUEUES "${SENDMAIL_CLIENT#/}"; do
    # all below / but the last, which is the client's without its first byte
    case $sendmail_folder in '') continue ;; /*) ;; *) sendmail_folder=/$sendmail_folder ;; esac
    sendmail_folder=${sendmail_folder%/}
    case " $SENDMAIL_QF " in *" $sendmail_folder "* | *" $sendmail_folder/qf "*) continue ;; esac
    [ -d "$sendmail_folder" ] || continue
    if [ -d "$sendmail_folder/qf" ]; then SENDMAIL_QF="$SENDMAIL_QF $sendmail_folder/qf"; else SENDMAIL_QF="$SENDMAIL_QF $sendmail_folder"; fi
    if [ -d "$sendmail_folder/df" ]; then SENDMAIL_DF="$SENDMAIL_DF $sendmail_folder/df"; else SENDMAIL_DF="$SENDMAIL_DF $sendmail_folder"; fi
  done
  [ -n "$SENDMAIL_QF" ] || fail internal '' "$1 names no queue folder that is there" || return 1
  # shellcheck disable=SC2086 # the first of words, with no pattern expanded
  SENDMAIL_BASE=$(set -f; set -- $SENDMAIL_QUEUES; case $1 in *\**) echo "${1%/*}" ;; *) echo "$1" ;; esac)
}
