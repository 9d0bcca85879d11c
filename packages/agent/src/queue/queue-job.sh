# Jobs: what was asked is written down before it is answered, then a process of its own works on it (queue-runner.sh).
# A job that is in $MB_STATE/jobs was promised whole; one that was killed while being made is a `.NAME` that nothing reads.

QUEUE_JOB_KEYS=' job instance action by reason since rate ceiling deferrals of total all backup end '

# queue_job_load JOB: sets Q_* (decoded), Q_FOLDER, and where it is: Q_at Q_done Q_skipped Q_failed Q_state Q_ended Q_why. 1 where there is none.
queue_job_load() {
  Q_job='' Q_instance='' Q_action='' Q_by='' Q_reason='' Q_since=0 Q_rate=0 Q_ceiling=0 Q_deferrals=0 Q_of='' Q_total=0 Q_all=0 Q_backup='' Q_end=''
  Q_FOLDER=$MB_STATE/jobs/$1 Q_at=0 Q_done=0 Q_skipped=0 Q_failed=0 Q_state=running Q_ended=0 Q_why=''
  [ -f "$Q_FOLDER/job" ] || return 1
  while IFS='=' read -r queue_key queue_value; do
    percent_decode "$queue_value" || DECODED=$queue_value
    case $QUEUE_JOB_KEYS in
    *" $queue_key "*) IFS= read -r "Q_$queue_key" <<MB_VALUE_ENDS
$DECODED
MB_VALUE_ENDS
      ;;
    esac
  done <"$Q_FOLDER/job"
  [ "$Q_end" = 1 ] || return 1
  [ ! -f "$Q_FOLDER/progress" ] || read -r Q_at Q_done Q_skipped Q_failed <"$Q_FOLDER/progress" || :
  if [ -f "$Q_FOLDER/ended" ]; then
    read -r Q_state Q_ended Q_why <"$Q_FOLDER/ended" || :
  elif [ -s "$Q_FOLDER/failed" ]; then
    read -r queue_key queue_value <"$Q_FOLDER/failed" || :
    Q_why="$queue_key: $queue_value"
  fi
}

# queue_job_json: sets JSON to the job loaded.
queue_job_json() {
  JSON_FIELDS=
  json_field action "$Q_action" && json_field state "$Q_state" && json_field by "$Q_by" 390 && json_field reason "$Q_reason" && json_field why "$Q_why" &&
    json_field backup "$Q_backup" && json_field of "$Q_of" || return 1
  JSON="{\"job\":\"$Q_job\"$JSON_FIELDS,\"total\":$Q_total,\"done\":$Q_done,\"skipped\":$Q_skipped,\"failed\":$Q_failed,\"rate\":$Q_rate,\"ceiling\":$Q_ceiling,\"deferrals\":$Q_deferrals,\"since\":$Q_since,\"ended\":$Q_ended}"
}

# queue_job_name FIELD VALUE
queue_job_name() { value_is "$2" '*[!A-Za-z0-9_-]*' || fail bad-value "$1" "$1: 1 to 40 of A-Z a-z 0-9 _ -, the first not -"; }

# queue_job_find: the job of R_job at R_instance.
queue_job_find() {
  queue_job_name job "$R_job" || return 1
  { queue_job_load "$R_job" && [ "$Q_instance" = "$R_instance" ]; } || fail bad-value job "$R_instance has no job called $R_job"
}

# queue_job: where a job is; one whose runner was killed is taken up again.
queue_job() {
  queue_job_find || return 1
  [ ! -f "$Q_FOLDER/running" ] || queue_runs "$Q_FOLDER" || queue_spawn "$Q_job"
  queue_job_json && answer_done "\"job\":$JSON"
}

queue_jobs() {
  queue_jobs=0
  # shellcheck disable=SC2012 # names of ours alone
  ls -t "$MB_STATE/jobs" 2>/dev/null | head -n 1000 >"$MB_TMP/queue-jobs"
  while IFS= read -r queue_name; do
    { queue_job_load "$queue_name" && [ "$Q_instance" = "$R_instance" ]; } || continue
    queue_job_json || return 1
    answer_part job "$JSON"
    queue_jobs=$((queue_jobs + 1))
    [ "$queue_jobs" -lt 100 ] || break
  done <"$MB_TMP/queue-jobs"
  answer_done "\"jobs\":$queue_jobs"
}

