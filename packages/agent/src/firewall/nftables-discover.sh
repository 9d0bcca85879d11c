# Finding the ports of this host on which something listens for mail, which the kernel's firewall can brake whatever the mail system is. Reads only.

# nftables_discover: one instance for the host. Where there is no nft there is none, which is no error.
nftables_discover() {
  command -v nft >/dev/null 2>&1 || return 0
  nftables_running=false nftables_armed=false nftables_host=$(uname -n) NFTABLES_INSTANCE=nftables:/etc/nftables.conf
  if nftables_usable; then nftables_running=true; fi
  if instance_armed "$NFTABLES_INSTANCE"; then nftables_armed=true; fi
  run_query nft --version || :
  json_string "$(awk 'NR == 1 { sub(/^v/, "", $2); print $2 }' "$RUN_OUTPUT")"
  nftables_object="{\"instance\":\"$NFTABLES_INSTANCE\",\"mta\":\"nftables\",\"version\":$JSON,\"configDir\":\"/etc\",\"name\":\"nftables\""
  json_string "$nftables_host"
  discover_instance "$NFTABLES_INSTANCE" "$nftables_object,\"hostname\":$JSON,\"running\":$nftables_running,\"armed\":$nftables_armed,\"domains\":[]}" || return 1
  nftables_ports
  nftables_address=$({ ip -o -4 addr show scope global 2>/dev/null || ifconfig -a 2>/dev/null || :; } |
    awk '{ for (i = 1; i < NF; i++) if ($i == "inet") { a = $(i + 1); sub(/^addr:/, "", a); sub(/\/.*$/, "", a); if (a !~ /^127\./ && !n++) print a } }')
  while read -r nftables_port nftables_process nftables_addresses; do
    nftables_discover_port || return 1
  done <"$MB_TMP/nftables-ports"
  nftables_point delivery delivery - - "Connections out to ports 25, 465 and 587" null '' "$(nftables_cells delivery)"
}

# The door's role is told by the mail system's own instance where that has a driver; else this point is the only one for it.
nftables_discover_port() {
  nftables_list='' nftables_probe='' nftables_role=null
  for nftables_one in $nftables_addresses; do
    nftables_list="$nftables_list${nftables_list:+,}{\"address\":\"$nftables_one\",\"port\":$nftables_port}"
    case $nftables_one in 0.0.0.0 | ::) nftables_one=${nftables_address:-127.0.0.1} ;; esac
    case $nftables_probe in '' | 127.* | ::1) nftables_probe=$nftables_one ;; esac
  done
  if ! NFTABLES_PORT=$nftables_port awk -F '\t' '$4 == "listener" && $6 "" == ENVIRON["NFTABLES_PORT"] "" { found = 1 } END { exit !found }' "$MB_TMP/discovered"; then
    case $nftables_probe:$nftables_port in
    127.*:* | ::1:*) nftables_role='"relay"' ;;
    *:25) nftables_role='"inbound-mx"' ;;
    *:465 | *:587 | *:2525) nftables_role='"submission"' ;;
    *) nftables_role='"relay"' ;;
    esac
  fi
  [ "$nftables_process" != - ] || nftables_process='a process that can not be told'
  nftables_point "listener:$nftables_port" listener "$nftables_probe" "$nftables_port" "Port $nftables_port at the firewall ($nftables_process)" "$nftables_role" "$nftables_list" "$(nftables_cells listener)"
}

# nftables_point POINT KIND ADDRESS PORT LABEL ROLE LISTENS CELLS
nftables_point() {
  json_string "$5" 390
  nftables_object="{\"instance\":\"$NFTABLES_INSTANCE\",\"point\":\"$1\",\"kind\":\"$2\",\"label\":$JSON,\"role\":$6,\"listens\":[$7],\"cells\":[$8]"
  if [ "$2" = listener ]; then
    json_string "mailbrake-probe@$nftables_host" 390
    nftables_object="$nftables_object,\"probe\":{\"address\":\"$3\",\"port\":$4,\"sender\":$JSON"
    json_string "postmaster@$nftables_host" 390
    nftables_object="$nftables_object,\"recipient\":$JSON}"
  fi
  discover_point "$NFTABLES_INSTANCE" "$1" "$2" "$3" "$4" "$nftables_object}"
}

