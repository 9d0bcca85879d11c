# Finding the Postfix instances of this host and their block points. Reads only.

# shellcheck disable=SC2016,SC2034 # awk program
PX_AWK_DISCOVER='
function quoted(s) { return "\"" json_escape(s) "\"" }
function member(name, value) { return "\"" name "\":" quoted(value) }

# discover(): the instance, then each block point: point, kind, probe address, probe port (- without a probe), JSON, parted by tabs.
function discover(   k) {
  percent_setup(); QUIET = 1; CANDIDATE = ++BRAKES
  instance()
  for (k = 1; k <= SERVICES; k++) if (is_smtpd_listener(k)) listener_point(k)
  ADDRESS = PORT = "-"
  if (running("^pickup$") && main_value("authorized_submit_users", "static:anyone") != "") point("local", "local", "sendmail(1) and programs on this host", "\"local\"", "", 0)
  for (k = 1; k <= SERVICES; k++) if (delivers(k) && ON[k]) { point("delivery", "delivery", "Delivery out of the queue", "null", "", 0); return }
}

# The settings as postconf tells them: version, host name, instance name, queue; then the domains, a line each.
function instance(   s, list, n, seen) {
  while ((getline s < (OUT "settings")) > 0) SETTING[++n] = s
  n = 0; HOST = SETTING[2]; DOMAIN = ""
  while (n < 50 && (getline s < (OUT "domains")) > 0) {
    s = tolower(s)
    if (s !~ /^[a-z0-9._-]+$/ || length(s) > 253 || seen[s]++) continue
    list = join(list, ",", quoted(s)); n++
    if (s ~ /^localhost([.]|$)|[.]localdomain$/) continue
    if (DOMAIN == "") DOMAIN = s
    if (s != HOST && s ~ /[.]/) RECEIVES = 1
  }
  if (DOMAIN == "") DOMAIN = HOST
  s = ENVIRON["PX_CONFIG"]; INSTANCE = member("instance", "postfix:" s); n = SETTING[3]
  if (n == "") { n = s; sub(/^.*\//, "", n) }
  print "instance\t-\t-\t-\t{" INSTANCE "," member("mta", "postfix") "," member("version", SETTING[1]) "," member("configDir", s) "," member("name", n) "," member("hostname", HOST) \
    ",\"running\":" (ENVIRON["PX_RUNNING"] == 1 ? "true" : "false") ",\"armed\":" (ENVIRON["PX_ARMED"] ? "true" : "false") ",\"domains\":[" list "]}"
}

function point(name, kind, label, role, listens, k,   probe) {
  if (ADDRESS != "-") probe = ",\"probe\":{" member("address", ADDRESS) ",\"port\":" PORT "," member("sender", "mailbrake-probe@" HOST) "," member("recipient", "postmaster@" DOMAIN) "}"
  print name "\t" kind "\t" ADDRESS "\t" PORT "\t{" INSTANCE "," member("point", name) "," member("kind", kind) "," member("label", label) ",\"role\":" role \
    ",\"listens\":[" listens "],\"cells\":[" cells(name, k) "]" probe "}"
}

function listener_point(k,   a, n, i, list, listens, role) {
  listen_of(k)
  n = split(ADDRESSES, list, ","); ADDRESS = "-"; PORT = LISTEN_PORT
  for (i = 1; i <= n && i <= 50; i++) {
    a = list[i] == "*" ? "0.0.0.0" : list[i] == "lo" ? "127.0.0.1" : list[i] == "?" ? LISTEN_HOST : list[i]
    if (a == "" || !PORT) continue
    listens = join(listens, ",", "{" member("address", a) ",\"port\":" PORT "}")
    if (ADDRESS ~ /^(-$|127\.)/) ADDRESS = list[i] == "*" ? ENVIRON["PX_ADDRESS"] : a
  }
  role = PORT ~ /^(587|465|2525)$/ ? "submission" : PORT == 25 && ADDRESS !~ /^(127\.|::1$)/ && RECEIVES ? "inbound-mx" : "relay"
  if (ADDRESS == "-") PORT = "-"
  point("listener:" LABEL[k], "listener", (COMMAND[k] == "postscreen" ? "SMTP behind postscreen" : "SMTP") (LISTEN_PORT ? ", port " LISTEN_PORT : "") " (" NAME[k] ")", quoted(role), listens, k)
}

# cells(where, k): each effect with the matches, and pairs of them, that can() does not refuse.
function cells(where, k,   effects, sample, pair, e, i, b, d, n, list, out, pairs, kinds) {
  split("tempfail reject discard hold throttle close pause", effects, " ")
  n = split("all client:192.0.2.1 helo:name.example sender:name.example recipient:name.example login:name", sample, " ")
  split(PAIRS, pair, " "); b = CANDIDATE; POINT[b] = where; SERVICE[b] = k; TEXT[b] = "TEXT"; REF[b] = "REF"
  for (e = 1; e <= 7; e++) {
    EFFECT[b] = effects[e]; list = pairs = ""
    for (d = 1; d <= 3; d++) LIMIT[b, d] = effects[e] == "throttle" && (k || d == 2)
    for (i = 1; i <= n; i++) if (offered(b, sample[i], "")) list = join(list, ",", quoted(KIND[b]))
    for (i = 1; i in pair; i++) {
      split(pair[i], kinds, ",")
      if (offered(b, kinds[1] ":name.example", kinds[2] ":name.example")) pairs = join(pairs, ",", "[" quoted(kinds[1]) "," quoted(kinds[2]) "]")
    }
    brake_match(b, "all", "")
    if (list != "") out = join(out, ",", "{" member("effect", effects[e]) ",\"matches\":[" list "]" (pairs == "" ? "" : ",\"pairs\":[" pairs "]") ",\"loses\":" (loses(b) ? "true" : "false") "," member("reply", reply_of(b)) (note_of(b) == "" ? "" : "," member("note", note_of(b))) "}")
  }
  return out
}
function offered(b, one, two) { brake_match(b, one, two); REFUSED = 0; can(); return !REFUSED }
'

# postfix_discover: all instances. A host without Postfix has none, which is no error.
postfix_discover() {
  command -v postfix >/dev/null 2>&1 || return 0
  px_dirs=$(postconf -h config_directory multi_instance_directories 2>/dev/null </dev/null | tr ',' ' ') || return 0
  # the first address of this host that others can reach
  PX_ADDRESS=$({ ip -o -4 addr show scope global 2>/dev/null || ifconfig -a 2>/dev/null || :; } |
    awk '{ for (i = 1; i < NF; i++) if ($i == "inet") { a = $(i + 1); sub(/^addr:/, "", a); sub(/\/.*$/, "", a); if (a !~ /^127\./ && !n++) print a } }')
  : "${PX_ADDRESS:=127.0.0.1}"
  # Directories, parted by blanks as Postfix does; a * in a name would be no instance.
  for px_dir in $px_dirs; do
    if [ -f "$px_dir/main.cf" ] && [ -f "$px_dir/master.cf" ]; then
      px_discover_instance "$px_dir" || return 1
    fi
  done
}

px_discover_instance() {
  postconf -c "$1" -x -h mail_version myhostname multi_instance_name queue_directory mydestination relay_domains \
    virtual_mailbox_domains virtual_alias_domains >"$MB_TMP/px-settings" 2>/dev/null </dev/null || return 0
  px_domains <"$MB_TMP/px-settings" >"$MB_TMP/px-domains"
  px_master_look
  px_awk "$1" "$AWK_PERCENT$AWK_JSON$PX_AWK_DISCOVER END { discover() }" >"$MB_TMP/px-points" || return 1
  while IFS='	' read -r px_point px_kind px_a px_b px_object; do
    case $px_point in
    instance) discover_instance "postfix:$1" "$px_object" ;;
    *) discover_point "postfix:$1" "$px_point" "$px_kind" "$px_a" "$px_b" "$px_object" ;;
    esac || return 1
  done <"$MB_TMP/px-points"
}

# px_domains: of the settings on standard input, from the fifth on: names, /files and lookup tables of local types, a line each.
# Sets PX_QUEUE.
px_domains() {
  IFS= read -r _ && IFS= read -r _ && IFS= read -r _ && IFS= read -r PX_QUEUE || return 0
  set -f
  # shellcheck disable=SC2046 # parted by blanks and commas as Postfix does
  set -- $(tr ',' ' ')
  set +f
  for px_item; do
    case $px_item in
    hash:/* | btree:/* | lmdb:/* | cdb:/* | texthash:/*)
      if run_query postmap -s "$px_item"; then awk '$1 !~ /@/ { print $1 } NR >= 200 { exit }' "$RUN_OUTPUT"; fi
      ;;
    /*) [ ! -f "$px_item" ] || awk '!/^[ \t]*#/ && NF { print $1 } NR >= 200 { exit }' "$px_item" || : ;;
    *) printf '%s\n' "$px_item" ;;
    esac
  done
}
