# Expiry, kept by this host alone: a sleeper for the exact second, and a sweep each minute that survives a reboot.
# The sweep is installed before the first expiring brake is journaled, and removed when nothing is left for it to do. It also puts
# back what a reboot, a restart or a flush takes away without changing a file (drivers with _volatile and _lost), and goes on with queue jobs.

# expiry_needed: whether anything is left for the sweep: an expiring brake, one that can vanish, a lifted hold that may still bring
# mail, a repair, a queue job.
expiry_needed() {
  [ -f "$MB_STATE/dirty" ] && return 0
  expiry_jobs && return 0
  journal_any "$MB_LINGER" && return 0
  journal_any "$MB_JOURNAL" || return 1
  journal_all | grep -q '^expires=[1-9]' && return 0
  # In a subshell: whoever asks has J_* and DRIVER for something else.
  (expiry_volatile && [ -n "$VOLATILE" ])
}

# expiry_jobs: whether a queue job is under way.
expiry_jobs() {
  for expiry_file in "$MB_STATE"/jobs/*/running; do
    [ -f "$expiry_file" ] && return 0
  done
  return 1
}

# expiry_vanishes: whether the brake of J_* can vanish without a file changing.
expiry_vanishes() { command -v "${DRIVER}_volatile" >/dev/null && driver volatile; }

# expiry_volatile: sets VOLATILE to the ids of such entries. Changes J_* and DRIVER.
expiry_volatile() {
  VOLATILE=
  for DRIVER in $MB_DRIVERS; do
    command -v "${DRIVER}_volatile" >/dev/null || continue
    # There is such a driver: one look at all entries.
    for expiry_file in "$MB_JOURNAL"/*; do
      if journal_load "${expiry_file##*/}" && driver_of "$J_instance" && expiry_vanishes; then VOLATILE="$VOLATILE $J_app"; fi
    done
    return 0
  done
}

# expiry_next: sets NEXT to the earliest expiry of all entries, 0 where none expires.
expiry_next() {
  NEXT=0
  journal_any "$MB_JOURNAL" || return 0
  NEXT=$(journal_all | awk -F= '$1 == "expires" && $2 + 0 > 0 && (n == "" || $2 + 0 < n + 0) { n = $2 } END { printf "%s", (n == "" ? 0 : n) }')
}

# expiry_ensure: the sweep is installed and a sleeper runs. Sets EXPIRY_KEPT to words for it.
expiry_ensure() {
  expiry_install && expiry_sleep
}

expiry_install() {
  EXPIRY_KEPT="$MB_CRON, each minute, and a sleeping process"
  [ ! -f "$MB_CRON" ] || return 0
  if [ -d "$MB_CRON_DIR" ] && { expiry_cron_runs || ! expiry_systemd_runs; }; then
    expiry_install_cron
  elif expiry_systemd_runs; then
    EXPIRY_KEPT='mailbrake-expire.timer, each minute, and a sleeping process'
    [ -f "$MB_UNIT.timer" ] || expiry_install_timer
  else
    EXPIRY_KEPT='a sleeping process alone (no cron.d, no systemd: a reboot delays it until the agent is next called)'
  fi
}

