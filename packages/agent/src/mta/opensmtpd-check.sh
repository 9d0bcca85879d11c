# The restart, and what is seen on the host afterwards. smtpd can't reload: SIGHUP ends it. What it was started with and which parts
# were paused is written down before it is stopped ($MB_STATE/opensmtpd-restart), so that a kill in between ends with a daemon
# that runs as before: the next agent finds the note and goes on.

# opensmtpd_reload CONFIG: an instance that does not run, and was not stopped by us, reads its files when it starts. After a render.
opensmtpd_reload() {
  opensmtpd_facts "$1" || return 1
  OSD_NOTE=$MB_STATE/opensmtpd-restart
  OSD_RAN=0
  if [ -n "$OSD_PID" ]; then
    # after a kill: files were changed that it has not read, or it was about to be stopped
    [ ! -f "$OSD_NOTE" ] && [ -z "$(find "$OSD_CONFIG" "$OSD_BRAKES" -newer "$OSD_PID_FILE" 2>/dev/null)" ] || OSD_RESTART=1
    if [ "$OSD_RESTART" = 1 ]; then opensmtpd_stop || return 1; fi
  elif [ ! -f "$OSD_NOTE" ]; then
    [ "$osd_pause" != 0 ] || [ "$MB_PLAN" = 1 ] || rm -f "$OSD_PAUSED"
    return 0
  fi
  OSD_RAN=1
  [ ! -f "$OSD_NOTE" ] || [ "$MB_PLAN" = 1 ] || opensmtpd_start || return 1
  [ "$osd_pause" != 0 ] || { [ "$MB_PLAN" = 1 ] || rm -f "$OSD_PAUSED"; return 0; }
  opensmtpd_running
  [ -n "$OSD_RUNNING" ] || return 0
  [ "$MB_PLAN" = 1 ] || { printf '%s' "$OSD_RUNNING " >>"$OSD_PAUSED"; } 2>/dev/null || fail_space "$OSD_PAUSED" || return 1
  for osd_one in $OSD_RUNNING; do
    run_command smtpctl pause "$osd_one" || { run_words; fail internal '' "smtpctl pause $osd_one: $RUN_WORDS"; return 1; }
  done
}

# The note: arguments without -P, then what is paused and stays so, then the unit. One that is there is of a stop that was begun:
# what is paused now is not what was.
opensmtpd_stop() {
  if [ "$MB_PLAN" != 1 ] && ! run_query "$OSD_SMTPD" -n -f "$OSD_CONFIG"; then
    run_words
    fail internal '' "smtpd does not take $OSD_CONFIG, so it was not restarted: $RUN_WORDS"
    return 1
  fi
  if [ -f "$OSD_NOTE" ]; then
    osd_paused=$(sed -n 2p "$OSD_NOTE")
  else
    run_query smtpctl show status || :
    osd_paused=$(awk '$2 == "paused" { printf " %s", tolower($1) }' "$RUN_OUTPUT")
  fi
  if [ "$osd_pause" = 0 ] && [ -f "$OSD_PAUSED" ]; then
    # ours ends here
    osd_ours=" $(cat "$OSD_PAUSED") " osd_kept=
    for osd_one in $osd_paused; do case $osd_ours in *" $osd_one "*) ;; *) osd_kept="$osd_kept $osd_one" ;; esac done
    osd_paused=$osd_kept
  fi
  osd_words=
  # shellcheck disable=SC2086 # words
  set -- $OSD_ARGUMENTS
  while [ "$#" -gt 0 ]; do
    if [ "$1" = -P ] && [ "$#" -gt 1 ]; then shift; else osd_words="$osd_words $1"; fi
    shift
  done
  if [ "$MB_PLAN" = 1 ]; then
    opensmtpd_quiet
    [ -n "$OSD_UNIT" ] || run_command kill "$OSD_PID"
    opensmtpd_start_words "$osd_words" "$osd_paused" "$OSD_UNIT"
    return 0
  fi
  { printf '%s\n' "$osd_words" "$osd_paused" "$OSD_UNIT" >"$OSD_NOTE"; } 2>/dev/null || fail_space "$OSD_NOTE" || return 1
  opensmtpd_quiet
  crash_point smtpd-quiet
  [ -z "$OSD_UNIT" ] || return 0
  opensmtpd_kill || { fail internal '' "kill $OSD_PID failed"; return 1; }
  osd_tries=0
  while kill -0 "$OSD_PID" 2>/dev/null; do
    osd_tries=$((osd_tries + 1))
    [ "$osd_tries" -lt 200 ] || { fail internal '' "smtpd (process $OSD_PID) did not end within 10 s"; return 1; }
    sleep_short
  done
}

