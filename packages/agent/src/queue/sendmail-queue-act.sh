# What can be done with queued mail of a Sendmail. Held is what is quarantined, with the brakes and jobs that hold it as the reason: no queue run
# touches that. Sendmail itself does it, with the lock that its deliveries take; a message that is being delivered is passed over.

# sendmail_queue_can CONFIG ACTION
sendmail_queue_can() {
  sendmail_queue_facts "$1" || return 1
  case $2 in
  requeue) fail cannot action 'Sendmail has no requeue: it routes a message again at each try; nearest: flush' ;;
  bounce) fail cannot action 'Sendmail returns no queued message without a try to deliver it first; nearest: delete, which can be restored' ;;
  flush) ;;
  *) V=$SENDMAIL_VERSION awk 'BEGIN { split(ENVIRON["V"], v, "."); exit v[1] + 0 > 8 || v[2] + 0 >= 13 ? 0 : 1 }' || fail cannot action "$2 needs a Sendmail with quarantine (8.13), this is $SENDMAIL_VERSION; nearest: flush" ;;
  esac || return 1
  case $2 in
  delete | restore)
    echo . >"$MB_TMP/sendmail-names"
    (cd "$MB_TMP" && tar -cf /dev/null -T sendmail-names) >/dev/null 2>&1 || fail cannot action "$2 needs a tar that knows -T for its backup; nearest: hold"
    ;;
  esac
}

# sendmail_queue_where: `ID PATH REASON` for the ids in sendmail-left that are in a queue: REASON - where not quarantined, * for the admin's. An id
# that is part of another's has ! for a path too, first: Sendmail could not tell them apart.
sendmail_queue_where() {
  { sendmail_queue_find "$SENDMAIL_QF" '[qh]f*' || :; } | LEFT=$MB_TMP/sendmail-left awk '
    BEGIN { while ((getline id < ENVIRON["LEFT"]) > 0) want[id] }
    {
      id = $0; sub(/^.*\/[qh]f/, "", id)
      for (i = 1; i < length(id) - 12; i++) { part = substr(id, i, 14); if (part != id && (part in want)) print part, "!", "-" }
      if (!(id in want)) next
      read = 0; reason = $0 ~ /\/hf[^\/]*$/ ? "*" : "-"
      while ((getline s < $0) > 0 && s !~ /^[HSR]/) { read = 1; if (reason == "*" && s ~ /^qmailbrake[+][A-Za-z0-9_+-]*[+]=$/) reason = substr(s, 2) }
      close($0)
      if (read) print id, $0, reason
    }
  ' | sort -k 2,2
}

# sendmail_queue_words CLIENT: the words for the daemon (0) or the client queue (1); what they start is not cut short and not sorted.
sendmail_queue_words() {
  sendmail_words='-O MaxQueueRunSize=0 -O QueueSortOrder=filename'
  if [ "$1" = 1 ]; then sendmail_words="-Ac $sendmail_words"; else sendmail_words="-C $SENDMAIL_CF $sendmail_words"; fi
}

# sendmail_queue_on FILE WORD…: sendmail for the ids in FILE. What it says is not believed; the spool is looked at.
sendmail_queue_on() {
  sendmail_ids=$1
  shift
  # shellcheck disable=SC2016,SC2086 # the words are for the inner shell; words
  run_query sh -c 'f=$1; shift; sed "s/^/-qI/" "$f" | xargs "$@"' sh "$sendmail_ids" "$SENDMAIL" $sendmail_words "$@" || :
}

