# A discovery: each driver tells what it finds (its `*-discover.sh`, in this part of the agent too); the names are kept for the brakes.

# discover_instance NAME OBJECT: called by drivers for each instance; OBJECT is the JSON of docs/protocol.md.
discover_instance() {
  DISCOVERED_INSTANCES=$((DISCOVERED_INSTANCES + 1))
  printf 'instance\t%s\n' "$1" >>"$MB_TMP/discovered" || return 1
  answer_part instance "$2"
}

# discover_point INSTANCE POINT KIND ADDRESS PORT OBJECT: called by drivers for each block point.
discover_point() {
  DISCOVERED_POINTS=$((DISCOVERED_POINTS + 1))
  printf 'point\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" >>"$MB_TMP/discovered" || return 1
  answer_part point "$6"
}

# discovery_run: asks all drivers; the names are kept. Sets DISCOVERED_INSTANCES, DISCOVERED_POINTS.
discovery_run() {
  state_make || return 1
  DISCOVERED_INSTANCES=0 DISCOVERED_POINTS=0
  : >"$MB_TMP/discovered" || fail_space "$MB_STATE" || return 1
  for DRIVER in $MB_DRIVERS; do
    driver discover || return 1
  done
  mv -f "$MB_TMP/discovered" "$MB_STATE/discovered" || fail_space "$MB_STATE"
}
