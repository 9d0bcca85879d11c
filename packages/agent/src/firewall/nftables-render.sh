# From the journal to one table a brake, `inet mailbrake_APP`. $MB_TABLES/nftables/APP.nft is what nft is given; APP.seen is how the
# kernel told it back, and that the table is ours: no other is ever taken away. The kernel forgets tables (reboot, "flush ruleset"), so
# they are compared with what was seen. Killed in between: a table is made or deleted whole, and the next agent goes on from the files.

# nftables_render CONFIG: the files; sets RENDER_CHANGED=1 where the kernel has to be told.
nftables_render() {
  nftables_folder=$MB_TABLES/nftables
  nftables_apps=" $(journal_list "nftables:$1" | tr '\n' ' ')" || { fail internal '' "the journal can't be read"; return 1; }
  [ "$MB_PLAN" = 1 ] || [ "$nftables_apps" = ' ' ] || mkdir -p "$nftables_folder" 2>/dev/null || fail_space "$nftables_folder" || return 1
  for nftables_app in $nftables_apps; do
    journal_load "$nftables_app" || continue
    nftables_text >"$MB_TMP/nftables-text" || fail_space "$MB_TMP" || return 1
    file_replace "$nftables_folder/$nftables_app.nft" <"$MB_TMP/nftables-text" || return 1
    if [ "$FILE_CHANGED" = 1 ] || ! nftables_as_seen "$nftables_app"; then RENDER_CHANGED=1; fi
  done
  for nftables_file in "$nftables_folder"/*.nft "$nftables_folder"/*.seen; do
    nftables_app=${nftables_file##*/}
    case $nftables_apps$nftables_app in *" ${nftables_app%.*} "* | *'*'*) continue ;; esac
    RENDER_CHANGED=1
    case $nftables_file in *.nft) file_remove "$nftables_file" || return 1 ;; esac
  done
}

# nftables_burst: sets NFTABLES_BURST, what the limit of J_connections lets in a second, at least 1.
nftables_burst() { NFTABLES_BURST=$(((J_connections + 59) / 60)); }

# nftables_text: what nft is given for J_*. A new connection is known by its first packet, not by connection tracking, which may be off or full.
nftables_text() {
  nftables_family=ip nftables_type=ipv4_addr nftables_rule='' nftables_set='' nftables_verdict='counter reject with tcp reset'
  case $J_match in
  client:*:*) nftables_family=ip6 nftables_type=ipv6_addr nftables_rule="ip6 saddr ${J_match#*:} " ;;
  client:*) nftables_rule="ip saddr ${J_match#*:} " ;;
  esac
  if [ "$J_effect" = throttle ]; then
    nftables_burst
    nftables_limit="limit rate over $J_connections/minute burst $NFTABLES_BURST packets" nftables_verdict='counter drop'
    if [ -n "$nftables_rule" ]; then
      nftables_set="set clients { type $nftables_type; size 65535; flags dynamic,timeout; timeout 2m; }
"
      nftables_limit="update @clients { $nftables_family saddr $nftables_limit }"
    fi
    nftables_verdict="$nftables_limit $nftables_verdict"
  fi
  [ "$J_cut" = 1 ] || nftables_rule="${nftables_rule}tcp flags & (fin|syn|rst|ack) == syn "
  case $J_point in
  delivery) nftables_hook=output nftables_rule="oifname != \"lo\" tcp dport { 25, 465, 587 } $nftables_rule" ;;
  *) nftables_hook=input nftables_rule="tcp dport ${J_point#*:} $nftables_rule" ;;
  esac
  cat <<END_OF_TABLE
table inet mailbrake_$J_app
delete table inet mailbrake_$J_app
table inet mailbrake_$J_app {
${nftables_set}chain brake {
type filter hook $nftables_hook priority -10; policy accept;
$nftables_rule$nftables_verdict comment "mailbrake $J_brake $J_app"
}
}
END_OF_TABLE
}

# nftables_listing APP: the table as the kernel tells it, without counts and clients, and of which text it is, in $MB_TMP/nftables-now
# (empty: there is no such table).
nftables_listing() {
  if ! run_query nft -s list table inet "mailbrake_$1" || ! grep -q '^table inet' "$RUN_OUTPUT"; then : >"$RUN_OUTPUT"; fi
  awk '/^[ \t]*elements = / { inside = 1 } !inside { print } inside && /}[ \t]*$/ { inside = 0 }' "$RUN_OUTPUT" >"$MB_TMP/nftables-now"
  file_path "$MB_TABLES/nftables/$1.nft"
  [ ! -s "$MB_TMP/nftables-now" ] || cksum <"$FILE_PATH" >>"$MB_TMP/nftables-now"
}

nftables_as_seen() {
  nftables_listing "$1"
  [ -s "$MB_TMP/nftables-now" ] && cmp -s "$MB_TMP/nftables-now" "$MB_TABLES/nftables/$1.seen"
}

# nftables_reload CONFIG: the kernel is given each table that it has not as it was seen, and loses those that are ours and of no brake.
nftables_reload() {
  nftables_folder=$MB_TABLES/nftables
  nftables_apps=" $(journal_list "nftables:$1" | tr '\n' ' ')" || { fail internal '' "the journal can't be read"; return 1; }
  for nftables_app in $nftables_apps; do
    nftables_load || return 1
  done
  for nftables_file in "$nftables_folder"/*.seen; do
    nftables_app=${nftables_file##*/}
    nftables_app=${nftables_app%.seen}
    case $nftables_apps$nftables_app in *" $nftables_app "* | *'*'*) continue ;; esac
    nftables_listing "$nftables_app"
    if [ -s "$MB_TMP/nftables-now" ]; then nftables_run nft delete table inet "mailbrake_$nftables_app" || return 1; fi
    [ "$MB_PLAN" = 1 ] || rm -f "$nftables_file"
  done
  [ "$MB_PLAN" = 1 ] || rmdir "$nftables_folder" 2>/dev/null || :
}

# nftables_load: the table of $nftables_app.
nftables_load() {
  ! nftables_as_seen "$nftables_app" || return 0
  if [ -s "$MB_TMP/nftables-now" ] && [ ! -f "$nftables_folder/$nftables_app.seen" ]; then
    fail conflict app "a table inet mailbrake_$nftables_app is there that this agent did not make; take it away, or use another id"
    return 1
  fi
  file_path "$nftables_folder/$nftables_app.nft"
  run_query nft -c -f "$FILE_PATH" || { run_words; fail internal '' "nft does not take the table, so nothing was changed: $RUN_WORDS"; return 1; }
  if [ "$MB_PLAN" != 1 ]; then { : >>"$nftables_folder/$nftables_app.seen"; } 2>/dev/null || fail_space "$nftables_folder" || return 1; fi
  crash_point before-load
  nftables_run nft -f "$nftables_folder/$nftables_app.nft" || return 1
  crash_point after-load
  [ "$MB_PLAN" != 1 ] || return 0
  nftables_listing "$nftables_app"
  { cat "$MB_TMP/nftables-now" >"$nftables_folder/$nftables_app.seen"; } 2>/dev/null || fail_space "$nftables_folder"
}

nftables_run() {
  run_command "$@" && return 0
  run_words
  fail internal '' "$*: $RUN_WORDS"
}
