# Reload, and what Postfix itself says afterwards. A reload re-reads everything: master lives on, running sessions too.
# If master.cf can't be parsed, nothing is reloaded (a reload would end master). Nothing here writes to a file of Postfix.

# postfix_settings CONFIG NAME…: the values as Postfix has them, a line each, on standard output.
postfix_settings() {
  postfix_config=$1
  shift
  postconf -c "$postfix_config" -h "$@" 2>/dev/null </dev/null
}

# postfix_master CONFIG: sets POSTFIX_QUEUE, POSTFIX_PID and POSTFIX_RUNNING (1 or 0).
postfix_master() {
  POSTFIX_PID='' POSTFIX_RUNNING=0
  POSTFIX_QUEUE=$(postfix_settings "$1" queue_directory) || POSTFIX_QUEUE=
  postfix_master_look
}
postfix_master_look() {
  POSTFIX_PID='' POSTFIX_RUNNING=0
  [ -n "$POSTFIX_QUEUE" ] && [ -f "$POSTFIX_QUEUE/pid/master.pid" ] || return 0
  read -r POSTFIX_PID <"$POSTFIX_QUEUE/pid/master.pid" || :
  case $POSTFIX_PID in '' | *[!0-9]*) return 0 ;; esac
  if kill -0 "$POSTFIX_PID" 2>/dev/null; then POSTFIX_RUNNING=1; fi
}

# postfix_reload CONFIG: an instance that does not run reads its files when it starts.
postfix_reload() {
  POSTFIX_RUNNING_BEFORE=0
  if [ "$MB_PLAN" != 1 ]; then
    if ! postfix_read_back "$1"; then
      postfix_still_loaded "$1" && return 0
      for postfix_file in main master; do mv -f "$MB_TMP/postfix-before-$postfix_file" "$MB_TMP/postfix-refused-$postfix_file"; done
      return 1
    fi
    postfix_master_look
    POSTFIX_RUNNING_BEFORE=$POSTFIX_RUNNING
    [ "$POSTFIX_RUNNING" = 1 ] || return 0
  fi
  run_command postfix -c "$1" reload && return 0
  run_words
  fail internal '' "postfix -c $1 reload: $RUN_WORDS"
}

# postfix_still_loaded CONFIG: whether the files are again as they were before a render that was never loaded: nothing to reload.
postfix_still_loaded() {
  for postfix_file in main master; do
    cmp -s "$MB_TMP/postfix-refused-$postfix_file" "$1/$postfix_file.cf" || return 1
  done
}

# postfix_read_back CONFIG: the configuration as Postfix's own parser reads the files; fails where it can't. Sets POSTFIX_READ
# so that a check right after a reload need not ask again.
postfix_read_back() {
  POSTFIX_READ='' POSTFIX_QUEUE='' postfix_disabled='' postfix_submitters='' postfix_clients='' postfix_recipients=''
  postfix_settings "$1" queue_directory master_service_disable authorized_submit_users smtpd_client_restrictions \
    smtpd_recipient_restrictions >"$MB_TMP/postfix-settings" &
  postfix_asked=$!
  postfix_ports "$MB_TMP/postfix-ports-before" &
  postfix_looking=$!
  postfix_status=0
  run_query postconf -c "$1" -P || postfix_status=$?
  wait "$postfix_asked" || :
  wait "$postfix_looking" || :
  {
    IFS= read -r POSTFIX_QUEUE && IFS= read -r postfix_disabled && IFS= read -r postfix_submitters &&
      IFS= read -r postfix_clients && IFS= read -r postfix_recipients
  } <"$MB_TMP/postfix-settings" || :
  if [ "$postfix_status" != 0 ]; then
    run_words
    fail internal '' "Postfix can't read its configuration, so it was not reloaded: $RUN_WORDS"
    return 1
  fi
  mv -f "$RUN_OUTPUT" "$MB_TMP/postfix-overrides"
  [ -n "$POSTFIX_QUEUE" ] || { fail internal '' "postconf -c $1 tells no queue_directory, so Postfix was not reloaded"; return 1; }
  POSTFIX_READ=$1
}

