# Reload, and what is seen on the host afterwards. A HUP with a configuration that Sendmail can't read ends the daemon: so Sendmail
# reads it first (-bt), and the daemon, which starts anew at a HUP, is looked at after.

# sendmail_reload CONFIG: an instance that does not run reads its files when it starts.
sendmail_reload() {
  sendmail_facts "$1" || return 1
  sendmail_daemon
  if [ "$MB_PLAN" != 1 ] && ! run_query "$SENDMAIL" -C "$1" -bt; then
    run_words
    fail internal '' "Sendmail can't read $1, so it was not reloaded: $RUN_WORDS"
    return 1
  fi
  SENDMAIL_RUNNING_BEFORE=0
  [ -n "$SENDMAIL_PID" ] || return 0
  SENDMAIL_RUNNING_BEFORE=1
  if [ "$MB_PLAN" != 1 ]; then
    sendmail_hears
    sendmail_calm
    sendmail_old=$SENDMAIL_PID
  fi
  run_command kill -HUP "$SENDMAIL_PID" || { fail internal '' "kill -HUP $SENDMAIL_PID failed"; return 1; }
  [ "$MB_PLAN" = 1 ] || sendmail_wait
}

# sendmail_hears: waits, ten seconds at most, until the daemon catches a HUP: one that comes while it starts anew, after another, ends it.
sendmail_hears() {
  sendmail_tries=0
  until ! [ -r "/proc/$SENDMAIL_PID/status" ] || grep -q '^SigCgt:.*[13579bdf]$' "/proc/$SENDMAIL_PID/status" || [ "$sendmail_tries" -ge 200 ]; do
    sendmail_tries=$((sendmail_tries + 1))
    sleep_short
  done
}

# sendmail_calm: a HUP of the daemon ends its queue runs wherever they are (runners_sighup in its queue.c), also between a delivery and
# its note in the queue: that mail would come twice. So each gets its HUP before, stopped at a moment when nothing of its message is
# delivered. After ten seconds it is as with a HUP of anybody.
sendmail_calm() {
  sendmail_queues "$SENDMAIL_CF"
  epoch
  sendmail_since=$EPOCH
  while sendmail_runs && [ "$((EPOCH - sendmail_since))" -le 10 ]; do
    for sendmail_one in $SENDMAIL_RUNS; do
      sendmail_tries=0
      while [ "$sendmail_tries" -lt 500 ]; do
        sendmail_tries=$((sendmail_tries + 1))
        sendmail_rests || continue
        kill -STOP "$sendmail_one" 2>/dev/null || break
        if sendmail_rests; then
          sendmail_tries=500
          ! sendmail_alone || kill -HUP "$sendmail_one"
        fi
        kill -CONT "$sendmail_one"
      done
    done
    epoch
  done
}

# sendmail_runs: sets SENDMAIL_RUNS, the queue runs of the daemon, and returns 1 for none. They descend from it, and catch no SIGCHLD, as
# sessions do.
sendmail_runs() {
  SENDMAIL_RUNS=
  ps -A -o pid= -o ppid= -o args= 2>/dev/null | awk -v "daemon=$SENDMAIL_PID" '
    { p = $1; up[p] = $2; $1 = $2 = ""; title[p] = $0 }
    END { for (p in up) { n = 0; for (q = p; q in up && up[q] != daemon && n < 9; q = up[q]) n++; if (up[q] == daemon) print p, title[p] } }
  ' >"$MB_TMP/sendmail-runs"
  while read -r sendmail_one sendmail_what; do
    case $sendmail_what in *': accepting '* | *': server '* | *': startup '* | *'<defunct>') continue ;; esac
    grep -q '^SigCgt:.*[13579bdf]....$' "/proc/$sendmail_one/status" 2>/dev/null || SENDMAIL_RUNS="$SENDMAIL_RUNS $sendmail_one"
  done <"$MB_TMP/sendmail-runs"
  [ -n "$SENDMAIL_RUNS" ]
}

# sendmail_rests: whether $sendmail_one says that it delivers nothing now (`idle`: the delivery is not noted yet). Without a process where
# there is /proc, as such moments are short.
sendmail_rests() {
  if [ -r "/proc/$sendmail_one/cmdline" ]; then
    sendmail_what=
    { IFS= read -r sendmail_what <"/proc/$sendmail_one/cmdline"; } 2>/dev/null || :
    case $sendmail_what in *': user open'* | *': client '[!DQR]* | *': client RCPT'*) return 0 ;; esac
  else
    sendmail_tries=$((sendmail_tries + 20))
    sendmail_what=$(ps -o args= -p "$sendmail_one" 2>/dev/null) || return 1
  fi
  case $sendmail_what in *': running queue'* | *' from queue'*) ;; *) return 1 ;; esac
}

