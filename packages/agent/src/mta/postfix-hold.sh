# After a lift: what the brake held is released, what it paused is flushed, tables that nothing needs any more are removed.
# Only messages that carry the mark of this application are released, and not those that another active hold marked too:
# what an admin holds, or another brake, stays. Called again by later sweeps for mail of sessions that were still open.
# Killed in the middle: the rest stays held, the next sweep goes on.

# postfix_lifted CONFIG: with the J_* of what was lifted; sets RELEASED.
postfix_lifted() {
  RELEASED=0
  px_lifted_app=$J_app
  case $J_effect:$J_point in
  hold:local) RELEASED=${PX_WAITED:-0} ;;
  hold:*) px_release "$1" || return 1 ;;
  pause:*) px_flush "$1" || return 1 ;;
  esac
  PX_WAITED=0
  px_tables_sweep "$1"
}

# px_release CONFIG: `postsuper -H` for the ids found, by standard input (there can be hundreds of thousands).
px_release() {
  if [ "$MB_PLAN" = 1 ]; then
    run_command postsuper -c "$1" -H -
    run_command postfix -c "$1" reload
    return 0
  fi
  px_master "$1" || return 1
  [ -d "$PX_QUEUE/hold" ] || return 0
  # the first line, which no message has, for a grep that takes no pattern as every line
  journal_stream "postfix:$1" >"$MB_TMP/px-active" || return 1
  MB_APP=$px_lifted_app awk -F '\t' '
    BEGIN { print "X-Mailbrake-Held: <>" }
    $5 == "hold" && $2 "" != ENVIRON["MB_APP"] "" { print "X-Mailbrake-Held: <" $2 ">" }
  ' "$MB_TMP/px-active" >"$MB_TMP/px-marks"
  px_marked -f "$MB_TMP/px-marks" >"$MB_TMP/px-kept"
  # what another hold wants too stands there more than once
  { px_marked -e "X-Mailbrake-Held: <$px_lifted_app>"; cat "$MB_TMP/px-kept" "$MB_TMP/px-kept"; } | sort | uniq -u | sed 's,.*/,,' >"$MB_TMP/px-ids"
  # a queue job holds what it holds, whatever brake is lifted
  for px_file in "$MB_STATE"/held/*; do
    [ -f "$px_file" ] || continue
    awk 'FILENAME == ARGV[1] { held[$1]; next } !($1 in held)' "$px_file" "$MB_TMP/px-ids" >"$MB_TMP/px-free" && mv -f "$MB_TMP/px-free" "$MB_TMP/px-ids" || return 1
  done
  [ -s "$MB_TMP/px-ids" ] || return 0
  # shellcheck disable=SC2016 # the words are for the inner shell
  run_query sh -c 'exec postsuper -c "$1" -H - <"$2"' sh "$1" "$MB_TMP/px-ids" || px_said "postsuper -c $1 -H -" || return 1
  RELEASED=$(awk '/Released from hold: [0-9]+ message/ { sub(/^.*hold: /, ""); n += $1 } END { print n + 0 }' "$RUN_OUTPUT")
  # What is released waits for the next look into the deferred queue, by default five minutes away. A queue manager that starts
  # looks at once, and keeps to the retry times of all other mail, which a flush would not.
  [ "$PX_RUNNING" = 0 ] || run_query postfix -c "$1" reload || :
}

# px_marked WORDS: paths of queue files in hold/ that hold what grep is told. The header stands in their first kilobytes.
px_marked() {
  find "$PX_QUEUE/hold" -type f -exec grep -l -F "$@" {} + 2>/dev/null || :
}

# px_flush CONFIG: right after a reload the queue manager may not be there yet.
px_flush() {
  if [ "$MB_PLAN" = 1 ]; then
    run_command postqueue -c "$1" -f
    return 0
  fi
  px_master "$1" || return 1
  [ "$PX_RUNNING" = 0 ] || px_flush_now "$1" || px_said "postqueue -c $1 -f"
}
px_flush_now() {
  # last it wakes pickup, and where a hold of local mail has taken that out of service, calls it a mail system that is down
  if grep -q '^mailbrake_closed *=.* pickup/' "$1/main.cf"; then
    run_query postqueue -c "$1" -f || :
    return 0
  fi
  px_retry run_query postqueue -c "$1" -f
}

# px_tables_sweep CONFIG: removes tables of the instance that the journal does not ask for.
px_tables_sweep() {
  [ "$MB_PLAN" = 1 ] && return 0
  px_awk "$1" 'END { print TABLE_ROOT; render(); for (i = 1; i <= TABLES; i++) print TABLE_PATH[i] }' >"$MB_TMP/px-wanted" || return 0
  IFS= read -r px_root <"$MB_TMP/px-wanted" || return 0
  for px_table in "$px_root"/*/*; do
    [ ! -f "$px_table" ] || grep -q -x -F -e "$px_table" "$MB_TMP/px-wanted" || rm -f "$px_table"
  done
  rmdir "$px_root"/* "$px_root" 2>/dev/null || :
}