# shellcheck disable=SC2016 # awk program
POSTFIX_AWK_FACTS='
# facts(): what must be seen on the host, lines of tabs: `port SERVICE PORT ADDRESSES 1|0`, `rules SERVICE VALUE SETTING PLACE`,
# `closed VALUE`, `submit VALUE`, `row APP KEY MAP MARK`, `gone APP POINT`.
function facts(   k, q, out) {
  out = ""
  for (k = 1; k <= SERVICES; k++) {
    if (!is_smtpd_listener(k)) continue
    listen_of(k)
    out = out "port\t" SERVICE_NAME[k] "/inet\t" LISTEN_PORT "\t" listen_addresses(k) "\t" (index(", " CLOSED ", ", ", " SERVICE_NAME[k] "/inet, ") ? 0 : 1) "\n"
    q = rules_service(k)
    if (!q || RULES[q] == "" || q in TOLD) continue
    TOLD[q] = 1
    out = out "rules\t" SERVICE_NAME[q] "/" SERVICE_TYPE[q] "\t" RULES[q] "\t" hook_setting(q) "\t" hook_place(q) "\n"
  }
  if (CLOSED != "") out = out "closed\t" CLOSED "\n"
  for (k = 1; k <= BRAKES; k++) if (EFFECT[k] == "tempfail" && POINT[k] == "local") { out = out "submit\t!static:all\n"; break }
  for (k = 1; k <= BRAKES; k++) if (SERVICE_KEY[k] != "" && !SERVICE[k]) out = out "gone\t" APP[k] "\t" POINT[k] "\n"
  for (k = 1; k <= BRAKES; k++) if (rule_effect(EFFECT[k]) && SERVICE[k] && rules_service(SERVICE[k])) out = out row_fact(k)
  return out
}

# Where the hook of q is: in an override of the service itself, or in main.cf.
function hook_place(q) { options_of(ITEM["master", SERVICE_ITEM[q]]); return option_last(hook_setting(q)) ? "master" : "main" }

function row_fact(b,   q, name) {
  q = rules_service(SERVICE[b]); keys_of(b)
  name = EFFECT[b] == "hold" ? "mark-" QUESTION "-" APP[b] : EFFECT[b] "-" QUESTION
  return "row\t" APP[b] "\t" (KIND[b] == "all" ? "192.0.2.1" : KIND[b] == "client" ? first_address(WHAT[b]) : KEY[1]) "\t" map_of(QUESTION) ":" table_path(q, name) "\t" (EFFECT[b] == "hold" ? "<" APP[b] ">" : marks(b)) "\n"
}
# Which references may stand in the answer: its own, or that of a newer brake which means the same or a wider set.
function marks(b,   i, out) {
  out = " " REF[b]
  for (i = b + 1; i <= BRAKES; i++) if (EFFECT[i] == EFFECT[b] && SERVICE[i] == SERVICE[b]) out = out ", " REF[i]
  return out
}
function first_address(s) { sub(/\/.*$/, "", s); return s }
'

# postfix_check CONFIG: process, ports, configuration read back. J_app, where loaded and still in the journal, is looked up by
# Postfix's own postmap. Evidence by readback_add and check_add; a check that is not met makes the whole fail.
postfix_check() {
  postfix_config_there "$1" || return 1
  [ "${POSTFIX_FACTS-}" = "$1" ] || postfix_facts "$1" || return 1
  [ "${POSTFIX_READ-}" = "$1" ] || postfix_read_back "$1" || return 1
  POSTFIX_FACTS='' POSTFIX_READ=''
  postfix_master_look
  postfix_was=${POSTFIX_RUNNING_BEFORE:-$POSTFIX_RUNNING}
  while IFS='	' read -r postfix_what postfix_a postfix_b postfix_c postfix_d; do
    case $postfix_what in
    rules) postfix_check_rules "$postfix_a" "$postfix_b" "$postfix_c" "$postfix_d" ;;
    closed) postfix_check_has "$1" master_service_disable mailbrake_closed "$postfix_a" "$postfix_disabled" ;;
    submit) postfix_check_has "$1" authorized_submit_users mailbrake_submit "$postfix_a" "$postfix_submitters" ;;
    gone) if [ -z "$J_app" ] || [ "$J_app" = "$postfix_a" ]; then check_add "$postfix_b of $postfix_a" 0 'master.cf has it no more'; fi ;;
    row) [ "$postfix_a" != "$J_app" ] || postfix_check_row "$postfix_b" "$postfix_c" "$postfix_d" ;;
    esac
  done <"$MB_TMP/postfix-facts"
  [ "$POSTFIX_RUNNING" = 0 ] || postfix_check_ports
  # last, as a master that does not like what it read ends some milliseconds later
  postfix_master_look
  POSTFIX_RUNNING_BEFORE=
  if [ "$POSTFIX_RUNNING" = 1 ]; then
    check_add 'Postfix runs' 1 "master, process $POSTFIX_PID"
  else
    check_add 'Postfix runs' "$((1 - postfix_was))" 'master does not run; it reads this configuration when it starts'
  fi
}

