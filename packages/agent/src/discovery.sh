# What there is on this host. A discover writes the names into $MB_STATE/discovered, so that an apply needs no discovery.
# Lines: `instance TAB name`, `point TAB instance TAB point TAB kind TAB address TAB port` (address and port `-` without a probe).

verb_discover() {
  part_load || return 1
  discovery_run || return 1
  expiry_forget
  surroundings_tell
  answer_done "\"instances\":$DISCOVERED_INSTANCES,\"points\":$DISCOVERED_POINTS"
}

# discovery_find INSTANCE [POINT]: fails with no-such-instance or no-such-point. Sets POINT_KIND, POINT_ADDRESS, POINT_PORT.
discovery_find() {
  driver_of "$1" || return 1
  discovery_lookup "$1" "${2-}" && return 0
  # It may have come since the last discover.
  ANSWER_SILENT=1
  if ! part_load || ! discovery_run; then ANSWER_SILENT=0; return 1; fi
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