expiry_systemd_runs() { [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; }

expiry_cron_runs() {
  for expiry_file in /run/crond.pid /var/run/crond.pid /run/cron.pid /var/run/cron.pid; do
    [ -f "$expiry_file" ] && read -r expiry_pid <"$expiry_file" && [ -d "/proc/$expiry_pid" ] && return 0
  done
  return 1
}

expiry_install_cron() {
  expiry_new=$MB_CRON_DIR/.mailbrake-new
  if ! { printf '%s\n' '# Written by mailbrake-agent while a brake here needs it, and removed by it again.' \
    "* * * * * root [ ! -x $MB_AGENT ] || $MB_AGENT expire >/dev/null 2>&1" >"$expiry_new" &&
    chmod 644 "$expiry_new" && mv -f "$expiry_new" "$MB_CRON"; } 2>/dev/null; then
    rm -f "$expiry_new"
    expiry_refused "$MB_CRON"
    return 1
  fi
  file_sync "$MB_CRON" "$MB_CRON_DIR"
}

expiry_refused() { fail read-only '' "can't write $1, which would lift or restore this brake in time; nothing was changed"; }

expiry_install_timer() {
  if ! { printf '%s\n' '[Service]' 'Type=oneshot' 'KillMode=process' \
    "ExecStart=$MB_AGENT expire" >"$MB_UNIT.service" &&
    printf '%s\n' '[Unit]' 'Description=Lift expired brakes each minute' '[Timer]' 'OnCalendar=*:0/1' 'AccuracySec=1s' 'Persistent=true' \
      '[Install]' 'WantedBy=timers.target' >"$MB_UNIT.timer" &&
    chmod 644 "$MB_UNIT".*; } 2>/dev/null; then
    expiry_remove_units
    expiry_refused "$MB_UNIT.timer"
    return 1
  fi
  if ! run_query systemctl daemon-reload || ! run_query systemctl enable --now mailbrake-expire.timer; then
    run_words
    expiry_remove_units
    fail internal '' "systemd does not take mailbrake-expire.timer: $RUN_WORDS; nothing was changed"
  fi
}

expiry_remove_units() { rm -f "$MB_UNIT.service" "$MB_UNIT.timer"; }

# expiry_tidy: takes the sweep out when it has nothing left to do.
expiry_tidy() {
  expiry_needed && return 0
  expiry_sleeper_end
  [ ! -f "$MB_CRON" ] || rm -f "$MB_CRON"
  if [ -f "$MB_UNIT.timer" ]; then
    run_query systemctl disable --now mailbrake-expire.timer || :
    expiry_remove_units
    run_query systemctl daemon-reload || :
  fi
}

# expiry_sleep: one process that sleeps to the next expiry within a day, then runs the sweep, which starts the next.
# It holds no descriptor of ours (else ssh would wait for it) and has its own session where setsid is there.
expiry_sleep() {
  expiry_next
  [ "$NEXT" != 0 ] || return 0
  epoch
  if number_at_most "$NEXT" "$EPOCH"; then expiry_wait=1; else expiry_wait=$((NEXT - EPOCH)); fi
  [ "$expiry_wait" -le 86400 ] || return 0
  if [ -f "$MB_STATE/sleeper" ] && read -r sleeper_pid sleeper_until <"$MB_STATE/sleeper"; then
    case "$sleeper_pid$sleeper_until" in
    '' | *[!0-9]*) ;;
    *) if kill -0 "$sleeper_pid" 2>/dev/null && number_at_most "$sleeper_until" "$NEXT"; then return 0; fi ;;
    esac
  fi
  # The words are for the inner shell.
  # shellcheck disable=SC2016
  expiry_program='trap "" HUP; echo "$$ $3" >"$1/sleeper"; sleep "$2"; cd /; [ ! -x "$4" ] || exec "$4" expire'
  # exec: a subshell left to wait for it would hold copies of our descriptors (yash does).
  expiry_session=
  ! command -v setsid >/dev/null 2>&1 || expiry_session=setsid
  # shellcheck disable=SC2086 # no word or one
  exec $expiry_session sh -c "$expiry_program" mailbrake-sleeper "$MB_STATE" "$expiry_wait" "$NEXT" "$MB_AGENT" </dev/null >/dev/null 2>&1 3>&- &
}

# expiry_sleeper_end: the sleeper has nothing to wake up for. Only a process that is ours by its words is ended, with its group.
expiry_sleeper_end() {
  [ -f "$MB_STATE/sleeper" ] || return 0
  read -r sleeper_pid _ <"$MB_STATE/sleeper" || sleeper_pid=
  rm -f "$MB_STATE/sleeper"
  case $sleeper_pid in '' | *[!0-9]*) return 0 ;; esac
  case $(ps -p "$sleeper_pid" -o args= 2>/dev/null) in
  *mailbrake-sleeper*) kill -s TERM -- "-$sleeper_pid" 2>/dev/null || kill "$sleeper_pid" 2>/dev/null || : ;;
  esac
}

