# What can be done with queued mail of an OpenSMTPD. smtpd forgets which envelopes were paused when it is restarted, as each brake does. So a
# message that a job holds is moved out of its queue, into mailbrake-held/JOB (JOB+JOB where several do): paused first, and only when nothing of
# it is being delivered; then smtpd is told to forget it. Released, it is moved back and smtpd told to discover it. smtpctl takes one id.

# opensmtpd_queue_can CONFIG ACTION
opensmtpd_queue_can() {
  opensmtpd_queue_facts "$1" || return 1
  case $2 in
  requeue) fail cannot action 'OpenSMTPD has no requeue: where a message goes is settled when it is taken in; nearest: flush' ;;
  bounce) fail cannot action 'OpenSMTPD has no command that returns a message to its sender; nearest: delete, which can be restored' ;;
  flush)
    [ -n "$OSD_PID" ] || fail cannot action 'flush: smtpd does not run' || return 1
    run_query smtpctl show status || :
    ! grep -q '^M[TD]A paused' "$RUN_OUTPUT" || fail cannot action 'flush: deliveries are paused, and what is scheduled meanwhile stays stuck until smtpd is restarted; nearest: lift the pause'
    ;;
  delete | restore)
    echo . >"$MB_TMP/opensmtpd-names"
    (cd "$MB_TMP" && tar -cf /dev/null -T opensmtpd-names) >/dev/null 2>&1 || fail cannot action "$2 needs a tar that knows -T for its backup; nearest: hold"
    ;;
  esac
}

# opensmtpd_queue_where: `ID FOLDER HOLDERS` for the ids in opensmtpd-left; HOLDERS - for what is in smtpd's queue.
opensmtpd_queue_where() {
  { opensmtpd_queue_find "$OSDQ_NAME" || :; } | LEFT=$MB_TMP/opensmtpd-left awk -F / '
    BEGIN { while ((getline id < ENVIRON["LEFT"]) > 0) want[id] }
    $NF in want && $(NF - 1) != "mailbrake-held" { print $NF, $0, ($(NF - 2) == "mailbrake-held" ? $(NF - 1) : "-") }
  '
}

# opensmtpd_queue_move: `ID FOLDER TARGET` lines in opensmtpd-moves, one after the other; TARGET - is smtpd's queue. What came of it is looked
# for afterwards.
opensmtpd_queue_move() {
  [ -s "$MB_TMP/opensmtpd-moves" ] || return 0
  # shellcheck disable=SC2012 # stat is not POSIX
  osd_owner=$(ls -ldn "$OSDQ/queue" | awk '{ print $3 ":" $4 }') || return 1
  # shellcheck disable=SC2016 # the words are for the inner shell
  run_query sh -c '
    spool=$1 owner=$2 runs=$3
    folder() { [ -d "$1" ] || { mkdir -p "$1" && chown "$owner" "$1" && chmod 700 "$1"; }; }
    folder "$spool/mailbrake-held"
    while read -r id from target; do
      if [ "$target" = - ]; then
        rest=${id#??}
        to=$spool/queue/${id%"$rest"}
        if [ "$from" = "$to/$id" ] || { folder "$to" && mv "$from" "$to/"; }; then
          # one that is known was paused by an admin
          if [ -z "$runs" ]; then :; elif [ -n "$(smtpctl show queue "$id")" ]; then smtpctl resume envelope "$id"; else smtpctl discover "$id"; fi
        fi
        continue
      fi
      case $from in "$spool/queue/"*) ;; *) folder "$spool/mailbrake-held/$target" && mv "$from" "$spool/mailbrake-held/$target/"; continue ;; esac
      [ -z "$runs" ] || smtpctl pause envelope "$id"
      case $([ -z "$runs" ] || smtpctl show queue "$id") in
      *"|inflight|"*) smtpctl resume envelope "$id" ;;
      *) folder "$spool/mailbrake-held/$target" && mv "$from" "$spool/mailbrake-held/$target/" && { [ -z "$runs" ] || smtpctl remove "$id"; } ;;
      esac
    done <"$4"' sh "$OSDQ" "$osd_owner" "$OSD_PID" "$MB_TMP/opensmtpd-moves" || :
}

# opensmtpd_queue_hold: what is not held by this job yet, by it too. What a killed runner moved smtpd may still know: it is told again.
opensmtpd_queue_hold() {
  osd_tries=0
  while :; do
    opensmtpd_queue_where >"$MB_TMP/opensmtpd-places" || return 1
    awk -v "again=$MB_TMP/opensmtpd-again" '
      BEGIN { printf "" >again }
      index("+" $3 "+", "+" ENVIRON["QUEUE_JOB"] "+") { print $1 >again; next }
      { print $1, $2, ($3 == "-" ? "" : $3 "+") ENVIRON["QUEUE_JOB"] }
    ' "$MB_TMP/opensmtpd-places" >"$MB_TMP/opensmtpd-moves" || return 1
    [ "$osd_tries" != 0 ] || opensmtpd_queue_each "$MB_TMP/opensmtpd-again" remove
    if [ ! -s "$MB_TMP/opensmtpd-moves" ] || [ "$osd_tries" = 3 ]; then return 0; fi
    [ "$osd_tries" = 0 ] || sleep_short
    osd_tries=$((osd_tries + 1))
    opensmtpd_queue_move || return 1
  done
}