# nftables_cells KIND: what nftables_can does not refuse.
nftables_cells() {
  [ "$nftables_running" = true ] || return 0
  nftables_late='no reply to the connection until it fits: the sender tries again after 1, 3, 7 s and so on'
  if [ "$1" = delivery ]; then
    printf '%s,%s' '{"effect":"throttle","matches":["all"],"loses":false,"reply":"delivered at that rate","note":"Takes connections, not messages: connections a minute, all together"}' \
      '{"effect":"pause","matches":["all"],"loses":false,"reply":"accepted and queued","note":"Each new connection out is refused, so that mail waits in the queue of its mail system"}'
  else
    printf '%s,%s' "{\"effect\":\"throttle\",\"matches\":[\"all\",\"client\"],\"loses\":false,\"reply\":\"$nftables_late\",\"note\":\"Takes connections: for all, all clients together; for a client or network, each address by itself\"}" \
      '{"effect":"close","matches":["all","client"],"loses":false,"reply":"connection refused","note":"At the firewall, whatever listens there"}'
  fi
}

# nftables_ports: $MB_TMP/nftables-ports, lines `port process address…`: ports of mail, and others that a process of a mail system listens
# on. A port by which SSH comes in is never one, nor is one that is passed on to a container: its packets do not come by the input hook.
nftables_ports() {
  if command -v ss >/dev/null 2>&1; then run_query ss -atnp || :; else nftables_proc; fi
  awk '
    {
      a = p = $4
      sub(/^.*:/, "", p); sub(/:[^:]*$/, "", a); gsub(/[][]/, "", a); sub(/%.*/, "", a)
      if (p !~ /^[0-9]+$/) next
      w = match($0, /\(\("[^"]*"/) ? substr($0, RSTART + 3, RLENGTH - 4) : "-"
      gsub(/[^A-Za-z0-9._-]/, "?", w)
      if (w ~ /^(sshd|dropbear|tinysshd|docker-proxy|rootlessport)/) never[p] = 1
      if ($1 != "LISTEN" || !(p ~ /^(25|465|587|2525)$/ || w ~ /^(master|exim4?|sendmail(-mta)?|smtpd|opensmtpd)$/)) next
      if (a == "*") a = "::"
      if (!(p in list)) { order[++n] = p; name[p] = w }
      if (!seen[p, a]++ && ++count[p] <= 50) list[p] = list[p] " " a
    }
    END { for (i = 1; i <= n && i <= 40; i++) if (!(order[i] in never)) print order[i], name[order[i]] list[order[i]] }
  ' "$RUN_OUTPUT" | sort -n >"$MB_TMP/nftables-ports"
}

# nftables_proc: the listening sockets as ss would tell them, from the kernel's own tables, without names.
nftables_proc() {
  RUN_OUTPUT=$MB_TMP/run-output
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '
    function hex(s,   i, v) { v = 0; for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return v }
    # A word of four bytes, written in the order of this machine (little-endian where nft is met).
    function bytes(s, i) { return substr(s, i + 6, 2) substr(s, i + 4, 2) substr(s, i + 2, 2) substr(s, i, 2) }
    $4 == "0A" {
      split($2, f, ":")
      if (length(f[1]) == 8) { s = bytes(f[1], 1); a = hex(substr(s, 1, 2)) "." hex(substr(s, 3, 2)) "." hex(substr(s, 5, 2)) "." hex(substr(s, 7, 2)) }
      else {
        s = bytes(f[1], 1) bytes(f[1], 9) bytes(f[1], 17) bytes(f[1], 25); a = ""
        for (i = 1; i <= 29; i += 4) a = a (i > 1 ? ":" : "") tolower(substr(s, i, 4))
        if (s ~ /^0+$/) a = "::"
        if (s ~ /^0+1$/) a = "::1"
      }
      print "LISTEN 0 0 " a ":" hex(f[2]) " -"
    }' >"$RUN_OUTPUT" || :
}

# nftables_usable: whether the kernel takes a table such as ours; RUN_WORDS says why not. Some nft say so on standard error alone.
nftables_usable() {
  printf 'table inet mailbrake-probe {\nchain brake {\ntype filter hook input priority -10; policy accept;\ntcp dport 25 counter reject with tcp reset\n}\n}\n' >"$MB_TMP/nftables-probe" || return 1
  if run_query nft -c -f "$MB_TMP/nftables-probe" && [ ! -s "$RUN_OUTPUT" ]; then return 0; fi
  run_words
  return 1
}
