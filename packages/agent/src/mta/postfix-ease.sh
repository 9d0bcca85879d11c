# Before a close, and before a pause of all delivery: both have master end processes. One that ends between the last dot of a message
# and the answer makes that message come twice. So, where any is at work, nothing new is begun first (450 at the listener; deliveries
# deferred), and each is given up to ten seconds for the message that it has in hand.

# shellcheck disable=SC2016,SC2034 # awk program
PX_AWK_EASE='
# at_work(): of the processes that the candidate ends, `idle PID`, `open PID` with a TCP connection, or `busy PID`: an smtpd that has a
# stream to cleanup(8), a delivery agent that the queue manager has given a message. From the list of sessions(), and from that of the
# sockets: TYPE RECEIVED SENT PATH NUMBER * NUMBER-OF-PEER USERS.
function at_work(   k, s, f, to_cleanup, handed, i, many, n, held) {
  for (k = 1; k <= SERVICES; k++) {
    if (COMMAND[k] == "cleanup") to_cleanup["public/" NAME[k]] = to_cleanup["private/" NAME[k]] = 1
    if (delivers(k)) handed["private/" NAME[k]] = handed["public/" NAME[k]] = 1
  }
  while ((getline s < (OUT "sockets")) > 0) {
    split(s, f, " "); if (f[1] == "tcp") f[5] = "tcp"
    if (f[4] in to_cleanup) BUSY[f[7]] = 1
    if (f[4] in handed) BUSY[f[5]] = 1
    many = split(s, i, /,?pid=/)
    for (n = 2; n <= many; n++) held[i[n] + 0] = held[i[n] + 0] " " f[5]
  }
  k = SERVICE[CANDIDATE]
  while ((getline s < (OUT "processes")) > 0) if (k ? is_process(s, k) && COMMAND[k] == "smtpd" : is_delivery(s)) {
    split(s, f, " "); many = split(held[f[1]], i, " "); s = "idle"
    for (n = 1; n <= many; n++) if (i[n] in BUSY) s = "busy"; else if (i[n] == "tcp" && s == "idle") s = "open"
    print s, f[1]
  }
}
function is_delivery(s,   k) { for (k = 1; k <= SERVICES; k++) if (delivers(k) && is_process(s, k)) return 1; return 0 }
'

# postfix_ease CONFIG: with J_* loaded, before the render. Nothing at work: nothing to do; and where that can't be seen, the brake comes
# all the same.
postfix_ease() {
  case $J_effect:$J_match in close:* | pause:all) ;; *) return 0 ;; esac
  px_config=$1 px_status=0
  [ "$MB_PLAN" != 1 ] && command -v ss >/dev/null || return 0
  px_master "$1" || return 1
  [ "$PX_RUNNING" = 1 ] || return 0
  px_processes && px_at_work || return 0
  grep -q '^[bo]' "$MB_TMP/px-asked" || return 0
  PX_EASE=$J_app
  postfix_render "$px_config" && postfix_reload "$px_config" || px_status=1
  brake_entry_back
  epoch
  px_since=$EPOCH
  while [ "$px_status" = 0 ] && [ "$((EPOCH - px_since))" -lt 10 ]; do
    if [ "$J_effect" = close ]; then px_end_idle; else px_processes && px_at_work; fi || break
    grep -q '^busy' "$MB_TMP/px-asked" || break
    sleep_short
    epoch
  done
  PX_EASE=
  return "$px_status"
}

# px_end_idle: ends the sessions that have no message in hand, all stopped for the moment of looking: one would begin a message
# between the look and the signal. Who they are is noted, for the next agent where this one is killed.
# (master, which begins no process of a service where one was killed in its first session, is told to end this service next.)
px_end_idle() {
  px_processes && px_ask sessions || return 1
  [ -s "$MB_TMP/px-asked" ] || return 0
  cp "$MB_TMP/px-asked" "$MB_STATE/stopped" || fail_space "$MB_STATE" || return 1
  px_signal STOP "$MB_STATE/stopped"
  crash_point while-stopped
  px_looked=1
  if px_at_work; then
    px_looked=0
    sed -n 's/^[io].* //p' "$MB_TMP/px-asked" >"$MB_TMP/px-idle" && px_signal TERM "$MB_TMP/px-idle"
  fi
  px_go_on
  return "$px_looked"
}

px_signal() { while read -r px_pid; do kill "-$1" "$px_pid" 2>/dev/null || :; done <"$2"; }

# px_go_on: lets go on what was stopped: before any reload too, as master would wait for them for ever.
px_go_on() {
  [ -f "$MB_STATE/stopped" ] || return 0
  px_signal CONT "$MB_STATE/stopped"
  rm -f "$MB_STATE/stopped"
}

px_at_work() {
  ss -H -x -t -p state established >"$MB_TMP/px-sockets" 2>/dev/null || fail internal '' "ss can't list the sockets" || return 1
  px_ask at_work
}
