# What stands around the mail systems of this host: rules of its firewall that name a port of mail, configuration management that may
# write the files over, what listens for mail, also outside loopback. Read for people; nothing is decided by it, so what can't be read is left out.

# surroundings_tell: the line `surroundings` of a discover, right after a discovery.
surroundings_tell() {
  surroundings_firewall >"$MB_TMP/surroundings-firewall" || :
  surroundings_management >"$MB_TMP/surroundings-management" || :
  surroundings_listeners >"$MB_TMP/surroundings-listeners" || :
  answer_part surroundings "{\"firewall\":[$(surroundings_strings firewall)],\"management\":[$(surroundings_strings management)],\"listeners\":[$(surroundings_sockets)]}"
}

# surroundings_strings WHAT: at most 40 lines of at most 300 characters as JSON strings.
surroundings_strings() {
  awk "$AWK_PERCENT$AWK_JSON"'BEGIN { percent_setup() } NR <= 40 { printf "%s\"%s\"", (NR > 1 ? "," : ""), json_escape(substr($0, 1, 300)) }' "$MB_TMP/surroundings-$1"
}

# Rules with a port of mail, each with where it stands; not those of brakes.
surroundings_firewall() {
  if command -v nft >/dev/null 2>&1; then run_query nft -s list ruleset && surroundings_rules <"$RUN_OUTPUT"; fi
  for surroundings_tool in iptables ip6tables; do
    # An iptables on top of nf_tables tells the same rules again.
    command -v "$surroundings_tool-save" >/dev/null 2>&1 && run_query "$surroundings_tool" --version && ! grep -q nf_tables "$RUN_OUTPUT" &&
      run_query "$surroundings_tool-save" && sed "s/^/$surroundings_tool: /" "$RUN_OUTPUT" | surroundings_rules
  done
  if command -v pfctl >/dev/null 2>&1; then run_query pfctl -s rules && sed 's/^/pf: /' "$RUN_OUTPUT" | surroundings_rules; fi
}

surroundings_rules() {
  awk '
    /^table / { table = $2 " " $3; next }
    /^[ \t]+(chain|set|map) / { chain = $1 " " $2; next }
    table ~ / mailbrake_/ { next }
    /port/ && /(^|[^0-9.])(25|465|587|2525|smtp|smtps|submissions?)([^0-9.\/]|$)/ { sub(/^[ \t]+/, ""); print (table == "" ? "" : table " " chain ": ") $0 }
  '
}

# Headers of the configuration in force that name a tool, then tools that run.
surroundings_management() {
  {
    awk -F '\t' '$1 == "instance" { f = $2; sub(/^[^:]*:/, "", f); print f; if ($2 ~ /^postfix:/) print f "/main.cf\n" f "/master.cf" }' "$MB_STATE/discovered"
    printf '%s\n' /etc/exim4/update-exim4.conf.conf /etc/exim4/exim4.conf.template /etc/mail/sendmail.mc /etc/mail/access /etc/aliases
  } | while IFS= read -r surroundings_file; do
    [ -f "$surroundings_file" ] || continue
    SURROUNDINGS_FILE=$surroundings_file awk '
      NR > 20 { exit }
      { s = tolower($0) }
      s ~ /^[ \t]*(#|dnl|;|\/\/)/ && s ~ /(managed|generated|maintained|controlled|deployed)/ && s ~ /(puppet|chef|ansible|salt|cfengine|rudder)/ { sub(/^[ \t]+/, ""); print ENVIRON["SURROUNDINGS_FILE"] ": " $0; exit }
    ' "$surroundings_file"
  done
  ps -e -o args= 2>/dev/null | awk '
    { for (i = 1; i <= 3 && i <= NF; i++) { w = $i; sub(/^.*\//, "", w); sub(/:$/, "", w); if (w ~ /^(puppet|chef-client|cinc-client|salt-minion|cf-agent|cf-execd|cf-serverd|rudderd|ansible-pull)$/ && !seen[w]++) print w " runs here" } }'
}

# Lines `address port process`.
surroundings_listeners() {
  if command -v ss >/dev/null 2>&1; then run_query ss -ltnp; else run_query netstat -an; fi || return 0
  awk '
    /LISTEN/ {
      a = p = $4
      sub(/^.*[.:]/, "", p); sub(/[.:][^.:]*$/, "", a); gsub(/[][]/, "", a); sub(/%.*/, "", a)
      w = match($0, /\(\("[^"]*"/) ? substr($0, RSTART + 3, RLENGTH - 4) : "-"
      if (p !~ /^(25|465|587|2525)$/ && w !~ /^(master|exim4?|sendmail(-mta)?|smtpd|opensmtpd)$/ || p !~ /^[0-9]+$/) next
      gsub(/[^A-Za-z0-9._-]/, "?", w)
      if (a !~ /^[0-9A-Fa-f.:]+$/) a = "*"
      if (!seen[a, p]++) print a, p, w
    }' "$RUN_OUTPUT"
}

surroundings_sockets() {
  awk 'NR <= 100 { printf "%s{\"address\":\"%s\",\"port\":%s,\"process\":\"%s\"}", (NR > 1 ? "," : ""), $1, $2, $3 }' "$MB_TMP/surroundings-listeners"
}