# opensmtpd_queue_each FILE WORD: smtpctl WORD for each id of FILE.
opensmtpd_queue_each() {
  [ -n "$OSD_PID" ] && [ -s "$1" ] || return 0
  # shellcheck disable=SC2016 # the words are for the inner shell
  run_query sh -c 'while read -r id; do smtpctl "$2" "$id"; done <"$1"' sh "$1" "$2" || :
}

# opensmtpd_queue_try: a delivery now of what is in smtpd's queue.
opensmtpd_queue_try() {
  awk '$3 == "-" { print $1 }' "$MB_TMP/opensmtpd-places" >"$MB_TMP/opensmtpd-some"
  opensmtpd_queue_each "$MB_TMP/opensmtpd-some" schedule
}

# opensmtpd_queue_release PROGRAM: what is in opensmtpd-left to where the awk program sets TO (- for smtpd's queue; empty: stays).
opensmtpd_queue_release() {
  opensmtpd_queue_where >"$MB_TMP/opensmtpd-places" || return 1
  awk '{ TO = "" } '"$1"' TO != "" { print $1, $2, TO }' "$MB_TMP/opensmtpd-places" >"$MB_TMP/opensmtpd-moves"
  opensmtpd_queue_move || return 1
  opensmtpd_queue_tidy
  opensmtpd_queue_where >"$MB_TMP/opensmtpd-places"
}

