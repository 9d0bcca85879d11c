# Finding Sendmail and its block points. Reads only.

# sendmail_discover: one instance, that of the cf in force. A host without Sendmail has none, which is no error.
sendmail_discover() {
  sendmail_facts '' || { FAIL_CODE='' FAIL_FIELD='' FAIL_MESSAGE=''; return 0; }
  SENDMAIL_INSTANCE=sendmail:$SENDMAIL_CF
  sendmail_daemon
  sendmail_list='' sendmail_domain=
  sendmail_domains >"$MB_TMP/sendmail-domains"
  while IFS= read -r sendmail_line; do
    : "${sendmail_domain:=$sendmail_line}"
    json_string "$sendmail_line" 390
    sendmail_list=$sendmail_list${sendmail_list:+,}$JSON
  done <"$MB_TMP/sendmail-domains"
  : "${sendmail_domain:=$SENDMAIL_HOST}"
  sendmail_bool=false sendmail_armed=false
  [ -z "$SENDMAIL_PID" ] || sendmail_bool=true
  if instance_armed "$SENDMAIL_INSTANCE"; then sendmail_armed=true; fi
  json_string "$SENDMAIL_INSTANCE"; SENDMAIL_NAMED="{\"instance\":$JSON"
  json_string "$SENDMAIL_VERSION"; sendmail_object="$SENDMAIL_NAMED,\"mta\":\"sendmail\",\"version\":$JSON"
  json_string "${SENDMAIL_CF%/*}"; sendmail_object="$sendmail_object,\"configDir\":$JSON"
  json_string "$SENDMAIL_HOST"; sendmail_object="$sendmail_object,\"name\":\"sendmail\",\"hostname\":$JSON"
  discover_instance "$SENDMAIL_INSTANCE" "$sendmail_object,\"running\":$sendmail_bool,\"armed\":$sendmail_armed,\"domains\":[$sendmail_list]}" || return 1
  sendmail_discover_listeners || return 1
  if [ "$SENDMAIL_LOCAL" = 1 ]; then
    sendmail_point local local 'sendmail(1), and programs that speak SMTP to 127.0.0.1' '"local"' '' "$(sendmail_cells local)" || return 1
  fi
  sendmail_point delivery delivery 'Delivery out of the queue' null '' "$(sendmail_cells delivery)"
}

sendmail_discover_listeners() {
  sendmail_address=$({ ip -o -4 addr show scope global 2>/dev/null || ifconfig -a 2>/dev/null || :; } |
    awk '{ for (i = 1; i < NF; i++) if ($i == "inet") { s = $(i + 1); sub(/^addr:/, "", s); sub(/\/.*$/, "", s); if (s !~ /^127\./) { print s; exit } } }')
  awk '{ if (!($1 in port)) { order[++n] = $1; port[$1] = $3 } list[$1] = list[$1] " " ($4 == "*" ? ($5 == "inet6" ? "::" : "0.0.0.0") : $4) }
    END { for (i = 1; i <= n; i++) print order[i], port[order[i]] list[order[i]] }' "$MB_TMP/sendmail-sockets" >"$MB_TMP/sendmail-found"
  while read -r sendmail_key sendmail_port sendmail_addresses; do
    case $sendmail_port in *[!0-9]*) continue ;; esac
    sendmail_list='' sendmail_probe=
    # shellcheck disable=SC2086 # addresses, one a word
    for sendmail_one in $sendmail_addresses; do
      case $sendmail_one in
      0.0.0.0 | ::) : "${sendmail_probe:=${sendmail_address:-127.0.0.1}}" ;;
      *) : "${sendmail_probe:=$sendmail_one}" ;;
      esac
      json_string "$sendmail_one" 390
      sendmail_list="$sendmail_list${sendmail_list:+,}{\"address\":$JSON,\"port\":$sendmail_port}"
    done
    case $sendmail_port:$sendmail_addresses in
    *:127.* | *:::1) sendmail_role='"local"' ;;
    587:* | 465:*) sendmail_role='"submission"' ;;
    25:*) sendmail_role='"inbound-mx"' ;;
    *) sendmail_role='"relay"' ;;
    esac
    sendmail_label="SMTP, port $sendmail_port"
    [ "$sendmail_key" = "$sendmail_port" ] || sendmail_label="$sendmail_label of ${sendmail_key%.*}"
    sendmail_point "listener:$sendmail_key" listener "$sendmail_label" "$sendmail_role" "$sendmail_list" "$(sendmail_cells listener)" || return 1
  done <"$MB_TMP/sendmail-found"
}

