# From the journal to main.cf, master.cf and the tables of one instance. One awk reads the brakes and both files and writes
# what they must be now: everything of ours taken out, then what the brakes need put in. With no brake and not armed that is
# the admin's own text.
#
# Files are replaced one by one, each atomically: tables, main.cf, master.cf. Killed in between, every prefix of that is a
# configuration that Postfix takes; rendering again completes it. Tables that nothing refers to any more are removed only
# after the reload (px_tables_sweep), as an smtpd that starts meanwhile could still want them.

# shellcheck disable=SC2016,SC2034 # awk program
PX_AWK_RENDER='
function start() {
  KIND_ORDER = "all client helo sender recipient login"; PAIRS = " client,sender client,recipient sender,recipient "
  FILE = "orders"; MARK = ENVIRON["PX_MARK"]; OUT = ENVIRON["PX_TMP"] "/px-"
  TABLE_ROOT = ENVIRON["PX_TABLES"] "/" slug(ENVIRON["PX_CONFIG"])
}

function take_row(s,   size) {
  size = length(s) - length(MARK)
  if (size < 0 || substr(s, size + 1) != MARK) { take_line(s, "\n"); return }
  if (size) { take_line(substr(s, 1, size), ""); OPEN_END[FILE] = 1 }
  FILE = FILE == "orders" ? "main" : FILE == "main" ? "master" : "end"
}
function take_line(s, end) {
  if (FILE == "orders") brake_read(s)
  else { RAW[FILE, ++ROWS[FILE]] = s; BEFORE[FILE] = BEFORE[FILE] s end }
}

# Everything read: the files as they were, ours taken out, and what the brakes mean in them.
function understand(   b) {
  maincf_strip()
  mastercf_strip()
  for (b = 1; b <= BRAKES; b++) SERVICE[b] = POINT[b] ~ /^listener:/ ? SERVICE_OF[substr(POINT[b], 10)] + 0 : 0
}

function is_smtpd_listener(k) { return TYPE[k] == "inet" && ON[k] && COMMAND[k] ~ /^(smtpd|postscreen)$/ }

# hook_setting(k): the restriction list whose head is asked first, with the recipient known: without smtpd_delay_reject the
# client list is over before there is a recipient.
function hook_setting(k) { return "smtpd_" (service_value(k, "smtpd_delay_reject", "yes") == "no" ? "recipient" : "client") "_restrictions" }

# hook(k, name, value, setting): our parameter with that value, referred to first in the setting, as service k sees it.
function hook(k, name, value, setting) { maincf_hook(name, value, mastercf_hook(k, setting, name) ? "" : setting) }

function render(   k, q, b, list) {
  rules_collect(); delivery_collect()
  for (k = 1; k <= SERVICES; k++) {
    if (!is_smtpd_listener(k) || !(q = rules_service(k)) || DONE[q]++) continue
    throttle_put(q)
    if (RULES[q] == "" && !ENVIRON["PX_ARMED"]) continue
    hook(q, "mailbrake_rules", "", hook_setting(q))
    if (RULES[q] != "") mastercf_add(q, "mailbrake_rules", RULES[q])
    if (SINGLE[q]) mastercf_set(q, "recipient_limit", "smtpd_recipient_limit", 1)
  }
  for (b = 1; b <= ANDS; b++) list = list " mailbrake_and_" b
  for (b = 1; b <= ANDS; b++) {
    # in main.cf too where the service overrides that: postconf knows a class by its being named there
    mastercf_hook(AND_SERVICE[b], "smtpd_restriction_classes", "mailbrake_classes")
    maincf_hook("mailbrake_classes", list, "smtpd_restriction_classes")
    maincf_hook("mailbrake_and_" b, " " RULES["mailbrake_and_" b], "")
  }
  if (PAUSED != "") {
    hook(SERVICE_OF["rewrite/unix"] + 0, "mailbrake_transport", " regexp:" PAUSED, "transport_maps")
    EASED = " mailbrake-paused" EASED
  }
  if (EASED != "") maincf_hook("mailbrake_paused", EASED, "defer_transports")
  for (k = 1; DELAY && k <= SERVICES; k++) if (delivers(k) && ON[k]) maincf_hook("mailbrake_delay", " " DELAY "s", NAME[k] "_transport_rate_delay")
  if (CLOSED != "") maincf_hook("mailbrake_closed", " " CLOSED, "master_service_disable")
  if (local_tempfail()) maincf_hook("mailbrake_submit", " !static:all", "authorized_submit_users")
  maincf_put()
}

