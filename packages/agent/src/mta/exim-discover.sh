# Finding Exim and its block points. Reads only.

# exim_discover: one instance, that of the configuration file in force. A host without Exim has none, which is no error.
exim_discover() {
  exim_find || return 0
  exim_facts '' || { FAIL_CODE='' FAIL_FIELD='' FAIL_MESSAGE=''; return 0; }
  case $EXIM_CONFIG in /*) ;; *) return 0 ;; esac
  EXIM_INSTANCE=exim:$EXIM_CONFIG
  exim_sources
  exim_before
  exim_daemon
  run_query "$EXIM" -bV || :
  exim_version=$(awk 'NR == 1 { print $3 }' "$RUN_OUTPUT")
  exim_domains >"$MB_TMP/exim-domains"
  exim_list='' exim_domain=
  while IFS= read -r exim_line; do
    [ "$exim_line" = localhost ] || : "${exim_domain:=$exim_line}"
    json_string "$exim_line" 390
    exim_list=$exim_list${exim_list:+,}$JSON
  done <"$MB_TMP/exim-domains"
  : "${exim_domain:=$EXIM_HOST}"
  exim_bool=false exim_armed=false
  [ -z "$EXIM_PID" ] || exim_bool=true
  if instance_armed "$EXIM_INSTANCE"; then exim_armed=true; fi
  json_string "$EXIM_INSTANCE"; EXIM_NAMED="{\"instance\":$JSON"
  json_string "$exim_version"; exim_object="$EXIM_NAMED,\"mta\":\"exim\",\"version\":$JSON"
  json_string "${EXIM_CONFIG%/*}"; exim_object="$exim_object,\"configDir\":$JSON"
  json_string "${EXIM##*/}"; exim_object="$exim_object,\"name\":$JSON"
  json_string "$EXIM_HOST"; exim_object="$exim_object,\"hostname\":$JSON"
  discover_instance "$EXIM_INSTANCE" "$exim_object,\"running\":$exim_bool,\"armed\":$exim_armed,\"domains\":[$exim_list]}" || return 1
  exim_discover_listeners || return 1
  exim_point local local 'sendmail(1) and other local submission' '"local"' '' "$(exim_cells local)" || return 1
  exim_point delivery delivery 'Delivery out of the queue' null '' "$(exim_cells delivery)"
}

exim_discover_listeners() {
  # The command line of the daemon hides the configuration.
  case $EXIM_ARGUMENTS in
  *\ -oX\ *)
    exim_line=${EXIM_ARGUMENTS#*" -oX "}
    exim_line=${exim_line%% *}
    case $exim_line in *.* | *::* | *\<*) EXIM_INTERFACES=$exim_line ;; *) EXIM_PORTS=$exim_line ;; esac
    ;;
  esac
  exim_listeners "$EXIM_INTERFACES" "$EXIM_PORTS" | awk '
    # a line a listener: key, port, probe address, then its addresses
    { if (!($3 in port)) { order[++n] = $3; port[$3] = $2 } list[$3] = list[$3] " " $1 }
    END { for (i = 1; i <= n; i++) print order[i], port[order[i]], list[order[i]] }
  ' >"$MB_TMP/exim-found"
  exim_address=$({ ip -o -4 addr show scope global 2>/dev/null || ifconfig -a 2>/dev/null || :; } |
    awk '{ for (i = 1; i < NF; i++) if ($i == "inet") { a = $(i + 1); sub(/^addr:/, "", a); sub(/\/.*$/, "", a); if (a !~ /^127\./ && !n++) print a } }')
  while read -r exim_key exim_port exim_addresses; do
    exim_list='' exim_probe=
    for exim_one in $exim_addresses; do
      case $exim_one in
      ::0 | ::) exim_one=:: ;;
      esac
      exim_list="$exim_list${exim_list:+,}{\"address\":\"$exim_one\",\"port\":$exim_port}"
      case $exim_one in
      0.0.0.0 | ::) : "${exim_probe:=${exim_address:-127.0.0.1}}" ;;
      *) : "${exim_probe:=$exim_one}" ;;
      esac
    done
    case $exim_probe:$exim_port in
    *:587 | *:465 | *:2525) exim_role='"submission"' ;;
    127.*:* | ::1:*) exim_role='"relay"' ;;
    *:25) exim_role='"inbound-mx"' ;;
    *) exim_role='"relay"' ;;
    esac
    exim_label="SMTP, port $exim_port"
    [ "$exim_key" = "$exim_port" ] || exim_label="$exim_label of ${exim_key%.*}"
    exim_point "listener:$exim_key" listener "$exim_label" "$exim_role" "$exim_list" "$(exim_cells listener)" || return 1
  done <"$MB_TMP/exim-found"
}

