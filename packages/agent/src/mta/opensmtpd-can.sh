# What the driver can do exactly, and what a person must know before. Nothing is changed here.

# opensmtpd_can: with J_* and POINT_KIND loaded.
opensmtpd_can() {
  opensmtpd_facts "${J_instance#opensmtpd:}" || return 1
  case " $OSD_ARGUMENTS " in
  *\ -[dF]*) [ -n "$OSD_UNIT" ] || fail cannot instance 'smtpd runs in the foreground (-d, -F), and who would start it again is not known; the nearest is nftables' || return 1 ;;
  esac
  case $POINT_KIND:$J_effect in
  listener:tempfail | listener:reject) ;;
  listener:throttle) fail cannot effect 'OpenSMTPD limits no rates; the nearest is a throttle of connections at the firewall (nftables)' || return 1 ;;
  listener:*) fail cannot effect "OpenSMTPD has no exact $J_effect at a listener; the nearest is tempfail, by which mail waits at its sender" || return 1 ;;
  *) fail cannot effect "OpenSMTPD has no exact $J_effect at $POINT_KIND; the nearest is tempfail at the listeners" || return 1 ;;
  esac
  [ -z "$J_match2" ] || fail cannot match2 'a filter of smtpd has one test; the nearest is the first of them'
}

# opensmtpd_explain CONFIG: with J_* loaded: the reply, what is lost, open doors, notes.
opensmtpd_explain() {
  opensmtpd_facts "$1" || return 1
  osd_mark="(ref $J_brake)"
  case $J_effect in
  tempfail) plan_reply "450 4.7.1 ${J_text:-Mail is paused here, please try again later} $osd_mark" ;;
  reject) plan_reply "554 5.7.1 ${J_text:-Not accepted here} $osd_mark" ;;
  esac
  case $J_match in
  'sender:<>') plan_note 'Bounces and other notices have this sender; so have the callbacks of servers that check whether an address exists' ;;
  sender:*@* | recipient:*@*) ;;
  sender:* | recipient:*) plan_note "Means ${J_match#*:} and all names below it" ;;
  esac
  if [ -n "$OSD_PID" ]; then
    PLAN_CUTS=1
    plan_note 'smtpd can not reload: it is restarted, now and at the lift. Open sessions of all its listeners are cut (their senders try again), for a moment no connection is taken, and changes of its configuration that were not loaded yet come into force'
  fi
  opensmtpd_explain_doors
}

opensmtpd_explain_doors() {
  while IFS='	' read -r osd_what osd_instance osd_point osd_kind _; do
    if [ "$osd_what:$osd_instance" != "point:$J_instance" ] || [ "$osd_point" = "$J_point" ]; then continue; fi
    case $osd_kind in
    listener) plan_opens "$osd_point of the same smtpd" ;;
    local) plan_opens 'local: programs on the host that submit by sendmail(1)' ;;
    esac
  done <"$MB_STATE/discovered"
}
