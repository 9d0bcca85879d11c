# What the driver can do exactly, and what a person must know before. Nothing is changed here.

# opensmtpd_can: with J_* and POINT_KIND loaded.
opensmtpd_can() {
  opensmtpd_facts "${J_instance#opensmtpd:}" || return 1
  case " $OSD_ARGUMENTS " in
  *\ -[dF]*) [ -n "$OSD_UNIT" ] || fail cannot instance 'smtpd runs in the foreground (-d, -F), and who would start it again is not known; the nearest is nftables' || return 1 ;;
  esac
  case $POINT_KIND:$J_effect in
  listener:tempfail | listener:reject) opensmtpd_can_pair ;;
  listener:close) [ "$J_match" = all ] || fail cannot match 'a closed listener is closed for all; the nearest is tempfail or reject with this match' ;;
  listener:throttle) fail cannot effect 'OpenSMTPD limits no rates; the nearest is a throttle of connections at the firewall (nftables)' ;;
  listener:*) fail cannot effect "OpenSMTPD has no exact $J_effect at a listener; the nearest is tempfail, by which mail waits at its sender" ;;
  local:reject)
    case $J_match$J_match2 in
    'sender:<>') fail cannot match 'bounces of smtpd itself come the same way; the nearest is the null sender at the listeners' ;;
    all | sender:*) [ -z "$J_match2" ] || fail cannot match2 'local submission takes one match; the nearest is the first of them' ;;
    *) fail cannot match 'local submission is matched by all or by sender; the nearest is the sender' ;;
    esac
    ;;
  local:*) fail cannot effect "local submission knows reject alone (a program sees exit status 70 for a temporary answer too); the nearest that keeps mail is pause at delivery" ;;
  delivery:pause) [ "$J_match" = all ] || fail cannot match 'smtpd pauses all deliveries or none; the nearest is all, or tempfail at the listeners with this match' ;;
  *) fail cannot effect "delivery knows pause alone; the nearest to $J_effect is that at a listener" ;;
  esac
}

# Two tests end the chain of a listener (opensmtpd-rules.sh), so there is one such brake at most, and no filter that ends it before.
opensmtpd_can_pair() {
  [ -n "$J_match2" ] || return 0
  case $J_match3$J_match$J_match2 in
  *login:*) fail cannot match2 'a login is not combined here; the nearest is the login alone' || return 1 ;;
  esac
  [ -z "$J_match3" ] || { fail cannot match3 'two matches at most are ANDed here; the nearest is the first two'; return 1; }
  opensmtpd_read || return 1
  ! grep -qx bypass "$MB_TMP/opensmtpd-seen" || { fail cannot match2 "filters of $OSD_CONFIG leave the chain (bypass) before two tests could be ANDed; the nearest is the first of them"; return 1; }
  osd_other=$(journal_stream "$J_instance" | osd_point=$J_point awk -F '\t' '$4 == ENVIRON["osd_point"] && $7 != "" { print $3; exit }')
  [ -z "$osd_other" ] || fail conflict match2 "brake $osd_other at this listener has two matches too, and smtpd can AND those of one brake a listener; lift it first, or use one match"
}

# opensmtpd_explain CONFIG: with J_* loaded: the reply, what is lost, open doors, notes.
opensmtpd_explain() {
  opensmtpd_facts "$1" || return 1
  osd_mark="(ref $J_brake)"
  case $J_effect in
  tempfail) plan_reply "450 4.7.1 ${J_text:-Mail is paused here, please try again later} $osd_mark" ;;
  reject) plan_reply "554 5.7.1 ${J_text:-Not accepted here} $osd_mark" ;;
  esac
  case $J_effect:$POINT_KIND in
  reject:local)
    plan_reply "sendmail: command failed: 554 5.7.1 ${J_text:-Not accepted here} $osd_mark (exit status 70)"
    plan_opens 'Local mail with the null sender, as bounces of smtpd itself have'
    ;;
  close:*) plan_reply 'connection refused' ;;
  pause:*)
    plan_reply 'accepted and queued'
    plan_note 'smtpctl pause mta and mda: deliveries that are under way go on to their end. The lift restarts smtpd, as mail that was scheduled by hand meanwhile (smtpctl schedule) would stay stuck'
    plan_opens 'A restart of smtpd by somebody else, or a reboot, delivers until the next minute, when the pause is put back'
    ;;
  esac
  case $J_match in
  'sender:<>') plan_note 'Bounces and other notices have this sender; so have the callbacks of servers that check whether an address exists' ;;
  sender:*@* | recipient:*@*) ;;
  sender:* | recipient:*) plan_note "Means ${J_match#*:} and all names below it" ;;
  esac
  if [ -n "$OSD_PID" ] && [ "$J_effect" != pause ]; then
    PLAN_CUTS=1
    plan_note 'smtpd can not reload: it is restarted, now and at the lift, once the deliveries under way have ended (after 10 s without them). Open sessions of all its listeners are cut (their senders try again), for a moment no connection is taken, and changes of its configuration that were not loaded yet come into force'
  fi
  opensmtpd_explain_doors
}

opensmtpd_explain_doors() {
  [ "$POINT_KIND" != delivery ] || return 0
  while IFS='	' read -r osd_what osd_instance osd_point osd_kind _; do
    if [ "$osd_what:$osd_instance" != "point:$J_instance" ] || [ "$osd_point" = "$J_point" ]; then continue; fi
    case $osd_kind in
    listener) plan_opens "$osd_point of the same smtpd" ;;
    local) plan_opens 'local: programs on the host that submit by sendmail(1)' ;;
    esac
  done <"$MB_STATE/discovered"
}