# exim_point POINT KIND LABEL ROLE LISTENS CELLS: for a listener with $exim_probe and $exim_port.
exim_point() {
  exim_object="$EXIM_NAMED,\"point\":\"$1\",\"kind\":\"$2\",\"label\":\"$3\",\"role\":$4,\"listens\":[$5],\"cells\":[$6]"
  if [ "$2" = listener ]; then
    json_string "mailbrake-probe@$EXIM_HOST" 390
    exim_object="$exim_object,\"probe\":{\"address\":\"$exim_probe\",\"port\":$exim_port,\"sender\":$JSON"
    json_string "postmaster@$exim_domain" 390
    discover_point "$EXIM_INSTANCE" "$1" "$2" "$exim_probe" "$exim_port" "$exim_object,\"recipient\":$JSON}}"
  else
    discover_point "$EXIM_INSTANCE" "$1" "$2" - - "$exim_object}"
  fi
}

# exim_domains: names in +local_domains and +relay_to_domains, 50 at most.
exim_domains() {
  run_query "$EXIM" -bP +local_domains +relay_to_domains || return 0
  HOST=$EXIM_HOST awk '
    sub(/^domainlist [^=]*= */, "") {
      sep = ":"
      if (/^<./) { sep = substr($0, 2, 1); $0 = substr($0, 3) }
      n = split($0, f, sep)
      for (i = 1; i <= n; i++) {
        s = tolower(f[i]); gsub(/[ \t]/, "", s)
        if (s == "@") s = ENVIRON["HOST"]
        if (s ~ /^[a-z0-9._-]+$/ && length(s) <= 253 && !seen[s]++ && count++ < 50) print s
      }
    }' "$RUN_OUTPUT"
}

# exim_cells KIND: what exim_can does not refuse.
exim_cells() {
  awk -v "kind=$1" '
    function cell(effect, matches, loses, reply, note,   k, i, j, one, pairs) {
      if ((k = split(matches, one, " ")) == 6) for (i = 2; i < k; i++) for (j = i + 1; j <= k; j++) pairs = pairs (pairs == "" ? "" : ",") "[\"" one[i] "\",\"" one[j] "\"]"
      gsub(/ /, "\",\"", matches)
      printf "%s{\"effect\":\"%s\",\"matches\":[\"%s\"]%s,\"loses\":%s,\"reply\":\"%s\"%s}", (n++ ? "," : ""), effect, matches, (pairs == "" ? "" : ",\"pairs\":[" pairs "]"), loses, reply, (note == "" ? "" : ",\"note\":\"" note "\"")
    }
    BEGIN {
      every = "all client helo sender recipient login"
      gone = "The mail is gone; the log has a line for each"
      if (kind == "listener") {
        cell("tempfail", every, "false", "450 4.7.1 TEXT (ref REF)")
        cell("reject", every, "false", "554 5.7.1 TEXT (ref REF)")
        cell("discard", every, "true", "250 Accepted", gone ", for these recipients alone")
        cell("hold", every, "false", "250 Accepted", "In a queue of its own, which no queue run touches")
        cell("throttle", "all client", "false", "421 4.7.0 TEXT (ref REF); 450 4.7.1 TEXT (ref REF)", "Counted for each client address by itself")
        cell("close", "all", "false", "connection refused", "Open sessions go on to their end")
      } else if (kind == "local") {
        cell("reject", "all sender", "false", "exit status 1, and the mail comes back to its sender: 554 5.7.1 TEXT (ref REF)")
        cell("hold", "all sender", "false", "accepted (exit status 0), waits in a queue of its own")
      } else cell("pause", "all recipient", "false", "accepted and queued", "For all, or for a recipient domain and the names below it; exim -M and -qf by hand deliver all the same")
    }'
}
