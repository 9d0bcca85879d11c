# From the journal to main.cf, master.cf and the tables of one instance. One awk reads the brakes and both files and writes
# what they must be now: everything of ours taken out, then what the brakes need put in. With no brake and not armed that is
# the admin's own text.
#
# Files are replaced one by one, each atomically: tables, main.cf, master.cf. Killed in between, every prefix of that is a
# configuration that Postfix takes; rendering again completes it. Tables that nothing refers to any more are removed only
# after the reload (postfix_tables_sweep), as an smtpd that starts meanwhile could still want them.

# shellcheck disable=SC2016,SC2034 # awk program
POSTFIX_AWK_RENDER='
function start() {
  END_MARK = "@@mailbrake-end@@"; FILE = "orders"
  OUT = ENVIRON["POSTFIX_OUT"]; TABLE_ROOT = ENVIRON["POSTFIX_TABLES"] "/" slug(ENVIRON["POSTFIX_CONFIG"]); ARMED = ENVIRON["POSTFIX_ARMED"]
  maincf_setup()
}

function take_row(s,   size) {
  size = length(END_MARK)
  if (length(s) >= size && substr(s, length(s) - size + 1) == END_MARK) {
    s = substr(s, 1, length(s) - size)
    OPEN_END[FILE] = 0
    if (s != "") { take_line(s); OPEN_END[FILE] = 1 }
    FILE = FILE == "orders" ? "main" : FILE == "main" ? "master" : "end"
    return
  }
  take_line(s)
}
function take_line(s) { if (FILE == "orders") brake_read(s); else RAW[FILE, ++ROWS[FILE]] = s }

# Everything read: the files as they were, ours taken out, and what the brakes mean in them.
function understand() {
  ROWS["main"] += 0; ROWS["master"] += 0
  BEFORE["main"] = raw_text("main"); BEFORE["master"] = raw_text("master")
  maincf_strip(); maincf_index()
  mastercf_strip(); mastercf_index()
  brakes_place()
}

function is_smtpd_listener(k) { return SERVICE_TYPE[k] == "inet" && SERVICE_ON[k] && SERVICE_COMMAND[k] ~ /^(smtpd|postscreen)$/ }

# hook_setting(k): the restriction list whose head is asked first, with the recipient known: without smtpd_delay_reject the
# client list is over before there is a recipient.
function hook_setting(k) { return service_value(k, "smtpd_delay_reject", "yes") == "no" ? "smtpd_recipient_restrictions" : "smtpd_client_restrictions" }

function render(   k, q, setting) {
  rules_collect()
  for (k = 1; k <= SERVICES; k++) {
    if (!is_smtpd_listener(k)) continue
    q = rules_service(k)
    if (!q || q in DONE) continue
    DONE[q] = 1
    if (RULES[q] == "" && !ARMED) { throttle_put(q); continue }
    setting = hook_setting(q)
    throttle_put(q)
    maincf_need("mailbrake_rules", "")
    if (!mastercf_hook(q, setting)) maincf_hook(setting)
    if (RULES[q] != "") mastercf_add(q, "mailbrake_rules", RULES[q])
    if (SINGLE[q]) {
      mastercf_add(q, "mailbrake_recipient_limit", 1)
      mastercf_add(q, "smtpd_recipient_limit", "$mailbrake_recipient_limit")
    }
  }
  closed_collect()
  if (CLOSED != "") { maincf_need("mailbrake_closed", CLOSED); maincf_hook("master_service_disable") }
  for (k = 1; k <= BRAKES; k++) if (EFFECT[k] == "tempfail" && POINT[k] == "local") {
    maincf_need("mailbrake_submit", "!static:all"); maincf_hook("authorized_submit_users")
  }
  maincf_put()
}

function throttle_put(k,   d, names, settings, n, own) {
  throttle_collect(k)
  if (!THROTTLED[k]) return
  split("connections messages recipients", names, " ")
  n = split("connection message recipient", settings, " ")
  for (d = 1; d <= n; d++) {
    if (!THROTTLE[k, d]) continue
    # a limit of the admin that is lower stays
    own = service_value(k, "smtpd_client_" settings[d] "_rate_limit", "0") + 0
    mastercf_add(k, "mailbrake_" names[d], lower(THROTTLE[k, d], own))
    mastercf_add(k, "smtpd_client_" settings[d] "_rate_limit", "$mailbrake_" names[d])
  }
  mastercf_add(k, "mailbrake_exceptions", EXCEPT[k])
  mastercf_add(k, "smtpd_client_event_limit_exceptions", "$mailbrake_exceptions")
}

function write_file(path, text) { printf "%s", text > path; close(path) }

