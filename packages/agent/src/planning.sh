# The verb plan: what apply, lift, arm or disarm would do, told by the same code, with nothing changed.

verb_plan() {
  value_check && state_make || return 1
  : "${R_op:=apply}"
  planning_recover
  case $R_op in
  apply) planning_apply ;;
  lift) planning_lift ;;
  arm | disarm) part_load && planning_arm ;;
  *) value_bad op 'apply, lift, arm or disarm' ;;
  esac
}

# A plan made on top of half a change would be wrong.
planning_recover() {
  [ -f "$MB_STATE/dirty" ] || return 0
  lock_take || return 1
  dirty_recover
  lock_release
}

planning_apply() {
  discovery_find "$R_instance" "$R_point" || return 1
  : "${R_app:=plan}" "${R_brake:=PLAN}"
  brake_entry
  # Again before it is written: explain may have loaded other entries.
  plan_begin || return 1
  brake_can && driver explain && brake_entry && journal_write && planning_render && planning_cut
  planning_end $?
}

planning_cut() {
  brake_entry
  [ "$J_cut" = 1 ] || return 0
  PLAN_CUTS=1
  driver cut
}

planning_lift() {
  journal_load "$R_app" || fail no-such-application app "no application $R_app is active on this host" || return 1
  driver_of "$J_instance" || return 1
  plan_begin || return 1
  rm -f "$MB_JOURNAL/$R_app"
  planning_render && journal_load "$R_app" "$MB_STATE/journal" && driver lifted
  planning_end $?
}

planning_render() {
  RENDER_CHANGED=0
  driver render || return 1
  [ "$RENDER_CHANGED" = 0 ] || driver reload
}

planning_end() {
  plan_end
  [ "$1" = 0 ] || return 1
  json_string "$PLAN_REPLY"
  planning_loses=false planning_cuts=false
  [ "$PLAN_LOSES" = 0 ] || planning_loses=true
  [ "$PLAN_CUTS" = 0 ] || planning_cuts=true
  answer_done "\"reply\":$JSON,\"loses\":$planning_loses,\"cutsSessions\":$planning_cuts,\"opens\":[$PLAN_OPENS],\"notes\":[$PLAN_NOTES]"
}
