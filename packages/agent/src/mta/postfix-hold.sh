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
  POSTFIX_QUEUE=$(postfix_settings "$1" queue_directory) || POSTFIX_QUEUE=
  [ -n "$POSTFIX_QUEUE" ] || { fail internal '' "postconf -c $1 can't tell the queue directory"; return 1; }
  [ -d "$POSTFIX_QUEUE/hold" ] || return 0
  postfix_marked "X-Mailbrake-Held: <$postfix_lifted_app>" >"$MB_TMP/postfix-held" || return 1
  [ -s "$MB_TMP/postfix-held" ] || return 0
  : >"$MB_TMP/postfix-kept"
  journal_stream "postfix:$1" | cut -f 2,5 >"$MB_TMP/postfix-active" || return 1
  while read -r postfix_other postfix_effect; do
    case $postfix_effect:$postfix_other in
    hold:"$postfix_lifted_app") ;;
    hold:*) postfix_marked "X-Mailbrake-Held: <$postfix_other>" >>"$MB_TMP/postfix-kept" || return 1 ;;
    esac
  done <"$MB_TMP/postfix-active"
  KEPT=$MB_TMP/postfix-kept awk '
    BEGIN { while ((getline line < ENVIRON["KEPT"]) > 0) kept[line] = 1 }
    !($0 in kept) { sub(/^.*\//, ""); print }
  ' "$MB_TMP/postfix-held" >"$MB_TMP/postfix-ids"
  [ -s "$MB_TMP/postfix-ids" ] || return 0
  # shellcheck disable=SC2016 # the words are for the inner shell
  run_query sh -c 'exec postsuper -c "$1" -H - <"$2"' sh "$1" "$MB_TMP/postfix-ids" || {
    run_words
    fail internal '' "postsuper -c $1 -H -: $RUN_WORDS"
    return 1
  }
  RELEASED=$(awk '/Released from hold: [0-9]+ message/ { sub(/^.*Released from hold: /, ""); n += $1 } END { print n + 0 }' "$RUN_OUTPUT")
  # What is released waits for the next look into the deferred queue, by default five minutes away. A queue manager that starts
  # looks at once, and keeps to the retry times of all other mail, which a flush would not.
  postfix_master "$1"
  [ "$POSTFIX_RUNNING" = 0 ] || run_query postfix -c "$1" reload || :
}

# postfix_marked MARK: paths of queue files in hold/ that hold it. The header stands in the first kilobytes of a queue file.
postfix_marked() {
  find "$POSTFIX_QUEUE/hold" -type f -exec grep -l -F -e "$1" {} + 2>/dev/null || :
}

# postfix_flush CONFIG: right after a reload the queue manager may not be there yet.
postfix_flush() {
  if [ "$MB_PLAN" = 1 ]; then
    run_command postqueue -c "$1" -f
    return 0
  fi
  postfix_master "$1"
  [ "$POSTFIX_RUNNING" = 1 ] || return 0
  postfix_tries=0
  until run_query postqueue -c "$1" -f; do
    postfix_tries=$((postfix_tries + 1))
    if [ "$postfix_tries" -ge 40 ]; then
      run_words
      fail internal '' "postqueue -c $1 -f: $RUN_WORDS"
      return 1
    fi
    sleep_short
  done
}

# postfix_tables_sweep CONFIG: removes tables of the instance that the journal does not ask for and master.cf does not name.
postfix_tables_sweep() {
  [ "$MB_PLAN" = 1 ] && return 0
  journal_stream "postfix:$1" >"$MB_TMP/postfix-orders" || return 0
  POSTFIX_ARMED=
  # shellcheck disable=SC2016 # awk program
  postfix_awk "$1" 'END {
    print TABLE_ROOT
    rules_collect()
    for (i = 1; i <= TABLES; i++) print table_path(TABLE_OWNER[i], TABLE_NAME[i])
  }' "$MB_TMP/postfix-orders" >"$MB_TMP/postfix-wanted" || return 0
  IFS= read -r postfix_root <"$MB_TMP/postfix-wanted" || return 0
  case $postfix_root in "$MB_TABLES"/?*) ;; *) return 0 ;; esac
  set --
  for postfix_table in "$postfix_root"/*/*; do
    if [ -f "$postfix_table" ] && ! postfix_wanted "$postfix_table"; then set -- "$@" "$postfix_table"; fi
  done
  [ "$#" = 0 ] || rm -f "$@"
  for postfix_folder in "$postfix_root"/* "$postfix_root"; do
    [ ! -d "$postfix_folder" ] || rmdir "$postfix_folder" 2>/dev/null || :
  done
}

postfix_wanted() {
  while IFS= read -r postfix_line; do
    [ "$postfix_line" != "$1" ] || return 0
  done <"$MB_TMP/postfix-wanted"
  return 1
}
