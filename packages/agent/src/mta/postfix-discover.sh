# Finding the Postfix instances of this host and their block points. Reads only.

# shellcheck disable=SC2016,SC2034 # awk program
POSTFIX_AWK_DISCOVER='
function quoted(s) { return "\"" json_escape(s) "\"" }

# points(): a line a block point: point, kind, probe address, probe port (- without a probe), JSON.
function points(   k, i, n) {
  percent_setup(); QUIET = 1; CANDIDATE = ++BRAKES
  INSTANCE = "postfix:" ENVIRON["POSTFIX_CONFIG"]
  for (k = 1; k <= SERVICES; k++) if (is_smtpd_listener(k)) listener_point(k)
  for (k = 1; k <= SERVICES; k++) if (SERVICE_COMMAND[k] == "pickup" && SERVICE_ON[k] && main_value("authorized_submit_users", "static:anyone") != "") {
    point("local", "local", "sendmail(1) and programs on this host", "local", "[]", cells("local", 0), "")
    break
  }
  for (k = 1; k <= SERVICES; k++) if (delivers(k) && SERVICE_ON[k]) {
    point("delivery", "delivery", "Delivery out of the queue", "", "[]", cells("delivery", 0), "")
    break
  }
}

function point(name, kind, label, role, listens, offers, probe,   json) {
  json = "{\"instance\":" quoted(INSTANCE) ",\"point\":" quoted(name) ",\"kind\":" quoted(kind) ",\"label\":" quoted(label) ",\"role\":" (role == "" ? "null" : quoted(role))
  json = json ",\"listens\":" listens ",\"cells\":[" offers "]" (probe == "" ? "" : ",\"probe\":" probe) "}"
  print name "\t" kind "\t" (probe == "" ? "-" : PROBE_ADDRESS) "\t" (probe == "" ? "-" : LISTEN_PORT) "\t" json
}

function listener_point(k,   a, n, i, list, listens, probe, label) {
  listen_of(k)
  n = split(listen_addresses(k), list, ","); listens = ""; PROBE_ADDRESS = ""
  for (i = 1; i <= n && i <= 50; i++) {
    a = list[i] == "*" ? "0.0.0.0" : list[i] == "lo" ? "127.0.0.1" : list[i] == "?" ? LISTEN_HOST : list[i]
    if (a == "") continue
    if (LISTEN_PORT) listens = listens (listens == "" ? "" : ",") "{\"address\":" quoted(a) ",\"port\":" LISTEN_PORT "}"
    if (PROBE_ADDRESS == "" || PROBE_ADDRESS ~ /^127\./) PROBE_ADDRESS = list[i] == "*" ? ENVIRON["POSTFIX_ADDRESS"] : a
  }
  LOOPBACK = PROBE_ADDRESS ~ /^127\./ || PROBE_ADDRESS == "::1"
  probe = ""
  if (LISTEN_PORT && PROBE_ADDRESS != "")
    probe = "{\"address\":" quoted(PROBE_ADDRESS) ",\"port\":" LISTEN_PORT ",\"sender\":" quoted("mailbrake-probe@" ENVIRON["POSTFIX_HOSTNAME"]) ",\"recipient\":" quoted("postmaster@" ENVIRON["POSTFIX_DOMAIN"]) "}"
  label = (SERVICE_COMMAND[k] == "postscreen" ? "SMTP behind postscreen" : "SMTP") (LISTEN_PORT ? ", port " LISTEN_PORT : "") " (" SERVICE_NAME[k] ")"
  point("listener:" SERVICE_NAME[k] "/inet", "listener", label, role_of(), "[" listens "]", cells("listener", k), probe)
}

function role_of() {
  if (LISTEN_PORT == 587 || LISTEN_PORT == 465 || LISTEN_PORT == 2525) return "submission"
  return LISTEN_PORT == 25 && !LOOPBACK && ENVIRON["POSTFIX_RECEIVES"] == 1 ? "inbound-mx" : "relay"
}

