# The runner: a process of its own for each job, without the control plane and without the lock. It works in chunks; each can be done
# again. Killed at any point, the next runner goes on at the chunk that was not noted; two never work on one job.

QUEUE_CHUNK=1000

# queue_runs FOLDER: whether a runner of that job is alive.
queue_runs() {
  [ -f "$1/running" ] && IFS= read -r queue_token <"$1/running" || return 1
  case ${queue_token%%:*} in '' | 0 | *[!0-9]*) return 1 ;; esac
  kill -0 "${queue_token%%:*}" 2>/dev/null || return 1
  lock_token_of "${queue_token%%:*}"
  [ "$LOCK_TOKEN_OF" = "$queue_token" ]
}

# queue_spawn JOB: lets a runner go. It holds none of our descriptors and has a session of its own where there is setsid.
queue_spawn() {
  queue_session=
  ! command -v setsid >/dev/null 2>&1 || queue_session=setsid
  # shellcheck disable=SC2086 # no word or one
  (cd / && exec $queue_session "$MB_AGENT" queue-run "$1" </dev/null >/dev/null 2>&1 3>&-) &
}

# queue_sweep: of the minute: jobs whose runner was killed are taken up; what is old is forgotten.
queue_sweep() {
  for queue_folder in "$MB_STATE"/jobs/*; do
    [ -f "$queue_folder/running" ] || continue
    queue_runs "$queue_folder" || queue_spawn "${queue_folder##*/}"
  done
}

# queue_claim: this process becomes the runner of the job loaded, if there is none.
queue_claim() {
  lock_take || return 1
  queue_claimed=1
  if [ -f "$Q_FOLDER/running" ] && ! queue_runs "$Q_FOLDER"; then
    lock_token_of $$
    if { echo "$LOCK_TOKEN_OF" >"$Q_FOLDER/running.new" && mv -f "$Q_FOLDER/running.new" "$Q_FOLDER/running"; } 2>/dev/null; then queue_claimed=0; fi
  fi
  lock_release
  return "$queue_claimed"
}

# queue_run JOB: the whole job, or what is left of it.
queue_run() {
  queue_job_name job "$1" && queue_job_load "$1" || fail bad-value job "there is no job called $1" || return 1
  state_make && driver_of "$Q_instance" && queue_part_of && queue_claim || return 0
  QUEUE_JOB=$Q_job
  export QUEUE_JOB
  QUEUE_RAMP=0 QUEUE_ALL=$Q_all RUN_LIMIT=300
  : >>"$Q_FOLDER/failed"
  queue_state='done'
  if [ "$Q_state" != running ]; then
    queue_leave
    return 0
  fi
  if [ "$Q_action" = restore ]; then
    queue_run_restore || queue_state=failed
  elif [ "$Q_rate" != 0 ]; then
    QUEUE_RAMP=1
    queue_run_ramp || queue_state=failed
  else
    while [ "$Q_at" -lt "$Q_total" ]; do
      ! queue_stopped || break
      queue_chunk "$QUEUE_CHUNK" || { queue_state=failed; break; }
    done
  fi
  queue_finish
}

# queue_stopped: whether a stop was asked for; also when the job was taken away under us.
queue_stopped() {
  [ ! -f "$Q_FOLDER/stop" ] || { queue_state=stopped; IFS= read -r queue_why <"$Q_FOLDER/stop" || :; return 0; }
  [ -d "$Q_FOLDER" ] || exit 0
  return 1
}

