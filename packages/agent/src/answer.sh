# Answers: lines of JSON on descriptor 3 with the id of the request, and the evidence that goes into the last of them.

# answer_part NAME OBJECT: a line before the last. OBJECT is JSON. A client that has gone changes nothing for the work.
answer_part() {
  [ "${ANSWER_SILENT-0}" = 1 ] || say "{\"id\":\"$ANSWER_ID\",\"$1\":$2}" || :
}

answer_progress() { answer_part progress "\"$1\""; }

# answer_done FIELDS: the last line of a request that went well; FIELDS is the inside of a JSON object, may be empty.
answer_done() {
  say "{\"id\":\"$ANSWER_ID\",\"done\":true,\"ok\":true${1:+,}$1}" || :
}

# answer_failed: the last line of one that did not, from what `fail` was told.
answer_failed() {
  fail_words
  JSON_FIELDS=
  [ -z "$FAIL_FIELD" ] || json_field field "$FAIL_FIELD" 300
  json_field message "$FAIL_MESSAGE"
  say "{\"id\":\"$ANSWER_ID\",\"done\":true,\"ok\":false,\"error\":\"$FAIL_CODE\"$JSON_FIELDS}" || :
}

evidence_clear() { READBACK='' CHECKED='' CHECK_FAILED='' RELEASED=0; }

# readback_add WHAT VALUE: configuration as read back from the host.
readback_add() {
  json_string "$1"
  readback_what=$JSON
  json_string "$2" 19000
  READBACK="$READBACK${READBACK:+,}{\"what\":$readback_what,\"value\":$JSON}"
}

# check_add NAME 1|0 DETAIL: one thing looked at; a 0 makes the whole check fail.
check_add() {
  json_string "$1"
  check_name=$JSON
  json_string "$3"
  check_ok=true
  if [ "$2" != 1 ]; then
    check_ok=false
    [ -n "$CHECK_FAILED" ] || CHECK_FAILED="$1: $3"
  fi
  CHECKED="$CHECKED${CHECKED:+,}{\"what\":$check_name,\"ok\":$check_ok,\"detail\":$JSON}"
}
