# After a lift: what the brake held is released, what it paused is flushed, tables that nothing needs any more are removed.
# Only messages that carry the mark of this application are released, and not those that another active hold marked too:
# what an admin holds, or another brake, stays. Called again by later sweeps for mail of sessions that were still open.
# Killed in the middle: the rest stays held, the next sweep goes on.

# postfix_lifted CONFIG: with the J_* of what was lifted; sets RELEASED.
postfix_lifted() {
  RELEASED=0
  postfix_lifted_app=$J_app
  case $J_effect:$J_point in
  hold:local) RELEASED=${POSTFIX_WAITED:-0} ;;
  hold:*) postfix_release "$1" || return 1 ;;
  pause:*) postfix_flush "$1" || return 1 ;;
  esac
  POSTFIX_WAITED=0
  postfix_tables_sweep "$1"
}

# postfix_release CONFIG: `postsuper -H` for the ids found, by standard input (there can be hundreds of thousands).
postfix_release() {
  if [ "$MB_PLAN" = 1 ]; then
    run_command postsuper -c "$1" -H -
    run_command postfix -c "$1" reload
    return 0
  fi
  postfix_master "$1" || return 1
  [ -d "$POSTFIX_QUEUE/hold" ] || return 0
  postfix_marked -e "X-Mailbrake-Held: <$postfix_lifted_app>" >"$MB_TMP/postfix-held"
  journal_stream "postfix:$1" >"$MB_TMP/postfix-active" || return 1
  MB_APP=$postfix_lifted_app awk -F '\t' '$5 == "hold" && $2 "" != ENVIRON["MB_APP"] "" { print "X-Mailbrake-Held: <" $2 ">" }' "$MB_TMP/postfix-active" >"$MB_TMP/postfix-marks"
  : >"$MB_TMP/postfix-kept"
  [ ! -s "$MB_TMP/postfix-marks" ] || postfix_marked -f "$MB_TMP/postfix-marks" >"$MB_TMP/postfix-kept"
  KEPT=$MB_TMP/postfix-kept awk '
    BEGIN { while ((getline line < ENVIRON["KEPT"]) > 0) kept[line] = 1 }
    !($0 in kept) { sub(/^.*\//, ""); print }
  ' "$MB_TMP/postfix-held" >"$MB_TMP/postfix-ids"
  [ -s "$MB_TMP/postfix-ids" ] || return 0
  # shellcheck disable=SC2016 # the words are for the inner shell
  run_query sh -c 'exec postsuper -c "$1" -H - <"$2"' sh "$1" "$MB_TMP/postfix-ids" || { postfix_said "postsuper -c $1 -H -"; return 1; }
  RELEASED=$(awk '/Released from hold: [0-9]+ message/ { sub(/^.*hold: /, ""); n += $1 } END { print n + 0 }' "$RUN_OUTPUT")
  # What is released waits for the next look into the deferred queue, by default five minutes away. A queue manager that starts
  # looks at once, and keeps to the retry times of all other mail, which a flush would not.
  [ "$POSTFIX_RUNNING" = 0 ] || run_query postfix -c "$1" reload || :
}

# postfix_marked WORDS: paths of queue files in hold/ that hold what grep is told. The header stands in their first kilobytes.
postfix_marked() {
  find "$POSTFIX_QUEUE/hold" -type f -exec grep -l -F "$@" {} + 2>/dev/null || :
}

# postfix_flush CONFIG: right after a reload the queue manager may not be there yet.
postfix_flush() {
  if [ "$MB_PLAN" = 1 ]; then
    run_command postqueue -c "$1" -f
    return 0
  fi
  postfix_master "$1" || return 1
  [ "$POSTFIX_RUNNING" = 0 ] || postfix_retry run_query postqueue -c "$1" -f || postfix_said "postqueue -c $1 -f"
}

# postfix_tables_sweep CONFIG: removes tables of the instance that the journal does not ask for.
postfix_tables_sweep() {
  [ "$MB_PLAN" = 1 ] && return 0
  postfix_awk "$1" 'END { print TABLE_ROOT; rules_collect(); for (i = 1; i <= TABLES; i++) print TABLE_PATH[i] }' >"$MB_TMP/postfix-wanted" || return 0
  IFS= read -r postfix_root <"$MB_TMP/postfix-wanted" || return 0
  for postfix_table in "$postfix_root"/*/*; do
    [ ! -f "$postfix_table" ] || grep -q -x -F -e "$postfix_table" "$MB_TMP/postfix-wanted" || rm -f "$postfix_table"
  done
  rmdir "$postfix_root"/* "$postfix_root" 2>/dev/null || :
}