# queue_chunk COUNT: the next so many ids; what came of each is counted and noted.
queue_chunk() {
  queue_to=$((Q_at + $1))
  [ "$queue_to" -le "$Q_total" ] || queue_to=$Q_total
  FROM=$((Q_at + 1)) TO=$queue_to awk 'NR > ENVIRON["TO"] + 0 { exit } NR >= ENVIRON["FROM"] + 0' "$Q_FOLDER/ids" >"$MB_TMP/queue-chunk" || return 1
  cut -f 1 "$MB_TMP/queue-chunk" >"$MB_TMP/queue-ids"
  if [ "$Q_action" = delete ]; then
    queue_chunk_delete || return 1
  else
    driver queue_act "$DRIVER_CONFIG" "$Q_action" <"$MB_TMP/queue-ids" >"$MB_TMP/queue-results" || return 1
    crash_point queue-acted
    [ "$Q_action" != hold ] || queue_mark "$MB_TMP/queue-results" "$MB_TMP/queue-chunk" || return 1
  fi
  queue_note "$queue_to"
}

# queue_note AT: the results counted, and where we are, replaced in one step.
queue_note() {
  A="$Q_done $Q_skipped $Q_failed" AT=$1 FAILED=$Q_FOLDER/failed awk '
    FILENAME != ARGV[2] { if (!($1 in want)) n++; want[$1]; next }
    !($2 in want) { next }
    { delete want[$2] }
    $1 == "done" { done++ }
    $1 == "gone" { gone++ }
    $1 == "failed" { failed++; if (failed <= 100) { sub(/^failed /, ""); print >>ENVIRON["FAILED"] } }
    END {
      # what no word was said of was not done
      for (id in want) { failed++; if (failed <= 100) print id, "the mail server said nothing of it" >>ENVIRON["FAILED"] }
      split(ENVIRON["A"], was, " ")
      print ENVIRON["AT"], was[1] + done, was[2] + gone, was[3] + failed
    }
  ' "$MB_TMP/queue-ids" "$MB_TMP/queue-results" >"$Q_FOLDER/progress.new" || fail_space "$Q_FOLDER" || return 1
  if [ "$Q_action" = release ]; then
    awk '$1 == "done" { print $2 }' "$MB_TMP/queue-results" >>"$Q_FOLDER/released" || fail_space "$Q_FOLDER" || return 1
  fi
  mv -f "$Q_FOLDER/progress.new" "$Q_FOLDER/progress" || return 1
  read -r Q_at Q_done Q_skipped Q_failed <"$Q_FOLDER/progress"
  crash_point queue-noted
}

# queue_mark RESULTS CHUNK: what was held is written into our list, but for what an admin held before.
queue_mark() {
  awk -F '\t' 'FILENAME == ARGV[1] { split($0, r, " "); if (r[1] == "done") done[r[2]]; next } ($1 in done) && $3 != "admin" { print $1, $4 }' \
    "$1" "$2" >>"$MB_STATE/held/$Q_job" || fail_space "$MB_STATE/held"
}

# queue_chunk_delete: nothing is removed before the backup has it, flushed, under its last name.
queue_chunk_delete() {
  queue_tar=$Q_backup/$((Q_at / QUEUE_CHUNK + 1))
  # ours while it is deleted: no lift of a brake lets it go
  awk -F '\t' '{ print $1, $4 }' "$MB_TMP/queue-chunk" >"$MB_STATE/held/$Q_job" || fail_space "$MB_STATE/held" || return 1
  if [ ! -f "$queue_tar.tar" ]; then
    if ! queue_backup_put; then
      awk -F '\t' '$2 != "hold" { print $1 }' "$MB_TMP/queue-chunk" >"$MB_TMP/queue-unhold"
      queue_code=$FAIL_CODE queue_words=$FAIL_MESSAGE
      driver queue_unhold "$DRIVER_CONFIG" <"$MB_TMP/queue-unhold" || queue_words="$queue_words; $FAIL_MESSAGE"
      rm -f "$queue_tar.new" "$queue_tar.ids"
      fail "${queue_code:-internal}" '' "${queue_words:-the backup could not be written}; nothing of this part was deleted"
      return 1
    fi
  else
    # A runner that was killed got so far: what is not in the backup had left, or could not be held.
    awk 'FILENAME == ARGV[1] { in_backup[$1]; next } !($1 in in_backup) { print "gone", $1 }' "$queue_tar.ids" "$MB_TMP/queue-ids" >"$MB_TMP/queue-saved"
  fi
  crash_point queue-backed-up
  driver queue_act "$DRIVER_CONFIG" delete <"$queue_tar.ids" >"$MB_TMP/queue-deleted" || return 1
  crash_point queue-deleted
  # What is in the backup and no longer in the queue was deleted, by this runner or by the one before.
  { grep -v '^done ' "$MB_TMP/queue-saved" || :; sed 's/^gone /done /' "$MB_TMP/queue-deleted"; } >"$MB_TMP/queue-results"
}

