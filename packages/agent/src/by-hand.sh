# By hand on the host: the same verbs for root, with plain values and answers to be read by people. The words become a request
# line and take the way of every request, so that nothing works differently without the control plane.

by_hand() {
  case ${1-} in
  version | --version)
    echo "mailbrake-agent $MB_VERSION (protocol $MB_PROTOCOL)"
    return 0
    ;;
  '' | help | --help | -h)
    part_load || by_hand_stop
    by_hand_usage
    return 0
    ;;
  esac
  case " $REQUEST_VERBS queue-run uninstall " in
  *" $1 "*) ;;
  *) by_hand_none "$1" ;;
  esac
  if [ "$(id -u)" != 0 ]; then
    echo 'mailbrake-agent: this needs root: it changes how the mail system is configured' >&2
    exit 1
  fi
  trap 'by_hand_end' EXIT
  trap 'exit 1' HUP INT TERM
  ORIGIN=local
  case $1 in
  uninstall)
    part_load || by_hand_stop
    uninstall_run
    ;;
  queue-run)
    exec 3>&1
    { part_load && queue_run "${2-}"; } || by_hand_stop
    ;;
  *) by_hand_verb "$@" ;;
  esac
}

by_hand_stop() {
  by_hand_refused
  exit 1
}

by_hand_wrong() {
  echo "mailbrake-agent: $1" >&2
  exit 2
}

by_hand_none() { by_hand_wrong "there is no \"$1\"; \"mailbrake-agent help\" tells what there is"; }

by_hand_end() {
  lock_release || :
  rm -rf "$MB_TMP" || :
}

by_hand_verb() {
  by_hand_line="1 $1"
  by_hand_given=' '
  by_hand_which=$1
  shift
  for by_hand_word; do
    by_hand_key=${by_hand_word%%=*}
    [ "$by_hand_key" != "$by_hand_word" ] || by_hand_wrong "\"$by_hand_word\" is not of the form KEY=VALUE"
    case $by_hand_key in '' | *[!a-z0-9]*) by_hand_none "$by_hand_key" ;; esac
    by_hand_add "$by_hand_key" "${by_hand_word#*=}"
  done
  by_hand_defaults
  if ! request_parse "$by_hand_line"; then
    by_hand_refused
    exit 2
  fi
  serve_host
  # Answers go through a printer; the verdict comes back by a file, as the end of a pipe is all that POSIX tells of.
  state_make || by_hand_stop
  # Without the second file the answers are shown as they are.
  if part_load; then by_hand_run 3>&1 >/dev/null | by_hand_print; else by_hand_run 3>&1 >/dev/null; fi
  [ "$(cat "$MB_TMP/verdict")" = ok ] || exit 1
}

by_hand_run() {
  exec </dev/null
  echo failed >"$MB_TMP/verdict"
  if request_verb; then
    echo ok >"$MB_TMP/verdict"
  else
    by_hand_refused
  fi
  lock_release
}

by_hand_refused() {
  printf 'mailbrake-agent: %s%s\n' "${FAIL_FIELD:+$FAIL_FIELD: }" "$FAIL_MESSAGE (${FAIL_CODE:-internal})" >&2
}

by_hand_add() {
  percent_encode "$2"
  by_hand_line="$by_hand_line $1=$ENCODED"
  by_hand_given="$by_hand_given$1 "
}

# What a person need not type: a name for the application, who asks.
by_hand_defaults() {
  case $by_hand_which in
  apply)
    epoch
    by_hand_default app "local-$EPOCH-$$"
    by_hand_default brake "L${EPOCH#???}"
    by_hand_default ttl 0
    ;;
  esac
  case "$by_hand_which $by_hand_line " in
  queue*' op=start '*)
    epoch
    by_hand_default job "local-$EPOCH-$$"
    ;;
  queue*' op=list '*) by_hand_default limit 50 ;;
  queue*' op=show '*) by_hand_default body 0 ;;
  esac
  case "$by_hand_which $by_hand_line " in
  apply* | lift* | arm* | disarm* | queue*' op=start '* | queue*' op=stop '*)
    by_hand_who
    by_hand_default by "$BY_HAND_WHO"
    by_hand_default reason 'by hand on the host'
    ;;
  esac
}

by_hand_default() {
  case $by_hand_given in
  *" $1 "*) ;;
  *) by_hand_add "$1" "$2" ;;
  esac
}

by_hand_who() {
  BY_HAND_WHO=${SUDO_USER:-${DOAS_USER-}}
  [ -n "$BY_HAND_WHO" ] || BY_HAND_WHO=$(logname 2>/dev/null) || BY_HAND_WHO=$(id -un 2>/dev/null) || BY_HAND_WHO=root
  case $BY_HAND_WHO in '' | *[!A-Za-z0-9._@-]*) BY_HAND_WHO=root ;; esac
}
