# What can be done with queued mail of an Exim. Held is what is in a queue of ours (mailbrake+JOB, or mailbrake+BRAKE+JOB where a brake holds
# it too): no queue runner touches that. A message that is being delivered is locked: Exim refuses to move or remove it, and so do we.

# exim_queue_can CONFIG ACTION
exim_queue_can() {
  exim_queue_facts "$1" || return 1
  case $2 in
  requeue) fail cannot action 'Exim has no requeue: it routes a message again at each try; nearest: flush' || return 1 ;;
  hold | delete | restore)
    "$EXIMQ" -bV </dev/null 2>/dev/null | awk '/^Exim version / { split($3, v, /[._]/); new = v[1] * 10000 + v[2] * 10 >= 40900 } END { exit !new }' ||
      fail cannot action "$2 needs queues with names (Exim 4.90); nearest: flush or bounce" || return 1
    ;;
  esac
  case $2 in
  delete | restore)
    echo . >"$MB_TMP/exim-names"
    (cd "$MB_TMP" && tar -cf /dev/null -T exim-names) >/dev/null 2>&1 || fail cannot action "$2 needs a tar that knows -T for its backup; nearest: hold"
    ;;
  esac
}

# exim_queue_where: `ID PATH QUEUE FROZEN` for the ids in exim-left that are in a queue; QUEUE - for the ordinary one, FROZEN 1 or 0. A message can
# be in two places of each queue alone: there or, with split_spool_directory, in the folder called after the sixth letter of its id.
exim_queue_where() {
  printf '%s\n' "$EXIMQ_SPOOL/input" "$EXIMQ_SPOOL"/*/input | LEFT=$MB_TMP/exim-left awk "$EXIM_AWK_PATH"'
    { folder[NR] = $0 "/" }
    END {
      while ((getline id < ENVIRON["LEFT"]) > 0) for (i = 1; i <= NR; i++) { look(folder[i] id "-H", id); look(folder[i] substr(id, 6, 1) "/" id "-H", id) }
    }
    function look(path, id,   s, n, q, frozen, there) {
      while ((there = (getline s < path)) > 0 && (n++ < 4 || substr(s, 1, 1) == "-")) if (n > 4 && s ~ /^-frozen /) frozen = 1
      close(path)
      if (!n && there < 0) return
      q = queue_of(path)
      print id, path, (q == "" ? "-" : q), frozen + 0
    }
  '
}

# exim_queue_each OPTION: `QUEUE ID` or `QUEUE ID TARGET` lines on standard input: exim with this option, and TARGET after it (- for the ordinary
# queue), on all that are of one kind at a time. What it says is not believed; the spool is looked at.
exim_queue_each() {
  rm -f "$MB_TMP"/exim-some-*
  SOME=$MB_TMP/exim-some- awk '
    {
      k = $1 " " $3
      if (!(k in kind)) { kind[k] = ++n; print n, $1, $3 }
      if (file != ENVIRON["SOME"] kind[k]) { if (file != "") close(file); file = ENVIRON["SOME"] kind[k] }
      print $2 >>file
    }
  ' >"$MB_TMP/exim-each"
  while read -r exim_kind exim_name exim_target; do
    if [ "$exim_name" = - ]; then exim_from=; else exim_from=-qG$exim_name; fi
    case $exim_target in '') set -- "$1" ;; -) set -- "$1" '' ;; *) set -- "$1" "$exim_target" ;; esac
    # shellcheck disable=SC2016 # the words are for the inner shell
    run_query sh -c 'f=$1 e=$2 q=$3; shift 3; exec xargs -n 1000 "$e" ${q:+"$q"} "$@" <"$f"' sh "$MB_TMP/exim-some-$exim_kind" "$EXIMQ" "$exim_from" "$@" || :
  done <"$MB_TMP/exim-each"
}

# exim_queue_hold FROZEN: what is in exim-places into queues of this job; frozen messages only where told.
exim_queue_hold() {
  F=$1 awk '
    $3 != "-" && $3 !~ /^mailbrake[+]/ { next }
    index($3 "+", "+" ENVIRON["QUEUE_JOB"] "+") || $4 && !ENVIRON["F"] { next }
    { print $3, $1, ($3 == "-" ? "mailbrake" : $3) "+" ENVIRON["QUEUE_JOB"] }
  ' "$MB_TMP/exim-places" | exim_queue_each -MG
}

# exim_queue_act CONFIG ACTION
exim_queue_act() {
  exim_queue_facts "$1" || return 1
  cat >"$MB_TMP/exim-left" || return 1
  exim_queue_where >"$MB_TMP/exim-places" || return 1
  case $2 in
  hold) exim_queue_hold '' ;;
  release)
    awk '$3 ~ /^mailbrake[+]/ { print $3, $1, "-" }' "$MB_TMP/exim-places" | exim_queue_each -MG
    awk '$4 == 1 { print "-", $1 }' "$MB_TMP/exim-places" | exim_queue_each -Mt
    ;;
  bounce) awk '{ print $3, $1 }' "$MB_TMP/exim-places" | exim_queue_each -Mg ;;
  delete) awk '{ print $3, $1 }' "$MB_TMP/exim-places" | exim_queue_each -Mrm ;;
  esac
  mv -f "$MB_TMP/exim-places" "$MB_TMP/exim-before"
  exim_queue_where >"$MB_TMP/exim-places" || return 1
  ACTION=$2 awk '
    function in_ours(q) { return q ~ /^mailbrake[+]/ }
    FILENAME == ARGV[1] { before[$1]; next }
    FILENAME == ARGV[2] { queue[$1] = $3; frozen[$1] = $4; next }
    {
      a = ENVIRON["ACTION"]; id = $1; there = id in queue
      if (!(id in before)) { print "gone", id; next }
      if (a == "delete" || a == "bounce") { print (there ? "failed " id " still there: it is being delivered" : "done " id); next }
      if (!there) { print "gone", id; next }
      held = in_ours(queue[id]) || frozen[id]
      if (a == "hold") good = held
      else good = !held
      print (good ? "done " id : "failed " id " " (a == "flush" ? "held: release it" : queue[id] != "-" && !in_ours(queue[id]) ? "in the queue " queue[id] " of the admin" : "it is being delivered"))
    }
  ' "$MB_TMP/exim-before" "$MB_TMP/exim-places" "$MB_TMP/exim-left" >"$MB_TMP/exim-results" || return 1
  case $2$QUEUE_RAMP$QUEUE_ALL in release1? | flush?0) exim_queue_try "$2" ;; esac
  cat "$MB_TMP/exim-results"
}

# exim_queue_try ACTION: a delivery of each that is done, in eight processes; after half a minute they are not waited for: how long a delivery
# takes is for others to say.
exim_queue_try() {
  exim_option=-Mc
  [ "$1" = release ] || exim_option=-M
  exim_jobs=
  for exim_share in 0 1 2 3 4 5 6 7; do
    # a file each, made anew: it may still be read while the next is written
    exim_file=$MB_TMP/exim-try-$exim_share
    rm -f "$exim_file"
    S=$exim_share awk '$1 == "done" && n++ % 8 == ENVIRON["S"] + 0 { print $2 }' "$MB_TMP/exim-results" >"$exim_file"
    [ -s "$exim_file" ] || break
    (trap '' HUP; exec xargs -n 100 "$EXIMQ" "$exim_option" <"$exim_file" >/dev/null 2>&1 3>&-) &
    exim_jobs="$exim_jobs $!"
  done
  exim_waited=0
  while [ -n "$exim_jobs" ] && [ "$exim_waited" -lt 30 ]; do
    exim_left=
    for exim_one in $exim_jobs; do
      ! kill -0 "$exim_one" 2>/dev/null || exim_left="$exim_left $exim_one"
    done
    exim_jobs=$exim_left
    [ -z "$exim_jobs" ] || sleep 1
    exim_waited=$((exim_waited + 1))
  done
}

# exim_queue_settle CONFIG ACTION: our queues that are empty (folders alone) go; a queue run behind us; it keeps to retry times but where all was to
# be flushed.
exim_queue_settle() {
  exim_queue_facts "$1" || return 1
  for exim_folder in "$EXIMQ_SPOOL"/mailbrake+*; do
    [ ! -d "$exim_folder" ] || find "$exim_folder" -depth -type d -exec rmdir {} + >/dev/null 2>&1 || :
  done
  case $2$QUEUE_RAMP$QUEUE_ALL in
  release0?) exim_option=-q ;;
  flush?1) exim_option=-qf ;;
  *) return 0 ;;
  esac
  # shellcheck disable=SC2016 # the words are for the inner shell
  run_query sh -c 'trap "" HUP; "$@" </dev/null >/dev/null 2>&1 &' sh "$EXIMQ" "$exim_option"
}

# exim_queue_backup CONFIG FILE: moved into a queue of the job first, so that nothing delivers what is about to be deleted.
exim_queue_backup() {
  exim_queue_facts "$1" || return 1
  cat >"$MB_TMP/exim-left" || return 1
  exim_queue_where >"$MB_TMP/exim-places" || return 1
  exim_queue_hold 1
  exim_queue_where >"$MB_TMP/exim-places" || return 1
  # -D before -H: a message is there when its -H is
  awk '
    index($3 "+", "+" ENVIRON["QUEUE_JOB"] "+") {
      for (i = 1; i < 4; i++) { p = substr($2, 1, length($2) - 1) substr("DHJ", i, 1); if ((getline s < p) >= 0) print substr(p, length(ENVIRON["EXIMQ_SPOOL"]) + 2); close(p) }
    }
  ' "$MB_TMP/exim-places" >"$MB_TMP/exim-paths" || return 1
  if ! (cd "$EXIMQ_SPOOL" && $QUEUE_NICE tar -cf "$2" -T "$MB_TMP/exim-paths") >"$MB_TMP/exim-tar" 2>&1 || ! tar -tf "$2" >"$MB_TMP/exim-inside" 2>>"$MB_TMP/exim-tar"; then
    RUN_OUTPUT=$MB_TMP/exim-tar
    run_words
    fail no-space '' "the backup could not be written: tar: $RUN_WORDS"
    return 1
  fi
  awk "$EXIM_AWK_PATH"'
    FILENAME == ARGV[1] { parts[id_of($0)] = parts[id_of($0)] substr($0, length($0)); next }
    FILENAME == ARGV[2] { place[$1] = $3; next }
    parts[$1] ~ /^DH/ { print "done", $1; next }
    !($1 in place) { print "gone", $1; next }
    { print "failed", $1, (place[$1] != "-" && place[$1] !~ /^mailbrake[+]/ ? "in the queue " place[$1] " of the admin" : "it is being delivered") }
  ' "$MB_TMP/exim-inside" "$MB_TMP/exim-places" "$MB_TMP/exim-left"
}

# exim_queue_unhold CONFIG: out of this job's queue again, to where each was.
exim_queue_unhold() {
  exim_queue_facts "$1" || return 1
  cat >"$MB_TMP/exim-left"
  exim_queue_where >"$MB_TMP/exim-places" || return 1
  awk '
    index($3 "+", "+" ENVIRON["QUEUE_JOB"] "+") { t = substr($3, 1, length($3) - length(ENVIRON["QUEUE_JOB"]) - 1); print $3, $1, (t == "mailbrake" ? "-" : t) }
  ' "$MB_TMP/exim-places" | exim_queue_each -MG
}

# exim_queue_restore CONFIG FILE MAP: unpacked beside the queues, moved into the queue of this job under the same ids.
exim_queue_restore() {
  exim_queue_facts "$1" || return 1
  exim_stage=$EXIMQ_SPOOL/.mailbrake-$QUEUE_JOB
  tar -tf "$2" >"$MB_TMP/exim-inside" 2>/dev/null || fail internal '' "the backup $2 can't be read" || return 1
  : >>"$3" || fail_space "$3" || return 1
  awk "$EXIM_AWK_PATH"'/-H$/ { print id_of($0) }' "$MB_TMP/exim-inside" >"$MB_TMP/exim-left"
  exim_queue_where >"$MB_TMP/exim-places" || return 1
  awk "$EXIM_AWK_PATH"'FILENAME == ARGV[1] || FILENAME == ARGV[2] { there[$1]; next } !(id_of($0) in there)' "$3" "$MB_TMP/exim-places" "$MB_TMP/exim-inside" >"$MB_TMP/exim-paths" || return 1
  mkdir -p "$exim_stage" && (cd "$exim_stage" && xargs rm -f) <"$MB_TMP/exim-paths" || fail_space "$EXIMQ_SPOOL" || return 1
  if [ -s "$MB_TMP/exim-paths" ] && ! (cd "$exim_stage" && tar -xpf "$2" -T "$MB_TMP/exim-paths") >"$MB_TMP/exim-tar" 2>&1; then
    (cd "$exim_stage" && xargs rm -f <"$MB_TMP/exim-paths") || :
    RUN_OUTPUT=$MB_TMP/exim-tar
    run_words
    fail no-space '' "the backup could not be put back: tar: $RUN_WORDS"
    return 1
  fi
  crash_point queue-unpacked
  awk "$EXIM_AWK_PATH"'/-H$/ { print id_of($0), id_of($0), "-", ENVIRON["QUEUE_JOB"] }' "$MB_TMP/exim-paths" >>"$3" || fail_space "$3" || return 1
  file_sync "$3"
  crash_point queue-noted-inodes
  exim_queue_put || fail internal '' "what the backup has could not be moved into a queue below $EXIMQ_SPOOL" || return 1
  find "$exim_stage" -depth -type d -exec rmdir {} \; 2>/dev/null || :
  crash_point queue-moved
  awk 'FILENAME == ARGV[1] { job[$1] = $4; next } { print (job[$1] "" == ENVIRON["QUEUE_JOB"] "" ? "done" : "gone"), $1 }' "$3" "$MB_TMP/exim-left"
}

# exim_queue_put: all that is unpacked, -H last, into folders that belong to whom the spool belongs to.
exim_queue_put() {
  # shellcheck disable=SC2012 # stat is not POSIX
  exim_owner=$(ls -ldn "$EXIMQ_SPOOL/input" | awk '{ print $3 ":" $4 }') || return 1
  (cd "$exim_stage" && find . -type d -path './*/input*') | sed 's,^\./[^/]*/,,' | sort -u >"$MB_TMP/exim-folders" || return 1
  while IFS= read -r exim_folder; do
    exim_folder=mailbrake+$QUEUE_JOB/$exim_folder
    (cd "$EXIMQ_SPOOL" && mkdir -p "$exim_folder" && chown "$exim_owner" "${exim_folder%%/*}" "${exim_folder%%/*}/input" "$exim_folder" &&
      chmod 750 "${exim_folder%%/*}" "${exim_folder%%/*}/input" "$exim_folder") || return 1
    for exim_kind in D J H; do
      # shellcheck disable=SC2016 # the words are for the inner shell
      (cd "$exim_stage" && find . -type f -path "./*/${exim_folder#*/}/*-$exim_kind" ! -path "./*/${exim_folder#*/}/*/*" -exec sh -c 'exec mv "$@" "$0/"' "$EXIMQ_SPOOL/$exim_folder" {} +) || return 1
    done
  done <"$MB_TMP/exim-folders"
}