function write_all(   i, list) {
  list = ""
  for (i = 1; i <= TABLES; i++) {
    write_file(OUT "/postfix-table-" i, TABLE[TABLE_OWNER[i], TABLE_NAME[i]])
    list = list OUT "/postfix-table-" i "\t" table_path(TABLE_OWNER[i], TABLE_NAME[i]) "\n"
  }
  write_file(OUT "/postfix-tables", list)
  write_change("main"); write_change("master")
}
function takes_pickup(text) { return text ~ /(^|\n)mailbrake_closed *=[^\n]*pickup\// }
function write_change(file,   text) {
  text = text_of(file)
  write_file(OUT "/postfix-" file, text)
  write_file(OUT "/postfix-before-" file, BEFORE[file])
  print file, (text == BEFORE[file] ? 0 : 1), (takes_pickup(BEFORE[file]) && !takes_pickup(text) ? 1 : 0)
}
'

# postfix_awk CONFIG PROGRAM [ORDERS]: runs an awk program over brakes (a file of journal_stream), main.cf and master.cf. One cat
# reads them all; the last mark is there only if it could read them to the end.
postfix_awk() {
  [ -f "$MB_TMP/postfix-mark" ] || echo '@@mailbrake-end@@' >"$MB_TMP/postfix-mark" || return 1
  file_path "$1/main.cf"
  postfix_main_path=$FILE_PATH
  file_path "$1/master.cf"
  {
    cat "${3:-/dev/null}" "$MB_TMP/postfix-mark" "$postfix_main_path" "$MB_TMP/postfix-mark" "$FILE_PATH" && echo '@@mailbrake-end@@'
  } | POSTFIX_CONFIG=$1 POSTFIX_OUT=$MB_TMP POSTFIX_TABLES=$MB_TABLES POSTFIX_ARMED=${POSTFIX_ARMED-} \
    awk "$POSTFIX_AWK_TEXT$POSTFIX_AWK_MAINCF$POSTFIX_AWK_MASTERCF$POSTFIX_AWK_TABLES$POSTFIX_AWK_RENDER"'
      BEGIN { start() }
      { take_row($0) }
      END { if (FILE != "end") exit 1; understand() }
    '"$2"
}

# postfix_render CONFIG: sets RENDER_CHANGED=1 when Postfix has to read again.
postfix_render() {
  postfix_config_there "$1" || return 1
  POSTFIX_ARMED=
  if instance_armed "postfix:$1"; then POSTFIX_ARMED=1; fi
  journal_stream "postfix:$1" >"$MB_TMP/postfix-orders" || { fail internal '' "the journal can't be read"; return 1; }
  POSTFIX_FACTS=
  postfix_awk "$1" "$POSTFIX_AWK_LISTEN$POSTFIX_AWK_FACTS"'
    END { render(); write_all(); write_file(OUT "/postfix-facts", facts()) }' "$MB_TMP/postfix-orders" >"$MB_TMP/postfix-changed" ||
    { fail internal '' "$1: main.cf and master.cf can't be rendered"; return 1; }
  while IFS='	' read -r postfix_from postfix_to; do
    [ "$MB_PLAN" = 1 ] || [ -d "${postfix_to%/*}" ] || mkdir -p "${postfix_to%/*}" ||
      { fail no-space '' "can't make ${postfix_to%/*}"; return 1; }
    file_replace "$postfix_to" cold <"$postfix_from" || return 1
    [ "$FILE_CHANGED" = 0 ] || RENDER_CHANGED=1
  done <"$MB_TMP/postfix-tables"
  POSTFIX_WAITED=0
  while read -r postfix_file postfix_changed postfix_opens; do
    [ "$postfix_changed" = 1 ] || continue
    if [ "$postfix_opens" = 1 ]; then postfix_count_waiting "$1"; fi
    file_replace "$1/$postfix_file.cf" cold <"$MB_TMP/postfix-$postfix_file" || return 1
    RENDER_CHANGED=1
  done <"$MB_TMP/postfix-changed"
  POSTFIX_FACTS=$1
}

# postfix_count_waiting CONFIG: POSTFIX_WAITED, what a lifted hold of local mail lets go; counted before pickup takes it.
postfix_count_waiting() {
  POSTFIX_QUEUE=$(postfix_settings "$1" queue_directory) || return 0
  POSTFIX_WAITED=$(find "$POSTFIX_QUEUE/maildrop" -type f -perm -100 2>/dev/null | awk 'END { print NR }')
}

postfix_config_there() {
  if [ ! -r "$1/main.cf" ] || [ ! -r "$1/master.cf" ]; then
    fail no-such-instance instance "no main.cf and master.cf can be read in $1"
    return 1
  fi
}