# opensmtpd_quiet: nothing new begins, and what is being delivered ends, within 10 s: a delivery that is cut after its last dot is
# made again, and the mail comes twice.
opensmtpd_quiet() {
  for osd_one in smtp mta mda; do run_command smtpctl pause "$osd_one" || :; done
  [ "$MB_PLAN" != 1 ] || return 0
  osd_tries=0
  while run_query smtpctl show stats && grep -q '^scheduler.envelope.inflight=[1-9]' "$RUN_OUTPUT" && [ "$osd_tries" -lt 200 ]; do
    osd_tries=$((osd_tries + 1))
    sleep_short
  done
}

# opensmtpd_kill: mail that is coming in is either taken and answered, or neither: the process that takes it (queue) is stopped where it has
# nothing half done, the one that speaks SMTP gives the answers that it has, and then all end.
opensmtpd_kill() {
  osd_queue='' osd_speaker=
  ps -A -o pid= -o ppid= -o args= 2>/dev/null | awk -v "p=$OSD_PID" '$2 == p && / smtpd: (queue|pony express|dispatcher)$/ { print ($NF == "queue" ? "q" : "s"), $1 }' >"$MB_TMP/opensmtpd-parts" || :
  while read -r osd_one osd_part; do
    if [ "$osd_one" = q ]; then osd_queue=$osd_part; else osd_speaker=$osd_part; fi
  done <"$MB_TMP/opensmtpd-parts"
  if [ -z "$osd_queue" ] || [ -z "$osd_speaker" ] || [ ! -r "/proc/$OSD_PID/syscall" ]; then
    run_query kill "$OSD_PID"
    return
  fi
  osd_tries=0
  until { kill -STOP "$osd_queue" 2>/dev/null && opensmtpd_rests "$osd_queue"; } || [ "$osd_tries" -ge 40 ]; do
    kill -CONT "$osd_queue" 2>/dev/null || :
    osd_tries=$((osd_tries + 1))
    sleep_short
  done
  until opensmtpd_rests "$osd_speaker" || [ "$osd_tries" -ge 80 ]; do
    osd_tries=$((osd_tries + 1))
    sleep_short
  done
  run_query kill "$OSD_PID" && run_query kill -9 "$osd_queue"
}

# opensmtpd_rests PROCESS: it waits for something to do, as the first process of smtpd does all the time.
opensmtpd_rests() {
  { read -r osd_one _ <"/proc/$1/syscall" && read -r osd_part _ <"/proc/$OSD_PID/syscall"; } 2>/dev/null && [ "$osd_one" = "$osd_part" ]
}

opensmtpd_start() {
  crash_point smtpd-down
  { read -r osd_words && read -r osd_paused && read -r osd_unit; } <"$OSD_NOTE" || :
  opensmtpd_start_words "$osd_words" "$osd_paused" "$osd_unit" || return 1
  osd_tries=0
  until opensmtpd_daemon && [ -n "$OSD_PID" ] && run_query smtpctl show status; do
    osd_tries=$((osd_tries + 1))
    [ "$osd_tries" -lt 100 ] || { fail internal '' 'smtpd does not answer (smtpctl show status) after a restart'; return 1; }
    sleep_short
  done
  rm -f "$OSD_NOTE"
}

# opensmtpd_start_words ARGUMENTS PAUSED UNIT
opensmtpd_start_words() {
  osd_unit=$3 osd_paused=$2
  # shellcheck disable=SC2086 # words
  set -- $1
  if [ -n "$osd_unit" ]; then
    run_command systemctl restart "$osd_unit"
  else
    for osd_one in $osd_paused; do set -- "$@" -P "$osd_one"; done
    run_command "$OSD_SMTPD" "$@"
  fi || { run_words; fail internal '' "smtpd does not start: $RUN_WORDS"; return 1; }
  [ -n "$osd_unit" ] || return 0
  for osd_one in $osd_paused; do run_command smtpctl pause "$osd_one" || :; done
}

