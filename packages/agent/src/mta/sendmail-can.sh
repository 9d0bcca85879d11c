# What the driver can do exactly, and what a person must know before. Nothing is changed here.

# sendmail_cannot FIELD WHY [NEAREST]
sendmail_cannot() { fail cannot "$1" "$2; the nearest is ${3-the firewall (nftables)}"; }

# sendmail_can: with J_* and POINT_KIND loaded.
sendmail_can() {
  sendmail_facts "${J_instance#sendmail:}" || return 1
  case $SENDMAIL_VERSION in
  8.1[3-9]* | 8.[2-9][0-9]* | 9.*) ;;
  *) sendmail_cannot instance "Sendmail $SENDMAIL_VERSION is too old (8.13 has quarantine and the rules that this needs)" || return 1 ;;
  esac
  sendmail_daemon
  case $SENDMAIL_ARGUMENTS in
  /* | '') ;;
  *) sendmail_cannot instance "Sendmail was started as '${SENDMAIL_ARGUMENTS%% *}', without a whole path, so a reload would end it; start it with the whole path" || return 1 ;;
  esac
  sendmail_operators=$(sed -n 's/^O *OperatorChars *= *//p' "$SENDMAIL_CF")
  case $sendmail_operators in
  '' | *.*:*@*+*) ;;
  *) sendmail_cannot instance 'OperatorChars of this sendmail.cf is not the one that the rules need (. : @ +)' || return 1 ;;
  esac
  for sendmail_match in "$J_match" "$J_match2"; do
    case $sendmail_match in
    login:*) sendmail_cannot match 'Sendmail is not asked for logins' 'the sender' || return 1 ;;
    client:*) sendmail_can_client "${sendmail_match#*:}" || return 1 ;;
    esac
    [ "${#sendmail_match}" -le 230 ] || sendmail_cannot match 'Sendmail looks up 256 characters at most' 'the domain of this address' || return 1
  done
  # `TEMP "421 4.7.0 … (ref …)"` in 255 characters
  sendmail_signs=$(printf '%s' "$J_text" | tr -cd '"\\%' | wc -c)
  [ "$((${#J_text} + ${#J_brake} + sendmail_signs))" -le 220 ] ||
    fail bad-value text 'Sendmail takes 220 characters of text and reference, in which each of " \ % counts twice; write a shorter text' || return 1
  [ -z "$J_match3" ] || sendmail_cannot match3 'two matches are combined at most' 'two of them' || return 1
  case $POINT_KIND in
  listener) sendmail_can_listener || return 1 ;;
  local)
    [ "$SENDMAIL_LOCAL" = 1 ] || sendmail_cannot point 'sendmail(1) does not hand its mail to a listener on 127.0.0.1 here' 'pause at delivery' || return 1
    case $J_effect in
    tempfail | hold) ;;
    *) fail cannot effect "local submission knows tempfail and hold, which lose nothing: a notice about refused mail would itself be refused; the nearest to $J_effect is hold" || return 1 ;;
    esac
    case $J_match in
    all | sender:*) ;;
    *) sendmail_cannot match 'local submission is matched by all or by sender' 'the sender' || return 1 ;;
    esac
    [ -z "$J_match2" ] || sendmail_cannot match2 'local submission takes one match' 'the first of them' || return 1
    ;;
  delivery)
    case $J_effect in
    pause) ;;
    throttle) sendmail_cannot effect 'Sendmail does not count what it delivers in a time' 'nftables (a rate at its output), or pause here' || return 1 ;;
    *) fail cannot effect "delivery knows pause; the nearest to $J_effect is that at a listener" || return 1 ;;
    esac
    case "$J_match $J_match2" in
    *client:* | *helo:*) sendmail_cannot match 'delivery is paused for all, a sender or a recipient' 'hold at a listener with this match' || return 1 ;;
    esac
    ;;
  *) fail cannot point 'not a block point of Sendmail' || return 1 ;;
  esac
  case $J_effect in
  hold | discard)
    sendmail_make 0 || return 1
    [ "$(grep -c '^Scheck_\(data\|eom\|eoh\)' "$MB_TMP/sendmail-cf")" -lt 3 ] ||
      sendmail_cannot effect "this sendmail.cf has a check_data, a check_eom and a check_eoh of its own, none is left for $J_effect" 'tempfail'
    ;;
  esac
}

