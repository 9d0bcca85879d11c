# Leaving the host as it was found: every brake lifted, every instance disarmed, then all that install made is removed, this file last.
# Stops before removing anything where a brake can't be lifted.

INSTALL_USER=mailbrake
INSTALL_HOME=/var/lib/mailbrake-home
INSTALL_SUDOERS=/etc/sudoers.d/mailbrake

uninstall_run() {
  exec 3>&1
  ANSWER_SILENT=1
  state_make || by_hand_stop
  request_clear
  ANSWER_ID=1
  by_hand_who
  uninstall_lift || by_hand_stop
  uninstall_disarm || by_hand_stop
  # Lifted holds have nothing more to wait for here.
  rm -f "$MB_LINGER"/*
  expiry_tidy
  lock_release
  rm -f "$INSTALL_SUDOERS" /etc/doas.d/mailbrake.conf
  if [ -f /etc/doas.conf ] && grep -q "^permit nopass $INSTALL_USER " /etc/doas.conf; then
    grep -v "^permit nopass $INSTALL_USER " /etc/doas.conf >"$MB_TMP/doas" || :
    file_replace /etc/doas.conf <"$MB_TMP/doas"
  fi
  install_root_home
  if [ -f "$ROOT_HOME/.ssh/authorized_keys" ] && grep -q 'mailbrake-agent serve" .* mailbrake$' "$ROOT_HOME/.ssh/authorized_keys"; then
    grep -v 'mailbrake-agent serve" .* mailbrake$' "$ROOT_HOME/.ssh/authorized_keys" >"$MB_TMP/keys" || :
    file_replace "$ROOT_HOME/.ssh/authorized_keys" <"$MB_TMP/keys"
  fi
  uninstall_user
  rm -rf "$INSTALL_HOME"
  expiry_sleeper_end
  cd /
  rm -rf "$MB_STATE"
  rm -f "$MB_QUEUE"
  rmdir "${MB_QUEUE%/*}" 2>/dev/null || :
  rm -f "$MB_AGENT"
  echo 'mailbrake-agent: all brakes lifted, all that Mailbrake put on this host removed'
}

uninstall_lift() {
  lock_take || return 1
  dirty_recover
  for uninstall_app in $(journal_list ""); do
    journal_load "$uninstall_app" || continue
    brake_lift lifted "$BY_HAND_WHO" 'the agent was uninstalled' || return 1
    echo "mailbrake-agent: lifted $uninstall_app"
  done
  if [ -f "$MB_STATE/dirty" ]; then
    fail internal '' 'a mail system could not be brought to what the journal says; see mailbrake-agent status'
  fi
}

uninstall_disarm() {
  for uninstall_file in "$MB_ARMED"/*; do
    [ -f "$uninstall_file" ] || continue
    percent_decode "${uninstall_file##*/}" || continue
    driver_of "$DECODED" || continue
    dirty_mark disarmed - "$DECODED" || return 1
    rm -f "$uninstall_file"
    journal_clear
    evidence_clear
    brake_bring "$MB_JOURNAL" || return 1
    dirty_clear
    echo "mailbrake-agent: disarmed $DECODED"
  done
}

install_root_home() {
  ROOT_HOME=$(awk -F: '$1 == "root" { print $6; exit }' /etc/passwd) || ROOT_HOME=
  [ -n "$ROOT_HOME" ] || ROOT_HOME=/root
}

# The session that runs this may be one of the user's own; its processes are left to end by themselves.
uninstall_user() {
  id "$INSTALL_USER" >/dev/null 2>&1 || return 0
  if command -v userdel >/dev/null 2>&1; then
    run_query userdel "$INSTALL_USER" || run_query userdel -f "$INSTALL_USER" || :
  elif command -v pw >/dev/null 2>&1; then
    run_query pw userdel "$INSTALL_USER" || :
  elif command -v deluser >/dev/null 2>&1; then
    run_query deluser "$INSTALL_USER" || :
  fi
}
