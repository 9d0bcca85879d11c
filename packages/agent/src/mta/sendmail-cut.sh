# Cutting the sessions that were open when a brake came: each is a process with a connection at the brake's listener, and is sent
# SIGTERM, which says 421 and ends it; a message that is being written is put away first. The daemon, deliveries and queue runners stay.

# sendmail_cut CONFIG: with J_* loaded, after the reload.
sendmail_cut() {
  sendmail_facts "$1" || return 1
  sendmail_daemon
  [ -z "$SENDMAIL_PID" ] || sessions_cut sendmail_sessions
}

# sendmail_sessions: after a reload they are no children of the daemon any more.
sendmail_sessions() {
  sessions_sockets || return 1
  awk -v "daemon=$SENDMAIL_PID" '{ while (match($0, /"[^"]*",pid=[0-9]+/)) {
    name = substr($0, RSTART + 1, RLENGTH - 1); $0 = substr($0, RSTART + RLENGTH); pid = name; sub(/^.*=/, "", pid)
    if (name ~ /^(sendmail|sm-mta)/ && pid != daemon && !seen[pid]++) print pid } }' "$RUN_OUTPUT" >"$MB_TMP/sessions"
}
