# Cutting the sessions that were open when a brake came: the smtpd processes of the brake's listener (behind postscreen, of the
# service that it hands over to), children of this instance's own master. Never a delivery, never postscreen, which takes no mail.
# What such a session has had no 250 for, its client sends again, to a new process with the new rules.
#
# Master itself ends them, when the service goes out of service for a moment. Killed from outside, a process in its first session is a
# bad start to master, which then runs none of that service for a minute.

# shellcheck disable=SC2016,SC2034 # awk program
PX_AWK_CUT='
# sessions(): the process ids, of a list of process, parent, command line. master(8) gives each child `-n NAME`, unless it is that of the
# program, and `-t TYPE`.
function sessions(   q, s) {
  q = rules_service(SERVICE[CANDIDATE])
  while ((getline s < (OUT "processes")) > 0) if (is_process(s, q)) print s + 0
}
function is_process(s, q,   f, i, name) {
  split(s, f, " "); name = f[3]; sub(/^.*\//, "", name)
  if (f[2] != ENVIRON["PX_PID"] || name != COMMAND[q]) return 0
  i = 4; if (f[4] == "-n") { name = f[5]; i = 6 }
  return name == NAME[q] && f[i] == "-t" && f[i + 1] == TYPE[q]
}
'

# postfix_cut CONFIG: with J_* loaded, after the reload.
postfix_cut() {
  px_config=$1 px_status=0
  px_master "$1" || return 1
  [ "$PX_RUNNING" = 1 ] || return 0
  px_processes && px_ask sessions || return 1
  # shellcheck disable=SC2046 # process ids
  set -- $(cat "$MB_TMP/px-asked")
  [ "$MB_PLAN" = 1 ] || readback_add 'sessions cut' "$#"
  [ "$#" -gt 0 ] || return 0
  PX_CUT=$J_point
  postfix_render "$px_config" && postfix_reload "$px_config" || px_status=1
  # a second reload that came before master saw the first would undo it
  [ "$MB_PLAN$px_status" != 00 ] || px_retry px_gone "$@" || fail internal '' "sessions go on: processes $*" || px_status=1
  PX_CUT=
  # where that failed, taking the brake back puts the service back
  [ "$px_status" = 0 ] && postfix_render "$px_config" && postfix_reload "$px_config"
}
px_processes() { ps -A -o pid= -o ppid= -o args= >"$MB_TMP/px-processes" 2>/dev/null || fail internal '' "ps can't list the processes"; }
px_gone() { for px_pid; do ! kill -0 "$px_pid" 2>/dev/null || return 1; done; }
