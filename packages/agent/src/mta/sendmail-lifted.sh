# After a lift: what the brake held is released, what it paused is tried. A hold is a quarantine with our ids in its reason, so nothing
# else is let go. Killed in the middle: what was not released yet still has that reason, and the next sweep goes on.

# sendmail_lifted CONFIG: with the J_* of what was lifted; sets RELEASED.
sendmail_lifted() {
  RELEASED=0
  sendmail_facts "$1" || return 1
  case $J_effect in
  hold) sendmail_release "$1" "$J_app" ;;
  tempfail) [ "$SENDMAIL_LOCAL" = 0 ] || sendmail_behind_us "$SENDMAIL" -Ac -q ;;
  pause)
    case $J_match in
    recipient:*) sendmail_behind_us "$SENDMAIL" -C "$1" "-qR${J_match#*:}" ;;
    sender:\<*) sendmail_behind_us "$SENDMAIL" -C "$1" -q ;;
    sender:*) sendmail_behind_us "$SENDMAIL" -C "$1" "-qS${J_match#*:}" ;;
    *) sendmail_behind_us "$SENDMAIL" -C "$1" -q ;;
    esac
    ;;
  esac
}

# sendmail_release CONFIG APP: each reason that has APP in it becomes that of the holds which mean this mail too and are still on, or
# none; then the released get a try, behind us.
sendmail_release() {
  if [ "$MB_PLAN" = 1 ]; then
    run_command "$SENDMAIL" -Q "-qQmailbrake+$2+="
    run_command "$SENDMAIL" -q
    return 0
  fi
  sendmail_active=$(journal_stream "sendmail:$1" | awk -F '\t' '$5 == "hold" { printf "+%s", $2 } END { print "+" }') || return 1
  sendmail_queues "$1"
  sendmail_reasons | sort | uniq -c >"$MB_TMP/sendmail-reasons"
  while read -r sendmail_count sendmail_reason; do
    case $sendmail_reason in *"+$2+"*) ;; *) continue ;; esac
    sendmail_new=
    sendmail_rest=${sendmail_reason#mailbrake+}
    while [ -n "$sendmail_rest" ] && [ "$sendmail_rest" != = ]; do
      # a queue job holds what it holds, whatever brake is lifted
      sendmail_name=${sendmail_rest%%+*}
      case $sendmail_active in *"+$sendmail_name+"*) false ;; *) [ ! -f "$MB_STATE/held/$sendmail_name" ] ;; esac ||
        [ "$sendmail_name" = "$2" ] || sendmail_new=${sendmail_new:-mailbrake+}$sendmail_name+
      sendmail_rest=${sendmail_rest#*+}
    done
    # A message that another process looks at is locked, and passed over: tried again, later by the next sweep.
    sendmail_tries=0 sendmail_left=1
    while [ "$sendmail_left" != 0 ] && [ "$sendmail_tries" -lt 20 ]; do
      [ "$sendmail_tries" = 0 ] || sleep_short
      sendmail_tries=$((sendmail_tries + 1))
      RUN_LIMIT=300
      run_query "$SENDMAIL" -C "$1" "-Q${sendmail_new:+$sendmail_new=}" "-qQ$sendmail_reason" || :
      RUN_LIMIT=20
      sendmail_left=$(sendmail_reasons | awk -v "reason=$sendmail_reason" '$0 "" == reason "" { n++ } END { print n + 0 }')
    done
    [ -n "$sendmail_new" ] || RELEASED=$((RELEASED + sendmail_count - sendmail_left))
  done <"$MB_TMP/sendmail-reasons"
  [ "$RELEASED" = 0 ] || sendmail_behind_us "$SENDMAIL" -C "$1" -q
}

# sendmail_queues CONFIG: sets SENDMAIL_QUEUES, its queue directories (a * at the end stands for all that match).
sendmail_queues() {
  SENDMAIL_QUEUES=$(sed -n -e 's/^O *QueueDirectory *= *//p' -e 's/^Q.*P\(ath\)\{0,1\}=\([^,]*\).*/\2/p' "$1")
  : "${SENDMAIL_QUEUES:=/var/spool/mqueue}"
}

# sendmail_reasons: the reasons of all mail that we hold, one a line.
sendmail_reasons() {
  # shellcheck disable=SC2086 # paths, one a word, with * in them
  find $SENDMAIL_QUEUES -type f -name 'hf*' -exec sed -n 's/^q\(mailbrake+.*=\)$/\1/p' {} + 2>/dev/null
}

# sendmail_behind_us WORD…: started, and not waited for: deliveries take as long as other hosts let them.
sendmail_behind_us() {
  # shellcheck disable=SC2016 # the words are for the inner shell
  if [ "$MB_PLAN" = 1 ]; then run_command "$@"; else run_query sh -c 'trap "" HUP; "$@" </dev/null >/dev/null 2>&1 &' sh "$@"; fi
}