# sendmail_alone: that $sendmail_one, stopped, has no process that delivers for it, writes no note (a tf file that it left would have the
# next run of that message wait for minutes), and has no message with a recipient that is done.
sendmail_alone() {
  ps -A -o ppid= >"$MB_TMP/sendmail-runs" || return 1
  ! grep -q "^ *$sendmail_one *\$" "$MB_TMP/sendmail-runs" || return 1
  case $sendmail_what in *': running queue'*) return 0 ;; esac
  sendmail_id=${sendmail_what%% \[*}
  sendmail_id=${sendmail_id%% from queue*}
  sendmail_id=${sendmail_id##*[/ ]}
  # shellcheck disable=SC2086 # paths, one a word, with * in them
  [ -z "$(find $SENDMAIL_QUEUES -type f -name "tf$sendmail_id" 2>/dev/null)" ] || return 1
  case $sendmail_what in *' from queue'*) return 0 ;; esac
  # shellcheck disable=SC2086
  [ "$(find $SENDMAIL_QUEUES -type f -name "qf$sendmail_id" -exec grep -c '^R' {} + 2>/dev/null)" = 1 ]
}

# sendmail_wait: until the daemon that HUP starts has written its process file anew, and hears; ten seconds at most.
sendmail_wait() {
  sendmail_tries=0
  until { sendmail_daemon && [ -n "$SENDMAIL_PID" ] && [ "$SENDMAIL_PID" != "$sendmail_old" ]; } || [ "$sendmail_tries" -ge 200 ]; do
    sendmail_tries=$((sendmail_tries + 1))
    sleep_short
  done
  [ -n "$SENDMAIL_PID" ] || { fail internal '' "the Sendmail daemon (process $sendmail_old) ended at a reload"; return 1; }
  sendmail_hears
}

# sendmail_check CONFIG: daemon, hook and table as they are, and one SMTP dialogue after apply and lift.
sendmail_check() {
  SENDMAIL_CF=
  sendmail_facts "$1" || return 1
  sendmail_daemon
  if [ -n "$SENDMAIL_PID" ]; then
    check_add 'Sendmail runs' 1 "daemon, process $SENDMAIL_PID"
  else
    check_add 'Sendmail runs' "$((1 - ${SENDMAIL_RUNNING_BEFORE:-0}))" 'no daemon runs; it reads this configuration when it starts'
  fi
  SENDMAIL_RUNNING_BEFORE=
  sendmail_hooked=0 sendmail_on=0
  journal_stream "sendmail:$1" >"$MB_TMP/sendmail-orders" || return 1
  if sendmail_wanted; then sendmail_on=1; fi
  if sendmail_make "$sendmail_on" && cmp -s "$MB_TMP/sendmail-cf" "$SENDMAIL_CF"; then sendmail_hooked=1; fi
  sendmail_text='as it should be, with the rules that look into the table of brakes'
  [ "$sendmail_on" = 1 ] || sendmail_text='as it should be, without rules of Mailbrake'
  [ "$sendmail_hooked" = 1 ] || sendmail_text='not as it should be'
  check_add "$1" "$sendmail_hooked" "$sendmail_text"
  if [ "$sendmail_on" = 1 ]; then
    # A daemon that has given up its rights reads the table with others; what it can't see is no brake.
    sendmail_line=$(find "$MB_STATE" "$MB_TABLES" "${SENDMAIL_TABLE%/*}" -prune ! -perm -001 2>/dev/null; find "$SENDMAIL_TABLE" ! -perm -004 2>/dev/null)
    [ -z "$sendmail_line" ] || check_add 'Sendmail may read the table' 0 "others may not read $sendmail_line"
    [ ! -f "$SENDMAIL_TABLE" ] || readback_add "$SENDMAIL_TABLE" "$(cat "$SENDMAIL_TABLE")"
  fi
  [ -z "$J_app" ] || [ -z "$SENDMAIL_PID" ] || sendmail_dialogue
}

