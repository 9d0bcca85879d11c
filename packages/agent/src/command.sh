# Running other programs: exactly these words, nothing on standard input, output kept in a file, a limit on the time.
# If the agent is killed meanwhile, the program goes on to its end (with `timeout`: at most to its limit).

RUN_LIMIT=20

# run_command WORD…: runs a command that changes something; while planning it is written down instead, and 0 returned.
# Output (both streams) in the file $RUN_OUTPUT. Returns the command's status, 124 when it took more than $RUN_LIMIT seconds.
run_command() {
  if [ "$MB_PLAN" = 1 ]; then
    command_text "$@"
    plan_step command "$COMMAND_TEXT"
    RUN_OUTPUT=/dev/null
    return 0
  fi
  run_query "$@"
}

# run_query WORD…: the same for a command that changes nothing; it also runs while planning.
run_query() {
  RUN_OUTPUT=$MB_TMP/run-output
  run_timeout_find
  if [ -n "$RUN_TIMEOUT" ]; then
    timeout -k 2 "$RUN_LIMIT" "$@" </dev/null >"$RUN_OUTPUT" 2>&1 3>&- && return 0
    run_status=$?
  else
    (exec "$@") </dev/null >"$RUN_OUTPUT" 2>&1 3>&- &
    run_pid=$!
    (
      trap 'kill "$run_sleep" 2>/dev/null; exit 0' TERM
      sleep "$RUN_LIMIT" & run_sleep=$!
      wait "$run_sleep"
      kill -TERM "$run_pid"
      sleep 2 & run_sleep=$!
      wait "$run_sleep"
      kill -KILL "$run_pid"
    ) </dev/null >/dev/null 2>&1 3>&- &
    run_watch=$!
    run_status=0
    wait "$run_pid" 2>/dev/null || run_status=$?
    kill -TERM "$run_watch" 2>/dev/null || run_status=124
    wait "$run_watch" 2>/dev/null || :
    [ "$run_status" = 0 ] && return 0
  fi
  case $run_status in 124 | 137 | 143) run_status=124 ;; esac
  [ "$run_status" != 124 ] || echo "stopped: took longer than $RUN_LIMIT s" >>"$RUN_OUTPUT"
  return "$run_status"
}

# GNU and newer busybox `timeout` know -k; asked once a process.
run_timeout_find() {
  [ -z "${RUN_TIMEOUT+x}" ] || return 0
  RUN_TIMEOUT=
  if timeout -k 1 5 true >/dev/null 2>&1; then RUN_TIMEOUT=1; fi
}

# run_words: sets RUN_WORDS to the last 300 or so characters that the command said, on one line.
run_words() {
  RUN_WORDS=$(tail -n 5 "$RUN_OUTPUT" 2>/dev/null | tr -s '\n\t\r' '   ' | awk '{ s = $0 } END { n = length(s); if (n > 300) s = substr(s, n - 299); sub(/ +$/, "", s); printf "%s", s }')
}

# command_text WORD…: sets COMMAND_TEXT, the words as a person would type them, quoted where a shell would need it.
command_text() {
  COMMAND_TEXT=
  for command_word; do
    case $command_word in
    '' | *[!A-Za-z0-9._/:=@%+,-]*)
      command_rest=$command_word command_word=\'
      while :; do
        case $command_rest in *\'*) ;; *) break ;; esac
        command_word="$command_word${command_rest%%\'*}'\\''"
        command_rest=${command_rest#*\'}
      done
      command_word="$command_word$command_rest'"
      ;;
    esac
    COMMAND_TEXT="$COMMAND_TEXT${COMMAND_TEXT:+ }$command_word"
  done
}
