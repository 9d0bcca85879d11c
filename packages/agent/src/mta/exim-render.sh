# From the journal to ACL files, pointers to them, and the hooks in Exim's configuration.
#
# $MB_TABLES/exim/rcpt holds the name of the file with the rules, rcpt.CHECKSUM: Exim keeps a file of rules for a whole session
# by its name, so each version has a name of its own, and sessions that are open see a change at their next recipient.
# Killed in between: a version is there before it is pointed at, and the pointer is one rename; no prefix of it is half a rule.
# hold is the list of domains itself. A change of data needs no reload; only hooks and closed listeners do.

# exim_render CONFIG: sets RENDER_CHANGED=1 when Exim has to read its configuration again.
exim_render() {
  exim_facts "$1" || return 1
  journal_stream "exim:$1" >"$MB_TMP/exim-orders" || { fail internal '' "the journal can't be read"; return 1; }
  exim_interfaces || return 1
  exim_rules || return 1
  exim_hook
}

# exim_rules: the files of $EXIM_FILES.
exim_rules() {
  # shellcheck disable=SC2012 # the owner's number, of a path without oddities
  exim_uid=$(ls -ldn "$EXIM_SPOOL" 2>/dev/null | awk '{ print $3 }') || exim_uid=
  EXIM_OUT=$MB_TMP EXIM_UID=$exim_uid EXIM_OR_connect=$EXIM_OR_connect EXIM_OR_rcpt=$EXIM_OR_rcpt EXIM_OR_local=$EXIM_OR_local EXIM_OR_start=$EXIM_OR_start \
    awk "$EXIM_AWK_RULES"'{ rule_read($0) } END { rules() }' <"$MB_TMP/exim-orders" >"$MB_TMP/exim-made" ||
    { fail internal '' 'the rules for Exim could not be made'; return 1; }
  if [ "$MB_PLAN" != 1 ] && [ -s "$MB_TMP/exim-made" ]; then
    { mkdir -p "$EXIM_FILES" && chmod 755 "$EXIM_FILES"; } 2>/dev/null || { fail no-space '' "can't make $EXIM_FILES"; return 1; }
  fi
  for exim_kind in connect rcpt local start hold; do
    if ! grep -qx "$exim_kind" "$MB_TMP/exim-made"; then
      file_remove "$EXIM_FILES/$exim_kind" || return 1
    elif [ "$exim_kind" = hold ]; then
      file_replace "$EXIM_FILES/hold" <"$MB_TMP/exim-hold" || return 1
    else
      # shellcheck disable=SC2046 # two numbers
      set -- $(cksum <"$MB_TMP/exim-$exim_kind")
      file_replace "$EXIM_FILES/$exim_kind.$1" <"$MB_TMP/exim-$exim_kind" || return 1
      printf '%s' "$EXIM_FILES/$exim_kind.$1" >"$MB_TMP/exim-pointer" || { fail no-space '' "can't write to $MB_TMP"; return 1; }
      file_replace "$EXIM_FILES/$exim_kind" <"$MB_TMP/exim-pointer" || return 1
    fi
  done
}

# exim_sweep: versions that nothing points at. A session that has just read the pointer must still find its file: only after a minute.
exim_sweep() {
  [ "$MB_PLAN" != 1 ] && [ -d "$EXIM_FILES" ] || return 0
  for exim_file in "$EXIM_FILES"/*.*; do
    [ -f "$exim_file" ] || continue
    exim_kind=${exim_file##*/} exim_points=
    [ ! -f "$EXIM_FILES/${exim_kind%%.*}" ] || read -r exim_points <"$EXIM_FILES/${exim_kind%%.*}" || :
    if [ "$exim_points" != "$exim_file" ] && [ -n "$(find "$exim_file" -prune -mmin +1 2>/dev/null)" ]; then rm -f "$exim_file"; fi
  done
  rmdir "$EXIM_FILES" 2>/dev/null || :
}

