# What the kernel says afterwards, what a brake cuts, and whether it lost a table.

# nftables_check CONFIG: with J_app the table of that brake, else those of all.
nftables_check() {
  nft_count=0
  for nft_app in ${J_app:-$(journal_list "nftables:$1")}; do
    nft_count=$((nft_count + 1)) nft_ok=0 nft_words='is in the kernel as it was made'
    if nft_as_seen; then nft_ok=1
    elif [ -s "$MB_TMP/nft-now" ]; then nft_words='is not as it was made; the minute sweep makes it again'
    else nft_words='is not in the kernel; the minute sweep puts it back'
    fi
    if [ ! -f "$MB_JOURNAL/$nft_app" ]; then
      nft_ok=1 nft_words='is gone'
      [ ! -s "$MB_TMP/nft-now" ] || nft_ok=0 nft_words='is still there'
    fi
    check_add "inet mailbrake_$nft_app" "$nft_ok" "$nft_words"
    # An answer has room for a hundred.
    if [ "$nft_count" -gt 40 ] || ! run_query nft list table inet "mailbrake_$nft_app"; then continue; fi
    readback_add "nft list table inet mailbrake_$nft_app" "$(cat "$RUN_OUTPUT")"
    readback_add "packets refused so far by inet mailbrake_$nft_app" "$(awk '{ for (i = 2; i < NF; i++) if ($(i - 1) $i == "counterpackets") n += $(i + 1) } END { print n + 0 }' "$RUN_OUTPUT")"
  done
}

# nftables_cut CONFIG: both ends are told at once, where this kernel can; the table refuses all further packets anyway.
nftables_cut() {
  case $J_point:$J_match in
  delivery:*) for nft_port in 25 465 587; do nft_kill dport = ":$nft_port" not dst 127.0.0.0/8 not dst ::1; done ;;
  *:all) nft_kill sport = ":${J_point#*:}" ;;
  *) nft_kill sport = ":${J_point#*:}" dst "${J_match#*:}" ;;
  esac
}

nft_kill() {
  run_command ss -K -t -n "$@" || :
  [ "$MB_PLAN" = 1 ] || readback_add "connections cut by ss -K $*" "$(awk 'NR > 1 && NF > 3' "$RUN_OUTPUT" | wc -l)"
}

# What was paused is in the queues of the mail systems, which other brakes may pause too: they are not flushed.
nftables_lifted() { RELEASED=0; }

nftables_volatile() { :; }

# nftables_lost CONFIG: whether the kernel has lost a table.
nftables_lost() {
  for nft_app in $(journal_list "nftables:$1"); do
    nft_as_seen || return 0
  done
  return 1
}