postfix_facts() {
  journal_stream "postfix:$1" >"$MB_TMP/postfix-orders" || { fail internal '' "the journal can't be read"; return 1; }
  POSTFIX_ARMED='' postfix_awk "$1" "$POSTFIX_AWK_LISTEN$POSTFIX_AWK_FACTS"' END { rules_collect(); closed_collect(); printf "%s", facts() }' \
    "$MB_TMP/postfix-orders" >"$MB_TMP/postfix-facts" || { fail internal '' "$1: main.cf and master.cf can't be read"; return 1; }
}

# postfix_check_rules SERVICE VALUE SETTING PLACE: the service has the rules, and the list that it asks first begins with them.
postfix_check_rules() {
  postfix_override "$1/mailbrake_rules"
  postfix_seen=0
  [ "$POSTFIX_OVERRIDE" != "$2" ] || postfix_seen=1
  readback_add "postconf -P $1/mailbrake_rules" "$POSTFIX_OVERRIDE"
  check_add "$1 asks the brakes" "$postfix_seen" "$2"
  case $4:$3 in
  master:*) postfix_override "$1/$3" ;;
  *:smtpd_client_restrictions) POSTFIX_OVERRIDE=$postfix_clients ;;
  *) POSTFIX_OVERRIDE=$postfix_recipients ;;
  esac
  postfix_seen=0
  case $POSTFIX_OVERRIDE in \$mailbrake_rules* | \$\{mailbrake_rules\}* | \$\(mailbrake_rules\)*) postfix_seen=1 ;; esac
  readback_add "$3 of $1" "$POSTFIX_OVERRIDE"
  check_add "$1 asks them first" "$postfix_seen" "$3 = $POSTFIX_OVERRIDE"
}

# postfix_override NAME: sets POSTFIX_OVERRIDE from what postconf -P said.
postfix_override() {
  POSTFIX_OVERRIDE=
  while IFS= read -r postfix_line; do
    case $postfix_line in "$1 = "*) POSTFIX_OVERRIDE=${postfix_line#*" = "} ;; esac
  done <"$MB_TMP/postfix-overrides"
}

# postfix_check_has CONFIG SETTING NAME WANTED VALUE: the setting refers to our parameter, and that has the value.
postfix_check_has() {
  postfix_ours=$(postfix_settings "$1" "$3") || postfix_ours=
  postfix_seen=0
  # shellcheck disable=SC2016
  case $5 in *[$]"$3"* | *[$]'{'"$3"'}'* | *[$]'('"$3"')'*) [ "$postfix_ours" != "$4" ] || postfix_seen=1 ;; esac
  readback_add "$2" "$5 ($3 = $postfix_ours)"
  check_add "$2 has the brake" "$postfix_seen" "$3 = $postfix_ours"
}

# postfix_check_row KEY MAP MARKS: Postfix finds the application in its table.
postfix_check_row() {
  run_query postmap -q "$1" "$2" || :
  postfix_row=
  IFS= read -r postfix_row <"$RUN_OUTPUT" || :
  postfix_seen=0
  postfix_mark=${postfix_row##*[' (']}
  postfix_last=${postfix_mark%")"}
  case "$3," in *" $postfix_last,"* | "$postfix_mark,") postfix_seen=1 ;; esac
  readback_add "postmap -q $1 $2" "$postfix_row"
  check_add 'the table answers' "$postfix_seen" "$1 $postfix_row"
}

