# Installing on a host: the user that the control plane comes in as, its key with the forced command, the one thing that it may run
# as root. Part of the enrolment script, on the agent's own functions. Each step looks first and can be repeated: run again, it is an upgrade. What it made, uninstall takes away.

INSTALL_COMMAND='/usr/local/sbin/mailbrake-agent serve'

# install_run KEYTYPE BASE64 [COMMENT]: the words of one public key line. Prints one JSON line at the end, for the control plane.
install_run() {
  exec 3>&2
  # shellcheck disable=SC2034 # read by the agent's functions
  ORIGIN=local
  trap 'by_hand_end' EXIT
  trap 'exit 1' HUP INT TERM
  install_key "$@" || { echo 'mailbrake: that is no ssh-ed25519 public key' >&2; exit 2; }
  { state_make && part_load; } || by_hand_stop
  if command -v sudo >/dev/null 2>&1; then
    INSTALL_WAY=sudo
  elif command -v doas >/dev/null 2>&1; then
    INSTALL_WAY=doas
  else
    INSTALL_WAY=root
  fi
  if [ "$INSTALL_WAY" = root ]; then
    install_root_key || by_hand_stop
  else
    install_user || by_hand_stop
    install_user_key || by_hand_stop
    "install_$INSTALL_WAY" || by_hand_stop
  fi
  install_report
}

install_say() { printf 'mailbrake-agent: %s\n' "$1" >&2; }

install_key() {
  [ $# -ge 2 ] && [ $# -le 3 ] && [ "$1" = ssh-ed25519 ] || return 1
  case $2 in AAAA*) ;; *) return 1 ;; esac
  case $2 in *[!A-Za-z0-9+/=]*) return 1 ;; esac
  [ "${#2}" -le 200 ] || return 1
  INSTALL_KEY="$1 $2 mailbrake"
}

# The account: no password that could be typed (`*`, as a `!` would lock it for keys too), a home that it can't write to.
install_user() {
  if id "$INSTALL_USER" >/dev/null 2>&1; then
    install_say "user $INSTALL_USER is there"
  else
    install_user_make || { fail internal '' "can't make the user $INSTALL_USER: $RUN_WORDS"; return 1; }
    install_say "user $INSTALL_USER made"
  fi
  if ! { mkdir -p "$INSTALL_HOME/.ssh" && chown -R 0:0 "$INSTALL_HOME" && chmod 755 "$INSTALL_HOME" "$INSTALL_HOME/.ssh"; }; then
    fail read-only '' "can't make $INSTALL_HOME"
  fi
}

install_user_make() {
  if command -v useradd >/dev/null 2>&1; then
    run_query useradd -r -M -d "$INSTALL_HOME" -s /bin/sh -c 'Mailbrake control plane' "$INSTALL_USER" ||
      run_query useradd -d "$INSTALL_HOME" -s /bin/sh -c 'Mailbrake control plane' "$INSTALL_USER" || { run_words; return 1; }
    if command -v usermod >/dev/null 2>&1; then run_query usermod -p '*' "$INSTALL_USER" || :; fi
  elif command -v pw >/dev/null 2>&1; then
    run_query pw useradd "$INSTALL_USER" -d "$INSTALL_HOME" -s /bin/sh -c 'Mailbrake control plane' -h - || { run_words; return 1; }
  elif command -v adduser >/dev/null 2>&1; then
    run_query adduser -S -D -H -h "$INSTALL_HOME" -s /bin/sh "$INSTALL_USER" || { run_words; return 1; }
    printf '%s:*\n' "$INSTALL_USER" | chpasswd -e >/dev/null 2>&1 || :
  else
    RUN_WORDS='no useradd, pw or adduser here'
    return 1
  fi
}

# sshd wants these files owned by root or the user; root's, so that the user can't add keys.
install_user_key() {
  printf 'restrict,command="%s" %s\n' "$(install_forced)" "$INSTALL_KEY" >"$MB_TMP/keys"
  file_replace "$INSTALL_HOME/.ssh/authorized_keys" <"$MB_TMP/keys" || return 1
  chmod 644 "$INSTALL_HOME/.ssh/authorized_keys"
}

install_forced() {
  case $INSTALL_WAY in
  root) printf '%s' "$INSTALL_COMMAND" ;;
  *) printf '%s -n %s' "$INSTALL_WAY" "$INSTALL_COMMAND" ;;
  esac
}

