# Reload, and what is seen on the host afterwards. A HUP with a configuration that Exim can't read ends the daemon and closes its
# ports: so Exim reads it first (-bV), and the daemon is looked at after.

# exim_reload CONFIG: an instance that does not run reads its files when it starts. Each process that is not the daemon reads them anyway.
exim_reload() {
  EXIM_CONFIG=
  exim_facts "$1" || return 1
  exim_daemon
  # First aside: update-exim4.conf leaves another mode and a file behind when Exim does not take the result.
  if [ "$EXIM_LAYOUT" = debian ] && { { [ "$MB_PLAN" != 1 ] && ! run_query update-exim4.conf --check -o "$MB_TMP/exim-generated"; } || ! run_command update-exim4.conf; }; then
    run_words
    fail internal '' "update-exim4.conf: $RUN_WORDS"
    return 1
  fi
  if [ "$MB_PLAN" != 1 ] && ! run_query "$EXIM" -bV; then
    run_words
    fail internal '' "Exim can't read its configuration, so it was not reloaded: $RUN_WORDS"
    return 1
  fi
  EXIM_RUNNING_BEFORE=0
  [ -n "$EXIM_PID" ] || return 0
  EXIM_RUNNING_BEFORE=1
  [ "$MB_PLAN" = 1 ] || exim_open >"$MB_TMP/exim-open"
  [ "$MB_PLAN" = 1 ] || exim_hears
  run_command kill -HUP "$EXIM_PID" || { fail internal '' "kill -HUP $EXIM_PID failed"; return 1; }
  [ "$MB_PLAN" = 1 ] || exim_wait
}

# exim_hears: waits, ten seconds at most, until the daemon catches a HUP: one that comes while it starts anew, after another, ends it.
exim_hears() {
  exim_tries=0
  until ! [ -r "/proc/$EXIM_PID/status" ] || grep -q '^SigCgt:.*[13579bdf]$' "/proc/$EXIM_PID/status" || [ "$exim_tries" -ge 200 ]; do
    exim_tries=$((exim_tries + 1))
    sleep_short
  done
}

# exim_wait: until the daemon has sockets that it had not before: it opens them after it has read its configuration. Where that
# can't be seen, ten seconds.
exim_wait() {
  exim_tries=0
  until exim_open | grep -qvxF -f "$MB_TMP/exim-open" || [ "$exim_tries" -ge 200 ]; do
    exim_tries=$((exim_tries + 1))
    sleep_short
  done
  exim_hears
  kill -0 "$EXIM_PID" 2>/dev/null || fail internal '' "the Exim daemon (process $EXIM_PID) ended at a reload"
}

# exim_open: its sockets, a line each (one that matches nothing first, for grep).
exim_open() {
  echo none
  # shellcheck disable=SC2012
  ls -l "/proc/$EXIM_PID/fd" 2>/dev/null | sed -n 's/^.*-> \(socket:.*\)$/\1/p'
}

# exim_check CONFIG: daemon, hooks and rules as Exim reads them, and one SMTP dialogue after apply and lift.
exim_check() {
  EXIM_CONFIG=
  exim_facts "$1" || return 1
  exim_daemon
  if [ -n "$EXIM_PID" ]; then
    check_add 'Exim runs' 1 "daemon, process $EXIM_PID"
  else
    check_add 'Exim runs' "$((1 - ${EXIM_RUNNING_BEFORE:-0}))" 'no daemon runs; it reads this configuration when it starts'
  fi
  EXIM_RUNNING_BEFORE=
  exim_wanted=0
  if [ -n "$(journal_list "exim:$1")" ] || instance_armed "exim:$1"; then exim_wanted=5; fi
  exim_seen=0
  [ "$EXIM_HOOKED" != "$exim_wanted" ] || exim_seen=1
  check_add 'Exim asks the brakes' "$exim_seen" "$EXIM_HOOKED of $exim_wanted hooks are in $1"
  # Exim reads them with its own uid; what it can't see is no brake.
  if [ -d "$EXIM_FILES" ]; then
    exim_line=$(find "$MB_STATE" "$MB_TABLES" "$EXIM_FILES" -prune ! -perm -001 2>/dev/null; find "$EXIM_FILES" -type f ! -perm -004 2>/dev/null)
    [ -z "$exim_line" ] || check_add 'Exim may read the rules' 0 "its user may not read $exim_line"
  fi
  for exim_kind in connect rcpt local start hold; do
    [ -f "$EXIM_FILES/$exim_kind" ] || continue
    exim_file=$EXIM_FILES/$exim_kind
    [ "$exim_kind" = hold ] || read -r exim_file <"$exim_file" || :
    exim_seen=0
    [ ! -s "$exim_file" ] || exim_seen=1
    check_add "rules at $exim_kind" "$exim_seen" "$exim_file"
    readback_add "$exim_file" "$(cat "$exim_file" 2>/dev/null)"
  done
  [ -z "$J_app" ] || [ -z "$EXIM_PID" ] || exim_dialogue
  exim_sweep
}

