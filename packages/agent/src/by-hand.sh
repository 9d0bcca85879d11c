# By hand on the host: the same verbs for root, with plain values and answers to be read by people. The words become a request
# line and take the way of every request, so that nothing works differently without the control plane.

by_hand() {
  case ${1-} in
  version | --version)
    echo "mailbrake-agent $MB_VERSION (protocol $MB_PROTOCOL)"
    return 0
    ;;
  '' | help | --help | -h)
    by_hand_usage
    return 0
    ;;
  discover | arm | disarm | plan | apply | lift | status | probe | expire | selftest | hello | survey | follow | queue | queue-run | uninstall) ;;
  *)
    echo "mailbrake-agent: there is no \"$1\"; \"mailbrake-agent help\" tells what there is" >&2
    exit 2
    ;;
  esac
  if [ "$(id -u)" != 0 ]; then
    echo 'mailbrake-agent: this needs root: it changes how the mail system is configured' >&2
    exit 1
  fi
  trap 'by_hand_end' EXIT
  trap 'exit 1' HUP INT TERM
  ORIGIN=local
  case $1 in
  uninstall) uninstall_run ;;
  queue-run)
    exec 3>&1
    { part_load && queue_run "${2-}"; } || { by_hand_refused; exit 1; }
    ;;
  *) by_hand_verb "$@" ;;
  esac
}

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
    if [ "$by_hand_key" = "$by_hand_word" ]; then
      echo "mailbrake-agent: \"$by_hand_word\" is not of the form KEY=VALUE" >&2
      exit 2
    fi
    case $by_hand_key in
    '' | *[!a-z0-9]*)
      echo "mailbrake-agent: \"$by_hand_key\" is no key; \"mailbrake-agent help\" tells what there is" >&2
      exit 2
      ;;
    esac
    by_hand_add "$by_hand_key" "${by_hand_word#*=}"
  done
  by_hand_defaults
  if ! request_parse "$by_hand_line"; then
    by_hand_refused
    exit 2
  fi
  serve_host
  # Answers go through a printer; the verdict comes back by a file, as the end of a pipe is all that POSIX tells of.
  state_make || { by_hand_refused; exit 1; }
  by_hand_run 3>&1 >/dev/null | by_hand_print
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

# by_hand_print: JSON lines in, indented text out. It reads only what this agent wrote.
by_hand_print() {
  awk "$AWK_PERCENT"'
    function skip() { while (substr(line, at, 1) == " ") at++ }
    function text(  out, c) {
      out = ""; at++
      while ((c = substr(line, at, 1)) != "\"") {
        if (c == "") return out
        if (c == "\\") {
          at++; c = substr(line, at, 1)
          if (c == "n") c = "\n" indent "  | "
          else if (c == "t") c = "\t"
          else if (c == "u") { c = "?"; at += 4 }
        }
        out = out c; at++
      }
      at++
      return out
    }
    function value(name, indent,   c, out, i) {
      skip(); c = substr(line, at, 1)
      if (c == "\"") { out = text(); if (out != "") show(name, indent, out); return }
      if (c == "{") {
        at++
        if (name != "") { print indent name ":"; indent = indent "  " }
        while ((c = substr(line, at, 1)) != "}" && c != "") {
          if (c == ",") { at++; continue }
          out = text(); at++
          if ((out == "id" || out == "done" || out == "ok") && indent == "") { while (substr(line, at, 1) !~ /[,}]/) at++ } else value(out, indent)
        }
        at++
        return
      }
      if (c == "[") {
        at++; i = 0
        while ((c = substr(line, at, 1)) != "]" && c != "") {
          if (c == ",") { at++; continue }
          value(name (i++ || 1 ? " " i : ""), indent)
        }
        at++
        return
      }
      out = ""
      while ((c = substr(line, at, 1)) !~ /[],}]/ && c != "") { out = out c; at++ }
      show(name, indent, out)
    }
    function show(name, indent, out) { print indent name ": " out }
    { line = $0; at = 1; value("", "") }
  '
}

by_hand_usage() {
  cat <<'END_OF_USAGE'
mailbrake-agent: the emergency brake of this host's mail. As root:

discover: what can be braked here: instances, block points, effects
plan KEY=VALUE...: what apply would do, changing nothing
apply KEY=VALUE...: brake
lift app=ID [reason=WHY]: undo exactly that
status [app=ID]: what is active, whether it is in force, what ended lately
arm instance=NAME: keep the hooks in the configuration (disarm: take them out)
probe instance= point= sender= recipient=
survey instance=, follow instance= seconds=, queue instance= op=...: what waits, and what to do with it
expire, selftest, hello, version, uninstall

Keys of plan and apply: instance= point= (names as discover tells them)
effect=tempfail|reject|discard|hold|throttle|close|pause
match=all|client:ADDRESS[/BITS]|helo:NAME|sender:ADDRESS|sender:DOMAIN|sender:<>|recipient:...|login:NAME (match2=, match3=: ANDed)
text="what the sender is told" ttl=SECONDS (0: until lifted) reason="why"
connections= messages= recipients= (throttle, a minute) cut=1 (cuts open sessions)

mailbrake-agent apply instance=postfix:/etc/postfix point=listener:smtp/inet effect=tempfail match=all ttl=3600 reason="spam wave"

Exit codes: 0 done; 1 refused or failed (told on standard error); 2 wrong use.
END_OF_USAGE
}
