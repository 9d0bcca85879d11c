# What can be done with queued mail of a Postfix instance: by postsuper and postqueue, ids on their standard input.

# postfix_queue_can CONFIG ACTION
postfix_queue_can() {
  postfix_queue_facts "$1" || return 1
  case $2 in
  bounce) [ "$POSTFIX_VERSION" -ge 30500 ] || fail cannot action 'this Postfix can not return a message now (postsuper -f: 3.5 can); nearest: delete' ;;
  flush) [ "$POSTFIX_RUNNING" = 1 ] || fail cannot action 'Postfix does not run: start it, which tries what is due' ;;
  delete | restore) postfix_queue_tar "$2" ;;
  esac
}

# postfix_queue_tar: a tar that takes names from a file.
postfix_queue_tar() {
  # shellcheck disable=SC2015
  echo . >"$MB_TMP/postfix-names" && (cd "$MB_TMP" && tar -cf /dev/null -T postfix-names) >/dev/null 2>&1 ||
    fail cannot action "$1 needs a tar that knows -T for its backup; nearest: hold"
}

# postfix_queue_act CONFIG ACTION: what postsuper says of an id is what it did. Of the others the place tells.
postfix_queue_act() {
  postfix_queue_facts "$1" || return 1
  cat >"$MB_TMP/postfix-ids" || return 1
  case $2 in
  hold) postfix_queue_super "$1" -h 'placed on hold' hold ;;
  release) postfix_queue_super "$1" -H 'released from hold' '!hold' ;;
  requeue) postfix_queue_super "$1" -r requeued '' ;;
  delete) postfix_queue_super "$1" -d removed '' ;;
  bounce) postfix_queue_super "$1" -f 'expired|released from hold' '' ;;
  flush) cp "$MB_TMP/postfix-ids" "$MB_TMP/postfix-left" && : >"$MB_TMP/postfix-results" && postfix_queue_rest held '!hold' ;;
  esac || return 1
  case $2$QUEUE_RAMP$QUEUE_ALL in release1? | bounce?? | flush?0) postfix_queue_try "$1" || return 1 ;; esac
  cat "$MB_TMP/postfix-results"
}

# postfix_queue_super CONFIG OPTION WORDS QUEUE: a message that another process moved just then is tried again.
postfix_queue_super() {
  : >"$MB_TMP/postfix-results"
  cp "$MB_TMP/postfix-ids" "$MB_TMP/postfix-left" || return 1
  for postfix_try in 1 2 3; do
    # shellcheck disable=SC2016 # the words are for the inner shell
    if ! run_query sh -c 'exec postsuper -c "$1" "$2" - <"$3"' sh "$1" "$2" "$MB_TMP/postfix-left"; then
      postfix_queue_said "postsuper $2"
      return 1
    fi
    WORDS=": ($3)\$" awk '
      FILENAME == ARGV[1] { if ($0 ~ ENVIRON["WORDS"]) { sub(/^postsuper: /, ""); sub(/:.*/, ""); done[$0] } next }
      { if ($1 in done) print "done", $1; else print $1 >(ARGV[2] ".new") }
    ' "$RUN_OUTPUT" "$MB_TMP/postfix-left" >>"$MB_TMP/postfix-results" || return 1
    [ -f "$MB_TMP/postfix-left.new" ] || return 0
    mv -f "$MB_TMP/postfix-left.new" "$MB_TMP/postfix-left"
    cp "$MB_TMP/postfix-results" "$MB_TMP/postfix-sure"
    postfix_queue_rest "still there after postsuper $2" "$4" || return 1
    # nothing failed: no need for another look
    grep -q '^failed' "$MB_TMP/postfix-results" || return 0
    [ "$postfix_try" = 3 ] || cp "$MB_TMP/postfix-sure" "$MB_TMP/postfix-results"
  done
}

# postfix_queue_rest WHY QUEUE: the ids in postfix-left by their place, added to the results: none is gone; QUEUE (or with ! any but
# that) is done; elsewhere failed.
postfix_queue_rest() {
  postfix_queue_where >"$MB_TMP/postfix-places"
  WHY=$1 QUEUE=$2 awk '
    FILENAME == ARGV[1] { place[$1] = $2; next }
    !($1 in place) { print "gone", $1; next }
    {
      p = place[$1]; q = ENVIRON["QUEUE"]
      good = q == p || substr(q, 1, 1) == "!" && substr(q, 2) != p && p != "maildrop"
      print (good ? "done " $1 : "failed " $1 " " (p == "maildrop" ? "not yet taken in (maildrop)" : ENVIRON["WHY"] ", in " p))
    }
  ' "$MB_TMP/postfix-places" "$MB_TMP/postfix-left" >>"$MB_TMP/postfix-results"
}