# sendmail_dialogue: with the listener of J_*: what it says to a probe from this host. Where the probe can be what the brake means,
# the answer to its recipient must be that of this brake, or of another one at this listener.
sendmail_dialogue() {
  case $J_point in listener:*) discovery_lookup "$J_instance" "$J_point" || return 0 ;; *) return 0 ;; esac
  R_sender="postmaster@$SENDMAIL_HOST" R_recipient="postmaster@$SENDMAIL_HOST" sendmail_expect=1
  for sendmail_match in "$J_match" "$J_match2"; do
    case $sendmail_match in
    '' | all) ;;
    'sender:<>') R_sender= ;;
    sender:*@*) R_sender=${sendmail_match#*:} ;;
    sender:*) R_sender=postmaster@${sendmail_match#*:} ;;
    recipient:*@*) R_recipient=${sendmail_match#*:} ;;
    recipient:*) R_recipient=postmaster@${sendmail_match#*:} ;;
    *) sendmail_expect=0 ;;
    esac
  done
  sendmail_others=$(APP=$J_app POINT=$J_point awk -F '\t' '$2 != ENVIRON["APP"] && $4 == ENVIRON["POINT"] { print $5 " (ref " $3 ")" }' "$MB_TMP/sendmail-orders")
  case $sendmail_others in *'close (ref'*) check_add 'an SMTP dialogue from this host' 1 'none: another brake has closed this listener'; return 0 ;; esac
  # A daemon that somebody has just told to read its configuration again answers nobody for a moment.
  epoch
  sendmail_tries=0 sendmail_since=$EPOCH
  while :; do
    # no tool for it here: no check
    probe_run || return 0
    sendmail_said=$(awk '/^S [2-5]/ { s = $0 } /^C QUIT/ { exit } /^C RCPT/ { r = "R" } END { print r substr(s, 3) }' "$RUN_OUTPUT")
    epoch
    if [ -n "$sendmail_said" ] || [ "$J_effect" = close ] || { [ "$sendmail_tries" -ge 20 ] && sendmail_refused; } || [ "$sendmail_tries" -ge 200 ] || [ "$((EPOCH - sendmail_since))" -ge 15 ]; then break; fi
    sendmail_tries=$((sendmail_tries + 1))
    sleep_short
  done
  sendmail_seen=1
  [ -f "$MB_JOURNAL/$J_app" ] || sendmail_expect=0
  if [ -z "$sendmail_said" ] && sendmail_refused; then
    check_add 'an SMTP dialogue from this host' 1 "none: $sendmail_line"
    return 0
  fi
  case $J_effect$sendmail_expect:$sendmail_said in
  # closed: no answer at all; lifted: a banner
  close1:) ;;
  close1:* | *:) sendmail_seen=0 ;;
  [tr]e[mj]*1:*"(ref $J_brake)"*) ;;
  [tr]e[mj]*1:R*'(ref '*) case $sendmail_others in *"(ref ${sendmail_said##*"(ref "}"*) ;; *) sendmail_seen=0 ;; esac ;;
  # the admin's own rules, or a full house, may refuse before the recipient
  [tr]e[mj]*1:R421* | [tr]e[mj]*1:[!R]*) ;;
  [tr]e[mj]*1:*) sendmail_seen=0 ;;
  esac
  sendmail_said=${sendmail_said#R}
  check_add 'an SMTP dialogue from this host' "$sendmail_seen" "${sendmail_said:-no answer}"
}

# sendmail_refused: whether no answer is the doing of the firewall's brake on this port, or of Sendmail at a high load; sets sendmail_line.
sendmail_refused() {
  sendmail_line="a brake of the firewall is on port $POINT_PORT"
  for sendmail_file in "$MB_JOURNAL"/*; do
    ! { grep -q '^instance=nftables' "$sendmail_file" && grep -q "^point=listener%3A$POINT_PORT\$" "$sendmail_file"; } 2>/dev/null || return 0
  done
  sendmail_line=$(ps -o args= -p "$SENDMAIL_PID" 2>/dev/null)
  case $sendmail_line in *'rejecting connections'*) ;; *) return 1 ;; esac
}

# sendmail_volatile, sendmail_lost: whoever makes sendmail.cf anew takes the hook out. The core asks each minute, and has it put back.
sendmail_volatile() { :; }
sendmail_lost() { ! { [ -f "$MB_TABLES/sendmail/brakes" ] && grep -q '^#mailbrake begin' "$1"; }; }
