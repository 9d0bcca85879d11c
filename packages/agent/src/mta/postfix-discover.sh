# Finding the Postfix instances of this host and their block points. Reads only.

# shellcheck disable=SC2016,SC2034 # awk program
POSTFIX_AWK_DISCOVER='
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
  s = ENVIRON["POSTFIX_CONFIG"]; INSTANCE = member("instance", "postfix:" s); n = SETTING[3]
  if (n == "") { n = s; sub(/^.*\//, "", n) }
  print "instance\t-\t-\t-\t{" INSTANCE "," member("mta", "postfix") "," member("version", SETTING[1]) "," member("configDir", s) "," member("name", n) "," member("hostname", HOST) \
    ",\"running\":" (ENVIRON["POSTFIX_RUNNING"] == 1 ? "true" : "false") ",\"armed\":" (ENVIRON["POSTFIX_ARMED"] ? "true" : "false") ",\"domains\":[" list "]}"
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
    if (ADDRESS ~ /^(-$|127\.)/) ADDRESS = list[i] == "*" ? ENVIRON["POSTFIX_ADDRESS"] : a
  }
  role = PORT ~ /^(587|465|2525)$/ ? "submission" : PORT == 25 && ADDRESS !~ /^(127\.|::1$)/ && RECEIVES ? "inbound-mx" : "relay"
  if (ADDRESS == "-") PORT = "-"
  point("listener:" LABEL[k], "listener", (COMMAND[k] == "postscreen" ? "SMTP behind postscreen" : "SMTP") (LISTEN_PORT ? ", port " LISTEN_PORT : "") " (" NAME[k] ")", quoted(role), listens, k)
}

# cells(where, k): each effect with the matches that can() does not refuse.
function cells(where, k,   effects, sample, e, i, b, d, list, out, reply) {
  split("tempfail reject discard hold throttle close pause", effects, " ")
  split("all client:192.0.2.1 helo:name.example sender:a@name.example recipient:a@name.example", sample, " ")
  b = CANDIDATE; POINT[b] = where; SERVICE[b] = k; TEXT[b] = "TEXT"; REF[b] = "REF"
  for (e = 1; e <= 7; e++) {
    EFFECT[b] = effects[e]; list = ""
    for (d = 1; d <= 3; d++) LIMIT[b, d] = effects[e] == "throttle"
    for (i = 1; i <= 5; i++) {
      brake_match(b, sample[i]); REFUSED = 0
      if (i == 1) reply = reply_of(b)
      can()
      if (!REFUSED) list = join(list, ",", quoted(KIND[b]))
    }
    if (list != "") out = join(out, ",", "{" member("effect", effects[e]) ",\"matches\":[" list "],\"loses\":" (loses(b) ? "true" : "false") "," member("reply", reply) (note_of(b) == "" ? "" : "," member("note", note_of(b))) "}")
  }
  return out
}
'

# postfix_discover: all instances. A host without Postfix has none, which is no error.
postfix_discover() {
  command -v postfix >/dev/null 2>&1 || return 0
  postfix_dirs=$(postconf -h config_directory multi_instance_directories 2>/dev/null </dev/null | tr ',' ' ') || return 0
  # the first address of this host that others can reach
  POSTFIX_ADDRESS=$({ ip -o -4 addr show scope global 2>/dev/null || ifconfig -a 2>/dev/null || :; } |
    awk '{ for (i = 1; i < NF; i++) if ($i == "inet") { a = $(i + 1); sub(/^addr:/, "", a); sub(/\/.*$/, "", a); if (a !~ /^127\./ && !n++) print a } }')
  : "${POSTFIX_ADDRESS:=127.0.0.1}"
  # Directories, parted by blanks as Postfix does; a * in a name would be no instance.
  for postfix_dir in $postfix_dirs; do
    if [ -f "$postfix_dir/main.cf" ] && [ -f "$postfix_dir/master.cf" ]; then
      postfix_discover_instance "$postfix_dir" || return 1
    fi
  done
}

postfix_discover_instance() {
  postconf -c "$1" -x -h mail_version myhostname multi_instance_name queue_directory mydestination relay_domains \
    virtual_mailbox_domains virtual_alias_domains >"$MB_TMP/postfix-settings" 2>/dev/null </dev/null || return 0
  postfix_domains <"$MB_TMP/postfix-settings" >"$MB_TMP/postfix-domains"
  postfix_master_look
  postfix_awk "$1" "$AWK_PERCENT$AWK_JSON$POSTFIX_AWK_DISCOVER END { discover() }" >"$MB_TMP/postfix-points" || return 1
  while IFS='	' read -r postfix_point postfix_kind postfix_a postfix_b postfix_object; do
    case $postfix_point in
    instance) discover_instance "postfix:$1" "$postfix_object" ;;
    *) discover_point "postfix:$1" "$postfix_point" "$postfix_kind" "$postfix_a" "$postfix_b" "$postfix_object" ;;
    esac || return 1
  done <"$MB_TMP/postfix-points"
}

# postfix_domains: of the settings on standard input, from the fifth on: names, /files and lookup tables of local types, a line each.
# Sets POSTFIX_QUEUE.
postfix_domains() {
  IFS= read -r _ && IFS= read -r _ && IFS= read -r _ && IFS= read -r POSTFIX_QUEUE || return 0
  set -f
  # shellcheck disable=SC2046 # parted by blanks and commas as Postfix does
  set -- $(tr ',' ' ')
  set +f
  for postfix_item; do
    case $postfix_item in
    hash:/* | btree:/* | lmdb:/* | cdb:/* | texthash:/*)
      if run_query postmap -s "$postfix_item"; then awk '$1 !~ /@/ { print $1 } NR >= 200 { exit }' "$RUN_OUTPUT"; fi
      ;;
    /*) [ ! -f "$postfix_item" ] || awk '!/^[ \t]*#/ && NF { print $1 } NR >= 200 { exit }' "$postfix_item" || : ;;
    *) printf '%s\n' "$postfix_item" ;;
    esac
  done
}