# mastercf_set(k, ours, setting, value): a setting by way of a parameter of ours, which tells whose it is.
function mastercf_set(k, ours, setting, value) { mastercf_add(k, "mailbrake_" ours, value); mastercf_add(k, setting, "$mailbrake_" ours) }

function throttle_put(k,   d, unit, setting) {
  throttle_collect(k)
  if (!THROTTLED[k]) return
  split("connection message recipient", unit, " ")
  for (d = 1; d <= 3; d++) if (THROTTLE[k, d]) {
    setting = "smtpd_client_" unit[d] "_rate_limit"
    # a limit of the admin that is lower stays
    mastercf_set(k, unit[d] "s", setting, lower(THROTTLE[k, d], service_value(k, setting, 0) + 0))
  }
  mastercf_set(k, "exceptions", "smtpd_client_event_limit_exceptions", EXCEPT[k])
}

function write_file(name, text) { printf "%s", text > (OUT name); close(OUT name) }

function write_all(   i, list) {
  for (i = 1; i <= TABLES; i++) {
    write_file("table-" i, TABLE[i])
    list = list OUT "table-" i "\t" TABLE_PATH[i] "\n"
  }
  write_file("tables", list "")
  write_change("main"); write_change("master")
}
function takes_pickup(text) { return text ~ /(^|\n)mailbrake_closed *=[^\n]*pickup\// }
function write_change(file,   text) {
  text = text_of(file)
  write_file(file, text)
  write_file("before-" file, BEFORE[file] "")
  print file, (text != BEFORE[file]), (takes_pickup(BEFORE[file]) && !takes_pickup(text))
}
'

PX_MARK=@@mailbrake-end@@

# px_awk CONFIG PROGRAM [CANDIDATE]: runs an awk program over the brakes (and a further line), main.cf and master.cf, parted
# by marks. The last mark is there only if all could be read to the end.
px_awk() {
  if [ ! -r "$1/main.cf" ] || [ ! -r "$1/master.cf" ]; then
    fail no-such-instance instance "no main.cf and master.cf can be read in $1"
    return 1
  fi
  PX_ARMED=
  if instance_armed "postfix:$1"; then PX_ARMED=1; fi
  {
    journal_stream "postfix:$1" && printf '%s' "${3-}" && echo $PX_MARK && file_read "$1/main.cf" && echo $PX_MARK &&
      file_read "$1/master.cf" && echo $PX_MARK
  } | PX_CONFIG=$1 PX_TMP=$MB_TMP PX_TABLES=$MB_TABLES PX_ARMED=$PX_ARMED PX_ADDRESS=${PX_ADDRESS-} PX_RUNNING=${PX_RUNNING-} PX_MARK=$PX_MARK PX_PID=${PX_PID-} PX_CUT=${PX_CUT-} PX_EASE=${PX_EASE-} \
    awk "$PX_AWK_TEXT$PX_AWK_MAINCF$PX_AWK_MASTERCF$PX_AWK_TABLES$PX_AWK_RENDER$PX_AWK_LISTEN$PX_AWK_FACTS$PX_AWK_CAN$PX_AWK_CUT$PX_AWK_EASE"'
      BEGIN { start() }
      { take_row($0) }
      END { if (FILE != "end") exit 1; understand() }
    '"$2" && return 0
  fail internal '' "$1: the journal, main.cf or master.cf can't be read"
}

# postfix_render CONFIG: sets RENDER_CHANGED=1 when Postfix has to read again.
postfix_render() {
  PX_FACTS='' PX_WAITED=0
  px_awk "$1" 'END { render(); write_all(); facts() }' >"$MB_TMP/px-changed" || return 1
  while IFS='	' read -r px_from px_to; do
    [ "$MB_PLAN" = 1 ] || [ -d "${px_to%/*}" ] || mkdir -p "${px_to%/*}" || { fail no-space '' "can't make ${px_to%/*}"; return 1; }
    px_put "$px_to" "$px_from" || return 1
  done <"$MB_TMP/px-tables"
  while read -r px_file px_changed px_opens; do
    [ "$px_changed" = 1 ] || continue
    # what a lifted hold of local mail lets go, counted before pickup takes it
    [ "$px_opens" = 0 ] || PX_WAITED=$(find "$(postconf -c "$1" -h queue_directory 2>/dev/null)/maildrop" -type f -perm -100 2>/dev/null | awk 'END { print NR }')
    px_put "$1/$px_file.cf" "$MB_TMP/px-$px_file" || return 1
  done <"$MB_TMP/px-changed"
  PX_FACTS=$1
}

px_put() {
  file_replace "$1" cold <"$2" || return 1
  [ "$FILE_CHANGED" = 0 ] || RENDER_CHANGED=1
}