# expiry_due: sets DUE to the ids of entries whose time is over.
expiry_due() {
  DUE=
  journal_any "$MB_JOURNAL" || return 0
  epoch
  DUE=$(journal_all | MB_NOW=$EPOCH awk -F= '
    $1 == "app" { app = $2 }
    $1 == "expires" { expires = $2 }
    $1 == "end" && expires + 0 > 0 && expires + 0 <= ENVIRON["MB_NOW"] + 0 { print app }
  ')
}

# verb_expire: what the sweep does. With nothing due it takes no lock and writes nothing.
verb_expire() {
  expiry_lifted='' expiry_failed='' expiry_back=''
  [ -d "$MB_JOURNAL" ] || { answer_done '"expired":[],"reasserted":[]'; return 0; }
  expiry_due
  if [ -n "$DUE" ] || [ -f "$MB_STATE/dirty" ] || journal_any "$MB_LINGER"; then
    expiry_work || return 1
  fi
  expiry_reassert || return 1
  # In a process of its own: the part is another file.
  ! expiry_jobs || (part_load && queue_sweep) || expiry_failed="${expiry_failed}a queue job; "
  # Once an hour is enough for what is old.
  epoch
  [ "$((EPOCH % 3600))" -ge 60 ] || expiry_forget
  expiry_sleep
  [ -z "$expiry_failed" ] || fail internal app "not done in time, tried again each minute: $expiry_failed" || return 1
  # shellcheck disable=SC2086 # ids, one a word
  json_array $expiry_lifted
  JSON_FIELDS=$JSON
  # shellcheck disable=SC2086
  json_array $expiry_back
  answer_done "\"expired\":$JSON_FIELDS,\"reasserted\":$JSON"
}

expiry_work() {
  lock_take || return 1
  dirty_recover
  expiry_due
  ANSWER_SILENT=1
  for expiry_app in $DUE; do
    journal_load "$expiry_app" || continue
    if brake_lift expired clock 'its time was over'; then
      expiry_lifted="$expiry_lifted $expiry_app"
    else
      expiry_failed="$expiry_failed$expiry_app: $FAIL_MESSAGE; "
    fi
  done
  expiry_linger
  ANSWER_SILENT=0
  expiry_tidy
}

# expiry_reassert: what has vanished is rendered and reloaded again; the entries are listed in expiry_back. With nothing that can
# vanish, it takes no lock.
expiry_reassert() {
  journal_any "$MB_JOURNAL" || return 0
  expiry_volatile
  [ -n "$VOLATILE" ] || return 0
  lock_take || return 1
  expiry_seen=' ' ANSWER_SILENT=1
  for expiry_app in $VOLATILE; do
    if ! journal_load "$expiry_app" || ! driver_of "$J_instance"; then continue; fi
    percent_encode "$J_instance"
    expiry_name=$ENCODED
    case $expiry_seen in
    *" $expiry_name "*) ;;
    *)
      expiry_put_back "$J_instance" && expiry_name=$expiry_name=back
      expiry_seen="$expiry_seen${expiry_name%=back} $expiry_name "
      ;;
    esac
    case $expiry_seen in *" ${expiry_name%=back}=back "*) expiry_back="$expiry_back $expiry_app" ;; esac
  done
  ANSWER_SILENT=0
}

# expiry_put_back INSTANCE: 0 when its brakes had vanished and are back.
expiry_put_back() {
  journal_clear
  evidence_clear
  FAIL_MESSAGE=
  driver lost || return 1
  dirty_mark reassert - "$1" || return 1
  if driver render && driver reload && driver_check && [ -z "$CHECK_FAILED" ]; then
    dirty_clear
    return 0
  fi
  expiry_failed="$expiry_failed$1: ${CHECK_FAILED:-$FAIL_MESSAGE}; "
  return 1
}

# expiry_linger: releases what came late to holds that were lifted within the hour.
expiry_linger() {
  for expiry_file in "$MB_LINGER"/*; do
    [ -f "$expiry_file" ] || continue
    if ! journal_load "${expiry_file##*/}" "$MB_LINGER"; then rm -f "$expiry_file"; continue; fi
    expiry_until=$J_until
    driver_of "$J_instance" || continue
    journal_load "${expiry_file##*/}" "$MB_ENDED" || { rm -f "$expiry_file"; continue; }
    brake_release || continue
    epoch
    if number_at_most "$expiry_until" "$EPOCH"; then rm -f "$expiry_file"; fi
  done
}

# expiry_forget: what ended more than 30 days ago, and the scratch of agents that are gone.
expiry_forget() {
  find "$MB_ENDED" -type f -mtime +30 -exec rm -f {} + 2>/dev/null || :
  for expiry_folder in "$MB_STATE"/tmp/*; do
    case ${expiry_folder##*/} in *[!0-9]*) continue ;; esac
    kill -0 "${expiry_folder##*/}" 2>/dev/null || rm -rf "$expiry_folder"
  done
}
