# What the kernel says afterwards, what a brake cuts, and what of it does not outlive a reboot or a reload of the firewall.

# nftables_check CONFIG: with J_app the table of that brake, else those of all.
nftables_check() {
  nftables_count=0
  for nftables_app in ${J_app:-$(journal_list "nftables:$1")}; do
    nftables_count=$((nftables_count + 1))
    nftables_check_table
  done
}

nftables_check_table() {
  nftables_name="inet mailbrake_$nftables_app"
  nftables_listing "$nftables_app"
  if [ ! -f "$MB_JOURNAL/$nftables_app" ]; then
    if [ -s "$MB_TMP/nftables-now" ]; then check_add "$nftables_name" 0 'is still there'; else check_add "$nftables_name" 1 'is gone'; fi
    return 0
  fi
  if [ ! -s "$MB_TMP/nftables-now" ]; then
    check_add "$nftables_name" 0 'is not in the kernel: something took it away; the minute sweep puts it back'
  elif ! cmp -s "$MB_TMP/nftables-now" "$MB_TABLES/nftables/$nftables_app.seen"; then
    check_add "$nftables_name" 0 'is not as it was made: someone changed it; the minute sweep makes it again'
  else
    check_add "$nftables_name" 1 'is in the kernel as it was made'
  fi
  # An answer has room for a hundred.
  [ "$nftables_count" -le 40 ] || return 0
  run_query nft list table inet "mailbrake_$nftables_app" || return 0
  readback_add "nft list table $nftables_name" "$(cat "$RUN_OUTPUT")"
  readback_add "packets refused so far by $nftables_name" "$(awk '/counter packets/ { for (i = 1; i < NF; i++) if ($i == "packets" && $(i - 1) == "counter") n += $(i + 1) } END { print n + 0 }' "$RUN_OUTPUT")"
}

# nftables_cut CONFIG: both ends are told at once where ss can; the table refuses all further packets anyway.
nftables_cut() {
  command -v ss >/dev/null 2>&1 || return 0
  case $J_point:$J_match in
  delivery:*) for nftables_port in 25 465 587; do nftables_kill dport = ":$nftables_port" not dst 127.0.0.0/8 not dst ::1; done ;;
  *:all) nftables_kill sport = ":${J_point#*:}" ;;
  *) nftables_kill sport = ":${J_point#*:}" dst "${J_match#*:}" ;;
  esac
}

nftables_kill() {
  run_command ss -K -t -n "$@" || :
  [ "$MB_PLAN" = 1 ] || readback_add "connections cut by ss -K $*" "$(awk 'NR > 1 && NF > 3 { n++ } END { print n + 0 }' "$RUN_OUTPUT")"
}

# Nothing was held; what was paused is in the queues of the mail systems, which other brakes may pause too.
nftables_lifted() { RELEASED=0; }

# nftables_volatile CONFIG: that what is in force does not outlive a reboot.
nftables_volatile() { :; }

# nftables_lost CONFIG: whether something of it is gone.
nftables_lost() {
  for nftables_app in $(journal_list "nftables:$1"); do
    nftables_as_seen "$nftables_app" || return 0
  done
  return 1
}
