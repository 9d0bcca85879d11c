# Finding OpenSMTPD and its block points. Reads only.

# opensmtpd_discover: one instance, that of the configuration in force (smtpd has one control socket a host).
opensmtpd_discover() {
  opensmtpd_find || return 0
  opensmtpd_daemon
  opensmtpd_config || return 0
  OSD_BRAKES=$MB_TABLES/opensmtpd/brakes.conf
  opensmtpd_read || return 1
  OSD_INSTANCE=opensmtpd:$OSD_CONFIG
  run_query "$OSD_SMTPD" -h || :
  osd_version=$(sed -n 's/^version: *OpenSMTPD *//p' "$RUN_OUTPUT")
  OSD_HOST=
  for osd_file in /etc/mail/mailname /etc/mailname; do
    [ -n "$OSD_HOST" ] || [ ! -f "$osd_file" ] || read -r OSD_HOST <"$osd_file" || :
  done
  : "${OSD_HOST:=$(uname -n)}"
  osd_list='' OSD_DOMAIN=
  while read -r osd_what osd_line; do
    [ "$osd_what" = domain ] || continue
    # the host's own name is where mail for its own users goes
    [ "$osd_line" = "$OSD_HOST" ] || : "${OSD_DOMAIN:=$osd_line}"
    json_string "$osd_line" 390
    osd_list=$osd_list${osd_list:+,}$JSON
  done <"$MB_TMP/opensmtpd-seen"
  : "${OSD_DOMAIN:=$OSD_HOST}"
  osd_bool=false osd_armed=false
  [ -z "$OSD_PID" ] || osd_bool=true
  if instance_armed "$OSD_INSTANCE"; then osd_armed=true; fi
  json_string "$OSD_INSTANCE"; OSD_NAMED="{\"instance\":$JSON"
  json_string "$osd_version"; osd_object="$OSD_NAMED,\"mta\":\"opensmtpd\",\"version\":$JSON"
  json_string "${OSD_CONFIG%/*}"; osd_object="$osd_object,\"configDir\":$JSON,\"name\":\"smtpd\""
  json_string "$OSD_HOST"; osd_object="$osd_object,\"hostname\":$JSON"
  discover_instance "$OSD_INSTANCE" "$osd_object,\"running\":$osd_bool,\"armed\":$osd_armed,\"domains\":[$osd_list]}" || return 1
  opensmtpd_discover_listeners || return 1
  opensmtpd_point local local 'sendmail(1) and other local submission' '"local"' '' || return 1
  opensmtpd_point delivery delivery 'Delivery out of the queue' null ''
}

opensmtpd_discover_listeners() {
  { ip -o addr show 2>/dev/null || ifconfig -a 2>/dev/null || :; } | awk '
    # `NAME ADDRESS` of each, as ip or ifconfig tell them
    /^[^ \t]/ && !/^[0-9]+: / { name = $1; sub(/:.*$/, "", name) }
    /^[0-9]+: / { name = $2; sub(/[:@].*$/, "", name) }
    { for (i = 1; i < NF; i++) if ($i == "inet" || $i == "inet6") { a = $(i + 1); sub(/^addr:/, "", a); sub(/[\/%].*$/, "", a); if (a !~ /^fe80/) print name, a } }
  ' >"$MB_TMP/opensmtpd-addresses"
  osd_done=' ' osd_auth=0
  while read -r osd_what osd_key osd_ifx osd_port osd_family osd_tls osd_auth _; do
    if [ "$osd_what" != listener ] || [ "$osd_key" = socket ] || [ "$osd_port" = 0 ]; then continue; fi
    case $osd_done in *" $osd_key "*) continue ;; esac
    case $osd_key in *[!A-Za-z0-9._:-]* | *..*) continue ;; esac
    osd_done="$osd_done$osd_key " osd_list='' osd_probe=
    osd_ifx=$osd_ifx osd_family=$osd_family awk '$1 == ENVIRON["osd_ifx"] && (ENVIRON["osd_family"] == "-" || (ENVIRON["osd_family"] == "inet6") == (index($2, ":") > 0)) { print $2; n++ } END { if (!n) print ENVIRON["osd_ifx"] }' \
      "$MB_TMP/opensmtpd-addresses" >"$MB_TMP/opensmtpd-own"
    while read -r osd_one; do
      json_string "$osd_one" 255
      osd_list="$osd_list${osd_list:+,}{\"address\":$JSON,\"port\":$osd_port}"
      case $osd_one in
      0.0.0.0 | ::) : "${osd_probe:=$(awk '$2 !~ /^127|:/ { print $2; exit }' "$MB_TMP/opensmtpd-addresses")}" ;;
      *) : "${osd_probe:=$osd_one}" ;;
      esac
    done <"$MB_TMP/opensmtpd-own"
    case $osd_probe:$osd_port in
    *:587 | *:465) osd_role='"submission"' ;;
    127.*:* | ::1:*) osd_role='"relay"' ;;
    *:25) osd_role='"inbound-mx"' ;;
    *) osd_role='"relay"' ;;
    esac
    [ "$osd_tls" = 0 ] || osd_probe=
    opensmtpd_point "listener:$osd_ifx:$osd_port" listener "SMTP, port $osd_port of $osd_ifx" "$osd_role" "$osd_list" || return 1
  done <"$MB_TMP/opensmtpd-seen"
}