# IPv6 networks: by groups of four digits; a prefix that cuts one is written out, 1024 entries at most.
sendmail_can_client() {
  case $1 in
  *:*/*)
    sendmail_bits=$((${1#*/} % 16))
    [ "$sendmail_bits" = 0 ] || [ "$sendmail_bits" -ge 6 ] ||
      sendmail_cannot match "$1 would be $((1 << (16 - sendmail_bits))) entries, 1024 are written at most" || return 1
    ;;
  esac
  case $1 in
  *:*) ! grep -q '^O *UseCompressedIPv6Addresses *= *[TtYy]' "$SENDMAIL_CF" || sendmail_cannot match 'UseCompressedIPv6Addresses is on here, so parts of an address can not be compared' ;;
  esac
}

sendmail_can_listener() {
  sendmail_names=$(SENDMAIL_KEY=${J_point#*:} awk '$1 "" == ENVIRON["SENDMAIL_KEY"] "" { found = 1; if ($6 > 1) twice = $2 } END { print found + 0, twice }' "$MB_TMP/sendmail-sockets")
  case $sendmail_names in
  0*) fail cannot point "$SENDMAIL_CF does not have this listener any more; ask discover again" || return 1 ;;
  '1 ') ;;
  *) sendmail_cannot point "several listeners are called ${sendmail_names#1 }; give each a Name= of its own in DaemonPortOptions" || return 1 ;;
  esac
  case $SENDMAIL_ARGUMENTS in
  *DaemonPortOptions* | *\ -OO*) sendmail_cannot point 'the daemon has listeners on its command line, which sendmail.cf does not know' || return 1 ;;
  esac
  case $J_effect in
  tempfail | reject | discard | hold) return 0 ;;
  throttle)
    case $J_match in
    all | client:*) ;;
    *) sendmail_cannot match 'a throttle counts by client here' 'all or client' || return 1 ;;
    esac
    [ -z "$J_match2" ] || sendmail_cannot match2 'a throttle takes one match' 'the client alone' || return 1
    [ "$J_messages$J_recipients" = 00 ] || sendmail_cannot messages 'Sendmail counts connections' 'a limit of connections' || return 1
    sendmail_window=$(sed -n 's/^O *ConnectionRateWindowSize *= *//p' "$SENDMAIL_CF")
    case $sendmail_window in
    '' | 60 | 60s | 1m) ;;
    *) sendmail_cannot connections "ConnectionRateWindowSize is $sendmail_window here, and limits of the admin count by it: Sendmail can not count by the minute" ;;
    esac
    ;;
  close)
    [ "$J_match" = all ] || { sendmail_cannot match 'a closed listener is closed for all' 'tempfail or reject with this match'; return 1; }
    # with those that are closed already
    { journal_stream "$J_instance"; printf '0\t\t\t%s\tclose\n' "$J_point"; } >"$MB_TMP/sendmail-orders"
    sendmail_make 1
    ;;
  *) sendmail_cannot effect 'a listener can not pause' 'tempfail or hold here, or pause at delivery' ;;
  esac
}

