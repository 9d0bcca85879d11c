# Files outside the state folder: replaced whole and atomically, keeping owner, mode and SELinux context.
# A new content is staged in the state folder, copied beside its target as `.NAME.mailbrake-new`, flushed, renamed.
# Killed in between: the target is the old or the new one, never a half; the copy is listed in $MB_STATE/leftover and
# removed by the next agent that recovers.

# file_path PATH: sets FILE_PATH to where the present content is: the file itself, while planning what the plan made of it.
# /dev/null where there is none.
file_path() {
  FILE_PATH=$1
  if [ "$MB_PLAN" = 1 ]; then
    if [ -f "$PLAN_DIR/gone$1" ]; then
      FILE_PATH=/dev/null
    elif [ -f "$PLAN_DIR/tree$1" ]; then
      FILE_PATH=$PLAN_DIR/tree$1
    fi
  fi
  [ -f "$FILE_PATH" ] || FILE_PATH=/dev/null
}

# file_read PATH: its present content on standard output.
file_read() {
  file_path "$1"
  cat "$FILE_PATH"
}

# file_replace PATH [cold|live]: new content on standard input, from a file or a here-document (in a pipe FILE_CHANGED would be
# lost with the subshell). Sets FILE_CHANGED. `cold` sets the time of change back, for readers that mistrust a fresh file.
# `live`: a file that is there is written over in place, for readers that take another file under the same name for an attack.
file_replace() {
  FILE_CHANGED=0
  cat >"$MB_TMP/staged" || file_failed "$1" || return 1
  file_path "$1"
  [ "$FILE_PATH" = /dev/null ] || ! cmp -s "$MB_TMP/staged" "$FILE_PATH" || return 0
  FILE_CHANGED=1
  if [ "$MB_PLAN" = 1 ]; then
    file_plan "$1"
    return 0
  fi
  crash_point before-file
  file_put "$1" "${2-}" || file_failed "$1" || return 1
  crash_point after-file
}

# file_remove PATH: sets FILE_CHANGED.
file_remove() {
  FILE_CHANGED=0
  file_path "$1"
  [ "$FILE_PATH" != /dev/null ] || return 0
  FILE_CHANGED=1
  if [ "$MB_PLAN" = 1 ]; then
    : >"$MB_TMP/staged"
    file_diff "$FILE_PATH" "$MB_TMP/staged" "$1" /dev/null
    plan_step file "$1 is removed" "$1" "$MB_TMP/diff"
    mkdir -p "$PLAN_DIR/gone${1%/*}" && : >"$PLAN_DIR/gone$1"
    return 0
  fi
  rm -f "$1" 2>/dev/null || file_failed "$1"
}

file_plan() {
  file_diff "$FILE_PATH" "$MB_TMP/staged" "$1" "$1"
  if [ "$FILE_PATH" = /dev/null ]; then file_text="$1 is made"; else file_text="$1 is changed"; fi
  plan_step file "$file_text" "$1" "$MB_TMP/diff"
  rm -f "$PLAN_DIR/gone$1"
  mkdir -p "$PLAN_DIR/tree${1%/*}" && cp "$MB_TMP/staged" "$PLAN_DIR/tree$1"
}

file_put() {
  file_target "$1" || return 1
  [ "${2-}" != live ] || [ ! -f "$FILE_TARGET" ] || { file_over; return; }
  file_new=${FILE_TARGET%/*}/.${FILE_TARGET##*/}.mailbrake-new
  printf '%s\n' "$file_new" >>"$MB_STATE/leftover" || return 1
  if [ -e "$file_new" ] || [ -L "$file_new" ]; then rm -f "$file_new"; fi
  if [ -f "$FILE_TARGET" ]; then
    cp -p "$FILE_TARGET" "$file_new" 2>"$MB_TMP/file-error" || return 1
    [ ! -e /sys/fs/selinux/enforce ] || chcon --reference="$FILE_TARGET" "$file_new" 2>/dev/null || :
  else
    (umask 022 && : >"$file_new") 2>"$MB_TMP/file-error" || return 1
  fi
  if ! { cat "$MB_TMP/staged" >"$file_new"; } 2>"$MB_TMP/file-error"; then
    rm -f "$file_new"
    return 1
  fi
  if [ "${2-}" = cold ]; then
    touch -d '-10 seconds' "$file_new" 2>/dev/null || touch -r "$FILE_TARGET" "$file_new" 2>/dev/null || :
  fi
  file_sync "$file_new"
  if ! mv -f "$file_new" "$FILE_TARGET" 2>"$MB_TMP/file-error"; then
    rm -f "$file_new"
    return 1
  fi
}