# opensmtpd_point POINT KIND LABEL ROLE LISTENS: for a listener with $osd_probe ('' where it speaks TLS from the start) and $osd_port.
opensmtpd_point() {
  export osd_auth
  osd_object="$OSD_NAMED,\"point\":\"$1\",\"kind\":\"$2\",\"label\":\"$3\",\"role\":$4,\"listens\":[$5],\"cells\":[$(opensmtpd_cells "$2")]"
  if [ "$2" = listener ] && [ -n "$osd_probe" ]; then
    json_string "mailbrake-probe@$OSD_HOST" 390
    osd_object="$osd_object,\"probe\":{\"address\":\"$osd_probe\",\"port\":$osd_port,\"sender\":$JSON"
    json_string "postmaster@$OSD_DOMAIN" 390
    discover_point "$OSD_INSTANCE" "$1" "$2" "$osd_probe" "$osd_port" "$osd_object,\"recipient\":$JSON}}"
  else
    discover_point "$OSD_INSTANCE" "$1" "$2" - - "$osd_object}"
  fi
}

# opensmtpd_cells KIND: what opensmtpd_can does not refuse.
opensmtpd_cells() {
  awk -v "kind=$1" '
    function cell(effect, matches, reply, note, pairs) {
      gsub(/ /, "\",\"", matches)
      printf "%s{\"effect\":\"%s\",\"matches\":[\"%s\"],%s\"loses\":false,\"reply\":\"%s\"%s}", (n++ ? "," : ""), effect, matches, pairs, reply, (note == "" ? "" : ",\"note\":\"" note "\"")
    }
    BEGIN {
      every = "all client helo sender recipient" (ENVIRON["osd_auth"] == 1 ? " login" : "")
      count = split("client helo,client sender,client recipient,helo sender,helo recipient,sender recipient", part, ",")
      for (i = 1; i <= count; i++) { sub(/ /, "\",\"", part[i]); two = two (i > 1 ? "," : "\"pairs\":[") "[\"" part[i] "\"]" (i < count ? "" : "],") }
      if (kind == "listener") {
        cell("tempfail", every, "450 4.7.1 TEXT (ref REF)", "smtpd is restarted", two)
        cell("reject", every, "554 5.7.1 TEXT (ref REF)", "smtpd is restarted", two)
        cell("close", "all", "connection refused", "smtpd is restarted")
      } else if (kind == "local") cell("reject", "all sender", "sendmail: command failed: 554 5.7.1 TEXT (ref REF) (exit status 70)", "Not for the null sender, as bounces have")
      else cell("pause", "all", "accepted and queued", "Put back each minute after a restart")
    }'
}