# sendmail_queue_change PROGRAM: the reasons of what is in sendmail-places, changed to what the awk program sets NEW to (- for none; what it leaves
# empty stays). A message that is locked is tried again; then sendmail-places is as it is now.
sendmail_queue_change() {
  sendmail_tries=0
  while :; do
    sendmail_queue_where >"$MB_TMP/sendmail-places" || return 1
    # shellcheck disable=SC2016
    awk '
      { NEW = "" }
      $2 == "!" { part[$1] }
      $1 in part { next }
      '"$1"'
      NEW != "" && NEW != $3 { print (index($2, ENVIRON["SENDMAIL_CLIENT"] "/") == 1), ($3 == "-" ? "-" : "-qQ"), NEW, $1 }
    ' "$MB_TMP/sendmail-places" >"$MB_TMP/sendmail-changes" || return 1
    if [ ! -s "$MB_TMP/sendmail-changes" ] || [ "$sendmail_tries" = 3 ]; then return 0; fi
    [ "$sendmail_tries" = 0 ] || sleep_short
    sendmail_tries=$((sendmail_tries + 1))
    cut -d ' ' -f 1-3 "$MB_TMP/sendmail-changes" | sort -u >"$MB_TMP/sendmail-kinds"
    while read -r sendmail_part sendmail_quarantined sendmail_new; do
      K="$sendmail_part $sendmail_quarantined $sendmail_new" awk '$1 " " $2 " " $3 == ENVIRON["K"] "" { print $4 }' "$MB_TMP/sendmail-changes" >"$MB_TMP/sendmail-some"
      sendmail_queue_words "$sendmail_part"
      [ "$sendmail_new" != - ] || sendmail_new=
      [ "$sendmail_quarantined" != - ] || sendmail_quarantined=
      # shellcheck disable=SC2086 # a word or none
      sendmail_queue_on "$MB_TMP/sendmail-some" "-Q$sendmail_new" $sendmail_quarantined
    done <"$MB_TMP/sendmail-kinds"
  done
}

# sendmail_queue_hold: by this job too; what an admin quarantined stays his.
sendmail_queue_hold() {
  # shellcheck disable=SC2016 # awk program
  sendmail_queue_change '
    $3 != "*" && !index($3, "+" ENVIRON["QUEUE_JOB"] "+") { NEW = ($3 == "-" ? "mailbrake+" : substr($3, 1, length($3) - 1)) ENVIRON["QUEUE_JOB"] "+=" }'
}

# sendmail_queue_act CONFIG ACTION
sendmail_queue_act() {
  sendmail_queue_facts "$1" || return 1
  cat >"$MB_TMP/sendmail-left" || return 1
  sendmail_queue_where >"$MB_TMP/sendmail-before" || return 1
  case $2 in
  hold) sendmail_queue_hold ;;
  release) sendmail_queue_change '{ NEW = "-" }' ;;
  delete) sendmail_queue_remove ;;
  *) cp "$MB_TMP/sendmail-before" "$MB_TMP/sendmail-places" ;;
  esac || return 1
  ACTION=$2 awk '
    FILENAME == ARGV[1] { before[$1]; if ($2 == "!") part[$1]; next }
    FILENAME == ARGV[2] { if ($2 != "!") reason[$1] = $3; next }
    {
      a = ENVIRON["ACTION"]; id = $1
      if (!(id in before)) { print "gone", id; next }
      if (a == "delete") { print (id in reason ? "failed " id (reason[id] == "-" ? " no longer held" : " still there: another Sendmail has it") : "done " id); next }
      if (!(id in reason)) { print "gone", id; next }
      good = a == "hold" ? reason[id] != "-" : reason[id] == "-"
      print (good ? "done " id : "failed " id " " (a == "flush" ? "held: release it" : id in part ? "its id is part of that of another message" : "it is being delivered"))
    }
  ' "$MB_TMP/sendmail-before" "$MB_TMP/sendmail-places" "$MB_TMP/sendmail-left" >"$MB_TMP/sendmail-results" || return 1
  case $2$QUEUE_RAMP$QUEUE_ALL in release1? | flush?0) sendmail_queue_try ;; esac
  cat "$MB_TMP/sendmail-results"
}

# sendmail_queue_remove: hf first: without it nothing is a message; then bodies that belong to no message any more.
sendmail_queue_remove() {
  awk '$3 != "-" { print $2 }' "$MB_TMP/sendmail-before" | xargs rm -f || return 1
  crash_point queue-removing
  sendmail_queue_where >"$MB_TMP/sendmail-places" || return 1
  { sendmail_queue_find "$SENDMAIL_DF" 'df*' || :; } | LEFT=$MB_TMP/sendmail-left PLACES=$MB_TMP/sendmail-places awk '
    BEGIN { while ((getline id < ENVIRON["LEFT"]) > 0) want[id]; while ((getline s < ENVIRON["PLACES"]) > 0) { split(s, f, " "); delete want[f[1]] } }
    { id = $0; sub(/^.*\/df/, "", id) }
    id in want' | xargs rm -f
}

