# From the journal to one table a brake, `inet mailbrake_APP`. $MB_TABLES/nftables/APP.nft is what nft is given; APP.seen is how the
# kernel told it back, and that the table is ours: no other is ever taken away. The kernel forgets tables (reboot, "flush ruleset"), so
# they are compared with what was seen. Killed in between: a table is made or deleted whole, and the next agent goes on from the files.

# nftables_render CONFIG: the files; sets RENDER_CHANGED=1 where the kernel has to be told.
nftables_render() {
  nft_apps "$1" || return 1
  [ "$MB_PLAN" = 1 ] || [ -z "$NFT_APPS" ] || mkdir -p "$NFT_FOLDER" 2>/dev/null || fail_space "$NFT_FOLDER" || return 1
  for nft_app in $NFT_APPS; do
    journal_load "$nft_app" || continue
    nft_text >"$MB_TMP/nft-text" || fail_space "$MB_TMP" || return 1
    file_replace "$NFT_FOLDER/$nft_app.nft" <"$MB_TMP/nft-text" || return 1
    nft_as_seen || RENDER_CHANGED=1
  done
  for nft_file in "$NFT_FOLDER"/*.nft "$NFT_FOLDER"/*.seen; do
    nft_other || continue
    RENDER_CHANGED=1
    case $nft_file in *.nft) file_remove "$nft_file" || return 1 ;; esac
  done
}

# nft_apps CONFIG: sets NFT_APPS to the ids of all brakes, a blank around each.
nft_apps() {
  NFT_FOLDER=$MB_TABLES/nftables
  NFT_APPS=$(journal_list "nftables:$1") || fail internal '' "the journal can't be read"
}

# nft_other: whether $nft_file is there and of no brake; sets nft_app.
nft_other() {
  [ -f "$nft_file" ] || return 1
  nft_app=${nft_file##*/}
  nft_app=${nft_app%.*}
  case "
$NFT_APPS
" in *"
$nft_app
"*) return 1 ;; esac
}

# nft_burst: sets NFT_BURST, what the limit of J_connections lets in a second, at least 1.
nft_burst() { NFT_BURST=$(((J_connections + 59) / 60)); }

# nft_text: what nft is given for J_*. A new connection is known by its first packet, not by connection tracking, which may be off or full.
nft_text() {
  nft_family=ip nft_type=ipv4 nft_rule='' nft_set='' nft_verdict='counter reject with tcp reset'
  case $J_match in client:*:*) nft_family=ip6 nft_type=ipv6 ;; esac
  [ "$J_match" = all ] || nft_rule="$nft_family saddr ${J_match#*:} "
  if [ "$J_effect" = throttle ]; then
    nft_burst
    nft_verdict="limit rate over $J_connections/minute burst $NFT_BURST packets"
    if [ -n "$nft_rule" ]; then
      nft_set="set clients { type ${nft_type}_addr; size 65535; flags dynamic,timeout; timeout 2m; }
"
      nft_verdict="update @clients { $nft_family saddr $nft_verdict }"
    fi
    nft_verdict="$nft_verdict counter drop"
  fi
  [ "$J_cut" = 1 ] || nft_rule="${nft_rule}tcp flags & (fin|syn|rst|ack) == syn "
  nft_hook=input nft_ports=${J_point#*:}
  if [ "$J_point" = delivery ]; then nft_hook=output nft_ports='{ 25, 465, 587 } oifname != "lo"'; fi
  cat <<END_OF_TABLE
table inet mailbrake_$J_app
delete table inet mailbrake_$J_app
table inet mailbrake_$J_app {
${nft_set}chain brake {
type filter hook $nft_hook priority -10; policy accept;
tcp dport $nft_ports $nft_rule$nft_verdict comment "mailbrake $J_brake $J_app"
}
}
END_OF_TABLE
}

# nft_listing: the table of $nft_app as the kernel tells it, without counts and clients, and of which text it is, in $MB_TMP/nft-now
# (empty: there is no such table).
nft_listing() {
  if ! run_query nft -s list table inet "mailbrake_$nft_app" || ! grep -q '^table inet' "$RUN_OUTPUT"; then : >"$RUN_OUTPUT"; fi
  awk '/^[ \t]*elements = / { inside = 1 } !inside { print } inside && /}[ \t]*$/ { inside = 0 }' "$RUN_OUTPUT" >"$MB_TMP/nft-now"
  file_path "$MB_TABLES/nftables/$nft_app.nft"
  [ ! -s "$MB_TMP/nft-now" ] || cksum <"$FILE_PATH" >>"$MB_TMP/nft-now"
}

nft_as_seen() {
  nft_listing
  [ -s "$MB_TMP/nft-now" ] && cmp -s "$MB_TMP/nft-now" "$MB_TABLES/nftables/$nft_app.seen"
}

# nftables_reload CONFIG: the kernel is given each table that it has not as it was seen, and loses those that are ours and of no brake.
nftables_reload() {
  nft_apps "$1" || return 1
  for nft_app in $NFT_APPS; do
    nft_as_seen || nft_load || return 1
  done
  for nft_file in "$NFT_FOLDER"/*.seen; do
    nft_other || continue
    nft_listing
    if [ -s "$MB_TMP/nft-now" ]; then nft_run nft delete table inet "mailbrake_$nft_app" || return 1; fi
    crash_point after-delete
    [ "$MB_PLAN" = 1 ] || rm -f "$nft_file"
  done
  [ "$MB_PLAN" = 1 ] || rmdir "$NFT_FOLDER" 2>/dev/null || :
}

# nft_load: the table of $nft_app, of which nft_listing was just asked.
nft_load() {
  nft_file=$NFT_FOLDER/$nft_app
  if [ -s "$MB_TMP/nft-now" ] && [ ! -f "$nft_file.seen" ]; then
    fail conflict app "there is a table inet mailbrake_$nft_app that this agent did not make; use another id"
    return 1
  fi
  run_query nft -c -f "$FILE_PATH" || { run_words; fail internal '' "nft does not take the table, so nothing was changed: $RUN_WORDS"; return 1; }
  [ "$MB_PLAN" = 1 ] || { : >>"$nft_file.seen"; } 2>/dev/null || fail_space "$NFT_FOLDER" || return 1
  crash_point before-load
  nft_run nft -f "$nft_file.nft" || return 1
  crash_point after-load
  [ "$MB_PLAN" != 1 ] || return 0
  nft_listing
  { cat "$MB_TMP/nft-now" >"$nft_file.seen"; } 2>/dev/null || fail_space "$NFT_FOLDER"
}

nft_run() {
  run_command "$@" && return 0
  run_words
  fail internal '' "$*: $RUN_WORDS"
}