# postfix_queue_where: `ID QUEUE` for those in postfix-left that are in a queue.
postfix_queue_where() {
  { (cd "$POSTFIX_QUEUE" && find incoming active deferred hold maildrop -type f 2>/dev/null) || :; } |
    LEFT=$MB_TMP/postfix-left awk -F / 'BEGIN { while ((getline id < ENVIRON["LEFT"]) > 0) want[id] } $NF in want { print $NF, $1 }'
}

# postfix_queue_try CONFIG: a delivery now, whatever the retry time, for each that is done.
postfix_queue_try() {
  [ "$POSTFIX_RUNNING" = 1 ] || return 0
  awk '$1 == "done" { print $2 }' "$MB_TMP/postfix-results" >"$MB_TMP/postfix-try"
  [ -s "$MB_TMP/postfix-try" ] || return 0
  # shellcheck disable=SC2016 # the words are for the inner shell
  run_query sh -c 'while read -r id; do postqueue -c "$1" -i "$id" </dev/null; done <"$2"' sh "$1" "$MB_TMP/postfix-try" || postfix_queue_said 'postqueue -i'
}

# postfix_queue_settle CONFIG ACTION: the queue manager looks at what is due; a flush of all is one command.
postfix_queue_settle() {
  postfix_queue_facts "$1" || return 1
  [ "$POSTFIX_RUNNING" = 1 ] || return 0
  case $2$QUEUE_ALL in
  release?) postfix_queue_kick "$1" qmgr D ;;
  requeue?) postfix_queue_kick "$1" pickup W ;;
  flush1) px_flush_now "$1" || postfix_queue_said 'postqueue -f' ;;
  esac
}

# postfix_queue_kick CONFIG SERVICE REQUEST: what is released keeps to its retry time, and all other mail too, which a flush would not.
# A service may hang up while it is told; a reload says the same to all.
postfix_queue_kick() {
  run_query postkick -c "$1" public "$2" "$3" || run_query postkick -c "$1" public "$2" "$3" || run_query postfix -c "$1" reload || postfix_queue_said 'postkick and postfix reload'
}

