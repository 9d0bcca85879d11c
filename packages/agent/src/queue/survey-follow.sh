# The verb follow: each second what is new in the log, and the counts of the queues. Ends by itself after SECONDS, and where nobody reads any more.

verb_follow() {
  value_number seconds "$R_seconds" 1 60 || return 1
  queue_instance && queue_log_find || return 1
  # queue_counts may set QUEUE_LOG anew.
  follow_log=$QUEUE_LOG follow_ticks=0 QUEUE_LOG_AT=
  queue_log_new "$MB_TMP/follow-new" 0
  while [ "$follow_ticks" -lt "$R_seconds" ]; do
    sleep 1
    follow_tick || return 1
    follow_ticks=$((follow_ticks + 1))
  done
  answer_done "\"ticks\":$follow_ticks"
}

follow_tick() {
  driver queue_counts "$DRIVER_CONFIG" >"$MB_TMP/follow-counts" || return 1
  QUEUE_LOG=$follow_log
  # at most a megabyte a second: what is more is counted in part
  queue_log_new "$MB_TMP/follow-new" 1048576
  epoch
  FOLLOW_TIME=$EPOCH MB_ID=$ANSWER_ID awk "$SURVEY_AWK_LINE$QUEUE_AWK_LOGLINE"'
    BEGIN { line_setup() }
    FILENAME ~ /follow-counts$/ { out = out (out == "" ? "" : ",") "{\"queue\":\"" $1 "\",\"messages\":" $2 + 0 "}"; next }
    { log_line() }
    END { print "{\"id\":\"" ENVIRON["MB_ID"] "\",\"tick\":{\"time\":" ENVIRON["FOLLOW_TIME"] ",\"queues\":[" out "]" counts() "}}" }
  ' "$MB_TMP/follow-counts" "$MB_TMP/follow-new" >&3
}
