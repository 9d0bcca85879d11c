# What the driver can do exactly, and what a person must know before. Nothing is changed here.

# exim_can: with J_* and POINT_KIND loaded.
exim_can() {
  exim_facts "${J_instance#exim:}" || return 1
  case $POINT_KIND in
  listener) exim_can_listener || return 1 ;;
  local)
    case $J_effect in
    reject | hold) ;;
    tempfail) fail cannot effect 'Exim has no temporary answer for a local program: it would send the mail back; the nearest is hold, which loses nothing' || return 1 ;;
    *) fail cannot effect 'local submission knows reject and hold; the nearest is hold' || return 1 ;;
    esac
    case $J_match in
    all | sender:*) ;;
    *) fail cannot match 'local submission is matched by all or by sender; the nearest is the sender' || return 1 ;;
    esac
    [ -z "$J_match2" ] || { fail cannot match2 'local submission takes one match; the nearest is the first of them'; return 1; }
    ;;
  delivery)
    [ "$J_effect" = pause ] || { fail cannot effect "delivery knows pause; the nearest to $J_effect is that at a listener"; return 1; }
    case $J_match$J_match2 in
    all) ;;
    recipient:*@*) fail cannot match 'delivery is paused by domain; the nearest is the domain of this recipient' || return 1 ;;
    recipient:*) [ -z "$J_match2" ] || { fail cannot match2 'a pause takes one match; the nearest is the recipient domain alone'; return 1; } ;;
    *) fail cannot match 'delivery is paused for all or for a recipient domain; the nearest is hold at a listener with this match' || return 1 ;;
    esac
    case $EXIM_OR_hold in
    '<'*) fail cannot effect 'hold_domains has a separator of its own here, beside which ours can not stand; the nearest is hold at the listeners' || return 1 ;;
    esac
    ;;
  *) fail cannot point 'not a block point of Exim' || return 1 ;;
  esac
  [ "$J_cut" != 1 ] || exim_can_cut || return 1
  [ "$J_effect" != hold ] || exim_can_hold
}

exim_can_cut() {
  [ "$POINT_KIND" = listener ] || { fail cannot cut "sessions are cut at a listener; the nearest is this brake without cut"; return 1; }
  command -v ss >/dev/null 2>&1 || fail cannot cut 'ss, which tells whose sessions are open, is not on this host; the nearest is this brake without cut: they end by themselves'
}

exim_can_listener() {
  exim_sources
  exim_before
  exim_listeners "$EXIM_INTERFACES" "$EXIM_PORTS" >"$MB_TMP/exim-sockets" || return 1
  exim_daemon
  case $J_effect in
  tempfail | reject | discard | hold) return 0 ;;
  throttle)
    case $J_match in
    all | client:*) ;;
    *) fail cannot match 'a throttle counts by client here; the nearest is all or client' || return 1 ;;
    esac
    [ -z "$J_match2" ] || fail cannot match2 'a throttle takes one match; the nearest is the client alone'
    ;;
  close)
    [ "$J_match" = all ] || { fail cannot match 'a closed listener is closed for all; the nearest is tempfail or reject with this match'; return 1; }
    case $EXIM_ARGUMENTS in
    *\ -oX\ *) fail cannot effect 'the daemon has its listeners on its command line (-oX), where a brake can not take one away; the nearest is tempfail' || return 1 ;;
    esac
    EXIM_WANT=${J_point#*:} awk '$3 "" == ENVIRON["EXIM_WANT"] "" { found = 1 } END { exit !found }' "$MB_TMP/exim-sockets" ||
      fail cannot point 'local_interfaces and daemon_smtp_ports do not have this listener any more; ask discover again'
    ;;
  *) fail cannot effect 'a listener can not pause; the nearest is tempfail or hold here, or pause at delivery' ;;
  esac
}

# Named queues that messages can be moved out of (-MG).
exim_can_hold() {
  run_query "$EXIM" -bV || :
  exim_version=$(awk 'NR == 1 { print $3 }' "$RUN_OUTPUT")
  case $exim_version in
  4.9[4-9]* | 4.[1-9][0-9][0-9]* | [5-9].*) return 0 ;;
  esac
  fail cannot effect "Exim $exim_version can not move mail out of a queue of its own (4.94 can); the nearest is tempfail"
}

