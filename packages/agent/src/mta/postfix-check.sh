# Reload, and what Postfix itself says afterwards. A reload re-reads everything: master lives on, running sessions too.
# If master.cf can't be parsed, nothing is reloaded (a reload would end master). Nothing here writes to a file of Postfix.

# px_master CONFIG: sets PX_QUEUE, PX_PID and PX_RUNNING (1 or 0). px_master_look: with PX_QUEUE known.
px_master() {
  PX_QUEUE=$(postconf -c "$1" -h queue_directory 2>/dev/null </dev/null) || PX_QUEUE=
  [ -n "$PX_QUEUE" ] || fail internal '' "postconf -c $1 tells no queue_directory" || return 1
  px_master_look
}
px_master_look() {
  PX_PID='' PX_RUNNING=0
  [ -f "$PX_QUEUE/pid/master.pid" ] || return 0
  read -r PX_PID <"$PX_QUEUE/pid/master.pid" || :
  case $PX_PID in '' | *[!0-9]*) return 0 ;; esac
  if kill -0 "$PX_PID" 2>/dev/null; then PX_RUNNING=1; fi
}

# postfix_reload CONFIG: an instance that does not run reads its files when it starts.
postfix_reload() {
  PX_RUNNING_BEFORE=0
  if [ "$MB_PLAN" != 1 ]; then
    if ! px_read_back "$1"; then
      # the files as they were before a render that was never loaded: nothing to reload
      cmp -s "$MB_TMP/px-refused-main" "$1/main.cf" && cmp -s "$MB_TMP/px-refused-master" "$1/master.cf" && return 0
      for px_file in main master; do mv -f "$MB_TMP/px-before-$px_file" "$MB_TMP/px-refused-$px_file"; done
      return 1
    fi
    PX_RUNNING_BEFORE=$PX_RUNNING
    [ "$PX_RUNNING" = 1 ] || return 0
    px_go_on
  fi
  run_command postfix -c "$1" reload || px_said "postfix -c $1 reload"
}

# px_said WHAT: fails with what a command said.
px_said() {
  run_words
  fail internal '' "$1: $RUN_WORDS"
}

# px_retry WORD…: tries for two seconds.
px_retry() {
  px_tries=0
  until "$@"; do
    [ "$px_tries" -lt 40 ] || return 1
    px_tries=$((px_tries + 1))
    sleep_short
  done
}

