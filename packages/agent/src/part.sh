# The queue part: what reads and changes queues is a second file, beside what brakes. It is read when first asked for, in the request's
# own process: nothing in it can end or slow the loop.

# part_load: reads it. Fails where it is missing, was cut off, or belongs to another agent.
part_load() {
  MB_QUEUE_VERSION=
  # shellcheck source=/dev/null
  [ ! -r "$MB_QUEUE" ] || . "$MB_QUEUE"
  [ "$MB_QUEUE_VERSION" = "$MB_VERSION" ] || fail internal '' 'the queue part of the agent is missing or of another version; enrol this host again' || return 1
  command -v "verb_$R_verb" >/dev/null || fail unknown-verb '' "the queue part of the agent has no $R_verb"
}