queue_backup_put() {
  queue_space "$(($(wc -l <"$MB_TMP/queue-ids") * 4))" || return 1
  driver queue_backup "$DRIVER_CONFIG" "$queue_tar.new" <"$MB_TMP/queue-ids" >"$MB_TMP/queue-saved" || return 1
  crash_point queue-backing-up
  # no file of ids is shorter than its archive: the ids come first, the archive's last name last
  { awk '$1 == "done" { print $2 }' "$MB_TMP/queue-saved" >"$queue_tar.ids"; } 2>/dev/null || fail_space "$Q_backup" || return 1
  file_sync "$queue_tar.new" "$queue_tar.ids"
  mv -f "$queue_tar.new" "$queue_tar.tar" || return 1
  file_sync "$Q_backup"
}

# queue_run_restore: archive by archive.
queue_run_restore() {
  queue_of=$MB_STATE/backup/$Q_of
  while [ "$Q_state" = running ]; do
    ! queue_stopped || return 0
    queue_tar=$queue_of/$((Q_at + 1))
    [ -f "$queue_tar.tar" ] || break
    cp "$queue_tar.ids" "$MB_TMP/queue-ids" || return 1
    driver queue_restore "$DRIVER_CONFIG" "$queue_tar.tar" "$queue_of/map" >"$MB_TMP/queue-results" || return 1
    crash_point queue-restored
    # held by this job, under the new id, with the time of arrival that the delete saw
    awk 'FILENAME == ARGV[1] { if ($1 == "done") done[$2]; next } FILENAME == ARGV[2] { if ($2 != "=" && ($1 in done)) now[$1] = $2; next } ($1 in now) { print now[$1], $4 }' \
      "$MB_TMP/queue-results" "$queue_of/map" FS='\t' "$MB_STATE/jobs/$Q_of/ids" >>"$MB_STATE/held/$Q_job" || fail_space "$MB_STATE/held" || return 1
    queue_note "$((Q_at + 1))" || return 1
  done
}

# queue_run_ramp: so many a minute, evenly; each minute it looks whether it should stop by itself. After a pause (a reboot, a killed
# runner) it goes on at the same rate, it does not catch up.
queue_run_ramp() {
  epoch
  queue_begun=$EPOCH queue_from=$Q_at queue_minute=$EPOCH queue_every=60
  queue_every=${MB_TEST_MINUTE:-60} #@test
  queue_look || return 1
  while [ "$queue_state" = 'done' ] && [ "$Q_at" -lt "$Q_total" ]; do
    ! queue_stopped || return 0
    epoch
    if [ "$((EPOCH - queue_minute))" -ge "$queue_every" ] || [ "$EPOCH" -lt "$queue_minute" ]; then
      queue_minute=$EPOCH
      queue_look || return 1
      [ "$queue_state" = 'done' ] || return 0
    fi
    # the first at once, then by the clock; started anew each ten minutes, so that numbers stay small
    queue_due=$(((EPOCH - queue_begun) * Q_rate / 60 + 1 - (Q_at - queue_from)))
    if [ "$((EPOCH - queue_begun))" -ge 600 ] || [ "$EPOCH" -lt "$queue_begun" ]; then queue_begun=$EPOCH queue_from=$Q_at queue_due=1; fi
    if [ "$queue_due" -gt 0 ]; then
      [ "$queue_due" -le "$QUEUE_CHUNK" ] || queue_due=$QUEUE_CHUNK
      queue_chunk "$queue_due" || return 1
    fi
    [ "$queue_due" -eq "$QUEUE_CHUNK" ] || sleep 2
  done
}