# exim_dialogue: with the listener of J_*: what it says to a probe from this host. Where the probe can be what the brake means,
# the answer must be the brake's; in no case may it be that of an Exim that can't read its rules.
exim_dialogue() {
  case $J_point in listener:*) discovery_lookup "$J_instance" "$J_point" || return 0 ;; *) return 0 ;; esac
  R_sender="postmaster@$EXIM_HOST" R_recipient="postmaster@$EXIM_HOST" exim_expect=1
  for exim_match in "$J_match" "$J_match2" "$J_match3"; do
    case $exim_match in
    '' | all) ;;
    'sender:<>') R_sender= ;;
    sender:*@*) R_sender=${exim_match#*:} ;;
    sender:*) R_sender=postmaster@${exim_match#*:} ;;
    recipient:*@*) R_recipient=${exim_match#*:} ;;
    recipient:*) R_recipient=postmaster@${exim_match#*:} ;;
    *) exim_expect=0 ;;
    esac
  done
  # What another brake at this listener says before ours is its answer, and right.
  exim_others=$(journal_stream "$J_instance" | APP=$J_app POINT=$J_point awk -F '\t' '$2 != ENVIRON["APP"] && $4 == ENVIRON["POINT"] { print $5 " (ref " $3 ")" }')
  case $exim_others in *'close (ref'*) check_add 'an SMTP dialogue from this host' 1 'none: another brake has closed this listener'; return 0 ;; esac
  exim_fire=$(journal_stream nftables:/etc/nftables.conf | POINT=listener:$POINT_PORT awk -F '\t' '$4 == ENVIRON["POINT"] { print $3 }')
  [ -z "$exim_fire" ] || { check_add 'an SMTP dialogue from this host' 1 'none: the firewall has a brake on this port'; return 0; }
  # A daemon that somebody has just told to read its configuration again answers nobody for a moment; one that hangs, never.
  [ -f "$MB_JOURNAL/$J_app" ] || exim_expect=0
  epoch
  exim_tries=0 exim_since=$EPOCH exim_silent=
  # one that closes a port on a busy host answers there for a moment more
  [ "$J_effect$exim_expect" != close1 ] || exim_silent=1
  while :; do
    # no tool for it here: no check
    probe_run || return 0
    exim_said=$(awk '/^S [2-5]/ { s = $0 } /^C QUIT/ { exit } END { print substr(s, 3) }' "$RUN_OUTPUT")
    epoch
    # shellcheck disable=SC2015
    [ "${exim_said:+1}" = "$exim_silent" ] && [ "$exim_tries" -lt 200 ] && [ "$((EPOCH - exim_since))" -lt 15 ] || break
    exim_tries=$((exim_tries + 1))
    sleep_short
  done
  exim_all=$(cat "$RUN_OUTPUT") exim_seen=1
  case $J_effect in
  close)
    # closed: no answer at all; lifted: a banner
    if [ "$exim_expect" = 1 ]; then [ -z "$exim_said" ] || exim_seen=0; else [ -n "$exim_said" ] || exim_seen=0; fi
    ;;
  *)
    case $exim_all in
    '' | *'S 451 Temporary local problem'* | *'S 421 Unexpected failure'* | *'S 550 Administrative prohibition'*) exim_seen=0 ;;
    *) [ -n "$exim_said" ] || exim_seen=0 ;;
    esac
    case $J_effect in
    tempfail | reject)
      [ "$exim_expect" = 0 ] || case $exim_said in
      *"(ref $J_brake)"*) ;;
      *'(ref '*) case $exim_others in *"(ref ${exim_said##*"(ref "}"*) ;; *) exim_seen=0 ;; esac ;;
      *) exim_seen=0 ;;
      esac
      ;;
    esac
    ;;
  esac
  # In a flood every place is taken: that says nothing against the brake, and is no reason to take it back.
  case $exim_said in '421 Too m'*) exim_seen=1 exim_said="$exim_said (busy: it has not come to the brake)" ;; esac
  check_add 'an SMTP dialogue from this host' "$exim_seen" "${exim_said:-no answer}"
}
