# The verb selftest: does what the agent stands on work on this host? Leaves nothing behind.

verb_selftest() {
  state_make || return 1
  SELFTEST_PASSED=0 SELFTEST_FAILED=0
  selftest_root
  selftest_coding
  selftest_lock
  selftest_file
  selftest_space
  selftest_limit
  selftest_expiry
  selftest_drivers
  selftest_way_in
  answer_done "\"passed\":$SELFTEST_PASSED,\"failed\":$SELFTEST_FAILED"
}

# selftest_tell NAME STATUS DETAIL: STATUS 0 is good.
selftest_tell() {
  json_string "$3"
  if [ "$2" = 0 ]; then
    SELFTEST_PASSED=$((SELFTEST_PASSED + 1))
    answer_part check "{\"name\":\"$1\",\"ok\":true,\"detail\":$JSON}"
  else
    SELFTEST_FAILED=$((SELFTEST_FAILED + 1))
    answer_part check "{\"name\":\"$1\",\"ok\":false,\"detail\":$JSON}"
  fi
}

selftest_root() {
  selftest_uid=$(id -u)
  selftest_status=1
  [ "$selftest_uid" != 0 ] || selftest_status=0
  selftest_tell root "$selftest_status" "runs with user id $selftest_uid"
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
  selftest_tell coding "$selftest_status" "values come through $(command -v awk) and this shell unchanged"
}

selftest_lock() {
  selftest_status=0
  lock_take || selftest_status=1
  lock_read "$MB_STATE/lock"
  [ "$LOCK_READ" = "$LOCK_TOKEN" ] || selftest_status=1
  lock_release
  [ ! -L "$MB_STATE/lock" ] || selftest_status=1
  selftest_tell lock "$selftest_status" "$MB_STATE/lock is taken and given back"
}

selftest_file() {
  selftest_status=0
  selftest_path=$MB_TMP/selftest
  printf 'one\n' >"$selftest_path" && chmod 640 "$selftest_path" || selftest_status=1
  printf 'two\n' >"$selftest_path.new"
  file_replace "$selftest_path" <"$selftest_path.new" || selftest_status=1
  selftest_words=$(cat "$selftest_path")
  case $(ls -l "$selftest_path") in -rw-r-----*) ;; *) selftest_status=1 ;; esac
  [ "$selftest_words" = two ] && [ "$FILE_CHANGED" = 1 ] || selftest_status=1
  rm -f "$selftest_path" "$selftest_path.new"
  [ -f "$MB_STATE/dirty" ] || rm -f "$MB_STATE/leftover"
  selftest_tell files "$selftest_status" "a file in $MB_STATE is replaced whole, with its mode"
}

selftest_space() {
  selftest_status=0
  space_check "$MB_STATE" || selftest_status=1
  selftest_tell space "$selftest_status" "${FAIL_MESSAGE:-there is room in $MB_STATE}"
}

selftest_limit() {
  selftest_status=0 selftest_limit_was=$RUN_LIMIT RUN_LIMIT=1
  run_query sleep 20 || selftest_status=$?
  RUN_LIMIT=$selftest_limit_was
  if [ "$selftest_status" = 124 ]; then selftest_status=0; else selftest_status=1; fi
  selftest_tell limit "$selftest_status" 'a command that hangs is stopped'
}

selftest_expiry() {
  selftest_status=0
  if [ -d "$MB_CRON_DIR" ] && expiry_cron_runs; then
    selftest_words="cron runs, and takes $MB_CRON_DIR/mailbrake"
  elif expiry_systemd_runs; then
    selftest_words='systemd runs, and takes a timer'
  elif [ -d "$MB_CRON_DIR" ]; then
    selftest_words="$MB_CRON_DIR is there, but no cron was seen running: after a reboot an expiry waits for cron or for the server" selftest_status=1
  elif command -v crontab >/dev/null 2>&1; then
    selftest_words="root's crontab is used"
  else
    selftest_words='neither cron nor systemd: after a reboot an expiry waits for the server' selftest_status=1
  fi
  selftest_tell expiry "$selftest_status" "$selftest_words"
}

selftest_drivers() {
  ANSWER_SILENT=1
  selftest_status=0
  if discovery_run; then
    selftest_words="found $DISCOVERED_INSTANCES mail systems with $DISCOVERED_POINTS block points"
    [ "$DISCOVERED_INSTANCES" != 0 ] || selftest_status=1
  else
    selftest_status=1 selftest_words="discover failed: $FAIL_MESSAGE"
  fi
  ANSWER_SILENT=0
  selftest_tell drivers "$selftest_status" "$selftest_words"
}

# Whether sshd, as configured, would let the control plane in.
selftest_way_in() {
  [ -f "$INSTALL_HOME/.ssh/authorized_keys" ] || return 0
  selftest_status=0 selftest_words='sshd would let the control plane in'
  if run_query sshd -T -C user=mailbrake,host=localhost,addr=127.0.0.1; then
    selftest_words=$(awk '
      $1 == "pubkeyauthentication" && $2 != "yes" { print "sshd has PubkeyAuthentication off"; exit }
      $1 == "allowusers" { seen = 1; for (i = 2; i <= NF; i++) if ($i ~ /^mailbrake(@|$)/ || $i == "*") ok = 1 }
      $1 == "denyusers" { for (i = 2; i <= NF; i++) if ($i == "mailbrake") { print "sshd has DenyUsers mailbrake"; exit } }
      $1 == "allowgroups" { groups = 1; for (i = 2; i <= NF; i++) if ($i == "mailbrake" || $i == "*") gok = 1 }
      $1 == "authorizedkeysfile" { for (i = 2; i <= NF; i++) if ($i == ".ssh/authorized_keys" || $i == "%h/.ssh/authorized_keys") keys = 1; files = 1 }
      END {
        if (seen && !ok) print "sshd has AllowUsers without mailbrake"
        else if (groups && !gok) print "sshd has AllowGroups without mailbrake"
        else if (files && !keys) print "sshd reads authorized keys from another place than .ssh/authorized_keys"
      }' "$RUN_OUTPUT")
    if [ -n "$selftest_words" ]; then selftest_status=1; else selftest_words='sshd, as configured, lets mailbrake in by its key'; fi
  else
    run_words
    selftest_words="sshd -T can not be asked: $RUN_WORDS"
  fi
  selftest_tell way-in "$selftest_status" "$selftest_words"
}