install_sudo() {
  mkdir -p "${INSTALL_SUDOERS%/*}"
  printf '%s\n' '# Written by mailbrake-agent: the one command that the control plane may run.' \
    "Defaults:$INSTALL_USER !requiretty, !lecture, !use_pty" \
    "$INSTALL_USER ALL=(root) NOPASSWD: $INSTALL_COMMAND" >"$MB_TMP/sudoers"
  chmod 440 "$MB_TMP/sudoers"
  if ! run_query visudo -c -q -f "$MB_TMP/sudoers"; then
    run_words
    fail internal '' "visudo does not take the line for $INSTALL_SUDOERS: $RUN_WORDS; it was not written"
    return 1
  fi
  file_replace "$INSTALL_SUDOERS" <"$MB_TMP/sudoers" || return 1
  chmod 440 "$INSTALL_SUDOERS"
  if ! run_query visudo -c -q; then
    run_words
    rm -f "$INSTALL_SUDOERS"
    fail internal '' "visudo finds the whole of sudoers broken: $RUN_WORDS; $INSTALL_SUDOERS was taken out again"
    return 1
  fi
  if ! run_query sudo -n -l -U "$INSTALL_USER" || ! grep -q 'mailbrake-agent serve' "$RUN_OUTPUT"; then
    fail internal '' "sudo does not read $INSTALL_SUDOERS: /etc/sudoers needs the line \"@includedir /etc/sudoers.d\""
  fi
}

install_doas() {
  install_line="permit nopass $INSTALL_USER as root cmd /usr/local/sbin/mailbrake-agent args serve"
  if [ -d /etc/doas.d ]; then install_file=/etc/doas.d/mailbrake.conf; else install_file=/etc/doas.conf; fi
  file_read "$install_file" >"$MB_TMP/doas" || :
  grep -q "^permit nopass $INSTALL_USER " "$MB_TMP/doas" && return 0
  printf '%s\n' "$install_line" >>"$MB_TMP/doas"
  if ! run_query doas -C "$MB_TMP/doas"; then
    run_words
    fail internal '' "doas does not take the line for $install_file: $RUN_WORDS; it was not written"
    return 1
  fi
  file_replace "$install_file" <"$MB_TMP/doas" && chmod 600 "$install_file"
}

# Without sudo and doas: root's own keys, with the same forced command.
install_root_key() {
  install_root_home
  if ! { mkdir -p "$ROOT_HOME/.ssh" && chmod 700 "$ROOT_HOME/.ssh"; }; then
    fail read-only '' "can't make $ROOT_HOME/.ssh"
    return 1
  fi
  { grep -v ' mailbrake$' "$ROOT_HOME/.ssh/authorized_keys" 2>/dev/null || :
    printf 'restrict,command="%s" %s\n' "$(install_forced)" "$INSTALL_KEY"; } >"$MB_TMP/keys"
  file_replace "$ROOT_HOME/.ssh/authorized_keys" <"$MB_TMP/keys" || return 1
  chmod 600 "$ROOT_HOME/.ssh/authorized_keys"
}

# install_report: the self-test in words on standard error, then the JSON line on standard output.
install_report() {
  rm -f "$MB_STATE/leftover"
  request_clear
  # shellcheck disable=SC2034
  ANSWER_ID=1
  verb_selftest 3>&1 >/dev/null | by_hand_print >&2
  install_login=$INSTALL_USER
  [ "$INSTALL_WAY" != root ] || install_login=root
  install_way_in || install_say "warning: $FAIL_MESSAGE"
  install_keys=
  for install_file in /etc/ssh/ssh_host_*_key.pub /etc/openssh/ssh_host_*_key.pub; do
    [ -f "$install_file" ] || continue
    read -r install_type install_base _ <"$install_file" || continue
    json_string "$install_type $install_base"
    install_keys=$install_keys${install_keys:+,}$JSON
  done
  printf '{"installed":true,"version":"%s","user":"%s","hostKeys":[%s]}\n' "$MB_VERSION" "$install_login" "$install_keys"
}

# The way of a real request, from the user's account on.
install_way_in() {
  [ "$INSTALL_WAY" != root ] || return 0
  install_answer=$(echo '1 hello' | su "$INSTALL_USER" -s /bin/sh -c "$(install_forced)" 2>"$MB_TMP/way-in") || :
  case $install_answer in
  *'"ok":true'*) install_say "$INSTALL_USER can run the agent as root through $INSTALL_WAY, and nothing else" ;;
  *) fail internal '' "the user $INSTALL_USER could not start the agent through $INSTALL_WAY: $(head -c 300 "$MB_TMP/way-in")" ;;
  esac
}
