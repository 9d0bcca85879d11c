# What this host's Sendmail says of itself, and its listeners. Reads only.

# sendmail_find: sets SENDMAIL to the program, or returns 1. Without a sendmail.cf nothing is run: many other mail systems bring a
# program of that name.
sendmail_find() {
  [ -z "${SENDMAIL-}" ] || return 0
  { [ -f /etc/mail/sendmail.cf ] || [ -f /etc/sendmail.cf ]; } || return 1
  for SENDMAIL in sendmail-mta /usr/libexec/sendmail/sendmail /usr/lib/sm.bin/sendmail sendmail /usr/lib/sendmail; do
    SENDMAIL=$(command -v "$SENDMAIL") || continue
    # a broken cf is no reason not to find it
    run_query "$SENDMAIL" -d0.10 -bt || :
    ! grep -q '^Version [0-9]' "$RUN_OUTPUT" || return 0
  done
  SENDMAIL=
  return 1
}

# sendmail_facts CONFIG: asked once a process. Sets SENDMAIL_CF, SENDMAIL_VERSION, SENDMAIL_HOST, SENDMAIL_TABLE, SENDMAIL_LOCAL (1 where
# sendmail(1) hands its mail to a listener on loopback), and in $MB_TMP/sendmail-sockets a line a socket: listener's key, name, port,
# address (`*` for all), family, and how many lines of that listener's name there are.
sendmail_facts() {
  [ -z "$1" ] || [ "${SENDMAIL_CF-}" != "$1" ] || return 0
  sendmail_find || { fail no-such-instance instance 'no Sendmail is found here'; return 1; }
  run_query "$SENDMAIL" -d0.10 -bt || :
  SENDMAIL_VERSION=$(sed -n 's/^Version \([0-9.]*\).*/\1/p' "$RUN_OUTPUT")
  SENDMAIL_CF=$(sed -n 's/^ *Conf file:[ 	]*\([^ 	]*\) (default for MTA).*/\1/p' "$RUN_OUTPUT")
  # shellcheck disable=SC2016 # the text of Sendmail
  SENDMAIL_HOST=$(sed -n 's/^ *(canonical domain name) \$j = //p' "$RUN_OUTPUT")
  SENDMAIL_PID_FILE=$(sed -n 's/^ *Pid file:[ 	]*\([^ 	]*\) (selected).*/\1/p' "$RUN_OUTPUT")
  : "${SENDMAIL_CF:=/etc/mail/sendmail.cf}"
  if [ -n "$1" ] && [ "$SENDMAIL_CF" != "$1" ]; then
    sendmail_line=$SENDMAIL_CF SENDMAIL_CF=
    fail no-such-instance instance "Sendmail reads $sendmail_line, not $1; ask discover again"
    return 1
  fi
  SENDMAIL_TABLE=$MB_TABLES/sendmail/brakes SENDMAIL_LOCAL=0
  if grep -q '^D{MTAHost}\[\(127\.0\.0\.1\|IPv6:.*:1\)\]' "${SENDMAIL_CF%/*}/submit.cf" 2>/dev/null; then SENDMAIL_LOCAL=1; fi
  sendmail_sockets
}

# sendmail_sockets: from the cf (a listener that a brake closed is still one).
sendmail_sockets() {
  file_path "$SENDMAIL_CF"
  awk "$SENDMAIL_AWK_DAEMON"'
    { line = $0; sub(/^#mailbrake-off# /, "", line) }
    line ~ /^[ \t]/ { whole = whole line; next }
    { add(); whole = line }
    line == BEGIN_MARK { ours = 1 }
    line == END_MARK { ours = 0 }
    END {
      add()
      if (!n) { whole = "O DaemonPortOptions="; add() }
      for (i = 1; i <= n; i++) print (P[i] in wide ? P[i] : A[i] "." P[i]), NAME[i], P[i], A[i], F[i], names[NAME[i]]
    }
    function add() {
      if (ours && whole ~ /^O DaemonPortOptions=Addr=/ || !daemon(whole)) return
      n++; NAME[n] = D_NAME == "" ? "Daemon" (n - 1) : D_NAME; P[n] = D_PORT; A[n] = D_ADDRESS; F[n] = D_FAMILY; names[NAME[n]]++
      if (D_ADDRESS == "*") wide[D_PORT] = 1
    }
  ' "$FILE_PATH" >"$MB_TMP/sendmail-sockets" || fail internal '' "$SENDMAIL_CF can't be read"
}

# sendmail_daemon: sets SENDMAIL_PID of the daemon ('' when none runs) and SENDMAIL_ARGUMENTS, from its process file.
sendmail_daemon() {
  SENDMAIL_PID='' SENDMAIL_ARGUMENTS=
  for sendmail_file in "$SENDMAIL_PID_FILE" /var/run/sendmail/mta/sendmail.pid /var/run/sendmail.pid; do
    [ -f "$sendmail_file" ] || continue
    { read -r SENDMAIL_PID && read -r SENDMAIL_ARGUMENTS; } <"$sendmail_file" || :
    case $SENDMAIL_PID in
    '' | *[!0-9]*) ;;
    *) case $(ps -o args= -p "$SENDMAIL_PID" 2>/dev/null) in *sendmail* | *sm-mta* | *MTA*) return 0 ;; esac ;;
    esac
  done
  SENDMAIL_PID='' SENDMAIL_ARGUMENTS=
}