# file_over: one write over $FILE_TARGET, with empty lines to the length that it had, then cut: no reader finds it short.
file_over() {
  file_length=$(wc -c <"$MB_TMP/staged") file_had=$(wc -c <"$FILE_TARGET") || return 1
  awk -v "n=$((file_had - file_length))" 'BEGIN { while (n-- > 0) print "" }' | cat "$MB_TMP/staged" - >"$MB_TMP/live" || return 1
  dd if="$MB_TMP/live" of="$FILE_TARGET" bs=65536 conv=notrunc 2>"$MB_TMP/file-error" || return 1
  [ "$file_had" -le "$file_length" ] || dd if=/dev/null of="$FILE_TARGET" bs=1 seek="$((file_length))" 2>"$MB_TMP/file-error" || return 1
  file_sync "$FILE_TARGET"
}

# file_target PATH: sets FILE_TARGET, behind up to ten symbolic links (a link stays a link).
file_target() {
  FILE_TARGET=$1 file_hops=0
  while [ -L "$FILE_TARGET" ]; do
    file_hops=$((file_hops + 1))
    [ "$file_hops" -le 10 ] || return 1
    file_link=$(ls -ld "$FILE_TARGET") || return 1
    file_link=${file_link#*" -> "}
    case $file_link in
    /*) FILE_TARGET=$file_link ;;
    *) FILE_TARGET=${FILE_TARGET%/*}/$file_link ;;
    esac
  done
}

# file_sync PATH…: flushed to the disk where `sync` takes names; a bare sync of a busy host could take minutes.
file_sync() {
  file_sync_find
  [ -z "$FILE_SYNC" ] || "$FILE_SYNC" "$@" 2>/dev/null || :
}

file_sync_find() {
  [ -z "${FILE_SYNC+x}" ] || return 0
  FILE_SYNC=
  case $(sync --help 2>&1 </dev/null) in *FILE*) FILE_SYNC=sync ;; esac
  [ -n "$FILE_SYNC" ] || ! command -v fsync >/dev/null 2>&1 || FILE_SYNC=fsync
}

file_failed() {
  file_words=
  [ ! -s "$MB_TMP/file-error" ] || read -r file_words <"$MB_TMP/file-error" || :
  case $file_words in
  *[Rr]ead-only* | *ermitted* | *denied*) fail read-only '' "can't write $1: $file_words" ;;
  '') fail_space "$1" ;;
  *) fail no-space '' "can't write $1: $file_words" ;;
  esac
}

# file_diff OLD NEW OLD-NAME NEW-NAME: a unified diff in $MB_TMP/diff, by diff -u where there is one, else all lines.
file_diff() {
  printf '%s\n%s\n' "--- $3" "+++ $4" >"$MB_TMP/diff"
  file_status=0
  diff -u "$1" "$2" >"$MB_TMP/diff-body" 2>/dev/null || file_status=$?
  if [ "$file_status" -le 1 ]; then
    sed '1,2d' "$MB_TMP/diff-body" >>"$MB_TMP/diff"
  else
    { echo "@@ -1,$(wc -l <"$1") +1,$(wc -l <"$2") @@"; sed 's/^/-/' "$1"; sed 's/^/+/' "$2"; } >>"$MB_TMP/diff"
  fi
}

# space_check PATH…: before anything is changed, that each can be written to (a driver's file may not be there yet) and has at least a megabyte left.
space_check() {
  { printf '%65536s\n' x >"$MB_TMP/space"; } 2>/dev/null || fail_space "$MB_STATE" '; nothing was changed' || return 1
  for space_directory; do
    [ ! -e "$space_directory" ] || [ -w "$space_directory" ] || fail read-only '' "$space_directory can't be written to; nothing was changed" || return 1
  done
  df -Pk "$@" >"$MB_TMP/space" 2>/dev/null || :
  while read -r _ _ _ space_left _ space_where; do
    case $space_left in
    *[!0-9]* | ????*) ;;
    ?*) fail no-space '' "less than 1 MB is left on $space_where; nothing was changed" || return 1 ;;
    esac
  done <"$MB_TMP/space"
}
