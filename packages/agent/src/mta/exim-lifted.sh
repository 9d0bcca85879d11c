# After a lift: what the brake held is released, what it paused is tried. A hold has a queue of its own, so nothing else is let go.
# Killed in the middle: what was not moved yet is still in that queue, and the next sweep goes on.

# exim_lifted CONFIG: with the J_* of what was lifted; sets RELEASED.
exim_lifted() {
  RELEASED=0
  exim_facts "$1" || return 1
  case $J_effect in
  hold) exim_release "$1" "$J_app" ;;
  pause)
    case $J_match in
    all) exim_behind_us "$EXIM" -q ;;
    *) exim_behind_us "$EXIM" -R "${J_match#*:}" ;;
    esac
    ;;
  esac
}

# exim_release CONFIG APP: out of each queue that has APP in its name, into that of the holds which mean this mail too and are
# still on, or into the ordinary queue; there each message gets a try, behind us.
exim_release() {
  if [ "$MB_PLAN" = 1 ]; then
    run_command "$EXIM" "-qGmailbrake+$2" -MG '' MESSAGE...
    run_command "$EXIM" -Mc MESSAGE...
    return 0
  fi
  exim_active=" $(journal_stream "exim:$1" | awk -F '\t' '$5 == "hold" { printf "%s ", $2 }')" || return 1
  : >"$MB_TMP/exim-free"
  for exim_folder in "$EXIM_SPOOL"/mailbrake+*; do
    exim_queue=${exim_folder##*/}
    case $exim_queue+ in *"+$2+"*) ;; *) continue ;; esac
    exim_target=
    exim_rest=${exim_queue#mailbrake+}+
    while [ -n "$exim_rest" ]; do
      # a queue job holds what it holds, whatever brake is lifted
      case $exim_active in *" ${exim_rest%%+*} "*) false ;; *) [ ! -f "$MB_STATE/held/${exim_rest%%+*}" ] ;; esac ||
        [ "${exim_rest%%+*}" = "$2" ] || exim_target=${exim_target:-mailbrake}+${exim_rest%%+*}
      exim_rest=${exim_rest#*+}
    done
    exim_move "$exim_queue" "$exim_target" || return 1
  done
  [ -s "$MB_TMP/exim-free" ] || return 0
  RELEASED=$(awk 'END { print NR + 0 }' "$MB_TMP/exim-free")
  # shellcheck disable=SC2016 # the words are for the inner shell
  run_query sh -c 'trap "" HUP; exec 4<"$2"; while read -r id; do "$1" -Mc "$id" </dev/null 4<&-; done <&4 >/dev/null 2>&1 &' sh "$EXIM" "$MB_TMP/exim-free"
}

# exim_move QUEUE TARGET: all whole messages; those that came into the ordinary queue ('') are added to $MB_TMP/exim-free.
exim_move() {
  exim_folder=$EXIM_SPOOL/$1
  exim_held "$exim_folder" "$MB_TMP/exim-ids"
  if [ -s "$MB_TMP/exim-ids" ]; then
    RUN_LIMIT=300
    # shellcheck disable=SC2016
    run_query sh -c 'exec xargs -n 500 "$1" "-qG$2" -MG "$3" <"$4"' sh "$EXIM" "$1" "$2" "$MB_TMP/exim-ids" || :
    RUN_LIMIT=20
    exim_held "$exim_folder" "$MB_TMP/exim-left"
    sort "$MB_TMP/exim-left" "$MB_TMP/exim-left" "$MB_TMP/exim-ids" | uniq -u >"$MB_TMP/exim-gone"
    if [ ! -s "$MB_TMP/exim-gone" ]; then
      run_words
      fail internal '' "exim -qG$1 -MG '$2' let nothing go: $RUN_WORDS"
      return 1
    fi
    [ -n "$2" ] || cat "$MB_TMP/exim-gone" >>"$MB_TMP/exim-free"
  fi
  # Folders alone, and only empty ones.
  find "$exim_folder" -depth -type d -exec rmdir {} \; >/dev/null 2>&1 || :
}

# exim_held FOLDER FILE: the ids of whole messages there (with split_spool_directory a level lower), sorted.
exim_held() {
  find "$1/input" -type f -name '*-H' 2>/dev/null | sed -e 's/-H$//' -e 's/^.*\///' | sort >"$2"
}

# exim_behind_us WORD…: started, and not waited for: deliveries take as long as other hosts let them.
exim_behind_us() {
  # shellcheck disable=SC2016 # the words are for the inner shell
  if [ "$MB_PLAN" = 1 ]; then run_command "$@"; else run_query sh -c 'trap "" HUP; "$@" </dev/null >/dev/null 2>&1 &' sh "$@"; fi
}