# opensmtpd_queue_tidy: our folders that are empty.
opensmtpd_queue_tidy() {
  for osd_folder in "$OSDQ"/mailbrake-held/* "$OSDQ/mailbrake-held"; do
    [ ! -d "$osd_folder" ] || rmdir "$osd_folder" 2>/dev/null || :
  done
}

# opensmtpd_queue_act CONFIG ACTION
opensmtpd_queue_act() {
  opensmtpd_queue_facts "$1" || return 1
  cat >"$MB_TMP/opensmtpd-left" || return 1
  opensmtpd_queue_where >"$MB_TMP/opensmtpd-before" || return 1
  cp "$MB_TMP/opensmtpd-before" "$MB_TMP/opensmtpd-places"
  case $2 in
  hold) opensmtpd_queue_hold ;;
  release)
    opensmtpd_queue_release '{ TO = "-" }' || return 1
    # where deliveries are paused they wait for the end of that
    [ "$QUEUE_RAMP" = 0 ] || ! (opensmtpd_queue_can "$1" flush) || opensmtpd_queue_try
    ;;
  flush) opensmtpd_queue_can "$1" flush && opensmtpd_queue_try ;;
  delete)
    awk '$3 != "-" { print $2 }' "$MB_TMP/opensmtpd-before" | xargs rm -rf && opensmtpd_queue_tidy && opensmtpd_queue_where >"$MB_TMP/opensmtpd-places"
    ;;
  esac || return 1
  ACTION=$2 awk '
    FILENAME == ARGV[1] { before[$1]; next }
    FILENAME == ARGV[2] { held[$1] = $3; next }
    {
      a = ENVIRON["ACTION"]; id = $1
      if (!(id in before)) { print "gone", id; next }
      if (a == "delete") { print (id in held ? "failed " id " no longer held" : "done " id); next }
      if (!(id in held)) { print "gone", id; next }
      good = a == "hold" ? held[id] != "-" : held[id] == "-"
      print (good ? "done " id : "failed " id " " (a == "flush" ? "held: release it" : a == "hold" ? "it is being delivered" : "it could not be moved"))
    }
  ' "$MB_TMP/opensmtpd-before" "$MB_TMP/opensmtpd-places" "$MB_TMP/opensmtpd-left"
}

# opensmtpd_queue_settle CONFIG ACTION: what smtpd discovers it tries when it is due.
opensmtpd_queue_settle() { :; }

# opensmtpd_queue_backup CONFIG FILE: held first, so that nothing delivers what is about to be deleted.
opensmtpd_queue_backup() {
  opensmtpd_queue_facts "$1" || return 1
  cat >"$MB_TMP/opensmtpd-left" || return 1
  opensmtpd_queue_hold || return 1
  awk '$3 != "-" { print substr($2, length(ENVIRON["OSDQ"]) + 2) }' "$MB_TMP/opensmtpd-places" >"$MB_TMP/opensmtpd-paths"
  if ! (cd "$OSDQ" && $QUEUE_NICE tar -cf "$2" -T "$MB_TMP/opensmtpd-paths") >"$MB_TMP/opensmtpd-tar" 2>&1 || ! tar -tf "$2" >"$MB_TMP/opensmtpd-inside" 2>>"$MB_TMP/opensmtpd-tar"; then
    opensmtpd_queue_tar 'the backup could not be written'
    return 1
  fi
  awk '
    FILENAME == ARGV[1] { n = split($0, part, "/"); if (part[n] != "") inside[part[n - 1]]; next }
    FILENAME == ARGV[2] { there[$1]; next }
    $1 in inside { print "done", $1; next }
    { print ($1 in there ? "failed " $1 " it is being delivered" : "gone " $1) }
  ' "$MB_TMP/opensmtpd-inside" "$MB_TMP/opensmtpd-places" "$MB_TMP/opensmtpd-left"
}

# opensmtpd_queue_tar WHAT: fails with what tar said.
opensmtpd_queue_tar() {
  RUN_OUTPUT=$MB_TMP/opensmtpd-tar
  run_words
  fail no-space '' "$1: tar: $RUN_WORDS"
}

# opensmtpd_queue_unhold CONFIG: this job out of the holders again.
opensmtpd_queue_unhold() {
  opensmtpd_queue_facts "$1" || return 1
  cat >"$MB_TMP/opensmtpd-left"
  # shellcheck disable=SC2016 # awk program
  opensmtpd_queue_release '
    at = index("+" $3 "+", "+" ENVIRON["QUEUE_JOB"] "+") { s = "+" $3 "+"; TO = substr(s, 1, at - 1) substr(s, at + length(ENVIRON["QUEUE_JOB"]) + 1); gsub(/^[+]|[+]$/, "", TO); if (TO == "") TO = "-" }'
}

# opensmtpd_queue_restore CONFIG FILE MAP: unpacked beside the queue, noted in MAP, moved into the folder of this job under the same ids. A stage that a killed
# runner left is put back first.
opensmtpd_queue_restore() {
  opensmtpd_queue_facts "$1" || return 1
  osd_stage=$OSDQ/.mailbrake-$QUEUE_JOB
  tar -tf "$2" >"$MB_TMP/opensmtpd-inside" 2>/dev/null || fail internal '' "the backup $2 can't be read" || return 1
  : >>"$3" || fail_space "$3" || return 1
  awk -F / '$NF == "message" { print $(NF - 1) }' "$MB_TMP/opensmtpd-inside" >"$MB_TMP/opensmtpd-left"
  opensmtpd_queue_put "$3" || return 1
  opensmtpd_queue_where >"$MB_TMP/opensmtpd-places" || return 1
  awk -F / '
    FILENAME == ARGV[1] || FILENAME == ARGV[2] { split($0, word, " "); there[word[1]]; next }
    $NF == "message" { if ($(NF - 1) in there) { sub(/\/message$/, ""); print } else more = 1 }
    END { if (!more) print "-" }
  ' "$3" "$MB_TMP/opensmtpd-places" "$MB_TMP/opensmtpd-inside" >"$MB_TMP/opensmtpd-paths" || return 1
  if [ "$(tail -n 1 "$MB_TMP/opensmtpd-paths")" != - ]; then
    rm -rf "$osd_stage.new"
    mkdir -m 700 "$osd_stage.new" || fail_space "$OSDQ" || return 1
    # all of it: folders alone keep their owner
    if ! (cd "$osd_stage.new" && tar -xpf "$2" && xargs rm -rf <"$MB_TMP/opensmtpd-paths") >"$MB_TMP/opensmtpd-tar" 2>&1; then
      rm -rf "$osd_stage.new"
      opensmtpd_queue_tar 'the backup could not be put back'
      return 1
    fi
    crash_point queue-unpacked
    mv "$osd_stage.new" "$osd_stage" && opensmtpd_queue_put "$3" || return 1
  fi
  crash_point queue-moved
  awk 'FILENAME == ARGV[1] { job[$1] = $4; next } { print (job[$1] "" == ENVIRON["QUEUE_JOB"] "" ? "done" : "gone"), $1 }' "$3" "$MB_TMP/opensmtpd-left"
}

# opensmtpd_queue_put MAP: what is in the stage, if there is one.
opensmtpd_queue_put() {
  [ -d "$osd_stage" ] || return 0
  find "$osd_stage" -type d -name "$OSDQ_NAME" -path '*/mailbrake-held/*/*' >"$MB_TMP/opensmtpd-put" || return 1
  awk -F / '
    FILENAME == ARGV[1] { split($0, word, " "); there[word[1]]; next }
    !($NF in there) { print $NF, $NF, "-", ENVIRON["QUEUE_JOB"] }
  ' "$1" "$MB_TMP/opensmtpd-put" >"$MB_TMP/opensmtpd-noted" && cat "$MB_TMP/opensmtpd-noted" >>"$1" || fail_space "$1" || return 1
  file_sync "$1"
  crash_point queue-noted-inodes
  awk -F / '{ print $NF, $0, ENVIRON["QUEUE_JOB"] }' "$MB_TMP/opensmtpd-put" >"$MB_TMP/opensmtpd-moves"
  opensmtpd_queue_move || return 1
  [ -z "$(find "$osd_stage" -type f | sed 1q)" ] || fail internal '' "what the backup has could not be moved into $OSDQ/mailbrake-held" || return 1
  rm -rf "$osd_stage"
}
