# Apply and lift: journal, render, reload, check, in that order, under the lock, with the dirty note around.
# A failed apply is taken back whole. Killed anywhere, the journal is the truth and the next agent renders again.

# brake_entry: J_* from the request.
brake_entry() {
  journal_clear
  J_app=$R_app J_brake=$R_brake J_instance=$R_instance J_point=$R_point J_effect=$R_effect J_text=$R_text
  J_match=$R_match J_match2=$R_match2 J_match3=$R_match3
  J_connections=${R_connections:-0} J_messages=${R_messages:-0} J_recipients=${R_recipients:-0} J_cut=${R_cut:-0}
  J_ttl=${R_ttl:-0} J_by=$R_by J_reason=$R_reason J_origin=$ORIGIN
  epoch_once
  J_since=$EPOCH
  if [ "$J_ttl" = 0 ]; then
    J_expires=0
  else
    number_sum "$EPOCH" "$J_ttl"
    J_expires=$SUM
  fi
}

# brake_content: sets BRAKE_CONTENT, all that may not differ when the same application is asked for again. Who and why may.
brake_content() {
  BRAKE_CONTENT="$J_brake|$J_instance|$J_point|$J_effect|$J_match|$J_match2|$J_match3|$J_connections|$J_messages|$J_recipients|$J_cut|$J_text"
}

# brake_can: whether the driver can do J_* exactly, with POINT_KIND.
brake_can() {
  [ "$J_cut" = 0 ] || command -v "${DRIVER}_cut" >/dev/null ||
    fail cannot cut "open sessions can't be cut on $DRIVER; without cut they end by themselves, and what comes after them meets the brake" || return 1
  driver can
}

verb_apply() {
  value_check && state_make && driver_of "$R_instance" && space_check "$DRIVER_CONFIG" "$MB_STATE" || return 1
  discovery_find "$R_instance" "$R_point" || return 1
  lock_take || return 1
  dirty_recover
  driver_of "$R_instance"
  if journal_load "$R_app"; then
    brake_again
    return
  fi
  brake_entry
  brake_can || return 1
  evidence_clear
  if [ "$J_expires" != 0 ] || expiry_vanishes; then expiry_ensure || return 1; fi
  answer_progress journal
  dirty_mark apply "$J_app" "$J_instance" || return 1
  crash_point before-journal
  journal_write || { dirty_clear; return 1; }
  crash_point after-journal
  if ! brake_bring "$MB_JOURNAL" || [ -n "$CHECK_FAILED" ]; then
    rm -f "$MB_JOURNAL/$R_app"
    brake_take_back
    return 1
  fi
  if [ -f "$MB_ENDED/$J_app" ] || [ -f "$MB_LINGER/$J_app" ]; then rm -f "$MB_ENDED/$J_app" "$MB_LINGER/$J_app"; fi
  dirty_clear
  brake_applied applied
}

# brake_bring FOLDER: render, reload, check, for the entry J_app of that folder (a render may load others into J_*).
# What the check found is in CHECKED; a tool's failure is returned.
brake_bring() {
  RENDER_CHANGED=0 BRAKE_APP=$J_app BRAKE_FOLDER=$1
  answer_progress render
  if [ "$1" = "$MB_JOURNAL" ] && command -v "${DRIVER}_ease" >/dev/null; then
    crash_point before-ease
    driver ease || return 1
    crash_point after-ease
  fi
  driver render || return 1
  crash_point after-render
  if [ "$RENDER_CHANGED" = 1 ]; then
    answer_progress reload
    crash_point before-reload
    driver reload || return 1
    crash_point after-reload
  fi
  brake_entry_back
  # The block is in force: only now what came in before it.
  if [ "$J_cut$1" = "1$MB_JOURNAL" ]; then
    crash_point before-cut
    driver cut || return 1
    brake_entry_back
  fi
  answer_progress check
  crash_point before-check
  driver_check
  crash_point after-check
  brake_entry_back
}

brake_entry_back() {
  journal_clear
  [ -z "$BRAKE_APP" ] || journal_load "$BRAKE_APP" "$BRAKE_FOLDER"
}

