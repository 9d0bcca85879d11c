# Reload, and what Postfix itself says afterwards. A reload re-reads everything: master lives on, running sessions too.
# If master.cf can't be parsed, nothing is reloaded (a reload would end master). Nothing here writes to a file of Postfix.

# postfix_master CONFIG: sets POSTFIX_QUEUE, POSTFIX_PID and POSTFIX_RUNNING (1 or 0). postfix_master_look: with POSTFIX_QUEUE known.
postfix_master() {
  POSTFIX_QUEUE=$(postconf -c "$1" -h queue_directory 2>/dev/null </dev/null) || POSTFIX_QUEUE=
  [ -n "$POSTFIX_QUEUE" ] || { fail internal '' "postconf -c $1 tells no queue_directory"; return 1; }
  postfix_master_look
}
postfix_master_look() {
  POSTFIX_PID='' POSTFIX_RUNNING=0
  [ -f "$POSTFIX_QUEUE/pid/master.pid" ] || return 0
  read -r POSTFIX_PID <"$POSTFIX_QUEUE/pid/master.pid" || :
  case $POSTFIX_PID in '' | *[!0-9]*) return 0 ;; esac
  if kill -0 "$POSTFIX_PID" 2>/dev/null; then POSTFIX_RUNNING=1; fi
}

# postfix_reload CONFIG: an instance that does not run reads its files when it starts.
postfix_reload() {
  POSTFIX_RUNNING_BEFORE=0
  if [ "$MB_PLAN" != 1 ]; then
    if ! postfix_read_back "$1"; then
      # the files as they were before a render that was never loaded: nothing to reload
      cmp -s "$MB_TMP/postfix-refused-main" "$1/main.cf" && cmp -s "$MB_TMP/postfix-refused-master" "$1/master.cf" && return 0
      for postfix_file in main master; do mv -f "$MB_TMP/postfix-before-$postfix_file" "$MB_TMP/postfix-refused-$postfix_file"; done
      return 1
    fi
    POSTFIX_RUNNING_BEFORE=$POSTFIX_RUNNING
    [ "$POSTFIX_RUNNING" = 1 ] || return 0
  fi
  run_command postfix -c "$1" reload || postfix_said "postfix -c $1 reload"
}

# postfix_said WHAT: fails with what a command said.
postfix_said() {
  run_words
  fail internal '' "$1: $RUN_WORDS"
}

# postfix_retry WORD…: tries for two seconds.
postfix_retry() {
  postfix_tries=0
  until "$@"; do
    [ "$postfix_tries" -lt 40 ] || return 1
    postfix_tries=$((postfix_tries + 1))
    sleep_short
  done
}

