# The verb status: what is active, whether the host is as the journal says, and what ended lately.

verb_status() {
  value_check && state_make && status_settle || return 1
  status_seen=
  status_ids=$(journal_list) || fail internal '' 'the journal could not be read' || return 1
  [ -z "$R_app" ] || status_ids=$R_app
  # By instance, so that drift and read-back are looked for once each.
  for status_app in $status_ids; do
    journal_load "$status_app" || continue
    percent_encode "$J_instance"
    case " $status_seen " in *" $ENCODED "*) continue ;; esac
    status_seen="$status_seen $ENCODED"
    status_instance "$J_instance"
  done
  status_ended
  status_armed
  dirty_told
  epoch
  answer_done "\"time\":$EPOCH,\"dirty\":$DIRTY,\"armed\":$JSON"
}

# status_settle: lifts what is due and repairs what an earlier process left half done.
status_settle() {
  expiry_due
  [ -n "$DUE" ] || [ -f "$MB_STATE/dirty" ] || return 0
  expiry_lifted='' expiry_failed=''
  expiry_work || return 1
  lock_release
}

# status_instance INSTANCE: one line for each of its applications that was asked for.
status_instance() {
  status_name=$1
  if driver_of "$status_name"; then
    status_look
    # What another process was changing just then is no drift: again, while nobody is.
    if [ -n "$status_drift" ] && lock_take; then
      status_look
      lock_release
    fi
  else
    evidence_clear
    json_string "$FAIL_MESSAGE"
    status_drift=$JSON
  fi
  for status_one in $status_ids; do
    journal_load "$status_one" || continue
    [ "$J_instance" != "$status_name" ] || status_application
  done
}

# Renders without changing anything: what would change is drift. Then the driver's own check.
status_look() {
  evidence_clear
  status_drift=
  plan_begin quiet || { json_string "$FAIL_MESSAGE"; status_drift=$JSON; return 0; }
  RENDER_CHANGED=0
  if driver render; then
    status_drift=$PLAN_DRIFT
  else
    json_string "could not be rendered: $FAIL_MESSAGE"
    status_drift=$PLAN_DRIFT${PLAN_DRIFT:+,}$JSON
  fi
  plan_end
  journal_clear
  driver_check
  if [ -n "$CHECK_FAILED" ]; then
    json_string "$CHECK_FAILED"
    status_drift=$status_drift${status_drift:+,}$JSON
  fi
}

status_application() {
  status_intact=true status_cut=false
  [ "$J_cut" = 0 ] || status_cut=true
  [ -z "$status_drift" ] || status_intact=false
  json_array "$J_match" ${J_match2:+"$J_match2"} ${J_match3:+"$J_match3"}
  JSON_FIELDS=",\"match\":$JSON"
  json_field instance "$J_instance"
  json_field point "$J_point"
  json_field text "$J_text"
  json_field by "$J_by"
  json_field reason "$J_reason"
  status_line="\"app\":\"$J_app\",\"brake\":\"$J_brake\",\"effect\":\"$J_effect\"$JSON_FIELDS"
  status_line="$status_line,\"connections\":$J_connections,\"messages\":$J_messages,\"recipients\":$J_recipients,\"since\":$J_since,\"expires\":$J_expires,\"cut\":$status_cut"
  answer_part application "{$status_line,\"origin\":\"$J_origin\",\"intact\":$status_intact,\"drift\":[$status_drift],\"readback\":[$READBACK]}"
}

# status_ended: the newest 200 that ended in the last 30 days, in one awk.
status_ended() {
  journal_any "$MB_ENDED" || return 0
  epoch
  MB_NOW=$EPOCH MB_APP=$R_app awk -F= "$AWK_PERCENT$AWK_JSON"'
    BEGIN { percent_setup(); JSON_UTF8 = 1 }
    { v[$1] = $2 }
    $1 == "end" {
      if (v["at"] + 2592000 >= ENVIRON["MB_NOW"] + 0 && (ENVIRON["MB_APP"] == "" || v["app"] "" == ENVIRON["MB_APP"] ""))
        printf "%s {\"app\":\"%s\",\"brake\":\"%s\",\"how\":\"%s\",\"at\":%s,\"by\":\"%s\",\"reason\":\"%s\",\"released\":%s}\n", v["at"], v["app"], v["brake"], v["how"], \
          v["at"], json_escape(decode(v["ended_by"])), json_escape(decode(v["ended_reason"])), v["released"]
      split("", v)
    }
  ' "$MB_ENDED"/* </dev/null | sort -rn | sed -n 1,200p >"$MB_TMP/ended"
  while read -r _ status_line; do
    answer_part ended "$status_line"
  done <"$MB_TMP/ended"
}

# Sets JSON to the array of armed instances.
status_armed() {
  JSON='' status_list=
  for status_file in "$MB_ARMED"/*; do
    [ -f "$status_file" ] || continue
    percent_decode "${status_file##*/}" || continue
    json_string "$DECODED" 390
    status_list=$status_list${status_list:+,}$JSON
  done
  JSON="[$status_list]"
}
