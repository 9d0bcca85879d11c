# Plan mode: the same code as apply, with a copied journal and every change of a file or command written down instead of made.
# Nothing outside $MB_TMP is touched; a killed plan leaves a folder there that the next sweep removes.

# plan_begin [quiet]: from here to plan_end nothing is changed. `quiet` collects what would change (drift) in $PLAN_DRIFT.
plan_begin() {
  PLAN_DIR=$MB_TMP/plan PLAN_QUIET=${1-} PLAN_DRIFT='' PLAN_COUNT=0
  PLAN_REPLY='' PLAN_LOSES=0 PLAN_CUTS=0 PLAN_OPENS='' PLAN_NOTES=''
  rm -rf "$PLAN_DIR"
  { mkdir -p "$PLAN_DIR/tree" "$PLAN_DIR/gone" && cp -R "$MB_STATE/journal" "$MB_STATE/armed" "$PLAN_DIR/"; } 2>/dev/null || fail_space "$PLAN_DIR" || return 1
  MB_JOURNAL=$PLAN_DIR/journal MB_ARMED=$PLAN_DIR/armed MB_PLAN=1
}

plan_end() {
  MB_JOURNAL=$MB_STATE/journal MB_ARMED=$MB_STATE/armed MB_PLAN=0
  rm -rf "$PLAN_DIR"
}

# plan_step KIND TEXT [PATH DIFF-FILE]: one step of the plan, or one line of drift.
plan_step() {
  if [ "$PLAN_QUIET" = quiet ]; then
    plan_drift_add "$@"
    return 0
  fi
  JSON_FIELDS=
  json_field text "$2"
  if [ -n "${3-}" ]; then
    json_field path "$3" 390
    json_file "$4" 59000
    JSON_FIELDS="$JSON_FIELDS,\"diff\":$JSON"
  fi
  answer_part step "{\"kind\":\"$1\"$JSON_FIELDS}"
}

plan_drift_add() {
  PLAN_COUNT=$((PLAN_COUNT + 1))
  [ "$PLAN_COUNT" -le 20 ] || return 0
  if [ "$1" = file ]; then
    plan_lines=$(awk 'NR > 2 && /^[-+]/ && n < 6 { n++; printf "%s%s", (n > 1 ? " | " : ""), substr($0, 1, 160) }' "$4")
    json_string "$3 is not as the brakes need it; would change: $plan_lines"
  else
    json_string "would run: $2"
  fi
  PLAN_DRIFT=$PLAN_DRIFT${PLAN_DRIFT:+,}$JSON
}

# plan_opens TEXT: a door that this brake leaves open.
plan_opens() { json_string "$1"; PLAN_OPENS=$PLAN_OPENS${PLAN_OPENS:+,}$JSON; }
# plan_note TEXT: what else the person must know.
plan_note() { json_string "$1"; PLAN_NOTES=$PLAN_NOTES${PLAN_NOTES:+,}$JSON; }
# plan_reply TEXT: what a sender will see.
plan_reply() { PLAN_REPLY=$1; }