# sendmail_queue_try: a delivery of each that is done, now, by a runner behind us that Sendmail starts.
sendmail_queue_try() {
  for sendmail_part in 0 1; do
    P=$sendmail_part awk '
      FILENAME == ARGV[1] { if ($1 == "done") good[$2]; next }
      $1 in good && (index($2, ENVIRON["SENDMAIL_CLIENT"] "/") == 1) == ENVIRON["P"] + 0 { print $1 }
    ' "$MB_TMP/sendmail-results" "$MB_TMP/sendmail-places" >"$MB_TMP/sendmail-some"
    [ -s "$MB_TMP/sendmail-some" ] || continue
    sendmail_queue_words "$sendmail_part"
    sendmail_queue_on "$MB_TMP/sendmail-some" -O MinQueueAge=0
  done
}

# sendmail_queue_settle CONFIG ACTION: a queue run behind us; only where all was to be flushed also of what is too young for one.
sendmail_queue_settle() {
  case $2$QUEUE_RAMP$QUEUE_ALL in
  release0?) sendmail_option=-q ;;
  flush?1) sendmail_option='-O MinQueueAge=0 -q' ;;
  *) return 0 ;;
  esac
  sendmail_queue_facts "$1" || return 1
  # shellcheck disable=SC2086 # words
  sendmail_behind_us "$SENDMAIL" -C "$1" $sendmail_option || return 1
  # shellcheck disable=SC2086
  [ "$SENDMAIL_CLIENT" = - ] || sendmail_behind_us "$SENDMAIL" -Ac $sendmail_option
}