# queue_stop: the runner ends after the chunk that it is at; one that does not run is ended here.
queue_stop() {
  queue_job_find || return 1
  if [ "$Q_state" = running ]; then
    { printf '%s: %s\n' "$R_by" "$R_reason" >"$MB_TMP/stop" && mv -f "$MB_TMP/stop" "$Q_FOLDER/stop"; } 2>/dev/null || fail_space "$Q_FOLDER" || return 1
    queue_runs "$Q_FOLDER" || queue_spawn "$Q_job"
    queue_waited=0
    while [ "$queue_waited" -lt 300 ] && [ ! -f "$Q_FOLDER/ended" ]; do
      sleep_short
      queue_waited=$((queue_waited + 1))
    done
    queue_job_load "$R_job" || :
  fi
  queue_job_json && answer_done "\"job\":$JSON"
}

# queue_start: checks, selects, writes down, lets a runner go.
queue_start() {
  queue_start_check || return 1
  if queue_job_load "$R_job"; then
    [ "$Q_instance $Q_action $Q_of" = "$R_instance $R_action $R_of" ] || fail conflict job "there is a job called $R_job that does something else" || return 1
    answer_done "\"outcome\":\"already\",\"job\":\"$R_job\",\"total\":$Q_total"
    return 0
  fi
  QUEUE_LIMIT=300
  queue_part_of
  driver queue_can "$DRIVER_CONFIG" "$R_action" || return 1
  mkdir -p "$MB_STATE/jobs" "$MB_STATE/backup" "$MB_STATE/held" 2>/dev/null || fail_space "$MB_STATE" || return 1
  space_check "$MB_STATE/jobs" || return 1
  queue_forget
  queue_new=$MB_STATE/jobs/.$R_job.$$
  rm -rf "$queue_new"
  mkdir "$queue_new" 2>/dev/null || fail_space "$MB_STATE/jobs" || return 1
  if queue_start_make && queue_start_put; then
    crash_point queue-started
    queue_spawn "$R_job"
    answer_done "\"outcome\":\"started\",\"job\":\"$R_job\",\"total\":$queue_total"
    return 0
  fi
  rm -rf "$queue_new"
  return 1
}

queue_start_check() {
  queue_job_name job "$R_job" || return 1
  case $R_action in
  hold | release | requeue | flush | bounce | delete)
    [ -n "$R_match" ] || fail missing-key match "$R_action needs match; match=all means every message that the rest of the selection leaves" || return 1
    [ -z "$R_of" ] || fail bad-value of 'of: only restore takes it' || return 1
    queue_selection || return 1
    ;;
  restore)
    [ -n "$R_of" ] || fail missing-key of 'restore needs of, the job that deleted' || return 1
    queue_job_name of "$R_of" || return 1
    case $R_match$R_in$R_app$R_older$R_younger$R_larger$R_smaller in '' | all) ;; *) fail bad-value match 'restore puts back all of a delete: it takes no selection' || return 1 ;; esac
    ;;
  *) fail bad-value action 'action: hold, release, requeue, flush, bounce, delete or restore' || return 1 ;;
  esac
  [ "$R_action" = release ] || [ -z "$R_rate" ] || fail bad-value rate 'rate: only release takes it' || return 1
  [ -n "$R_rate" ] || [ -z "$R_ceiling$R_deferrals" ] || fail bad-value ceiling 'ceiling and deferrals need rate' || return 1
  [ -z "$R_rate" ] || value_number rate "$R_rate" 1 100000 || return 1
  [ -z "$R_ceiling" ] || value_number ceiling "$R_ceiling" 1 999999 || return 1
  [ -z "$R_deferrals" ] || value_number deferrals "$R_deferrals" 1 999999
}