# brake_take_back: after a failed apply or arm, whose mark in the state folder is gone: renders again, keeping the words of the first failure.
brake_take_back() {
  [ -z "$CHECK_FAILED" ] || fail check-failed '' "$CHECK_FAILED" || :
  fail_words
  set -- "$FAIL_CODE" "$FAIL_FIELD" "$FAIL_MESSAGE"
  RENDER_CHANGED=0
  if driver render && driver reload; then
    dirty_clear
    set -- "$@" '(taken back)'
  else
    set -- "$@" "(taking it back failed too, is tried again each minute: $FAIL_MESSAGE)"
    expiry_ensure || :
  fi
  expiry_tidy
  fail "$1" "$2" "$3 $4"
}

# The application is there already: nothing to do, or another expiry, or a different brake under the same name.
brake_again() {
  brake_content
  brake_had=$BRAKE_CONTENT brake_since=$J_since brake_ttl=$J_ttl brake_expires=$J_expires
  brake_entry
  brake_content
  [ "$BRAKE_CONTENT" = "$brake_had" ] || fail conflict app "application $R_app is active with other content; lift it first, or use another id" || return 1
  brake_outcome=already
  if [ "$J_ttl" != "$brake_ttl" ]; then
    brake_outcome=applied brake_expires=$J_expires
    space_check "$MB_STATE" || return 1
    J_since=$brake_since
    answer_progress journal
    journal_write || return 1
    expiry_ensure || return 1
    expiry_tidy
  fi
  J_since=$brake_since J_expires=$brake_expires
  evidence_clear
  answer_progress check
  if ! driver check && [ -z "$CHECK_FAILED" ]; then
    fail_words
    check_add 'the check itself' 0 "$FAIL_MESSAGE"
  fi
  brake_applied "$brake_outcome"
}

brake_applied() {
  if [ "$J_expires" != 0 ]; then
    expiry_ensure || :
    readback_add 'expiry on this host' "$EXPIRY_KEPT"
  fi
  answer_done "\"outcome\":\"$1\",\"app\":\"$J_app\",\"expires\":$J_expires,\"readback\":[$READBACK],\"checked\":[$CHECKED]"
}

verb_lift() {
  value_check || return 1
  lock_take || return 1
  dirty_recover
  brake_outcome=lifted
  if journal_load "$R_app"; then
    brake_lift lifted "$R_by" "$R_reason" || return 1
  elif journal_load "$R_app" "$MB_ENDED"; then
    evidence_clear
    brake_outcome=already RELEASED=$J_released
  else
    fail no-such-application app "no application $R_app is or was active on this host" || return 1
  fi
  answer_done "\"outcome\":\"$brake_outcome\",\"app\":\"$R_app\",\"released\":$RELEASED,\"readback\":[$READBACK],\"checked\":[$CHECKED]"
}

# brake_lift HOW BY REASON: the entry in J_* ends. Needs the lock.
brake_lift() {
  driver_of "$J_instance" || return 1
  space_check "$MB_STATE" || return 1
  evidence_clear
  epoch_once
  # shellcheck disable=SC2034 # written by way of JOURNAL_KEYS
  J_how=$1 J_ended_by=$2 J_ended_reason=$3 J_at=$EPOCH J_released=0
  answer_progress journal
  dirty_mark lift "$J_app" "$J_instance" || return 1
  crash_point before-journal
  if [ "$J_effect" = hold ]; then
    # Sessions that were open go on with the old rules: what they still bring is released by the sweep.
    number_sum "$EPOCH" 3600
    J_until=$SUM
    journal_write "$MB_LINGER" || { dirty_clear; return 1; }
  fi
  if ! journal_write "$MB_ENDED" || ! rm -f "$MB_JOURNAL/$J_app"; then
    rm -f "$MB_LINGER/$J_app" "$MB_ENDED/$J_app"
    dirty_clear
    return 1
  fi
  crash_point after-journal
  if ! brake_bring "$MB_ENDED"; then
    fail_words
    set -- "$FAIL_CODE" "$FAIL_FIELD" "$FAIL_MESSAGE"
    expiry_ensure || :
    fail "$1" "$2" "lifted in the journal, but: $3 (tried again each minute)" || return 1
  fi
  crash_point before-release
  brake_release || return 1
  crash_point after-release
  dirty_clear
  if [ "$J_effect" = hold ]; then expiry_ensure || :; fi
  expiry_tidy
}

# brake_release: has the driver let go what J_* held, and counts it in ended/.
brake_release() {
  RELEASED=0 BRAKE_APP=$J_app BRAKE_FOLDER=$MB_ENDED
  driver lifted || return 1
  [ "$RELEASED" != 0 ] || return 0
  brake_entry_back || return 0
  J_released=$((J_released + RELEASED))
  journal_write "$MB_ENDED"
}
