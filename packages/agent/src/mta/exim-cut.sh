# Cutting the sessions that were open when a brake came: the daemon's own children at the brake's listener, each with one session, by
# SIGTERM. They say 421 and put away what they were being given; what they had answered with 250 is in the queue. Deliveries and queue
# runners are other processes, or have no connection to that port, and stay.

# exim_cut CONFIG: with J_* loaded, after the reload.
exim_cut() {
  exim_facts "$1" || return 1
  exim_daemon
  [ -z "$EXIM_PID" ] || sessions_cut exim_sessions
}

exim_sessions() {
  sessions_sockets || return 1
  ps -e -o pid= -o ppid= >"$MB_TMP/exim-processes" || { fail internal '' "ps can't list the processes"; return 1; }
  EXIM_PID=$EXIM_PID awk 'NR == FNR { child[$1] = $2 "" == ENVIRON["EXIM_PID"] "" ; next }
    { while (match($0, /pid=[0-9]+/)) { p = substr($0, RSTART + 4, RLENGTH - 4); $0 = substr($0, RSTART + RLENGTH); if (child[p] && !seen[p]++) print p } }' \
    "$MB_TMP/exim-processes" "$RUN_OUTPUT" >"$MB_TMP/sessions"
}