# sendmail_point POINT KIND LABEL ROLE LISTENS CELLS: for a listener with $sendmail_probe and $sendmail_port.
sendmail_point() {
  sendmail_object="$SENDMAIL_NAMED,\"point\":\"$1\",\"kind\":\"$2\",\"label\":\"$3\",\"role\":$4,\"listens\":[$5],\"cells\":[$6]"
  if [ "$2" = listener ]; then
    json_string "mailbrake-probe@$SENDMAIL_HOST" 390
    sendmail_object="$sendmail_object,\"probe\":{\"address\":\"$sendmail_probe\",\"port\":$sendmail_port,\"sender\":$JSON"
    json_string "postmaster@$sendmail_domain" 390
    discover_point "$SENDMAIL_INSTANCE" "$1" "$2" "$sendmail_probe" "$sendmail_port" "$sendmail_object,\"recipient\":$JSON}}"
  else
    discover_point "$SENDMAIL_INSTANCE" "$1" "$2" - - "$sendmail_object}"
  fi
}

# sendmail_domains: names of relay-domains and local-host-names, 50 at most, those it relays for first.
sendmail_domains() {
  cat "${SENDMAIL_CF%/*}/relay-domains" "${SENDMAIL_CF%/*}/local-host-names" 2>/dev/null | HOST=$SENDMAIL_HOST awk '
    function name(s) { s = tolower(s); if (s ~ /^[a-z0-9_-]+([.][a-z0-9_-]+)+$/ && s ~ /[a-z]/ && length(s) <= 253 && !seen[s]++ && count++ < 50) print s }
    !/^#/ && NF { name($1) }
    END { name(ENVIRON["HOST"]) }'
}

# sendmail_cells KIND: what sendmail_can does not refuse.
sendmail_cells() {
  awk -v "kind=$1" '
    function cell(effect, matches, pairs, loses, reply, note) {
      gsub(/ /, "\",\"", matches)
      printf "%s{\"effect\":\"%s\",\"matches\":[\"%s\"]%s,\"loses\":%s,\"reply\":\"%s\"%s}", (n++ ? "," : ""), effect, matches, (pairs == "" ? "" : ",\"pairs\":[" pairs "]"), loses, reply, (note == "" ? "" : ",\"note\":\"" note "\"")
    }
    BEGIN {
      every = "all client helo sender recipient"
      split("client helo,client sender,client recipient,helo sender,helo recipient,sender recipient", p, ",")
      for (i = 1; i <= 6; i++) { gsub(/ /, "\",\"", p[i]); pairs = pairs (i > 1 ? "," : "") "[\"" p[i] "\"]" }
      if (kind == "listener") {
        cell("tempfail", every, pairs, "false", "450 4.7.1 <RECIPIENT>... TEXT (ref REF)")
        cell("reject", every, pairs, "false", "554 5.7.1 TEXT (ref REF)")
        cell("discard", every, pairs, "true", "250 2.0.0 ... Message accepted for delivery", "The mail is gone; the log has a line for each")
        cell("hold", every, pairs, "false", "250 2.0.0 ... Message accepted for delivery", "In quarantine, which no queue run touches")
        cell("throttle", "all client", "", "false", "421 4.7.0 TEXT (ref REF)", "Connections a minute, counted for each client address by itself")
        cell("close", "all", "", "false", "connection refused", "Open sessions go on to their end; one on all addresses keeps loopback open")
      } else if (kind == "local") {
        cell("tempfail", "all sender", "", "false", "accepted (exit status 0), waits in the submission queue", "A program that speaks SMTP to 127.0.0.1 gets 450 4.7.1")
        cell("hold", "all sender", "", "false", "accepted (exit status 0), waits in quarantine")
      } else cell("pause", "all sender recipient", "[\"sender\",\"recipient\"]", "false", "accepted and queued", "No queue run, and no flush by hand, delivers it")
    }'
}
