# The loop over standard input. A line that is not a request is answered here, without a fork; a request with effects runs in
# a subshell of its own, so that nothing it does can end or confuse the loop. Nothing it starts can read our standard input.

serve() {
  exec 3>&1 >/dev/null
  trap '' HUP PIPE INT
  trap 'rm -rf "$MB_TMP"' EXIT
  ORIGIN=server
  serve_host
  while serve_read; do
    serve_request "$serve_line"
    serve_warm
  done
  # A last line without its newline was cut off: it is not a request.
  return 0
}

# serve_read: the next line in serve_line; 1 at the end.
serve_read() {
  [ -z "${YASH_VERSION-}" ] || { serve_read_yash; return; }
  IFS= read -r serve_line
}

# yash's read fails for good at the first byte that is not of its locale. So it reads in a subshell; where that says anything but
# a line, the rest of the line is thrown away, and an empty line, which is refused, stands for it. A NUL it takes for the end.
serve_read_yash() {
  serve_broken=0
  while [ "$serve_broken" -lt 9000 ]; do
    if serve_line=$(IFS= read -r serve_line 2>&1 && printf '%s.' "$serve_line"); then
      serve_line=${serve_line%.}
      [ "$serve_broken" = 0 ] || serve_line=
      return 0
    fi
    [ -n "$serve_line" ] || return 1
    serve_broken=$((serve_broken + 1))
  done
  return 1
}

# serve_warm: after the first answer, what each request would else have to find out for itself.
serve_warm() {
  [ -z "${SERVE_WARM-}" ] || return 0
  SERVE_WARM=1
  run_timeout_find
  file_sync_find
}

serve_request() {
  if ! request_parse "$1"; then
    answer_failed
    return 0
  fi
  if [ "$R_verb" = hello ]; then
    verb_hello
    return 0
  fi
  serve_status=0 EPOCH=''
  serve_isolated || serve_status=$?
  # Any other status: it died without an answer.
  if [ "$serve_status" != 0 ]; then
    FAIL_CODE=internal FAIL_FIELD='' FAIL_MESSAGE="the request ended with status $serve_status without an answer"
    answer_failed
  fi
}

# In a subshell, whatever happens there: unset variables, syntax of a driver, a signal.
serve_isolated() {
  (
    trap 'lock_release' EXIT
    request_run
  ) </dev/null
}

# request_run: the verb in R_verb, and its last line. Returns 0 when that was written.
request_run() {
  request_verb && return 0
  lock_release
  answer_failed
}

# The verbs that wait for the second file are those that no brake needs.
request_verb() {
  case $R_verb in
  survey | follow | queue) part_load && request_part ;;
  arm | disarm | probe | selftest) part_load ;;
  esac && "verb_$R_verb"
}

# serve_host: what hello tells, found once, with few forks: name, system, kernel; shell and awk by what they say of themselves.
serve_host() {
  HOST_UID=$(id -u)
  # shellcheck disable=SC2046 # three words
  set -- $(uname -snr)
  HOST_NAME=${2-unknown} HOST_OS=${1-unknown} HOST_KERNEL="${1-unknown} ${3-}"
  if [ -r /etc/os-release ]; then
    while IFS='=' read -r host_key host_value; do
      [ "$host_key" = PRETTY_NAME ] || continue
      host_value=${host_value#\"}
      HOST_OS=${host_value%\"}
    done </etc/os-release
  fi
  HOST_SHELL=${KSH_VERSION-}${BASH_VERSION:+bash $BASH_VERSION}${YASH_VERSION:+yash $YASH_VERSION}
  if [ -z "$HOST_SHELL" ]; then
    HOST_SHELL=$(readlink "/proc/$$/exe" 2>/dev/null) || HOST_SHELL='sh'
  fi
  HOST_AWK=$(command -v awk) || HOST_AWK=none
  host_link=$(readlink -f "$HOST_AWK" 2>/dev/null) || host_link=
  HOST_AWK=${host_link:-$HOST_AWK}
}

verb_hello() {
  epoch
  hello_count=0
  for hello_file in "$MB_JOURNAL"/*; do
    [ ! -f "$hello_file" ] || hello_count=$((hello_count + 1))
  done
  dirty_told
  JSON_FIELDS=
  json_field host "$HOST_NAME" 390
  json_field os "$HOST_OS" 390
  json_field kernel "$HOST_KERNEL" 390
  json_field shell "$HOST_SHELL" 390
  json_field awk "$HOST_AWK" 390
  json_field stateDir "$MB_STATE" 390
  answer_done "\"agent\":\"$MB_VERSION\",\"protocol\":$MB_PROTOCOL$JSON_FIELDS,\"uid\":$HOST_UID,\"time\":$EPOCH,\"applications\":$hello_count,\"dirty\":$DIRTY"
}