# opensmtpd_check CONFIG: daemon, hooks, and one SMTP dialogue after apply and lift.
opensmtpd_check() {
  opensmtpd_facts "$1" || return 1
  if [ -n "$OSD_PID" ]; then
    check_add 'smtpd runs' 1 "process $OSD_PID"
  else
    check_add 'smtpd runs' "$((1 - ${OSD_RAN:-0}))" 'no smtpd runs; it reads this configuration when it starts'
  fi
  OSD_RAN=
  osd_wanted=0 osd_seen=0 osd_effects=" $(journal_stream "opensmtpd:$1" | awk -F '\t' '{ printf "%s ", $5 }')"
  case $osd_effects in *' tempfail '* | *' reject '*) osd_wanted=1 ;; esac
  if instance_armed "opensmtpd:$1"; then osd_wanted=1; fi
  if [ -f "$OSD_BRAKES" ]; then osd_seen=1; fi
  case $osd_effects in
  *' pause '*)
    opensmtpd_running
    [ -n "$OSD_PID" ] || OSD_RUNNING=' when it starts: all'
    check_add 'deliveries are paused' "$([ -n "$OSD_RUNNING" ] && echo 0 || echo 1)" "running: ${OSD_RUNNING:-none}"
    ;;
  esac
  check_add 'smtpd.conf leads to the brakes' "$((osd_seen == osd_wanted))" "$OSD_BRAKES $([ "$osd_seen" = 1 ] && echo is there || echo is not there)"
  if [ "$osd_seen" = 1 ]; then
    readback_add "$OSD_BRAKES" "$(cat "$OSD_BRAKES" 2>/dev/null)"
    [ -z "$OSD_PID" ] || [ -z "$(find "$OSD_BRAKES" -newer "$OSD_PID_FILE" 2>/dev/null)" ] || check_add 'smtpd runs with them' 0 'smtpd was not restarted since they changed'
  fi
  [ -z "$J_app" ] || [ -z "$OSD_PID" ] || opensmtpd_dialogue
}

# opensmtpd_dialogue: what the listener of J_* says to a probe from this host. Where the probe is what the brake means, the
# answer must be the brake's.
opensmtpd_dialogue() {
  case $J_point in listener:*) discovery_lookup "$J_instance" "$J_point" || return 0 ;; *) return 0 ;; esac
  [ "${POINT_ADDRESS:--}" != - ] || return 0
  R_sender=postmaster@mailbrake.invalid R_recipient=postmaster@mailbrake.invalid osd_expect=1
  for osd_match in "$J_match" "$J_match2" "$J_match3"; do
    case $osd_match in
    '' | all) ;;
    'sender:<>') R_sender= ;;
    sender:*@*) R_sender=${osd_match#*:} ;;
    sender:*) R_sender=postmaster@${osd_match#*:} ;;
    recipient:*@*) R_recipient=${osd_match#*:} ;;
    recipient:*) R_recipient=postmaster@${osd_match#*:} ;;
    *) osd_expect=0 ;;
    esac
  done
  # no tool for it here: no check
  probe_run || return 0
  osd_said=$(awk '/^S [2-5]/ { s = $0 } /^C QUIT/ { exit } END { print substr(s, 3) }' "$RUN_OUTPUT")
  osd_seen=1
  [ -f "$MB_JOURNAL/$J_app" ] || osd_expect=0
  osd_closed=$(journal_stream "$J_instance" | osd_point=$J_point awk -F '\t' '$4 == ENVIRON["osd_point"] && $5 == "close" { n = 1 } END { print n + 0 }')
  case $osd_closed$osd_said in
  1) osd_said='connection refused: closed' J_effect=closed ;;
  1*) osd_seen=0 ;;
  0)
    # the firewall may keep the probe out
    [ -z "$(journal_stream nftables:/etc/nftables.conf | osd_port=listener:$POINT_PORT awk -F '\t' '$4 == ENVIRON["osd_port"] { print $3 }')" ] ||
      osd_said='none: the firewall has a brake on this port' J_effect=closed
    ;;
  esac
  case $J_effect$osd_said in
  closed*) ;;
  close) osd_seen=0 ;;
  tempfail | reject) osd_seen=0 ;;
  # a door that wants TLS first, the admin's filter or another brake may answer before
  *"(ref $J_brake)"* | tempfail[45]* | reject[45]*) ;;
  *) [ "$osd_expect" = 0 ] || osd_seen=0 ;;
  esac
  check_add 'an SMTP dialogue from this host' "$osd_seen" "${osd_said:-no answer}"
}

# opensmtpd_lifted CONFIG: a refusal leaves nothing to let go, and a pause ends with a restart, which tries what waits.
opensmtpd_lifted() { RELEASED=0; }

opensmtpd_volatile() { [ "$J_effect" = pause ]; }

# opensmtpd_lost CONFIG: a restart or a reboot forgets what was paused.
opensmtpd_lost() {
  opensmtpd_facts "$1" && [ -n "$OSD_PID" ] || return 1
  opensmtpd_running
  [ -n "$OSD_RUNNING" ]
}
