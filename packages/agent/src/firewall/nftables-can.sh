# What a firewall can do exactly, and what a person must know before. Nothing is changed here.

# nftables_can: with J_* and POINT_KIND loaded.
nftables_can() {
  nft_usable || fail cannot instance "the kernel's nf_tables can't be used here: $RUN_WORDS" || return 1
  case $POINT_KIND:$J_effect in
  listener:close | listener:throttle | delivery:pause | delivery:throttle) ;;
  listener:*) nft_cannot effect "a firewall sees connections, not mail; the nearest is close or throttle here, or $J_effect" listener || return 1 ;;
  *) nft_cannot effect "connections out can be paused or throttled; the nearest is pause, or $J_effect" listener || return 1 ;;
  esac
  case $POINT_KIND:$J_match in
  *:all | listener:client:*) ;;
  delivery:*) nft_cannot match 'connections out are not told apart; the nearest is all, or this match' delivery || return 1 ;;
  *) nft_cannot match 'a firewall knows a sender by its address alone; the nearest is client here, or this match' listener || return 1 ;;
  esac
  [ -z "$J_match2" ] || fail cannot match2 'a firewall takes one match; the nearest is the client alone' || return 1
  if [ "$J_effect" = throttle ]; then
    [ "$J_messages$J_recipients" = 00 ] || nft_cannot messages 'a firewall counts connections; the nearest is connections here, or this' "$POINT_KIND" || return 1
    [ "$J_cut" = 0 ] || fail cannot cut 'a throttle counts connections as they begin, and cuts none; the nearest is close or pause' || return 1
  fi
  [ "$POINT_KIND" = listener ] || return 0
  # It may have become another's since the last discover.
  nft_ports
  grep -q "^${J_point#*:} " "$MB_TMP/nft-ports" || fail cannot point "nothing listens for mail on port ${J_point#*:} now, or SSH does; ask discover again"
}

# nft_cannot FIELD MESSAGE KIND: names the first mail system that has such a block point.
nft_cannot() {
  nft_nearest=$(awk -F '\t' -v "k=$3" '$1 == "point" && $2 !~ /^(nftables|site):/ && $4 == k { print $3 " of " $2; exit }' "$MB_STATE/discovered" 2>/dev/null)
  fail cannot "$1" "$2 at ${nft_nearest:-the mail system itself}"
}

# nftables_explain CONFIG: with J_* loaded: the reply, open doors, notes.
nftables_explain() {
  case $J_effect in
  close)
    plan_reply 'connection refused'
    plan_note 'A sender tries the next MX host of the domain at once, and keeps the mail where there is none'
    ;;
  pause)
    plan_reply 'accepted and queued'
    plan_note 'After the lift each mail system tries again by its own schedule, or when its queue is flushed'
    ;;
  throttle)
    nft_burst
    plan_reply "$NFT_LATE; who waits too long keeps the mail and comes back"
    [ "$POINT_KIND" = listener ] || plan_reply 'delivered at that rate'
    nft_words='each client address by itself'
    [ "$J_match" != all ] || nft_words='all together'
    plan_note "$J_connections connections a minute, $nft_words, evenly spread: $NFT_BURST at one moment; a connection may bring any number of messages"
    ;;
  esac
  if [ "$J_cut" = 1 ]; then
    plan_note 'A message sent whole on a connection that is cut before the answer is sent again: it may arrive twice'
  else
    plan_opens 'Connections that are open now go on, and may be used for more mail'
  fi
  [ -z "$J_text" ] || plan_note 'A firewall tells the sender no text'
  plan_note "No rule or file of this host is changed: the table inet mailbrake_$J_app is the brake's own. A reboot or a reload of the firewall takes it away, and the minute sweep puts it back"
  if [ "$POINT_KIND" = delivery ]; then
    plan_opens 'Deliveries other than by ports 25, 465 and 587: to mailboxes here, by LMTP, to other ports'
    return 0
  fi
  while IFS='	' read -r _ nft_of nft_point nft_kind _; do
    case $nft_of:$nft_kind:$nft_point in
    "$J_instance:listener:$J_point") ;;
    "$J_instance:listener:"*) plan_opens "Port ${nft_point#*:}" ;;
    *:local:*) plan_opens "$nft_point of $nft_of: programs that submit without a connection" ;;
    esac
  done <"$MB_STATE/discovered"
  run_query nft list ruleset || :
  ! grep -Eq 'dnat|redirect|tproxy' "$RUN_OUTPUT" || plan_opens 'Connections that rules of this host send elsewhere (dnat, redirect) before'
}