# postfix_queue_backup CONFIG FILE: held first, so that nothing delivers what is about to be deleted.
postfix_queue_backup() {
  postfix_queue_act "$1" hold >"$MB_TMP/postfix-held" || return 1
  awk '$1 == "done" { print $2 }' "$MB_TMP/postfix-held" >"$MB_TMP/postfix-left"
  postfix_queue_paths hold >"$MB_TMP/postfix-paths" || return 1
  if ! (cd "$POSTFIX_QUEUE" && $QUEUE_NICE tar -cf "$2" -T "$MB_TMP/postfix-paths") >"$MB_TMP/postfix-tar" 2>&1 || ! tar -tf "$2" >"$MB_TMP/postfix-inside" 2>>"$MB_TMP/postfix-tar"; then
    RUN_OUTPUT=$MB_TMP/postfix-tar
    run_words
    fail no-space '' "the backup could not be written: tar: $RUN_WORDS"
    return 1
  fi
  awk '
    FILENAME == ARGV[1] { sub(/^.*\//, ""); inside[$0]; next }
    $1 == "done" && !($2 in inside) { print "gone", $2; next }
    { print }
  ' "$MB_TMP/postfix-inside" "$MB_TMP/postfix-held"
}

# postfix_queue_paths QUEUE: the paths of those in postfix-left that are there.
postfix_queue_paths() {
  (cd "$POSTFIX_QUEUE" && find "$1" -type f) | LEFT=$MB_TMP/postfix-left awk -F / 'BEGIN { while ((getline id < ENVIRON["LEFT"]) > 0) want[id] } $NF in want'
}

# postfix_queue_unhold CONFIG
postfix_queue_unhold() { postfix_queue_act "$1" release >/dev/null; }

# postfix_queue_restore CONFIG FILE MAP: unpacked beside the queues, moved into hold/, then renamed by postsuper -s (or by Postfix itself when
# it starts), since a name must fit the inode. So a message is known by its inode: MAP says `ID = INODE JOB` before it is moved, then
# `ID NEWID INODE JOB`. What MAP does not have yet is unpacked anew.
postfix_queue_restore() {
  postfix_queue_facts "$1" || return 1
  postfix_stage=$POSTFIX_QUEUE/.mailbrake-$QUEUE_JOB
  tar -tf "$2" >"$MB_TMP/postfix-inside" 2>/dev/null || fail internal '' "the backup $2 can't be read" || return 1
  : >>"$3" || fail_space "$3" || return 1
  sed 's/^.*\///' "$MB_TMP/postfix-inside" >"$MB_TMP/postfix-left"
  postfix_queue_where >"$MB_TMP/postfix-places"
  awk -F '[ /]' '
    FILENAME == ARGV[1] { state[$1]; next }
    FILENAME == ARGV[2] { place[$1]; next }
    !($NF in state) && !($NF in place)
  ' "$3" "$MB_TMP/postfix-places" "$MB_TMP/postfix-inside" >"$MB_TMP/postfix-paths" || return 1
  mkdir -p "$postfix_stage/hold" && (cd "$postfix_stage" && xargs rm -f) <"$MB_TMP/postfix-paths" || fail_space "$POSTFIX_QUEUE" || return 1
  if [ -s "$MB_TMP/postfix-paths" ] && ! (cd "$postfix_stage" && tar -xpf "$2" -T "$MB_TMP/postfix-paths") >"$MB_TMP/postfix-tar" 2>&1; then
    (cd "$postfix_stage" && xargs rm -f <"$MB_TMP/postfix-paths" && rmdir hold && rmdir "$postfix_stage") 2>/dev/null || :
    RUN_OUTPUT=$MB_TMP/postfix-tar
    run_words
    fail no-space '' "the backup could not be put back: tar: $RUN_WORDS"
    return 1
  fi
  crash_point queue-unpacked
  sed 's/^.*\///' "$MB_TMP/postfix-paths" >"$MB_TMP/postfix-new"
  postfix_queue_inodes "$postfix_stage" | awk 'FILENAME == ARGV[1] { new[$1]; next } $1 in new { print $1, "=", $2, ENVIRON["QUEUE_JOB"] }' "$MB_TMP/postfix-new" - >"$MB_TMP/postfix-put" &&
    cat "$MB_TMP/postfix-put" >>"$3" || fail_space "$3" || return 1
  file_sync "$3"
  crash_point queue-noted-inodes
  # shellcheck disable=SC2016 # the words are for the inner shell
  (cd "$postfix_stage/hold" && find . -type f -exec sh -c 'exec mv "$@" "$0/"' "$POSTFIX_QUEUE/hold" {} +) || fail internal '' "what the backup has could not be moved into $POSTFIX_QUEUE/hold" || return 1
  rmdir "$postfix_stage/hold" "$postfix_stage" 2>/dev/null || :
  crash_point queue-moved
  run_query postsuper -c "$1" -s hold || { postfix_queue_said 'postsuper -s hold'; return 1; }
  crash_point queue-renamed
  postfix_queue_inodes "$POSTFIX_QUEUE" >"$MB_TMP/postfix-inodes"
  awk '
    FILENAME == ARGV[1] { name[$2] = $1; next }
    FILENAME == ARGV[2] { state[$1] = $2; inode[$1] = $3; job[$1] = $4; next }
    state[$1] == "=" && (inode[$1] in name) { print $1, name[inode[$1]], inode[$1], job[$1] }
  ' "$MB_TMP/postfix-inodes" "$3" "$MB_TMP/postfix-left" >"$MB_TMP/postfix-put" && cat "$MB_TMP/postfix-put" >>"$3" || fail_space "$3" || return 1
  file_sync "$3"
  # by this job: done, also where it has left hold already; by another, or never out of the queue: skipped
  awk 'FILENAME == ARGV[1] { job[$1] = $4; next } { print (job[$1] "" == ENVIRON["QUEUE_JOB"] "" ? "done" : "gone"), $1 }' "$3" "$MB_TMP/postfix-left"
}

# postfix_queue_inodes FOLDER: `NAME INODE` of all that is in its hold/.
postfix_queue_inodes() { (cd "$1" && find hold -type f -exec ls -i {} +) | awk '{ n = $2; sub(/^.*\//, "", n); print n, $1 }'; }
