# The note that a change is under way: `OP APP INSTANCE` lines in $MB_STATE/dirty, written before the journal is touched, removed
# when the host is known to be right. Whoever finds it (under the lock) renders again: the journal is the truth.

# dirty_told: sets DIRTY to true or false, for an answer.
dirty_told() { if [ -f "$MB_STATE/dirty" ]; then DIRTY=true; else DIRTY=false; fi; }

# dirty_mark OP APP INSTANCE
dirty_mark() {
  percent_encode "$3"
  DIRTY_INSTANCE=$ENCODED
  { printf '%s %s %s\n' "$1" "$2" "$ENCODED" >>"$MB_STATE/dirty"; } 2>/dev/null || fail_space "$MB_STATE/dirty"
}

# dirty_clear: the instance marked last is right. What is still wrong with another stays noted.
dirty_clear() {
  dirty_others=
  while IFS= read -r dirty_line; do
    case $dirty_line in
    *" $DIRTY_INSTANCE") ;;
    *) dirty_others="$dirty_others$dirty_line
" ;;
    esac
  done <"$MB_STATE/dirty"
  if [ -n "$dirty_others" ]; then
    printf %s "$dirty_others" >"$MB_TMP/dirty" && mv -f "$MB_TMP/dirty" "$MB_STATE/dirty"
  else
    rm -f "$MB_STATE/dirty" "$MB_STATE/leftover"
  fi
}

# dirty_recover: brings the host to what the journal says. Needs the lock. The note stays where that did not work.
dirty_recover() {
  [ -f "$MB_STATE/dirty" ] || return 0
  dirty_leftover
  dirty_failed=0 dirty_seen=' ' ANSWER_SILENT=1
  while read -r dirty_op dirty_app dirty_instance; do
    percent_decode "$dirty_instance" || continue
    driver_of "$DECODED" || continue
    case $dirty_seen in
    *" $dirty_instance "*) ;;
    *)
      dirty_seen="$dirty_seen$dirty_instance "
      journal_clear
      RENDER_CHANGED=0
      evidence_clear
      if ! driver render || ! driver reload; then dirty_failed=1; fi
      ;;
    esac
    if [ "$dirty_op" = lift ] && [ "$dirty_failed" = 0 ] && journal_load "$dirty_app" "$MB_ENDED"; then
      brake_release || dirty_failed=1
    fi
    if [ "$dirty_op$dirty_failed" = apply0 ] && journal_load "$dirty_app" && [ "$J_cut" = 1 ]; then
      driver cut || dirty_failed=1
    fi
  done <"$MB_STATE/dirty"
  ANSWER_SILENT=0
  if [ "$dirty_failed" = 1 ]; then
    # A mail system that can't be mended now must not keep others from being braked; the minute sweep tries again.
    expiry_ensure || :
    return 0
  fi
  rm -f "$MB_STATE/dirty" "$MB_STATE/leftover"
}

dirty_leftover() {
  [ -f "$MB_STATE/leftover" ] || return 0
  while IFS= read -r dirty_path; do
    case $dirty_path in /*.mailbrake-new) rm -f "$dirty_path" ;; esac
  done <"$MB_STATE/leftover"
}
