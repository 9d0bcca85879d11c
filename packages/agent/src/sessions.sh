# Cutting the sessions that were open when a brake came, on request.

# sessions_cut FUNCTION: for a driver whose sessions are a process each. FUNCTION writes the processes of the sessions at the listener
# J_point into $MB_TMP/sessions, one a line; each is sent SIGTERM. One that ended meanwhile is no failure; one that goes on is.
sessions_cut() {
  sessions_find=$1
  "$sessions_find" || return 1
  # shellcheck disable=SC2046 # process ids
  set -- $(cat "$MB_TMP/sessions")
  [ "$MB_PLAN" = 1 ] || readback_add 'sessions cut' "$#"
  [ "$#" -gt 0 ] || return 0
  run_command kill "$@" || :
  [ "$MB_PLAN" != 1 ] || return 0
  sessions_tries=0
  while [ "$sessions_tries" -lt 60 ]; do
    "$sessions_find" || return 1
    sessions_left=$(for sessions_one; do grep -x "$sessions_one" "$MB_TMP/sessions" || :; done)
    [ -n "$sessions_left" ] || return 0
    sessions_tries=$((sessions_tries + 1))
    sleep_short
  done
  fail internal '' "sessions go on after SIGTERM: processes $sessions_left"
}

# sessions_sockets: the connections at the listener J_point (PORT, ADDRESS.PORT) as ss tells them, in $RUN_OUTPUT.
sessions_sockets() {
  sessions_at=${J_point#listener:}
  case $sessions_at in
  *:*) sessions_at="[${sessions_at%.*}]" ;;
  *.*) sessions_at=${sessions_at%.*} ;;
  *) sessions_at= ;;
  esac
  run_query ss -H -t -n -p sport = ":${J_point##*[.:]}" ${sessions_at:+src "$sessions_at"} || { run_words; fail internal '' "ss: $RUN_WORDS"; }
}
