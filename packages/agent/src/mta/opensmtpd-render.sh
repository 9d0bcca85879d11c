# From the journal to a file of filters, and the tokens in smtpd.conf that lead to it.
#
# $MB_TABLES/opensmtpd/brakes.conf holds all filters; smtpd.conf and what it includes hold one line and a token a listener.
# Killed in between: smtpd reads its files at its start alone, and all of them are tried (smtpd -n) before one is replaced.

# opensmtpd_render CONFIG: sets RENDER_CHANGED=1 when smtpd has to be restarted.
opensmtpd_render() {
  opensmtpd_facts "$1" || return 1
  OSD_RESTART=0
  journal_stream "opensmtpd:$1" >"$MB_TMP/opensmtpd-orders" || { fail internal '' "the journal can't be read"; return 1; }
  opensmtpd_read || return 1
  osd_armed=0 osd_bare=' ' osd_keys=
  if instance_armed "opensmtpd:$1"; then osd_armed=1; fi
  while read -r osd_what osd_line _; do
    case $osd_what in
    file) if [ -n "$(tail -c 1 "$osd_line" 2>/dev/null)" ]; then osd_bare="$osd_bare$osd_line "; fi ;;
    listener) osd_keys="$osd_keys $osd_line" ;;
    esac
  done <"$MB_TMP/opensmtpd-seen"
  OSD_MAIN=$OSD_CONFIG OSD_BRAKES=$OSD_BRAKES OSD_OUT=$MB_TMP OSD_ARMED=$osd_armed OSD_BARE=$osd_bare OSD_KEYS=$osd_keys \
    awk "$OPENSMTPD_AWK_SOURCES$OPENSMTPD_AWK_RULES"'
    BEGIN { OUT = ENVIRON["OSD_OUT"]; ARMED = ENVIRON["OSD_ARMED"] + 0; INCLUDE = "include \"" ENVIRON["OSD_BRAKES"] "\" # mailbrake" }
    { order_read($0) }
    END {
      rules()
      load(ENVIRON["OSD_MAIN"], 0)
      for (b = 1; b <= B; b++) if (KEY[b] != "" && KEY[b] != "socket" && !(KEY[b] in KNOWN)) print "lost", POINT[b]
      write_brakes()
      write_sources()
      print "hook", HOOK
    }' <"$MB_TMP/opensmtpd-orders" >"$MB_TMP/opensmtpd-made" || { fail internal '' "$OSD_CONFIG can't be read"; return 1; }
  opensmtpd_put && opensmtpd_pause_wanted
}

# opensmtpd_pause_wanted: what is paused (smtpctl) is no file, and a restart forgets it. What we paused is listed in
# $MB_STATE/opensmtpd-paused, so that what the admin paused before stays so after the lift.
opensmtpd_pause_wanted() {
  osd_pause=$(awk -F '\t' '$5 == "pause" { n++ } END { print n + 0 }' "$MB_TMP/opensmtpd-orders")
  OSD_PAUSED=$MB_STATE/opensmtpd-paused
  if [ "$osd_pause" = 0 ]; then
    # resumed by a restart: smtpctl resume leaves what was scheduled meanwhile stuck
    if [ -f "$OSD_PAUSED" ]; then RENDER_CHANGED=1 OSD_RESTART=1; fi
  elif [ -n "$OSD_PID" ]; then
    opensmtpd_running
    [ -z "$OSD_RUNNING" ] || RENDER_CHANGED=1
  fi
}

# opensmtpd_running: sets OSD_RUNNING to those of mda and mta that are not paused.
opensmtpd_running() {
  run_query smtpctl show status || :
  OSD_RUNNING=$(awk '$1 ~ /^M[DT]A$/ && $2 == "running" { printf " %s", tolower($1) }' "$RUN_OUTPUT")
}

# opensmtpd_put: smtpd's own eyes on all of it first.
opensmtpd_put() {
  osd_changed=0 osd_hook=0
  while read -r osd_number osd_state _; do
    case $osd_number in
    lost) fail cannot point "$OSD_CONFIG has no $osd_state any more; ask discover again" || return 1 ;;
    hook) osd_hook=$osd_state ;;
    *) [ "$osd_state" != changed ] || osd_changed=1 ;;
    esac
  done <"$MB_TMP/opensmtpd-made"
  file_path "$OSD_BRAKES"
  if [ "$osd_hook" = 1 ]; then
    cmp -s "$MB_TMP/opensmtpd-brakes" "$FILE_PATH" || osd_changed=1
  elif [ "$FILE_PATH" != /dev/null ]; then
    osd_changed=1
  fi
  [ "$osd_changed" = 1 ] || return 0
  RENDER_CHANGED=1 OSD_RESTART=1
  if ! run_query "$OSD_SMTPD" -n -f "$MB_TMP/opensmtpd-try-1"; then
    run_words
    fail internal '' "smtpd does not take $OSD_CONFIG with the brakes, so nothing was changed: $RUN_WORDS"
    return 1
  fi
  if [ "$osd_hook" = 1 ]; then
    if [ "$MB_PLAN" != 1 ]; then
      { mkdir -p "$MB_TABLES/opensmtpd" && chmod 755 "$MB_TABLES/opensmtpd"; } 2>/dev/null || { fail no-space '' "can't make $MB_TABLES/opensmtpd"; return 1; }
    fi
    file_replace "$OSD_BRAKES" <"$MB_TMP/opensmtpd-brakes" || return 1
  fi
  while read -r osd_number osd_state osd_path; do
    [ "$osd_state" != changed ] || file_replace "$osd_path" <"$MB_TMP/opensmtpd-$osd_number" || return 1
  done <"$MB_TMP/opensmtpd-made"
  if [ "$osd_hook" = 0 ]; then
    file_remove "$OSD_BRAKES" || return 1
    [ "$MB_PLAN" = 1 ] || rmdir "$MB_TABLES/opensmtpd" 2>/dev/null || :
  fi
}