# postfix_read_back CONFIG: the configuration as Postfix's own parser reads the files, `name = value` lines in $MB_TMP/postfix-read;
# fails where it can't. Sets POSTFIX_READ so that a check right after a reload need not ask again.
postfix_read_back() {
  POSTFIX_READ='' POSTFIX_RUNNING=1
  postfix_look "$MB_TMP/postfix-seen-before" &
  postfix_looking=$!
  postconf -c "$1" queue_directory master_service_disable authorized_submit_users smtpd_client_restrictions smtpd_recipient_restrictions \
    mailbrake_closed mailbrake_submit >"$MB_TMP/postfix-settings" 2>/dev/null </dev/null &
  postfix_asked=$!
  postfix_status=0
  run_query postconf -c "$1" -P || postfix_status=$?
  wait "$postfix_looking" || :
  wait "$postfix_asked" || :
  if [ "$postfix_status" != 0 ]; then
    postfix_said "Postfix can't read its configuration, so it was not reloaded"
    return 1
  fi
  POSTFIX_QUEUE=
  IFS= read -r POSTFIX_QUEUE <"$MB_TMP/postfix-settings" || :
  POSTFIX_QUEUE=${POSTFIX_QUEUE#*= }
  [ -n "$POSTFIX_QUEUE" ] || { fail internal '' "postconf -c $1 tells no queue_directory"; return 1; }
  cat "$MB_TMP/postfix-settings" "$RUN_OUTPUT" >"$MB_TMP/postfix-read" || return 1
  postfix_master_look
  POSTFIX_READ=$1
}

# shellcheck disable=SC2016 # awk program
POSTFIX_AWK_FACTS='
# facts(): writes what must be seen on the host, lines of tabs: `port SERVICE PORT ADDRESSES 1|0`, `is SETTING VALUE`, `refers SETTING
# PARAMETER 1|0` (1: at its head), `row APP KEY MAP MARKS`, `gone APP POINT`.
function fact(a, b, c, d, e) { FACTS = FACTS a "\t" b "\t" c "\t" d "\t" e "\n" }
function facts(   k, q, b, held) {
  for (k = 1; k <= SERVICES; k++) {
    if (!is_smtpd_listener(k)) continue
    listen_of(k)
    fact("port", LABEL[k], LISTEN_PORT, ADDRESSES, !index(", " CLOSED ", ", ", " LABEL[k] ", "))
    q = rules_service(k)
    if (!q || RULES[q] == "" || TOLD[q]++) continue
    fact("is", LABEL[q] "/mailbrake_rules", RULES[q])
    fact("refers", (override_of(q, hook_setting(q)) ? LABEL[q] "/" : "") hook_setting(q), "mailbrake_rules", 1)
  }
  if (CLOSED != "") { fact("is", "mailbrake_closed", CLOSED); fact("refers", "master_service_disable", "mailbrake_closed", 0) }
  if (local_tempfail()) { fact("is", "mailbrake_submit", "!static:all"); fact("refers", "authorized_submit_users", "mailbrake_submit", 0) }
  for (b = 1; b <= BRAKES; b++) {
    if (POINT[b] ~ /^listener:/ && !SERVICE[b]) fact("gone", APP[b], POINT[b])
    if (EFFECT[b] !~ /^(tempfail|reject|discard|hold)$/ || !SERVICE[b] || !(q = rules_service(SERVICE[b]))) continue
    keys_of(b); if (to_client(b)) sub(/\/.*$/, "", KEY[1])
    held = EFFECT[b] == "hold"
    fact("row", APP[b], KEY[1],
      map_path(q, held ? "mark-" QUESTION "-" APP[b] : EFFECT[b] "-" QUESTION), held ? "<" APP[b] ">" : marks(b))
  }
  write_file("facts", FACTS "")
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
  [ "${POSTFIX_FACTS-}" = "$1" ] || postfix_awk "$1" 'END { rules_collect(); closed_collect(); facts() }' || return 1
  [ "${POSTFIX_READ-}" = "$1" ] || postfix_read_back "$1" || return 1
  POSTFIX_FACTS='' POSTFIX_READ=''
  postfix_master_look
  postfix_was=${POSTFIX_RUNNING_BEFORE:-$POSTFIX_RUNNING}
  # master opens them by and by
  postfix_retry postfix_look "$MB_TMP/postfix-seen" || :
  while IFS='	' read -r postfix_line postfix_a postfix_b postfix_c; do
    case $postfix_line in
    readback) readback_add "$postfix_a" "$postfix_b" ;;
    check) check_add "$postfix_a" "$postfix_b" "$postfix_c" ;;
    row) postfix_check_row "$postfix_a" "$postfix_b" "$postfix_c" ;;
    esac
  done <"$MB_TMP/postfix-seen"
  # last, as a master that does not like what it read ends some milliseconds later
  postfix_master_look
  POSTFIX_RUNNING_BEFORE=
  if [ "$POSTFIX_RUNNING" = 1 ]; then
    check_add 'Postfix runs' 1 "master, process $POSTFIX_PID"
  else
    check_add 'Postfix runs' "$((1 - postfix_was))" 'master does not run; it reads this when it starts'
  fi
}

# postfix_check_row KEY MAP MARKS: Postfix finds the application in its table.
postfix_check_row() {
  run_query postmap -q "$1" "$2" || :
  postfix_row=
  IFS= read -r postfix_row <"$RUN_OUTPUT" || :
  postfix_seen=0
  postfix_mark=${postfix_row##*[' (']}
  case "$3," in *" ${postfix_mark%")"},"* | "$postfix_mark,") postfix_seen=1 ;; esac
  readback_add "postmap -q $1 $2" "$postfix_row"
  check_add 'the table answers' "$postfix_seen" "$1 $postfix_row"
}
