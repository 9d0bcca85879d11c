# What a firewall can do exactly, and what a person must know before. Nothing is changed here.

# nftables_can: with J_* and POINT_KIND loaded.
nftables_can() {
  nftables_usable || fail cannot instance "the kernel's nf_tables can't be used here: $RUN_WORDS" || return 1
  case $POINT_KIND:$J_effect in
  listener:close | listener:throttle | delivery:pause | delivery:throttle) ;;
  listener:*) nftables_cannot effect "a firewall sees connections, not mail; the nearest is close or throttle here, or $J_effect" listener || return 1 ;;
  delivery:*) nftables_cannot effect "connections out can be paused or throttled; the nearest to $J_effect is pause here, or $J_effect" listener || return 1 ;;
  *) fail cannot point 'not a block point of a firewall' || return 1 ;;
  esac
  case $POINT_KIND:$J_match in
  *:all | listener:client:*) ;;
  delivery:*) nftables_cannot match 'connections out are not told apart; the nearest is all, or this match' delivery || return 1 ;;
  *) nftables_cannot match 'a firewall knows a sender by the client address alone; the nearest is client here, or this match' listener || return 1 ;;
  esac
  [ -z "$J_match2" ] || fail cannot match2 'a firewall takes one match; the nearest is the client alone' || return 1
  if [ "$J_effect" = throttle ]; then
    [ "$J_messages$J_recipients" = 00 ] || nftables_cannot messages 'a firewall counts connections alone; the nearest is connections here, or this throttle' "$POINT_KIND" || return 1
    [ "$J_cut" = 0 ] || fail cannot cut 'a throttle counts connections as they begin, so there is none to cut; the nearest is close or pause' || return 1
  fi
  [ "$POINT_KIND" = delivery ] || nftables_can_port
}

# nftables_cannot FIELD MESSAGE KIND: names the first mail system that has such a block point.
nftables_cannot() {
  nftables_nearest=$(NFTABLES_KIND=$3 awk -F '\t' '$1 == "point" && $2 !~ /^(nftables|site):/ && $4 "" == ENVIRON["NFTABLES_KIND"] "" { print " at " $3 " of " $2; exit }' "$MB_STATE/discovered" 2>/dev/null)
  fail cannot "$1" "$2${nftables_nearest:- at the mail system itself}"
}

# It may have become another's since the last discover.
nftables_can_port() {
  nftables_ports
  NFTABLES_PORT=${J_point#*:} awk '$1 "" == ENVIRON["NFTABLES_PORT"] "" { found = 1 } END { exit !found }' "$MB_TMP/nftables-ports" ||
    fail cannot point "nothing listens on port ${J_point#*:} for mail now, or SSH does; ask discover again"
}

# nftables_explain CONFIG: with J_* loaded: the reply, open doors, notes.
nftables_explain() {
  case $J_effect in
  close)
    plan_reply 'connection refused'
    plan_note 'A sender that finds this port closed tries the next MX host of the domain at once, and keeps the mail if there is none'
    ;;
  pause)
    plan_reply 'accepted and queued'
    plan_note 'After the lift each mail system tries again by its own schedule; a flush of its queue does so at once'
    ;;
  throttle)
    nftables_burst
    plan_reply 'no answer to a connection over the limit until it fits: tried again by the sender after 1, 3, 7 s and so on, and with the mail kept if that takes too long'
    case $J_match in
    all) nftables_words='all together' ;;
    *) nftables_words='each client address by itself' ;;
    esac
    plan_note "$J_connections connections a minute, $nftables_words, evenly: at most $NFTABLES_BURST at one moment; a connection may bring any number of messages"
    ;;
  esac
  case $J_effect$J_cut in
  throttle*) plan_opens 'Connections that are open now are not counted' ;;
  *0) plan_opens 'Connections that are open now go on to their end; a mail system that keeps one open for more mail uses it' ;;
  *) plan_note 'A message that was sent whole on a connection that is cut, and not answered yet, is sent again: it may arrive twice' ;;
  esac
  [ -z "$J_text" ] || plan_note 'A firewall tells the sender no text'
  plan_note "The table inet mailbrake_$J_app is the brake's own; nothing of this host's rules or files is changed. A reboot, \"nft -f\" and a reload of the firewall take it away; the minute sweep puts it back"
  [ "$POINT_KIND" != delivery ] || { plan_opens 'Deliveries that do not go out by ports 25, 465 or 587: to mailboxes here, by LMTP, to other ports'; return 0; }
  while IFS='	' read -r nftables_what nftables_of nftables_point nftables_kind _; do
    case $nftables_what:$nftables_of:$nftables_kind:$nftables_point in
    "point:$J_instance:listener:$J_point") ;;
    "point:$J_instance:listener:"*) plan_opens "Port ${nftables_point#*:}" ;;
    point:*:local:*) plan_opens "$nftables_point of $nftables_of: programs on the host that submit without a connection" ;;
    esac
  done <"$MB_STATE/discovered"
  run_query nft list ruleset || :
  ! grep -Eq '(dnat|redirect)( ip6?)? to|tproxy' "$RUN_OUTPUT" || plan_opens "Connections that this host's rules send to another port or host (dnat, redirect) before they come here: brake them where they go"
}
