# After a lift: what the brake held is released, what it paused is tried. A hold has a queue of its own, so nothing else is let go.
# Killed in the middle: what was not moved yet is still in that queue, and the next sweep goes on.

# exim_lifted CONFIG: with the J_* of what was lifted; sets RELEASED.
exim_lifted() {
  RELEASED=0
  exim_facts "$1" || return 1
  case $J_effect in
  hold) exim_release "mailbrake-$J_app" ;;
  pause)
    case $J_match in
    all) exim_behind_us "$EXIM" -q ;;
    *) exim_behind_us "$EXIM" -R "${J_match#*:}" ;;
    esac
    ;;
  esac
}

# exim_release QUEUE: its messages into the ordinary queue, then a try for each, behind us.
exim_release() {
  if [ "$MB_PLAN" = 1 ]; then
    run_command "$EXIM" "-qG$1" -MG '' MESSAGE...
    run_command "$EXIM" -Mc MESSAGE...
    return 0
  fi
  exim_folder=$EXIM_SPOOL/$1
  [ -d "$exim_folder/input" ] || return 0
  exim_held "$exim_folder" "$MB_TMP/exim-ids"
  if [ -s "$MB_TMP/exim-ids" ]; then
    # shellcheck disable=SC2016 # the words are for the inner shell
    RUN_LIMIT=300
    run_query sh -c 'exec xargs -n 500 "$1" "-qG$2" -MG "" <"$3"' sh "$EXIM" "$1" "$MB_TMP/exim-ids" || :
    mv -f "$RUN_OUTPUT" "$MB_TMP/exim-moved"
    exim_held "$exim_folder" "$MB_TMP/exim-left"
    sort "$MB_TMP/exim-left" "$MB_TMP/exim-left" "$MB_TMP/exim-ids" | uniq -u >"$MB_TMP/exim-gone"
    RELEASED=$(awk 'END { print NR + 0 }' "$MB_TMP/exim-gone")
    # shellcheck disable=SC2016
    run_query sh -c 'trap "" HUP; exec 4<"$2"; while read -r id; do "$1" -Mc "$id" </dev/null 4<&-; done <&4 >/dev/null 2>&1 &' sh "$EXIM" "$MB_TMP/exim-gone" || return 1
    if [ "$RELEASED" = 0 ]; then
      RUN_OUTPUT=$MB_TMP/exim-moved
      run_words
      fail internal '' "exim -MG let nothing go: $RUN_WORDS"
      return 1
    fi
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