# exim_interfaces: sets EXIM_OPEN to local_interfaces without the closed listeners ('' when none is closed), EXIM_WAS to all
# sockets of before. While some are closed, those of before are kept in the source file.
exim_interfaces() {
  exim_sources
  exim_before || return 1
  exim_listeners "$EXIM_INTERFACES" "$EXIM_PORTS" >"$MB_TMP/exim-sockets" || return 1
  EXIM_WAS=$(awk '{ s = s " ; " $1 "." $2 } END { print "<" substr(s, 2) }' "$MB_TMP/exim-sockets")
  EXIM_OPEN=$(awk -F '\t' 'NR == FNR { if ($5 == "close") shut[substr($4, 10)] = any = 1; next }
    { split($0, f, " "); if (!(f[3] in shut)) s = s " ; " f[1] "." f[2] } END { if (any) print "<;" substr(s, 3) }' \
    "$MB_TMP/exim-orders" "$MB_TMP/exim-sockets")
}

# exim_before: EXIM_INTERFACES from before a close, where one is in force.
exim_before() {
  for exim_file in $EXIM_SOURCES; do
    file_path "$exim_file"
    exim_line=$(grep '^#mailbrake-was ' "$FILE_PATH" 2>/dev/null) || continue
    EXIM_INTERFACES=${exim_line#"#mailbrake-was "}
  done
}

# exim_hook: the hooks are in the sources while there is a brake or the instance is armed, and out of them otherwise.
exim_hook() {
  exim_wanted=0
  if [ -s "$MB_TMP/exim-orders" ] || instance_armed "exim:$EXIM_CONFIG"; then exim_wanted=1; fi
  set -f
  # shellcheck disable=SC2086 # paths without blanks
  set -- $EXIM_SOURCES
  set +f
  file_path "$1"
  exim_new=0
  [ "$FILE_PATH" != /dev/null ] || exim_new=1
  for exim_file; do
    file_read "$exim_file"
    echo '@@mailbrake-end@@'
  done | EXIM_D=$EXIM_FILES EXIM_TARGET=$EXIM_TARGET EXIM_LAYOUT=$EXIM_LAYOUT EXIM_SET=$EXIM_SET EXIM_HOOK=$exim_wanted EXIM_NEW=$exim_new \
    EXIM_INTERFACES=$EXIM_OPEN EXIM_LISTENERS=$EXIM_WAS EXIM_OUT=$MB_TMP \
    awk "$EXIM_AWK_SOURCES"'BEGIN { sources_setup() } { sources_row($0) } END { render_sources() }' >"$MB_TMP/exim-changed" ||
    { fail internal '' "the sources of $EXIM_CONFIG can't be read"; return 1; }
  while read -r exim_number exim_state; do
    [ "$exim_number" != hidden ] ||
      { fail cannot instance "$exim_state is set in a file that $EXIM_CONFIG includes, where no hook can be put; set it in $EXIM_CONFIG itself"; return 1; }
    case $exim_state in changed | gone) exim_hook_put "$exim_number" "$exim_state" "$@" || return 1 ;; esac
  done <"$MB_TMP/exim-changed"
}

# exim_hook_put NUMBER changed|gone PATH…: Exim's own eyes on it first, where it is the very file that Exim reads.
exim_hook_put() {
  exim_number=$1 exim_state=$2
  shift "$((exim_number + 1))"
  RENDER_CHANGED=1
  if [ "$exim_state" = gone ]; then
    file_remove "$1"
    return
  fi
  if [ "$EXIM_LAYOUT" = own ] && ! run_query "$EXIM" -C "$MB_TMP/exim-source-$exim_number" -bV; then
    run_words
    fail internal '' "Exim does not take $1 with the hooks, so nothing was changed: $RUN_WORDS"
    return 1
  fi
  file_replace "$1" <"$MB_TMP/exim-source-$exim_number"
}