# cells(kind, k): each effect with the matches that can() does not refuse.
function cells(kind, k,   effects, kinds, sample, n, m, e, i, b, list, out, json) {
  n = split("tempfail reject discard hold throttle close pause", effects, " ")
  m = split("all client helo sender recipient", kinds, " ")
  split("all client:192.0.2.1 helo:name.example sender:a@name.example recipient:a@name.example", sample, " ")
  b = CANDIDATE; out = ""
  POINT[b] = kind == "listener" ? "listener:" SERVICE_NAME[k] "/inet" : kind; SERVICE[b] = k; MORE_MATCHES[b] = ""; TEXT[b] = ""; REF[b] = "REF"
  for (e = 1; e <= n; e++) {
    list = ""; EFFECT[b] = effects[e]
    LIMIT[b, 1] = LIMIT[b, 2] = LIMIT[b, 3] = effects[e] == "throttle" ? 1 : 0
    for (i = 1; i <= m; i++) {
      KIND[b] = kinds[i]; WHAT[b] = index(sample[i], ":") ? substr(sample[i], index(sample[i], ":") + 1) : ""
      REFUSED = 0; can()
      if (!REFUSED) list = list (list == "" ? "" : ",") quoted(kinds[i])
    }
    if (list == "") continue
    json = "{\"effect\":" quoted(effects[e]) ",\"matches\":[" list "],\"loses\":" (effects[e] == "discard" || kind == "local" && effects[e] == "tempfail" ? "true" : "false")
    json = json ",\"reply\":" quoted(cell_reply(kind, effects[e])) (cell_note(kind, effects[e]) == "" ? "" : ",\"note\":" quoted(cell_note(kind, effects[e]))) "}"
    out = out (out == "" ? "" : ",") json
  }
  return out
}

function cell_reply(kind, effect) {
  if (kind == "local") return effect == "tempfail" ? "sendmail: fatal: User NAME(UID) is not allowed to submit mail (exit status 75)" : "accepted (exit status 0), waits in maildrop"
  if (effect == "tempfail" || effect == "reject") return substr(answer(CANDIDATE), 1, 10) "<CLIENT>: Client host rejected: TEXT (ref REF)"
  if (effect == "throttle") return "421 4.7.0 HOST Error: too many connections from CLIENT; 450 4.7.1 Error: too much mail from CLIENT; 450 4.7.1 Error: too many recipients from CLIENT"
  if (effect == "close") return "connection refused"
  if (effect == "pause") return "accepted and queued"
  return "250 2.0.0 Ok: queued as ..."
}

function cell_note(kind, effect) {
  if (kind == "local" && effect == "tempfail") return "A program that does not look at the exit status and try again loses its mail; hold keeps all of it"
  if (effect == "discard") return "The mail is gone. For a recipient, this listener takes one recipient a message meanwhile, so that no other loses mail"
  if (effect == "throttle") return "Counted for each client address by itself"
  if (effect == "close") return "Open sessions are cut"
  if (effect == "tempfail" || effect == "reject") return "Names the SENDER, RECIPIENT or HELO name in place of the client where the match is one"
  return ""
}
'