# exim_explain CONFIG: with J_* loaded: the reply, what is lost, open doors, notes.
exim_explain() {
  exim_facts "$1" || return 1
  exim_daemon
  exim_mark="(ref $J_brake)"
  case $J_effect in
  tempfail) plan_reply "450 4.7.1 ${J_text:-Mail is paused here, please try again later} $exim_mark" ;;
  reject) plan_reply "554 5.7.1 ${J_text:-Not accepted here} $exim_mark" ;;
  discard)
    plan_reply '250 Accepted'
    PLAN_LOSES=1
    plan_note 'The mail is gone, for the recipients that the brake means and no others; the log has a line for each'
    ;;
  hold)
    plan_reply '250 Accepted'
    plan_note "Held mail waits in a queue of its own, mailbrake+$J_app, which no queue run touches (exim -qGmailbrake+$J_app -bp lists it), and is let go by the lift"
    case $J_match$J_match2$J_match3 in *recipient:*) plan_note 'A recipient that the brake means and another one can not be in one message meanwhile: 452 for the later one, which mail servers send again, and mail programs of people do not' ;; esac
    ;;
  throttle) exim_explain_throttle ;;
  close)
    plan_reply 'connection refused'
    [ "$J_cut" = 1 ] || plan_note 'Sessions that are open at this listener go on to their end'
    ;;
  pause)
    plan_reply 'accepted and queued'
    plan_note 'Deliveries that are under way go on to their end; mail that is paused for longer than the retry rules or a delay warning allow is treated by them as ever'
    plan_opens 'exim -M, -qf, -qff, -Rf and -Sf by hand deliver what is paused'
    ;;
  esac
  case $J_effect:$POINT_KIND in
  reject:local) plan_reply "exit status 1, and the mail comes back to its sender: 554 5.7.1 ${J_text:-Not accepted here} $exim_mark" ;;
  hold:local) plan_reply 'accepted (exit status 0), waits in a queue of its own' ;;
  esac
  case "$J_match $J_match2 $J_match3" in
  *sender:\<\>*) plan_note 'Bounces and other notices have this sender; so have the callbacks of servers that check whether an address exists' ;;
  *sender:[!@\ ]*\ * | *recipient:[!@\ ]*\ *) exim_explain_domain "$J_match" "$J_match2" "$J_match3" ;;
  esac
  if [ "$J_cut" = 1 ]; then
    plan_note 'All sessions that are open at this listener are cut (421); their senders try again'
  elif [ "$EXIM_HOOKED" = 0 ]; then
    [ "$POINT_KIND" != listener ] || plan_opens 'Sessions that are open at this listener now go on with the old rules until they end; were the instance armed, they would be braked at their next recipient'
  elif [ "$J_effect" = throttle ] && [ "$J_connections" != 0 ]; then
    plan_opens 'Sessions that are open at this listener now are not counted as connections'
  fi
  if [ "$EXIM_HOOKED" = 0 ] || [ "$J_effect" = close ]; then
    plan_note 'The daemon is reloaded once now and once after the last lift: no connection is taken for a moment, a queue run starts, and changes of its configuration that were not loaded yet come into force'
  fi
  exim_explain_doors
}

exim_explain_domain() {
  for exim_match; do
    case $exim_match in
    sender:*@* | recipient:*@*) ;;
    sender:* | recipient:*) plan_note "Means ${exim_match#*:} and all names below it" ;;
    esac
  done
}

exim_explain_throttle() {
  if [ "$J_connections" != 0 ]; then exim_noun=connections exim_code='421 4.7.0'; elif [ "$J_messages" != 0 ]; then exim_noun=messages exim_code='450 4.7.1'; else exim_noun=recipients exim_code='450 4.7.1'; fi
  plan_reply "$exim_code ${J_text:-Too many $exim_noun, please try again later} $exim_mark"
  plan_note 'Counted for each client address by itself, smoothed over a minute: a client that was quiet may bring the whole number at once'
}

exim_explain_doors() {
  [ "$POINT_KIND" != delivery ] || return 0
  while IFS='	' read -r exim_what exim_instance exim_point exim_kind exim_rest; do
    if [ "$exim_what:$exim_instance" != "point:$J_instance" ] || [ "$exim_point" = "$J_point" ]; then continue; fi
    case $exim_kind in
    listener) plan_opens "$exim_point of the same Exim" ;;
    local) plan_opens 'local: programs on the host that submit by sendmail(1)' ;;
    esac
  done <"$MB_STATE/discovered"
  [ "$J_effect:$POINT_KIND" != reject:local ] || plan_opens 'Notices that Exim itself writes'
}
