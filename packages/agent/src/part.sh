# The second file, beside what brakes: queues and surveys, and what is asked in calm (arm, probe, selftest, uninstall, help). It is read when
# first asked for, in the request's own process: nothing in it can end or slow the loop.

# part_load: reads it. Fails where it is missing, was cut off, or belongs to another agent.
part_load() {
  MB_QUEUE_VERSION=
  # shellcheck source=/dev/null
  [ ! -r "$MB_QUEUE" ] || . "$MB_QUEUE"
  [ "$MB_QUEUE_VERSION" = "$MB_VERSION" ] || fail internal '' 'the queue part of the agent is missing or of another version; enrol this host again'
}
