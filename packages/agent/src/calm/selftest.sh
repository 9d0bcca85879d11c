# The verb selftest: does what the agent stands on work on this host? Leaves nothing behind.

verb_selftest() {
  state_make || return 1
  SELFTEST_PASSED=0 SELFTEST_FAILED=0
  selftest_coding
  selftest_lock
  selftest_file
  selftest_limit
  selftest_expiry
  selftest_drivers
  selftest_way_in
  answer_done "\"passed\":$SELFTEST_PASSED,\"failed\":$SELFTEST_FAILED"
}

# selftest_tell NAME DETAIL: selftest_status 0 is good.
selftest_tell() {
  json_string "$2"
  if [ "$selftest_status" = 0 ]; then
    selftest_ok=true SELFTEST_PASSED=$((SELFTEST_PASSED + 1))
  else
    selftest_ok=false SELFTEST_FAILED=$((SELFTEST_FAILED + 1))
  fi
  answer_part check "{\"name\":\"$1\",\"ok\":$selftest_ok,\"detail\":$JSON}"
}

selftest_coding() {
  selftest_status=0
  # shellcheck disable=SC1003,SC2016
  selftest_value='a "b" \c/ '"'"'d'"'"' %41 $(e) `f`'
  percent_encode "$selftest_value"
  percent_decode "$ENCODED" && [ "$DECODED" = "$selftest_value" ] || selftest_status=1
  percent_decode '%C3%A9%41' && percent_encode "$DECODED" && [ "$ENCODED" = %C3%A9A ] || selftest_status=1
  json_string 'a"b\c'
  [ "$JSON" = '"a\"b\\c"' ] || selftest_status=1
  if percent_decode 'a%0Ab' || percent_decode '%C3%28'; then selftest_status=1; fi
  selftest_tell coding "values come through $(command -v awk) and this shell unchanged"
}

selftest_lock() {
  selftest_status=0
  lock_take || selftest_status=1
  lock_read "$MB_STATE/lock"
  [ "$LOCK_READ" = "$LOCK_TOKEN" ] || selftest_status=1
  lock_release
  [ ! -L "$MB_STATE/lock" ] || selftest_status=1
  selftest_tell lock "$MB_STATE/lock is taken and given back"
}

selftest_file() {
  selftest_status=1
  selftest_path=$MB_TMP/selftest
  echo one >"$selftest_path" && chmod 640 "$selftest_path" && echo two >"$selftest_path.new" && space_check "$MB_STATE" &&
    file_replace "$selftest_path" <"$selftest_path.new" && case $FILE_CHANGED$(cat "$selftest_path")$(ls -l "$selftest_path") in
    1two-rw-r-----*) selftest_status=0 ;;
    esac
  rm -f "$selftest_path" "$selftest_path.new"
  [ -f "$MB_STATE/dirty" ] || rm -f "$MB_STATE/leftover"
  selftest_tell files "${FAIL_MESSAGE:-a file in $MB_STATE is replaced whole, with its mode}"
}

selftest_limit() {
  selftest_status=0 selftest_limit_was=$RUN_LIMIT RUN_LIMIT=1
  run_query sleep 20 || selftest_status=$?
  RUN_LIMIT=$selftest_limit_was
  selftest_status=$((selftest_status != 124))
  selftest_tell limit 'a command that hangs is stopped'
}

selftest_expiry() {
  selftest_status=0
  if [ -d "$MB_CRON_DIR" ] && expiry_cron_runs; then
    selftest_words="cron runs, and takes $MB_CRON"
  elif expiry_systemd_runs; then
    selftest_words='systemd runs, and takes a timer'
  else
    selftest_words='no cron with cron.d and no systemd was seen running: after a reboot an expiry waits for the server' selftest_status=1
  fi
  selftest_tell expiry "$selftest_words"
}

selftest_drivers() {
  ANSWER_SILENT=1
  selftest_status=1
  if discovery_run; then
    selftest_words="found $DISCOVERED_INSTANCES mail systems with $DISCOVERED_POINTS block points"
    [ "$DISCOVERED_INSTANCES" = 0 ] || selftest_status=0
  else
    selftest_words="discover failed: $FAIL_MESSAGE"
  fi
  ANSWER_SILENT=0
  selftest_tell drivers "$selftest_words"
}

# Whether sshd, as configured, would let the control plane in.
selftest_way_in() {
  [ -f "$INSTALL_HOME/.ssh/authorized_keys" ] || return 0
  selftest_status=0
  if run_query sshd -T -C user=mailbrake,host=localhost,addr=127.0.0.1; then
    selftest_words=$(awk '
      { ok = 0; for (i = 2; i <= NF; i++) if ($i ~ /^(mailbrake(@.*)?|\*|(%h\/)?\.ssh\/authorized_keys)$/) ok = 1 }
      $1 == "pubkeyauthentication" && $2 != "yes" || $1 == "denyusers" && / mailbrake( |$)/ { print $1, $2; exit }
      $1 ~ /^(allowusers|allowgroups|authorizedkeysfile)$/ { if (!($1 in good)) good[$1] = 0; good[$1] += ok }
      END { for (name in good) if (!good[name]) { print name; exit } }' "$RUN_OUTPUT")
    [ -z "$selftest_words" ] || selftest_status=1
    selftest_words=${selftest_words:+"sshd, as configured, keeps the user mailbrake or its key out by $selftest_words"}
    : "${selftest_words:=sshd, as configured, lets mailbrake in by its key}"
  else
    run_words
    selftest_words="sshd -T can not be asked: $RUN_WORDS"
  fi
  selftest_tell way-in "$selftest_words"
}
