# Arm and disarm: whether the driver's hooks stay in an instance's configuration while no brake needs them.

verb_arm() { arm_turn armed; }
verb_disarm() { arm_turn disarmed; }

# arm_turn armed|disarmed
arm_turn() {
  value_check || return 1
  discovery_find "$R_instance" || return 1
  lock_take || return 1
  dirty_recover
  driver_of "$R_instance"
  evidence_clear
  arm_was=disarmed
  if instance_armed "$R_instance"; then arm_was=armed; fi
  if [ "$arm_was" = "$1" ]; then
    journal_clear
    driver check || :
    answer_done "\"outcome\":\"already\",\"readback\":[$READBACK]"
    return 0
  fi
  space_check "$DRIVER_CONFIG" "$MB_STATE" || return 1
  dirty_mark "$1" - "$R_instance" || return 1
  crash_point before-journal
  journal_clear
  arm_mark "$1" || { dirty_clear; return 1; }
  crash_point after-journal
  ANSWER_SILENT=1
  if ! brake_bring "$MB_JOURNAL" || [ -n "$CHECK_FAILED" ]; then
    ANSWER_SILENT=0
    arm_mark "$arm_was"
    brake_take_back
    return 1
  fi
  ANSWER_SILENT=0
  dirty_clear
  answer_done "\"outcome\":\"$1\",\"readback\":[$READBACK]"
}

arm_mark() {
  percent_encode "$R_instance"
  if [ "$1" = armed ]; then
    { : >"$MB_ARMED/$ENCODED"; } 2>/dev/null || fail_space "$MB_ARMED"
  else
    rm -f "$MB_ARMED/$ENCODED"
  fi
}

# What arm or disarm would do.
planning_arm() {
  discovery_find "$R_instance" || return 1
  driver_of "$R_instance"
  plan_begin || return 1
  journal_clear
  arm_mark "${R_op}ed" && planning_render
  planning_end $?
}
