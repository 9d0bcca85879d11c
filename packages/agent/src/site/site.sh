# Mechanisms of the host's admin: executables in /etc/mailbrake/mechanisms.d, each a block point. docs/site-mechanisms.md says what they are asked.
# They run as root, so that no one else may be able to change them; with nothing in the environment but PATH and the MAILBRAKE_ values, no
# argument but the verb, a limit on time and output. $MB_TABLES/site/APP is the entry of each brake that one was told to apply: with it,
# it is told to lift also when the journal has the entry no more. Killed in between, it is told again: apply and lift bear that.

SITE_FOLDER=/etc/mailbrake/mechanisms.d
SITE_FOLDER=${MB_TEST_MECHANISMS:-$SITE_FOLDER} #@test

# site_discover: one instance where there is the folder, a block point for each file in it.
site_discover() {
  [ -d "$SITE_FOLDER" ] || return 0
  journal_clear
  site_instance=site:/etc/mailbrake/mechanisms.d site_armed=false
  if instance_armed "$site_instance"; then site_armed=true; fi
  json_string "$(uname -n)"
  discover_instance "$site_instance" "{\"instance\":\"$site_instance\",\"mta\":\"site\",\"version\":\"\",\"configDir\":\"/etc/mailbrake\",\"name\":\"site\",\"hostname\":$JSON,\"running\":true,\"armed\":$site_armed,\"domains\":[]}" || return 1
  site_count=0
  for site_file in "$SITE_FOLDER"/*; do
    if [ ! -f "$site_file" ] || [ "$site_count" -ge 50 ]; then continue; fi
    site_count=$((site_count + 1)) site_name=${site_file##*/}
    if site_describe "$site_name"; then
      json_string "$SITE_LABEL ($site_name)" 390
    else
      # Shown, so that the admin sees why it is no use; a name that can't be told is left out.
      case $site_name in *[!a-z0-9-]* | -* | ?????????????????????????????????????????*) continue ;; esac
      json_string "$site_name, of no use: $FAIL_MESSAGE" 390
      SITE_KIND=external SITE_ROLE=null SITE_CELLS=
    fi
    discover_point "$site_instance" "$SITE_KIND:$site_name" "$SITE_KIND" - - \
      "{\"instance\":\"$site_instance\",\"point\":\"$SITE_KIND:$site_name\",\"kind\":\"$SITE_KIND\",\"label\":$JSON,\"role\":$SITE_ROLE,\"listens\":[],\"cells\":[$SITE_CELLS]}" || return 1
  done
}

# site_safe NAME: sets SITE_FILE, where no one but root can have put or changed it.
site_safe() {
  SITE_FILE=$SITE_FOLDER/$1
  case $1 in '' | *[!a-z0-9-]* | -* | ?????????????????????????????????????????*) fail cannot point "a mechanism is named by 1 to 40 of a-z 0-9 -" || return 1 ;; esac
  for site_path in "${SITE_FOLDER%/*}" "$SITE_FOLDER" "$SITE_FILE"; do
    # shellcheck disable=SC2012 # mode and owner of a path without oddities
    site_mode=$(ls -ldn "$site_path" 2>/dev/null | awk '{ print $1, $3 }')
    case $site_mode in
    d????-??-?*\ 0 | -??x?-??-?*\ 0) ;;
    -??[!x]*) fail cannot point "$site_path is not executable" || return 1 ;;
    '') fail cannot point "$site_path is not there" || return 1 ;;
    *) fail cannot point "$site_path must be root's, no link, and not be writable for group or others: chown 0:0, chmod go-w" || return 1 ;;
    esac
  done
}

# site_run VERB: the mechanism SITE_FILE with the J_* of a brake. What it says in $MB_TMP/site-said, its exit status is returned, 124 when it took too long.
site_run() {
  site_verb=$1
  set -- env -i "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" LC_ALL=C "MAILBRAKE_APP=$J_app" "MAILBRAKE_REF=$J_brake" "MAILBRAKE_POINT=$J_point" \
    "MAILBRAKE_EFFECT=$J_effect" "MAILBRAKE_MATCH=$J_match" "MAILBRAKE_MATCH2=$J_match2" "MAILBRAKE_TEXT=$J_text" "MAILBRAKE_CONNECTIONS=$J_connections" \
    "MAILBRAKE_MESSAGES=$J_messages" "MAILBRAKE_RECIPIENTS=$J_recipients" "MAILBRAKE_EXPIRES=$J_expires" "$SITE_FILE" "$site_verb"
  case $MB_PLAN$site_verb in 1apply | 1lift) run_command "$@"; return ;; esac
  rm -f "$MB_TMP/site-status"
  # However much it says, it is read to the end, so that it can end; 100 pieces of 500 bytes are kept. No value is a word of this program.
  # shellcheck disable=SC2016
  run_query sh -c 'cd /; f=$1; shift; { "$@" 2>&1; echo $? >"$f"; } | fold -b -w 500 | { head -n 100; cat >/dev/null; }' sh "$MB_TMP/site-status" "$@" || return
  tr -cd '\n -~' <"$RUN_OUTPUT" >"$MB_TMP/site-said"
  site_status=126
  [ ! -s "$MB_TMP/site-status" ] || read -r site_status <"$MB_TMP/site-status"
  return "$site_status"
}