# sendmail_explain CONFIG: with J_* loaded: the reply, what is lost, open doors, notes.
sendmail_explain() {
  sendmail_facts "$1" || return 1
  sendmail_daemon
  sendmail_mark="(ref $J_brake)"
  case $J_effect in
  tempfail) plan_reply "450 4.7.1 <RECIPIENT>... ${J_text:-Mail is paused here, please try again later} $sendmail_mark" ;;
  reject) plan_reply "554 5.7.1 ${J_text:-Not accepted here} $sendmail_mark" ;;
  discard)
    plan_reply '250 2.0.0 ... Message accepted for delivery'
    PLAN_LOSES=1
    plan_note 'The mail is gone, for the recipients that the brake means and no others; the log has a line for each message'
    ;;
  hold)
    plan_reply '250 2.0.0 ... Message accepted for delivery'
    plan_note "Held mail waits in quarantine, with mailbrake+$J_app+ in its reason (mailq -qQ lists it); no queue run touches it, and the lift lets exactly it go"
    ;;
  throttle)
    plan_reply "421 4.7.0 ${J_text:-Too many connections, please try again later} $sendmail_mark"
    plan_note 'Counted for each client address by itself, over the last minute: connections of the minute before now count too'
    ;;
  close)
    plan_reply 'connection refused'
    plan_note 'Sessions that are open at this listener go on to their end'
    case ${J_point#*:} in *.*) ;; *) plan_opens 'The same port on loopback (127.0.0.1) stays open, for programs on this host' ;; esac
    ;;
  pause)
    plan_reply 'accepted and queued'
    plan_note 'No queue run delivers it, nor sendmail -q by hand; deliveries that are under way go on to their end. Mail that is paused for longer than Timeout.queuewarn or Timeout.queuereturn is treated by them as ever'
    plan_opens 'A sendmail that is started with another configuration file (-C) delivers what is paused'
    ;;
  esac
  case $J_effect:$POINT_KIND in
  tempfail:local) plan_reply 'accepted (exit status 0), waits in the submission queue' ;;
  hold:local) plan_reply 'accepted (exit status 0), waits in quarantine' ;;
  esac
  case $J_effect in
  hold | discard) plan_note 'A message has one fate: a recipient that the brake means and another one can not be in one message meanwhile: 452 for the later one, which mail servers send again, and mail programs of people may not' ;;
  esac
  case "$J_match $J_match2" in
  *sender:\<\>*) plan_note 'Bounces and other notices have this sender; so have the callbacks of servers that check whether an address exists' ;;
  esac
  for sendmail_match in "$J_match" "$J_match2"; do
    case $sendmail_match in
    sender:*@* | recipient:*@* | 'sender:<>') ;;
    sender:* | recipient:*) plan_note "Means ${sendmail_match#*:} and all names below it" ;;
    client:*/*) plan_note 'Sendmail knows no networks: this one is written out as the addresses and octet prefixes in it' ;;
    esac
  done
  if ! grep -qx '#mailbrake begin.*' "$SENDMAIL_CF"; then
    [ "$POINT_KIND" = delivery ] || plan_opens 'Sessions that are open now go on with the old rules until they end; were the instance armed, they would be braked at their next recipient'
  fi
  plan_note 'make in /etc/mail, or whatever else writes sendmail.cf anew, takes the hook out: this host looks each minute and puts it back; status says so'
  if ! grep -qx '#mailbrake begin.*' "$SENDMAIL_CF" || [ "$J_effect" = close ]; then
    plan_note 'The daemon is reloaded once now and once after the last lift: no connection is taken for some milliseconds, its queue run begins anew, and changes of its configuration that were not loaded yet come into force'
  fi
  sendmail_explain_doors
}

sendmail_explain_doors() {
  [ "$POINT_KIND" != delivery ] || return 0
  case $POINT_KIND:$SENDMAIL_LOCAL:$J_effect in
  listener:1:tempfail) plan_note 'Mail of sendmail(1) comes in through a listener on this host too: where the brake means it, it waits in the submission queue' ;;
  listener:1:reject) plan_note 'Mail of sendmail(1) comes in through a listener on this host too: where the brake means it, it goes back to its sender' ;;
  listener:1:discard | listener:1:hold) plan_note 'Mail of sendmail(1) comes in through a listener on this host too, and the brake means it too where it matches' ;;
  esac
  while IFS='	' read -r sendmail_what sendmail_instance sendmail_one sendmail_kind sendmail_rest; do
    if [ "$sendmail_what:$sendmail_instance" = "point:$J_instance" ] && [ "$sendmail_one" != "$J_point" ] && [ "$sendmail_kind" = listener ]; then plan_opens "$sendmail_one of the same Sendmail"; fi
  done <"$MB_STATE/discovered"
}
