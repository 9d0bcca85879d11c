# What there is on this host. A discover writes the names into $MB_STATE/discovered, so that an apply needs no discovery.
# Lines: `instance TAB name`, `point TAB instance TAB point TAB kind TAB address TAB port` (address and port `-` without a probe).

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

verb_discover() {
  discovery_run || return 1
  expiry_forget
  if part_load; then surroundings_tell; fi
  answer_done "\"instances\":$DISCOVERED_INSTANCES,\"points\":$DISCOVERED_POINTS"
}

# discovery_find INSTANCE [POINT]: fails with no-such-instance or no-such-point. Sets POINT_KIND, POINT_ADDRESS, POINT_PORT.
discovery_find() {
  driver_of "$1" || return 1
  discovery_lookup "$1" "${2-}" && return 0
  # It may have come since the last discover.
  ANSWER_SILENT=1
  discovery_run || { ANSWER_SILENT=0; return 1; }
  ANSWER_SILENT=0
  driver_of "$1"
  discovery_lookup "$1" "${2-}" && return 0
  if [ "$DISCOVERY_INSTANCE" = 0 ]; then
    driver_none "$1"
  else
    fail no-such-point point "$1 has no block point called $2; ask discover for their names"
  fi
}

discovery_lookup() {
  # shellcheck disable=SC2034 # POINT_KIND is for drivers
  DISCOVERY_INSTANCE=0 POINT_KIND='' POINT_ADDRESS='' POINT_PORT=''
  [ -f "$MB_STATE/discovered" ] || return 1
  while IFS='	' read -r found_what found_instance found_point found_kind found_address found_port; do
    [ "$found_instance" = "$1" ] || continue
    DISCOVERY_INSTANCE=1
    [ -n "$2" ] || return 0
    if [ "$found_what" = point ] && [ "$found_point" = "$2" ]; then
      # shellcheck disable=SC2034
      POINT_KIND=$found_kind POINT_ADDRESS=$found_address POINT_PORT=$found_port
      return 0
    fi
  done <"$MB_STATE/discovered"
  return 1
}
