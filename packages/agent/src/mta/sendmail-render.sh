# From the journal to the table, and our part of sendmail.cf. A change of data needs no reload; the hook and closed listeners do.
# Killed in between: the table is there before rules look into it; the cf is replaced by one rename.

# sendmail_render CONFIG: sets RENDER_CHANGED=1 when the daemon has to read its configuration again.
sendmail_render() {
  sendmail_facts "$1" || return 1
  journal_stream "sendmail:$1" >"$MB_TMP/sendmail-orders" || { fail internal '' "the journal can't be read"; return 1; }
  sendmail_table || return 1
  sendmail_hook
}

sendmail_wanted() { [ -s "$MB_TMP/sendmail-orders" ] || instance_armed "sendmail:$SENDMAIL_CF"; }

# sendmail_table: the file that the rules look into. Sendmail answers 554 where it finds another file, or none, between its look at the
# name and its open ("changed after open"): so it is written in place, and an empty one stays after the last lift, for open sessions.
sendmail_table() {
  SENDMAIL_SOCKETS=$MB_TMP/sendmail-sockets awk "$SENDMAIL_AWK_TABLE"'
    BEGIN { while ((getline line < ENVIRON["SENDMAIL_SOCKETS"]) > 0) socket_read(line) }
    { table_read($0) }
    END { exit table() }
  ' <"$MB_TMP/sendmail-orders" >"$MB_TMP/sendmail-table" ||
    { fail conflict match 'too many brakes of two matches at once are active for this; lift some, or use one match'; return 1; }
  file_path "$SENDMAIL_TABLE"
  sendmail_wanted || [ "$FILE_PATH" != /dev/null ] || return 0
  [ "$MB_PLAN" = 1 ] || { mkdir -p "${SENDMAIL_TABLE%/*}" && chmod 755 "${SENDMAIL_TABLE%/*}"; } 2>/dev/null || { fail no-space '' "can't make ${SENDMAIL_TABLE%/*}"; return 1; }
  file_replace "$SENDMAIL_TABLE" live <"$MB_TMP/sendmail-table"
}

# sendmail_hook: our block is in the cf while there is a brake or the instance is armed, and out of it otherwise. Sendmail reads the
# result before it is put in place.
sendmail_hook() {
  sendmail_on=0
  if sendmail_wanted; then sendmail_on=1; fi
  sendmail_make "$sendmail_on" || return 1
  file_path "$SENDMAIL_CF"
  cmp -s "$MB_TMP/sendmail-cf" "$FILE_PATH" && return 0
  if ! run_query "$SENDMAIL" -C "$MB_TMP/sendmail-cf" -bt; then
    run_words
    fail internal '' "Sendmail does not take $SENDMAIL_CF as it would be, so nothing was changed: $RUN_WORDS"
    return 1
  fi
  RENDER_CHANGED=1
  file_replace "$SENDMAIL_CF" <"$MB_TMP/sendmail-cf"
}

# sendmail_make 0|1: the cf without or with our block, in $MB_TMP/sendmail-cf.
sendmail_make() {
  sendmail_status=0
  { file_read "$SENDMAIL_CF" && echo '@@mailbrake-end@@'; } |
    SENDMAIL_ON=$1 SENDMAIL_ORDERS=$MB_TMP/sendmail-orders SENDMAIL_TABLE=$SENDMAIL_TABLE SENDMAIL_RULES=$SENDMAIL_RULES \
      awk "$SENDMAIL_AWK_DAEMON$SENDMAIL_AWK_MAKE" >"$MB_TMP/sendmail-cf" || sendmail_status=$?
  case $sendmail_status in
  0) ;;
  3) fail cannot effect 'with this listener closed Sendmail would have none left, and take its default ones; the nearest is tempfail' ;;
  *) fail internal '' "$SENDMAIL_CF can't be read" ;;
  esac
}
