# What the firewall driver asks of the host before it brakes.

NFT_LATE='no answer until the connection fits: its first packet is sent again after 1, 3, 7 s and so on'

# nft_ports: $MB_TMP/nft-ports, lines `port process address...`: ports of mail, and others that a process of a mail system listens on.
# A port by which SSH comes in is never one, nor is one passed on to a container: its packets do not come by the input hook.
nft_ports() {
  run_query ss -atnp || :
  awk '
    {
      a = p = $4
      sub(/^.*:/, "", p); sub(/:[^:]*$/, "", a); gsub(/[][]/, "", a); sub(/%.*/, "", a)
      if (p !~ /^[0-9]+$/) next
      w = match($0, /\(\("[^"]*"/) ? substr($0, RSTART + 3, RLENGTH - 4) : "unknown"
      gsub(/[^A-Za-z0-9._-]/, "?", w)
      if (w ~ /^(sshd|dropbear|tinysshd|docker-proxy|rootlessport)/) never[p] = 1
      if ($1 != "LISTEN" || p !~ /^(25|465|587|2525)$/ && w !~ /^(master|exim4?|sendmail(-mta)?|smtpd|opensmtpd)$/) next
      if (a == "*") a = "::"
      if (!seen[p, a]++ && ++count[p] <= 50) list[p] = list[p] " " a
      name[p] = w
    }
    END { for (p in list) if (!(p in never) && i++ < 40) print p, name[p] list[p] }
  ' "$RUN_OUTPUT" | sort -n >"$MB_TMP/nft-ports"
}

# nft_usable: whether the kernel takes a table such as ours; RUN_WORDS says why not. Some nft say so on standard error alone.
nft_usable() {
  RUN_WORDS='ss (iproute2) is not here'
  command -v ss >/dev/null 2>&1 || return 1
  printf 'table inet mailbrake-probe {\nchain c {\ntype filter hook input priority -10; policy accept;\ntcp dport 25 counter reject with tcp reset\n}\n}\n' >"$MB_TMP/nft-probe" || return 1
  if run_query nft -c -f "$MB_TMP/nft-probe" && [ ! -s "$RUN_OUTPUT" ]; then return 0; fi
  run_words
  return 1
}