# postfix_discover: all instances. A host without Postfix has none, which is no error.
postfix_discover() {
  command -v postconf >/dev/null 2>&1 && command -v postfix >/dev/null 2>&1 || return 0
  postfix_main=$(postconf -h config_directory 2>/dev/null </dev/null) || return 0
  postfix_others=$(postconf -h multi_instance_directories 2>/dev/null </dev/null | tr ',' ' ') || postfix_others=
  POSTFIX_ADDRESS=$(postfix_host_address)
  set -f
  # shellcheck disable=SC2086 # directories, parted by blanks as Postfix does
  set -- "$postfix_main" $postfix_others
  set +f
  for postfix_dir; do
    case $postfix_dir in /*) ;; *) continue ;; esac
    if [ -f "$postfix_dir/main.cf" ] && [ -f "$postfix_dir/master.cf" ]; then
      postfix_discover_instance "$postfix_dir" || return 1
    fi
  done
}

postfix_discover_instance() {
  postconf -c "$1" -x -h mail_version myhostname multi_instance_name queue_directory mydestination relay_domains \
    virtual_alias_domains virtual_mailbox_domains >"$MB_TMP/postfix-settings" 2>/dev/null </dev/null || return 0
  {
    IFS= read -r postfix_version && IFS= read -r POSTFIX_HOSTNAME && IFS= read -r postfix_name && IFS= read -r POSTFIX_QUEUE &&
      IFS= read -r postfix_destination && IFS= read -r postfix_relay && IFS= read -r postfix_alias && IFS= read -r postfix_mailbox
  } <"$MB_TMP/postfix-settings" || return 0
  postfix_master_look
  postfix_domains "$postfix_destination" "$postfix_relay" "$postfix_mailbox" "$postfix_alias" >"$MB_TMP/postfix-domains"
  POSTFIX_DOMAIN='' POSTFIX_RECEIVES=0 postfix_list=
  while IFS= read -r postfix_domain; do
    case $postfix_domain in
    localhost | localhost.* | *.localdomain) ;;
    *)
      : "${POSTFIX_DOMAIN:=$postfix_domain}"
      [ "$postfix_domain" = "$POSTFIX_HOSTNAME" ] || case $postfix_domain in *.*) POSTFIX_RECEIVES=1 ;; esac
      ;;
    esac
    json_string "$postfix_domain" 390
    postfix_list=$postfix_list${postfix_list:+,}$JSON
  done <"$MB_TMP/postfix-domains"
  : "${POSTFIX_DOMAIN:=$POSTFIX_HOSTNAME}" "${postfix_name:=${1##*/}}"
  postfix_bool=false postfix_armed=false
  [ "$POSTFIX_RUNNING" = 0 ] || postfix_bool=true
  if instance_armed "postfix:$1"; then postfix_armed=true; fi
  json_string "postfix:$1"; postfix_object="{\"instance\":$JSON,\"mta\":\"postfix\""
  json_string "$postfix_version"; postfix_object="$postfix_object,\"version\":$JSON"
  json_string "$1"; postfix_object="$postfix_object,\"configDir\":$JSON"
  json_string "$postfix_name"; postfix_object="$postfix_object,\"name\":$JSON"
  json_string "$POSTFIX_HOSTNAME"; postfix_object="$postfix_object,\"hostname\":$JSON"
  discover_instance "postfix:$1" "$postfix_object,\"running\":$postfix_bool,\"armed\":$postfix_armed,\"domains\":[$postfix_list]}"
  POSTFIX_ARMED=
  POSTFIX_HOSTNAME=$POSTFIX_HOSTNAME POSTFIX_DOMAIN=$POSTFIX_DOMAIN POSTFIX_RECEIVES=$POSTFIX_RECEIVES POSTFIX_ADDRESS=$POSTFIX_ADDRESS \
    postfix_awk "$1" "$AWK_PERCENT$AWK_JSON$POSTFIX_AWK_LISTEN$POSTFIX_AWK_CAN$POSTFIX_AWK_DISCOVER END { points() }" >"$MB_TMP/postfix-points" ||
    { fail internal '' "$1: main.cf and master.cf can't be read"; return 1; }
  while IFS='	' read -r postfix_point postfix_kind postfix_a postfix_b postfix_object; do
    discover_point "postfix:$1" "$postfix_point" "$postfix_kind" "$postfix_a" "$postfix_b" "$postfix_object" || return 1
  done <"$MB_TMP/postfix-points"
}

# postfix_domains LIST…: the domains of these settings, 50 at most, a line each: names, /files and lookup tables of local types.
postfix_domains() {
  set -f
  for postfix_list in "$@"; do
    # shellcheck disable=SC2086 # parted by blanks and commas as Postfix does
    for postfix_item in $(printf '%s' "$postfix_list" | tr ',' ' '); do
      case $postfix_item in
      hash:/* | btree:/* | lmdb:/* | cdb:/* | texthash:/*)
        if run_query postmap -s "$postfix_item"; then awk '$1 !~ /@/ { print $1 } NR >= 200 { exit }' "$RUN_OUTPUT"; fi
        ;;
      /*) [ ! -f "$postfix_item" ] || awk '!/^[ \t]*#/ && NF { print $1 } NR >= 200 { exit }' "$postfix_item" || : ;;
      *:* | !* | \$*) ;;
      *) printf '%s\n' "$postfix_item" ;;
      esac
    done
  done | awk '{ $0 = tolower($0) } /^[a-z0-9._-]+$/ && length($0) <= 253 && !seen[$0]++ && n++ < 50 { print }'
  set +f
}

# The first address of this host that others can reach; 127.0.0.1 where there is none.
postfix_host_address() {
  {
    ip -o -4 addr show scope global 2>/dev/null || ifconfig -a 2>/dev/null || :
  } | awk '
    { for (i = 1; i < NF; i++) if ($i == "inet") { a = $(i + 1); sub(/^addr:/, "", a); sub(/\/.*$/, "", a); if (a !~ /^127\./ && first == "") first = a } }
    END { print (first == "" ? "127.0.0.1" : first) }'
}