# queue_start_make: the folder of the job, whole, beside its place.
queue_start_make() {
  queue_backup=
  if [ "$R_action" = restore ]; then queue_start_restore; else queue_start_select; fi || return 1
  if [ "$R_action" = delete ]; then
    queue_backup=$MB_STATE/backup/$R_job
    queue_space "$queue_bytes" || return 1
    mkdir -p "$queue_backup" 2>/dev/null || fail_space "$queue_backup" || return 1
  fi
  epoch
  set -- "$R_job" "$R_instance" "$R_action" "$R_by" "$R_reason" "$EPOCH" "${R_rate:-0}" "${R_ceiling:-0}" "${R_deferrals:-0}" "$R_of" "$queue_total" "${QUEUE_ALL-0}" "$queue_backup" 1
  queue_text=
  for queue_key in $QUEUE_JOB_KEYS; do
    percent_encode "$1"
    queue_text="$queue_text$queue_key=$ENCODED
"
    shift
  done
  { printf '%s' "$queue_text" >"$queue_new/job" && echo 0:0 >"$queue_new/running"; } 2>/dev/null || fail_space "$queue_new" || return 1
  file_sync "$queue_new/job" "$queue_new/ids" "$queue_new/running" "$queue_new"
}

queue_start_select() {
  MB_IDS=$queue_new/ids QUEUE_WANT="$QUEUE_WANT exact"
  export MB_IDS
  # shellcheck disable=SC2016
  queue_through '
    BEGIN { percent_setup(); select_setup(); ids = ENVIRON["MB_IDS"]; printf "" >ids }
    stream_end() { next }
    # what is rounded up and put around it in an archive counts as well
    selected() && !($1 in seen) { print $1 "\t" $2 "\t" $3 "\t" $5 >ids; n++; bytes += $4 + 4096; seen[$1] }
    END { close(ids); printf "%.0f %.0f %s\n", n, bytes / 1024, WHOLE ? "whole" : "cut" }
  ' >"$MB_TMP/queue-total" || return 1
  read -r queue_total queue_bytes queue_whole <"$MB_TMP/queue-total"
  [ "$queue_whole" = whole ] || fail internal '' "the queue could not be read whole within $QUEUE_LIMIT s; nothing was started" || return 1
  [ "$(wc -l <"$queue_new/ids")" -eq "$queue_total" ] || fail_space "$queue_new/ids"
}

queue_start_restore() {
  { queue_job_load "$R_of" && [ "$Q_action $Q_instance" = "delete $R_instance" ]; } || fail bad-value of "$R_instance has no delete called $R_of" || return 1
  [ "$Q_state" != running ] || fail conflict of "$R_of still runs; stop it first" || return 1
  [ -d "$Q_backup" ] || fail bad-value of "the backup of $R_of is no longer there" || return 1
  find "$Q_backup" -name '*.ids' -type f -exec cat {} + >"$queue_new/ids" || fail_space "$queue_new/ids" || return 1
  queue_total=$(($(wc -l <"$queue_new/ids")))
}

# queue_space KILOBYTES: whether the backup has room for so much and some to spare.
queue_space() {
  queue_free=$(df -Pk "$MB_STATE/backup" | awk 'NR == 2 { print $4 }')
  number_at_most "$(($1 + 1024))" "${queue_free:-0}" ||
    fail no-space '' "the backup needs $1 kB and $MB_STATE/backup has $queue_free kB; nothing was deleted. Make room, or delete in parts"
}

# queue_start_put: from here on it is promised: the sweep is there, then the job.
queue_start_put() {
  lock_take || return 1
  if expiry_install && mv "$queue_new" "$MB_STATE/jobs/$R_job" 2>/dev/null; then
    file_sync "$MB_STATE/jobs"
    lock_release
    return 0
  fi
  [ -n "$FAIL_CODE" ] || fail_space "$MB_STATE/jobs" || :
  expiry_tidy
  lock_release
  return 1
}

# queue_forget: jobs that ended, and their backups, after 30 days; what was never promised after a day.
queue_forget() {
  find "$MB_STATE/jobs" -name ended -type f -mtime +30 2>/dev/null >"$MB_TMP/queue-old" || :
  while IFS= read -r queue_file; do
    queue_file=${queue_file%/ended}
    [ "$queue_file" != "$MB_STATE/jobs" ] || continue
    rm -rf "$MB_STATE/backup/${queue_file##*/}" "$queue_file"
  done <"$MB_TMP/queue-old"
  for queue_file in "$MB_STATE"/jobs/.*.*; do
    case ${queue_file##*/} in .. | *[!0-9A-Za-z_.-]*) continue ;; esac
    kill -0 "${queue_file##*.}" 2>/dev/null || rm -rf "$queue_file"
  done
}