# sendmail_queue_backup CONFIG FILE: quarantined first, so that nothing delivers what is about to be deleted.
sendmail_queue_backup() {
  sendmail_queue_facts "$1" || return 1
  cat >"$MB_TMP/sendmail-left" || return 1
  sendmail_queue_hold || return 1
  awk '$3 != "-"' "$MB_TMP/sendmail-places" >"$MB_TMP/sendmail-held"
  {
    sendmail_queue_find "$SENDMAIL_DF" 'df*' || :
    cut -d ' ' -f 2 "$MB_TMP/sendmail-held"
  } | HELD=$MB_TMP/sendmail-held awk '
    BEGIN { while ((getline s < ENVIRON["HELD"]) > 0) { sub(/ .*/, "", s); want[s] } }
    { id = $0; sub(/^.*\/[dh]f/, "", id) }
    id in want { print substr($0, 2) }
  ' >"$MB_TMP/sendmail-paths" || return 1
  if ! (cd / && $QUEUE_NICE tar -cf "$2" -T "$MB_TMP/sendmail-paths") >"$MB_TMP/sendmail-tar" 2>&1 || ! tar -tf "$2" >"$MB_TMP/sendmail-inside" 2>>"$MB_TMP/sendmail-tar"; then
    sendmail_queue_tar 'the backup could not be written'
    return 1
  fi
  awk '
    FILENAME == ARGV[1] { id = $0; sub(/^.*\//, "", id); if (id ~ /^[dh]f/) inside[substr(id, 3)] = inside[substr(id, 3)] substr(id, 1, 1); next }
    FILENAME == ARGV[2] { if ($2 == "!") part[$1]; else there[$1]; next }
    inside[$1] ~ /dh|hd/ { print "done", $1; next }
    !($1 in there) { print "gone", $1; next }
    { print "failed", $1, ($1 in part ? "its id is part of that of another message" : inside[$1] == "h" ? "its body is not in a folder of a queue" : "it is being delivered") }
  ' "$MB_TMP/sendmail-inside" "$MB_TMP/sendmail-places" "$MB_TMP/sendmail-left"
}

# sendmail_queue_tar WHAT: fails with what tar said.
sendmail_queue_tar() {
  RUN_OUTPUT=$MB_TMP/sendmail-tar
  run_words
  fail no-space '' "$1: tar: $RUN_WORDS"
}

# sendmail_queue_unhold CONFIG: this job out of the reasons again.
sendmail_queue_unhold() {
  sendmail_queue_facts "$1" || return 1
  cat >"$MB_TMP/sendmail-left"
  # shellcheck disable=SC2016 # awk program
  sendmail_queue_change '
    at = index($3, "+" ENVIRON["QUEUE_JOB"] "+") { NEW = substr($3, 1, at) substr($3, at + length(ENVIRON["QUEUE_JOB"]) + 2); if (NEW == "mailbrake+=") NEW = "-" }'
}

# sendmail_queue_restore CONFIG FILE MAP: unpacked beside the queues, whole; then noted in MAP and moved to where it was, the body first, hf last: under
# the same ids, still quarantined. A stage that a killed runner left is put back first.
sendmail_queue_restore() {
  sendmail_queue_facts "$1" || return 1
  sendmail_stage=$SENDMAIL_BASE/.mailbrake-$QUEUE_JOB
  tar -tf "$2" >"$MB_TMP/sendmail-inside" 2>/dev/null || fail internal '' "the backup $2 can't be read" || return 1
  : >>"$3" || fail_space "$3" || return 1
  sed -n 's,^.*/hf,,p' "$MB_TMP/sendmail-inside" >"$MB_TMP/sendmail-left"
  sendmail_queue_put "$3" || return 1
  sendmail_queue_where >"$MB_TMP/sendmail-places" || return 1
  awk '
    FILENAME == ARGV[1] || FILENAME == ARGV[2] { there[$1]; next }
    { id = $0; sub(/^.*\/[dh]f/, "", id); if (id in there) print; else more = 1 }
    END { if (!more) print "-" }
  ' "$3" "$MB_TMP/sendmail-places" "$MB_TMP/sendmail-inside" >"$MB_TMP/sendmail-paths" || return 1
  if [ "$(tail -n 1 "$MB_TMP/sendmail-paths")" != - ]; then
    rm -rf "$sendmail_stage.new"
    mkdir -m 700 "$sendmail_stage.new" || fail_space "$SENDMAIL_BASE" || return 1
    # all of it: one body can be another's link
    if ! (cd "$sendmail_stage.new" && tar -xpf "$2" && xargs rm -f <"$MB_TMP/sendmail-paths") >"$MB_TMP/sendmail-tar" 2>&1; then
      rm -rf "$sendmail_stage.new"
      sendmail_queue_tar 'the backup could not be put back'
      return 1
    fi
    crash_point queue-unpacked
    mv "$sendmail_stage.new" "$sendmail_stage" && sendmail_queue_put "$3" || return 1
  fi
  crash_point queue-moved
  # shellcheck disable=SC2016 # awk program
  sendmail_queue_change 'BEGIN { while ((getline s < ENVIRON["SENDMAIL_MAP"]) > 0) { split(s, f, " "); job[f[1]] = f[4] } }
    $3 ~ /^mailbrake/ && job[$1] "" == ENVIRON["QUEUE_JOB"] "" { NEW = "mailbrake+" ENVIRON["QUEUE_JOB"] "+=" }' || return 1
  awk 'FILENAME == ARGV[1] { job[$1] = $4; next } { print (job[$1] "" == ENVIRON["QUEUE_JOB"] "" ? "done" : "gone"), $1 }' "$3" "$MB_TMP/sendmail-left"
}

# sendmail_queue_put MAP: what is in the stage, if there is one.
sendmail_queue_put() {
  SENDMAIL_MAP=$1
  export SENDMAIL_MAP
  [ -d "$sendmail_stage" ] || return 0
  (cd "$sendmail_stage" && find . -type f -name 'hf*') | awk '
    FILENAME == ARGV[1] { there[$1]; next }
    { sub(/^.*\/hf/, ""); if (!($0 in there)) print $0, $0, "-", ENVIRON["QUEUE_JOB"] }
  ' "$1" - >"$MB_TMP/sendmail-put" && cat "$MB_TMP/sendmail-put" >>"$1" || fail_space "$1" || return 1
  file_sync "$1"
  crash_point queue-noted-inodes
  for sendmail_kind in d h; do
    (cd "$sendmail_stage" && find . -type f -name "${sendmail_kind}f*") | sed 's,^\./\(.*\)/[^/]*$,\1,' | sort -u >"$MB_TMP/sendmail-folders"
    while IFS= read -r sendmail_folder; do
      # shellcheck disable=SC2016 # the words are for the inner shell
      (cd "$sendmail_stage/$sendmail_folder" && find . ! -name . -prune -type f -name "${sendmail_kind}f*" -exec sh -c 'exec mv "$@" "$0/"' "/$sendmail_folder" {} +) ||
        fail internal '' "what the backup has could not be moved into /$sendmail_folder" || return 1
    done <"$MB_TMP/sendmail-folders"
  done
  rm -rf "$sendmail_stage"
}