# px_read_back CONFIG: the configuration as Postfix's own parser reads the files, `name = value` lines in $MB_TMP/px-read;
# fails where it can't. Sets PX_READ so that a check right after a reload need not ask again.
px_read_back() {
  PX_READ='' PX_RUNNING=1 px_status=0
  px_look "$MB_TMP/px-seen-before" &
  px_jobs=$!
  # shellcheck disable=SC2046 # names of settings, one a word
  postconf -c "$1" queue_directory $(cat "$MB_TMP/px-names") >"$MB_TMP/px-settings" 2>/dev/null </dev/null &
  px_jobs="$px_jobs $!"
  run_query postconf -c "$1" -P || px_status=1
  # shellcheck disable=SC2086 # process ids
  wait $px_jobs || :
  [ "$px_status" = 0 ] || px_said "Postfix can't read its configuration, so it was not reloaded" || return 1
  IFS= read -r PX_QUEUE <"$MB_TMP/px-settings" || PX_QUEUE=
  PX_QUEUE=${PX_QUEUE#*= }
  [ -n "$PX_QUEUE" ] || fail internal '' "postconf -c $1 tells no queue_directory" || return 1
  cat "$MB_TMP/px-settings" "$RUN_OUTPUT" >"$MB_TMP/px-read" || return 1
  px_master_look
  PX_READ=$1
}

# shellcheck disable=SC2016 # awk program
PX_AWK_FACTS='
# fact(): what must be seen on the host, lines of tabs: `port SERVICE PORT ADDRESSES 1|0`, `is SETTING VALUE`, `refers SETTING PARAMETER`,
# `row APP KEY MAP MARKS`, `gone APP POINT`. Render tells of settings, facts() of the rest, after it.
function fact(a, b, c, d, e) {
  FACTS = FACTS a "\t" b "\t" c "\t" d "\t" e "\n"
  if (a ~ /^[ir]/ && b !~ /\//) NAMES = NAMES " " b
}
function facts(   k, q, b, i, name, ours) {
  for (k = 1; k <= SERVICES; k++) if (is_smtpd_listener(k)) {
    listen_of(k)
    fact("port", LABEL[k], LISTEN_PORT, ADDRESSES, !index(", " CLOSED ", ", ", " LABEL[k] ", "))
  }
  for (b = 1; b <= BRAKES; b++) {
    if (POINT[b] ~ /^listener:/ && !SERVICE[b]) fact("gone", APP[b], POINT[b])
    if (EFFECT[b] KIND[b] == "pauserecipient") fact("row", APP[b], "x@" tolower(WHAT[b, 1]), "regexp:" PAUSED, "mailbrake-paused:")
    if (EFFECT[b] !~ /^(tempfail|reject|discard|hold)$/ || !SERVICE[b] || !(q = rules_service(SERVICE[b]))) continue
    ours = AND[b] ? "-" APP[b] : ""
    for (i = 1; i <= 1 + (ours != ""); i++) {
      keys_of(KIND[b, i], WHAT[b, i]); if (QUESTION == "client") sub(/\/.*$/, "", KEY[1])
      if (ours != "" && i == 1) fact("row", APP[b], KEY[1], map_path(q, "and-" QUESTION ours), AND[b])
      else if (EFFECT[b] == "hold") fact("row", APP[b], KEY[1], map_path(q, mark_name(b)), "<" APP[b] ">")
      else fact("row", APP[b], KEY[1], map_path(q, EFFECT[b] "-" QUESTION ours), marks(b))
    }
  }
  write_file("facts", FACTS ""); write_file("names", NAMES "")
}

# Which references may stand in the answer: its own, or that of a newer brake which means the same or a wider set.
function marks(b,   i, out) {
  out = " " REF[b]
  for (i = b + 1; i <= BRAKES; i++) if (EFFECT[i] == EFFECT[b] && SERVICE[i] == SERVICE[b]) out = out ", " REF[i]
  return out
}
'

# postfix_check CONFIG: process, ports, configuration read back. J_app, where loaded and still in the journal, is looked up by
# Postfix's own postmap. Evidence by readback_add and check_add; a check that is not met makes the whole fail.
postfix_check() {
  [ "${PX_FACTS-}" = "$1" ] || px_awk "$1" 'END { render(); facts() }' || return 1
  [ "${PX_READ-}" = "$1" ] || px_read_back "$1" || return 1
  PX_FACTS='' PX_READ=''
  px_master_look
  px_was=${PX_RUNNING_BEFORE:-$PX_RUNNING}
  # master opens them by and by
  px_retry px_look "$MB_TMP/px-seen" || :
  while IFS='	' read -r px_line px_a px_b px_c; do
    case $px_line in
    readback) readback_add "$px_a" "$px_b" ;;
    check) check_add "$px_a" "$px_b" "$px_c" ;;
    row) px_check_row "$px_a" "$px_b" "$px_c" ;;
    esac
  done <"$MB_TMP/px-seen"
  # last, as a master that does not like what it read ends some milliseconds later
  px_master_look
  PX_RUNNING_BEFORE=
  if [ "$PX_RUNNING" = 1 ]; then
    check_add 'Postfix runs' 1 "master, process $PX_PID"
  else
    check_add 'Postfix runs' "$((1 - px_was))" 'master does not run; it reads this when it starts'
  fi
}

# px_check_row KEY MAP MARKS: Postfix finds the application in its table.
px_check_row() {
  run_query postmap -q "$1" "$2" || :
  px_row=
  IFS= read -r px_row <"$RUN_OUTPUT" || :
  px_seen=0
  px_mark=${px_row##*[' (']}
  case "$3," in *" ${px_mark%")"},"* | "$px_mark,") px_seen=1 ;; esac
  readback_add "postmap -q $1 $2" "$px_row"
  check_add 'the table answers' "$px_seen" "$1 $px_row"
}
