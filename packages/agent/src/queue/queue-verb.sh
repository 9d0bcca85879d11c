# The verb queue: which operation, on which instance. Each operation is a function queue_OP.

QUEUE_LIMIT=120

verb_queue() {
  queue_instance || return 1
  case $R_op in
  count) queue_count ;;
  list) queue_list ;;
  show) queue_show ;;
  start) queue_start ;;
  job) queue_job ;;
  jobs) queue_jobs ;;
  stop) queue_stop ;;
  esac
}

# queue_instance: sets DRIVER and DRIVER_CONFIG from R_instance.
queue_instance() {
  state_make || return 1
  discovery_find "$R_instance" || return 1
  queue_part_of || fail cannot instance "$R_instance has no queue that can be looked into; nearest: the mail server's own instance"
}

# queue_part_of: whether the driver of DRIVER has a queue part here. Sets QUEUE_NICE, the words before a program that reads a whole queue.
queue_part_of() {
  QUEUE_NICE=
  ! command -v nice >/dev/null 2>&1 || QUEUE_NICE='nice -n 10'
  run_timeout_find
  [ -z "$RUN_TIMEOUT" ] || QUEUE_NICE="timeout -k 2 $QUEUE_LIMIT $QUEUE_NICE"
  command -v "${DRIVER}_queue_stream" >/dev/null
}

# queue_end STATUS WHAT: the last line of a stream, by how the program that read the queue ended.
queue_end() {
  case $1 in
  0) echo . ;;
  124 | 137 | 143) printf '!\t%s\n' "$2 took longer than $QUEUE_LIMIT s" ;;
  *) printf '!\t%s\n' "$2 ended with $1" ;;
  esac
}

# queue_held_file: sets QUEUE_HELD to a file of `ID ARRIVED JOB`: all that jobs hold.
queue_held_file() {
  QUEUE_HELD=$MB_TMP/queue-held
  : >"$QUEUE_HELD"
  for queue_file in "$MB_STATE"/held/*; do
    [ ! -f "$queue_file" ] || awk '{ n = FILENAME; sub(/^.*\//, "", n); print $1, $2, n }' "$queue_file" >>"$QUEUE_HELD" || return 1
  done
}