# site_words: sets SITE_WORDS to what it said last, or why it could not.
site_words() {
  SITE_WORDS=$(tail -n 3 "$MB_TMP/site-said" 2>/dev/null | tr '\n' ' ' | cut -c 1-300)
  : "${SITE_WORDS:=it gave no reason}"
}

# site_describe NAME: sets SITE_LABEL, SITE_KIND, SITE_ROLE, SITE_VOLATILE, SITE_CELLS (JSON); the cells also in $MB_TMP/site-cells: effect, matches, loses, reply.
site_describe() {
  site_safe "$1" || return 1
  : >"$MB_TMP/site-said"
  site_run describe || { site_status=$?; site_words; fail cannot point "$SITE_FILE describe ended with $site_status: $SITE_WORDS"; return 1; }
  : >"$MB_TMP/site-cells"
  SITE_OUT=$MB_TMP/site-cells awk '
    function list(s,   n, f, i, out) { n = split(s, f, ","); for (i = 1; i <= n; i++) out = out (i > 1 ? "," : "") "\"" f[i] "\""; return out }
    { key = $0; sub(/=.*/, "", key); value = substr($0, length(key) + 2) }
    key == "label" && value ~ /^[ -~]+$/ && length(value) <= 80 { label = value }
    key == "kind" && value ~ /^(listener|local|delivery|external)$/ { kind = value }
    key == "role" && value ~ /^(inbound-mx|submission|relay|local|list|backup-mx|webmail|application)$/ { role = "\"" value "\"" }
    key == "volatile" { volatile = value == "yes" }
    key == "cell" {
      n = split(value, f, " "); reply = value; pairs = single = ""
      for (i = 1; i <= 3; i++) sub(/^[^ ]* +/, "", reply)
      m = split(f[2], kinds, ",")
      for (i = 1; i <= m; i++) {
        if (kinds[i] ~ /^(client|helo|sender|recipient|login)[+](client|helo|sender|recipient|login)$/) { sub(/[+]/, ",", kinds[i]); pairs = pairs (pairs == "" ? "" : ",") "[" list(kinds[i]) "]" }
        else if (kinds[i] ~ /^(all|client|helo|sender|recipient|login)$/) single = single (single == "" ? "" : ",") kinds[i]
        else bad = 1
      }
      if (n < 4 || f[1] !~ /^(tempfail|reject|discard|hold|throttle|close|pause)$/ || f[3] !~ /^(keeps|loses)$/ || reply ~ /["\\]/ || length(reply) > 200 || single == "" || ++count > 20) bad = 1
      print f[1], "," f[2] ",", f[3], reply >ENVIRON["SITE_OUT"]
      cells = cells (cells == "" ? "" : ",") "{\"effect\":\"" f[1] "\",\"matches\":[" list(single) "]" (pairs == "" ? "" : ",\"pairs\":[" pairs "]") ",\"loses\":" (f[3] == "loses" ? "true" : "false") ",\"reply\":\"" reply "\"}"
    }
    END { if (bad || label == "" || kind == "" || cells == "") exit 1; print kind; print (role == "" ? "null" : role); print volatile + 0; print label; print cells }
  ' "$MB_TMP/site-said" >"$MB_TMP/site-described" ||
    { fail cannot point "$SITE_FILE describe did not say label=, kind= and cell=EFFECT MATCHES keeps|loses REPLY as docs/site-mechanisms.md tells"; return 1; }
  { IFS= read -r SITE_KIND && IFS= read -r SITE_ROLE && IFS= read -r SITE_VOLATILE && IFS= read -r SITE_LABEL && IFS= read -r SITE_CELLS; } <"$MB_TMP/site-described"
}

# site_can: with J_* loaded; the mechanism itself has the last word, by plan.
site_can() {
  site_describe "${J_point#*:}" || return 1
  [ "$J_point" = "$SITE_KIND:${J_point#*:}" ] || fail cannot point "$SITE_FILE is $SITE_KIND:${J_point#*:} now; ask discover again" || return 1
  [ -z "$J_match3" ] || fail cannot match3 'a mechanism of the host takes two matches at most; the nearest is the first two' || return 1
  site_kinds=${J_match%%:*}${J_match2:++${J_match2%%:*}} site_back=${J_match2:+${J_match2%%:*}+}${J_match%%:*}
  site_cell || fail cannot effect "$SITE_LABEL can't do $J_effect by $site_kinds; it can: $(awk '{ sub(/^,/, "", $2); sub(/,$/, "", $2); printf "%s%s by %s", (NR > 1 ? ", " : ""), $1, $2 }' "$MB_TMP/site-cells")" || return 1
  if ! site_run plan; then
    site_words
    fail cannot effect "$SITE_FILE plan: $SITE_WORDS"
  fi
}

# site_cell: sets SITE_LOSES and SITE_REPLY of the cell for J_effect and $site_kinds, in either order.
site_cell() {
  while read -r site_effect site_matches SITE_LOSES SITE_REPLY; do
    case $site_effect$site_matches in "$J_effect"*",$site_kinds,"* | "$J_effect"*",$site_back,"*) return 0 ;; esac
  done <"$MB_TMP/site-cells"
  return 1
}

# site_explain CONFIG: right after site_can, with what that left.
site_explain() {
  site_cell || return 1
  plan_reply "$SITE_REPLY"
  [ "$SITE_LOSES" = keeps ] || PLAN_LOSES=1
  site_count=0
  while IFS= read -r site_line; do
    site_count=$((site_count + 1))
    [ "$site_count" -gt 40 ] || plan_step note "$site_line"
  done <"$MB_TMP/site-said"
}

# site_each FUNCTION CONFIG: for each entry, J_* loaded; 1 as soon as one is.
site_each() {
  for site_app in $(journal_list "site:$2"); do
    journal_load "$site_app" || continue
    "$1" || return 1
  done
}

site_in_force() { site_safe "${J_point#*:}" && [ -f "$MB_TABLES/site/$J_app" ] && site_run status; }

# site_left_over: sets SITE_LEFT to the records of no entry.
site_left_over() {
  SITE_LEFT=
  for site_file in "$MB_TABLES"/site/*; do
    if [ -f "$site_file" ] && [ ! -f "$MB_JOURNAL/${site_file##*/}" ]; then SITE_LEFT="$SITE_LEFT ${site_file##*/}"; fi
  done
}

# site_render CONFIG: there are no files; what has to be told to the mechanisms is told by the reload.
site_render() {
  site_left_over
  if [ -n "$SITE_LEFT" ] || ! site_each site_in_force "$1"; then RENDER_CHANGED=1; fi
}

# site_reload CONFIG
site_reload() {
  site_left_over
  for site_app in $SITE_LEFT; do
    journal_load "$site_app" "$MB_TABLES/site" || continue
    site_tell lift || return 1
    [ "$MB_PLAN" = 1 ] || rm -f "$MB_TABLES/site/$site_app"
  done
  site_each site_assert "$1" || return 1
  [ "$MB_PLAN" = 1 ] || rmdir "$MB_TABLES/site" 2>/dev/null || :
}

site_assert() {
  site_in_force && return 0
  if [ "$MB_PLAN" != 1 ]; then
    { mkdir -p "$MB_TABLES/site" && cp "$MB_JOURNAL/$J_app" "$MB_TABLES/site/.new" && mv -f "$MB_TABLES/site/.new" "$MB_TABLES/site/$J_app"; } 2>/dev/null || fail_space "$MB_TABLES/site" || return 1
  fi
  site_tell apply
}

site_tell() {
  site_safe "${J_point#*:}" || return 1
  crash_point before-mechanism
  site_status=0
  site_run "$1" || site_status=$?
  crash_point after-mechanism
  [ "$site_status" != 0 ] || return 0
  site_words
  [ "$site_status" != 124 ] || SITE_WORDS="it took longer than $RUN_LIMIT s"
  fail internal '' "$SITE_FILE $1 ended with $site_status: $SITE_WORDS"
}

# site_check CONFIG: what the mechanisms say by status.
site_check() {
  if [ -n "$J_app" ]; then site_check_one; else site_each site_check_one "$1"; fi
}

site_check_one() {
  site_safe "${J_point#*:}" || { check_add "${J_point#*:}" 0 "$FAIL_MESSAGE"; return 0; }
  site_status=0 site_ok=0
  site_run status || site_status=$?
  site_words
  readback_add "$SITE_FILE status of $J_app" "$(cat "$MB_TMP/site-said")"
  site_wanted='is in force'
  if [ ! -f "$MB_JOURNAL/$J_app" ]; then
    site_wanted='is not in force'
    [ "$site_status" != 1 ] || site_ok=1
  elif [ "$site_status" = 0 ]; then
    site_ok=1
  fi
  [ "$site_ok" = 1 ] || site_wanted="ends with $site_status, which does not mean that it $site_wanted: $SITE_WORDS"
  check_add "$SITE_FILE status of $J_app" "$site_ok" "$site_wanted"
}

site_lifted() { RELEASED=0; }

site_volatile() { site_describe "${J_point#*:}" && [ "$SITE_VOLATILE" = 1 ]; }

site_lost() { ! site_each site_there "$1"; }

site_there() { ! site_volatile || site_run status; }
