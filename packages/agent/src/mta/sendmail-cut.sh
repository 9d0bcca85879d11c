# Cutting the sessions that were open when a brake came: each is a process with a connection at the brake's listener, and is sent
# SIGTERM, which says 421 and ends it; a message that is being written is put away first. The daemon, deliveries and queue runners stay.

# sendmail_cut CONFIG: with J_* loaded, after the reload. A session that ended meanwhile is no failure; one that goes on is.
sendmail_cut() {
  sendmail_facts "$1" || return 1
  sendmail_daemon
  [ -n "$SENDMAIL_PID" ] || return 0
  sendmail_sessions || return 1
  # shellcheck disable=SC2046 # process ids
  set -- $(cat "$MB_TMP/sendmail-sessions")
  [ "$MB_PLAN" = 1 ] || readback_add 'sessions cut' "$#"
  [ "$#" -gt 0 ] || return 0
  run_command kill "$@" || :
  [ "$MB_PLAN" != 1 ] || return 0
  sendmail_tries=0
  while [ "$sendmail_tries" -lt 60 ]; do
    sendmail_sessions || return 1
    sendmail_left=$(for sendmail_one; do grep -x "$sendmail_one" "$MB_TMP/sendmail-sessions" || :; done)
    [ -n "$sendmail_left" ] || return 0
    sendmail_tries=$((sendmail_tries + 1))
    sleep_short
  done
  fail internal '' "sessions go on after SIGTERM: processes $sendmail_left"
}

# sendmail_sessions: the processes of the sessions at the listener J_point, in $MB_TMP/sendmail-sessions. After a reload they are no
# children of the daemon any more.
sendmail_sessions() {
  sendmail_port=${J_point##*[.:]} sendmail_one=${J_point#listener:}
  case $sendmail_one in
  *:*) sendmail_one="[${sendmail_one%.*}]" ;;
  *.*) sendmail_one=${sendmail_one%.*} ;;
  *) sendmail_one= ;;
  esac
  run_query ss -H -t -n -p sport = ":$sendmail_port" ${sendmail_one:+src "$sendmail_one"} || { run_words; fail internal '' "ss: $RUN_WORDS"; return 1; }
  awk -v "daemon=$SENDMAIL_PID" '{ while (match($0, /"[^"]*",pid=[0-9]+/)) {
    name = substr($0, RSTART + 1, RLENGTH - 1); $0 = substr($0, RSTART + RLENGTH); pid = name; sub(/^.*=/, "", pid)
    if (name ~ /^(sendmail|sm-mta)/ && pid != daemon && !seen[pid]++) print pid } }' "$RUN_OUTPUT" >"$MB_TMP/sendmail-sessions"
}
