# The queue of an Exim, told by its spool: one -H file a message, in the ordinary queue and in named ones, split or not. Reads only.
# What a brake or a job of ours holds is in a queue called mailbrake+NAME…, what an admin froze says so itself.

# Paths of -H files on standard input, in batches: the `ls -ln` lines of their -D files go before them.
# shellcheck disable=SC2016,SC2034 # awk program
EXIM_AWK_STREAM='
function clean(s) { gsub(/[\001-\037\177]/, "?", s); return s }
# without what follows an address: errors address, options, parent, number
function plain(s,   at, quoted) {
  if (s ~ /#[0-9]+$/) {
    quoted = substr(s, 1, 1) == "\"" ? index(s, "\"@") : 0
    at = index(substr(s, quoted + 1), " ")
    if (at) s = substr(s, 1, quoted + at - 1)
  }
  gsub(/ /, "?", s)
  return clean(s)
}
# reason_of(path): of a message log, the last that kept it here
function reason_of(path,   s, last) {
  while ((getline s < path) > 0) if (s ~ / defer \(-?[0-9]+\)|frozen/) last = s
  close(path)
  if (last == "") return "-"
  if (!sub(/^.* defer \(-?[0-9]+\):? ?/, "", last)) last = substr(last, 21)
  return last == "" ? "deferred" : clean(last)
}
function add(address) {
  if (length(LIST[CHUNKS]) > 2000) CHUNKS++
  LIST[CHUNKS] = LIST[CHUNKS] (RECIPIENTS++ ? " " : "") address
}
function message(path,   s, n, skip, client, frozen, sender, arrived, open, left, count, delivered, held, id, size, part, i, queue) {
  id = path; sub(/^.*\//, "", id); sub(/-H$/, "", id)
  for (i = 0; i <= CHUNKS; i++) LIST[i] = ""
  CHUNKS = RECIPIENTS = 0; client = "-"
  while ((getline s < path) > 0) {
    n++; size += length(s) + 1
    if (part == 4) continue
    if (n < 5) {
      if (n == 3) sender = substr(s, 2, length(s) - 2)
      if (n == 4) { arrived = s; sub(/ .*/, "", arrived) }
      continue
    }
    if (skip > 0) { skip -= length(s) + 1; continue }
    if (part == 0) {
      if (substr(s, 1, 1) == "-") {
        if (s ~ /^--?acl/) { skip = s; sub(/^.* /, "", skip); skip++ }
        else if (s ~ /^--?host_address /) {
          client = substr(s, index(s, " ") + 1)
          if (client ~ /^\[/) { client = substr(client, 2); sub(/\].*/, "", client) } else sub(/[.][0-9]+$/, "", client)
        } else if (s ~ /^-frozen /) frozen = 1
        continue
      }
      part = 1; open = 1
      if (s == "XX") { part = 2; continue }
    }
    if (part == 1) {
      delivered[tolower(substr(s, 4))]
      open += (substr(s, 1, 1) == "Y") + (substr(s, 2, 1) == "Y") - 1
      if (open <= 0) part = 2
    } else if (part == 2) { count = s + 0; part = count > 0 ? 3 : 4 }
    else { s = plain(s); if (!(tolower(s) in delivered)) add(s); if (--count <= 0) part = 4 }
  }
  close(path)
  if (part != 4) return
  queue = queue_of(path); held = "-"
  if (queue ~ /^mailbrake[+]/) { held = substr(queue, 11); gsub(/[+]/, " ", held) } else if (frozen) held = "admin"
  gsub(/ /, "?", sender)
  printf "%s\t%s\t%s\t%.0f\t%s\t%s\t%s\t%d\t", id, (held == "-" ? "deferred" : "hold"), held, size + BODY[id], arrived, clean(client), (sender == "" ? "<>" : clean(sender)), RECIPIENTS
  if (!RECIPIENTS) printf "-"
  for (i = 0; i <= CHUNKS; i++) printf "%s", LIST[i]
  s = path
  if (REASONS) { sub(/\/input\//, "/msglog/", s); sub(/-H$/, "", s); s = reason_of(s) } else s = "-"
  print "\t" s
}
'
# shellcheck disable=SC2016,SC2034 # awk program
EXIM_AWK_PATH='
# queue_of(path): the name of the queue that a spool file is in, empty for the ordinary one
function queue_of(path,   s) { s = substr(path, length(ENVIRON["EXIMQ_SPOOL"]) + 2); return s ~ /^input\// ? "" : substr(s, 1, index(s, "/") - 1) }
function id_of(path) { sub(/^.*\//, "", path); sub(/-[A-Z]$/, "", path); return path }
'

# exim_queue_facts CONFIG: sets EXIMQ (the program), EXIMQ_SPOOL, QUEUE_LOG.
exim_queue_facts() {
  for EXIMQ in exim4 exim /usr/exim/bin/exim /usr/local/exim/bin/exim ''; do
    ! command -v "$EXIMQ" >/dev/null 2>&1 || break
  done
  [ -n "$EXIMQ" ] || fail no-such-instance instance 'no exim is found here' || return 1
  "$EXIMQ" -bP spool_directory log_file_path configure_file >"$MB_TMP/exim-facts" 2>/dev/null </dev/null || fail internal '' 'exim -bP says nothing' || return 1
  EXIMQ_SPOOL='' QUEUE_LOG=
  while IFS= read -r exim_line; do
    case $exim_line in
    'spool_directory = '*) EXIMQ_SPOOL=${exim_line#* = } ;;
    'log_file_path = '*) QUEUE_LOG=${exim_line#* = } ;;
    /*) [ "$exim_line" = "$1" ] || fail no-such-instance instance "exim reads $exim_line now, not $1; ask discover again" || return 1 ;;
    esac
  done <"$MB_TMP/exim-facts"
  case $EXIMQ_SPOOL in /*) export EXIMQ_SPOOL ;; *) fail internal '' 'exim -bP tells no spool_directory' || return 1 ;; esac
}

# exim_queue_find PATTERN [WORD…]: find over all queues, niced.
exim_queue_find() {
  exim_pattern=$1
  shift
  set -- "$EXIMQ_SPOOL/input" "$EXIMQ_SPOOL"/*/input -type f -name "$exim_pattern" "$@"
  # shellcheck disable=SC2086 # words
  $QUEUE_NICE find "$@" 2>/dev/null
}

# exim_queue_stream CONFIG: a file that went while it was looked for (status 1) had left the queue.
exim_queue_stream() {
  exim_queue_facts "$1" || return 1
  exim_status=0
  # shellcheck disable=SC2016 # the words are for the inner shell
  {
    exim_queue_find '*-H' -exec sh -c 'echo; printf "%s\n" "$@" | sed "s/-H$/-D/" | xargs ls -ln 2>/dev/null; printf "%s\n" "$@"' sh {} + || exim_status=$?
    [ "$exim_status" != 1 ] || exim_status=0
    queue_end "$exim_status" find
  } | QUEUE_WANT=$QUEUE_WANT awk "$EXIM_AWK_PATH$EXIM_AWK_STREAM"'
    BEGIN { REASONS = ENVIRON["QUEUE_WANT"] ~ /reason/ }
    /^\// { message($0); next }
    /^-/ { BODY[id_of($NF)] = $5; next }
    $0 == "" { split("", BODY); next }
    { print }
  '
}

# exim_queue_fill CONFIG: why they wait, from their message logs.
exim_queue_fill() {
  exim_queue_facts "$1" || return 1
  cat >"$MB_TMP/exim-lines"
  { find "$EXIMQ_SPOOL/msglog" "$EXIMQ_SPOOL"/*/msglog -type f 2>/dev/null || :; } >"$MB_TMP/exim-logs"
  LINES_OF=$MB_TMP/exim-lines LOGS=$MB_TMP/exim-logs awk "$EXIM_AWK_PATH$EXIM_AWK_STREAM"'
    BEGIN {
      while ((getline s < ENVIRON["LINES_OF"]) > 0) want[substr(s, 1, index(s, "\t") - 1)]
      while ((getline s < ENVIRON["LOGS"]) > 0) { id = s; sub(/^.*\//, "", id); if (id in want) reason[id] = reason_of(s) }
      FS = OFS = "\t"
    }
    $1 in reason { $10 = reason[$1] }
    { print }
  ' "$MB_TMP/exim-lines"
}

# exim_queue_counts CONFIG [bytes]: frozen messages are counted as deferred where no file is opened; they are few.
exim_queue_counts() {
  exim_queue_facts "$1" || return 1
  if [ -n "${2-}" ]; then set -- '*-[DH]' -exec ls -ln {} +; else set -- '*-H'; fi
  { exim_queue_find "$@" || :; } | awk "$EXIM_AWK_PATH"'
    { p = $NF; q = queue_of(p) ~ /^mailbrake[+]/ ? "hold" : "deferred"; if (p ~ /-H$/) n[q]++; if (NF > 1) bytes[q] += $5 }
    END { for (q in n) printf "%s %.0f %.0f\n", q, n[q], bytes[q] }
  '
}

# exim_queue_show CONFIG ID: the header as the -H file keeps it, each with its length and a letter before it, then the body.
exim_queue_show() {
  exim_queue_facts "$1" || return 1
  exim_path=$(exim_queue_find "$2-H") || :
  [ -n "$exim_path" ] || return 0
  awk '
    !head { if ($0 == "") head = 1; next }
    skip > 0 { skip -= length($0) + 1; if (shown) print; next }
    match($0, /^[0-9]+/) {
      n = substr($0, 1, RLENGTH); shown = substr($0, RLENGTH + 1, 1) != "*"
      text = substr($0, RLENGTH + 3); skip = n - length(text) - 1
      if (shown) print text
    }
    END { print "" }
  ' "$exim_path"
  sed 1d "${exim_path%-H}-D"
}