# queue_look: sets queue_state to stopped where more waits than the ceiling, or more was deferred than it may.
queue_look() {
  driver queue_counts "$DRIVER_CONFIG" >"$MB_TMP/queue-counts" || return 1
  queue_waiting=$(awk '$1 != "hold" { n += $2 } END { printf "%.0f", n }' "$MB_TMP/queue-counts")
  if [ "$Q_ceiling" != 0 ] && [ "$queue_waiting" -gt "$Q_ceiling" ]; then
    queue_state=stopped queue_why="$queue_waiting messages wait, more than the ceiling of $Q_ceiling"
  fi
  [ "$Q_deferrals" != 0 ] || return 0
  queue_deferrals || return 1
  if [ "$DEFERRALS" -gt "$Q_deferrals" ]; then
    queue_state=stopped queue_why="$DEFERRALS messages were deferred within a minute, more than $Q_deferrals"
  fi
}

# queue_deferrals: sets DEFERRALS to how many deferrals the log told since it was last asked; 0 the first time. At most 32 MB of log are read.
queue_deferrals() {
  queue_log_find || return 1
  [ -n "$QUEUE_LOG" ] || fail cannot deferrals 'deferrals: no log of this mail server is found; nearest: ceiling' || return 1
  queue_log_new "$MB_TMP/queue-new" 33554432
  DEFERRALS=$(awk "$SURVEY_AWK_LINE$QUEUE_AWK_LOGLINE"'BEGIN { line_setup() } { log_line() } END { print N["deferred"] + 0 }' "$MB_TMP/queue-new")
}

# queue_finish: the end is written down.
queue_finish() {
  [ ! -s "$Q_FOLDER/released" ] || queue_unmark
  [ "$Q_action" != delete ] || rm -f "$MB_STATE/held/$Q_job"
  queue_words=${queue_why-}
  [ "$queue_state" != failed ] || queue_words=$FAIL_MESSAGE
  driver queue_settle "$DRIVER_CONFIG" "$Q_action" || queue_state=failed queue_words=$queue_words${queue_words:+; }$FAIL_MESSAGE
  if [ -z "$queue_words" ] && [ -s "$Q_FOLDER/failed" ]; then
    IFS= read -r queue_words <"$Q_FOLDER/failed" || :
    queue_words="first failed: $queue_words"
  fi
  epoch
  printf '%s %s %s\n' "$queue_state" "$EPOCH" "$queue_words" >"$Q_FOLDER/ended.new" && mv -f "$Q_FOLDER/ended.new" "$Q_FOLDER/ended" || return 1
  file_sync "$Q_FOLDER/ended" "$Q_FOLDER"
  crash_point queue-ended
  queue_leave
}

# queue_leave: the sweep has nothing left to do for this job.
queue_leave() {
  rm -f "$Q_FOLDER/running" "$Q_FOLDER/released"
  if lock_take; then
    expiry_tidy
    lock_release
  fi
}

# queue_unmark: what was released is no longer held by a job. Lists of jobs that still run are theirs.
queue_unmark() {
  for queue_file in "$MB_STATE"/held/*; do
    if [ ! -f "$queue_file" ] || [ -f "$MB_STATE/jobs/${queue_file##*/}/running" ]; then continue; fi
    awk 'FILENAME == ARGV[1] { gone[$1]; next } !($1 in gone)' "$Q_FOLDER/released" "$queue_file" >"$MB_TMP/queue-left" || return 1
    if [ -s "$MB_TMP/queue-left" ]; then cp "$MB_TMP/queue-left" "$queue_file.new" && mv -f "$queue_file.new" "$queue_file"; else rm -f "$queue_file"; fi || return 1
  done
}
