# The queue of an OpenSMTPD, told by its spool: a folder a message, with the message and an envelope file for each recipient; what a job of ours holds
# is in mailbrake-held/JOB, out of smtpd's sight. Reads only. smtpctl would tell it ten times slower. What an admin paused (smtpctl pause
# envelope) is known to the running smtpd alone, until it is restarted, and told as deferred here.

# `ls -ln` of message folders on standard input, each after a line `FOLDER:`.
# shellcheck disable=SC2016,SC2034 # awk program
OPENSMTPD_AWK_STREAM='
function clean(s) { gsub(/[\001-\037\177]/, "?", s); return s }
function address(s) { gsub(/ /, "?", s); return s == "" || s == "@" ? "<>" : clean(s) }
function add(one) {
  if (length(LIST[CHUNKS]) > 2000) CHUNKS++
  LIST[CHUNKS] = LIST[CHUNKS] (RECIPIENTS++ ? " " : "") one
}
function envelope(path,   s, key, value, at, read, f) {
  while ((getline s < path) > 0) {
    read = 1; at = index(s, ": "); key = substr(s, 1, at - 1); value = substr(s, at + 2)
    if (at && key ~ /^(version|type|sockaddr|sender|dest|ctime|errorline)$/) f[key] = value
  }
  close(path)
  if (!("version" in f) || f["ctime"] !~ /^[0-9]+$/) { UNREADABLE += read; return }
  if (SENDER == "") {
    SENDER = f["type"] == "bounce" ? "<>" : address(f["sender"]); ARRIVED = f["ctime"]
    CLIENT = f["sockaddr"]; gsub(/[][]/, "", CLIENT); sub(/^IPv6:/, "", CLIENT)
    if (CLIENT !~ /[0-9a-f][.:]|::/) CLIENT = "-"
  }
  if (f["type"] == "bounce") add(address(f["sender"])); else add(address(f["dest"]))
  if (f["errorline"] != "") REASON = clean(f["errorline"])
}
function message(   i, id, held) {
  id = FOLDER; sub(/^.*\//, "", id)
  for (i = 0; i <= CHUNKS; i++) LIST[i] = ""
  CHUNKS = RECIPIENTS = 0; SENDER = ""; REASON = "-"
  for (i = 1; i <= FILES; i++) envelope(FOLDER "/" FILE[i])
  if (RECIPIENTS) {
    held = "-"
    if (FOLDER ~ /\/mailbrake-held\/[^\/]*\/[^\/]*$/) { held = FOLDER; sub(/\/[^\/]*$/, "", held); sub(/^.*\//, "", held); gsub(/[+]/, " ", held) }
    printf "%s\t%s\t%s\t%.0f\t%s\t%s\t%s\t%d\t", id, (held == "-" ? "deferred" : "hold"), held, SIZE, ARRIVED, clean(CLIENT), SENDER, RECIPIENTS
    for (i = 0; i <= CHUNKS; i++) printf "%s", LIST[i]
    print "\t" REASON
  }
  FILES = SIZE = 0
}
/^\/.*:$/ { message(); FOLDER = substr($0, 1, length($0) - 1); next }
/^-/ { SIZE += $5; if ($NF != "message") FILE[++FILES] = $NF; next }
/^[.!]/ { message(); print (UNREADABLE && $0 == "." ? "!\t" UNREADABLE " envelopes can not be read: compressed or encrypted (queue in smtpd.conf)" : $0) }
'

# opensmtpd_queue_facts CONFIG: sets OSDQ, the spool, and OSDQ_NAME, the pattern of a message id.
opensmtpd_queue_facts() {
  opensmtpd_facts "$1" || return 1
  OSDQ=/var/spool/smtpd
  OSDQ=${MB_TEST_SPOOL:-$OSDQ} #@test
  export OSDQ
  OSDQ_NAME='[0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
  OSDQ_NAME=$OSDQ_NAME$OSDQ_NAME
  [ -d "$OSDQ/queue" ] || fail internal '' "$OSDQ/queue is not there"
}

# opensmtpd_queue_find PATTERN [WORD…]: find for folders of messages.
opensmtpd_queue_find() {
  osd_pattern=$1
  shift
  set -- -type d -name "$osd_pattern" "$@"
  [ ! -d "$OSDQ/mailbrake-held" ] || set -- "$OSDQ/mailbrake-held" "$@"
  # shellcheck disable=SC2086 # words
  $QUEUE_NICE find "$OSDQ/queue" "$@" 2>/dev/null
}

# opensmtpd_queue_stream CONFIG: what went while it was looked for (status 1) had left the queue.
opensmtpd_queue_stream() {
  opensmtpd_queue_facts "$1" || return 1
  osd_status=0
  {
    # another operand: with one alone, ls would not tell its name
    opensmtpd_queue_find "$OSDQ_NAME" -exec ls -ln /dev/null {} + || osd_status=$?
    [ "$osd_status" != 1 ] || osd_status=0
    queue_end "$osd_status" find
  } | awk "$OPENSMTPD_AWK_STREAM"
}

# opensmtpd_queue_fill CONFIG: all is known anyway.
opensmtpd_queue_fill() { cat; }

# opensmtpd_queue_counts CONFIG [bytes]
opensmtpd_queue_counts() {
  opensmtpd_queue_facts "$1" || return 1
  if [ -n "${2-}" ]; then set -- -exec ls -ln /dev/null {} +; else set --; fi
  { opensmtpd_queue_find "$OSDQ_NAME" "$@" || :; } | awk '
    # a job of such a name
    /\/mailbrake-held\/[^\/]*$/ { next }
    /^\// { q = $0 ~ /\/mailbrake-held\// ? "hold" : "deferred"; n[q]++ }
    /^-/ { bytes[q] += $5 }
    END { for (q in n) printf "%s %.0f %.0f\n", q, n[q], bytes[q] }
  '
}

# opensmtpd_queue_show CONFIG ID
opensmtpd_queue_show() {
  opensmtpd_queue_facts "$1" || return 1
  opensmtpd_queue_find "$2" -exec cat {}/message \;
}
