# Cutting the sessions that were open when a brake came: the daemon's own children at the brake's listener, each with one session, by
# SIGTERM. They say 421 and put away what they were being given; what they had answered with 250 is in the queue. Deliveries and queue
# runners are other processes, or have no connection to that port, and stay.

# exim_cut CONFIG: with J_* loaded, after the reload. A session that ended meanwhile is no failure; one that goes on is.
exim_cut() {
  exim_facts "$1" || return 1
  exim_daemon
  [ -n "$EXIM_PID" ] || return 0
  exim_sessions || return 1
  # shellcheck disable=SC2046 # process ids
  set -- $(cat "$MB_TMP/exim-sessions")
  [ "$MB_PLAN" = 1 ] || readback_add 'sessions cut' "$#"
  [ "$#" -gt 0 ] || return 0
  run_command kill "$@" || :
  [ "$MB_PLAN" != 1 ] || return 0
  exim_tries=0
  while [ "$exim_tries" -lt 60 ]; do
    exim_sessions || return 1
    exim_left=$(for exim_one; do grep -x "$exim_one" "$MB_TMP/exim-sessions" || :; done)
    [ -n "$exim_left" ] || return 0
    exim_tries=$((exim_tries + 1))
    sleep_short
  done
  fail internal '' "sessions go on after SIGTERM: processes $exim_left"
}

# exim_sessions: the processes of the sessions at the listener J_point, in $MB_TMP/exim-sessions.
exim_sessions() {
  exim_port=${J_point##*[.:]} exim_address=${J_point#listener:}
  case $exim_address in
  *:*) exim_address="[${exim_address%.*}]" ;;
  *.*) exim_address=${exim_address%.*} ;;
  *) exim_address= ;;
  esac
  run_query ss -H -t -n -p sport = ":$exim_port" ${exim_address:+src "$exim_address"} || { run_words; fail internal '' "ss: $RUN_WORDS"; return 1; }
  cp "$RUN_OUTPUT" "$MB_TMP/exim-sockets" || fail_space "$MB_TMP" || return 1
  ps -e -o pid= -o ppid= >"$MB_TMP/exim-processes" || { fail internal '' "ps can't list the processes"; return 1; }
  EXIM_PID=$EXIM_PID awk 'NR == FNR { child[$1] = $2 "" == ENVIRON["EXIM_PID"] "" ; next }
    { while (match($0, /pid=[0-9]+/)) { p = substr($0, RSTART + 4, RLENGTH - 4); $0 = substr($0, RSTART + RLENGTH); if (child[p] && !seen[p]++) print p } }' \
    "$MB_TMP/exim-processes" "$MB_TMP/exim-sockets" >"$MB_TMP/exim-sessions"
}
