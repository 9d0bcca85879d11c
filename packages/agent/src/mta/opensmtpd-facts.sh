# What this host's OpenSMTPD is: program, daemon, configuration, listeners. Reads only.

# opensmtpd_find: 1 where there is none. smtpd alone may be another mail system's.
opensmtpd_find() {
  for OSD_SMTPD in /usr/sbin/smtpd /usr/local/sbin/smtpd /opt/opensmtpd/sbin/smtpd; do
    if [ -x "$OSD_SMTPD" ] && command -v smtpctl >/dev/null 2>&1; then return 0; fi
  done
  return 1
}

# opensmtpd_daemon: sets OSD_PID ('' when none runs), OSD_ARGUMENTS (its words after the first), OSD_UNIT (of systemd).
opensmtpd_daemon() {
  OSD_PID='' OSD_ARGUMENTS='' OSD_UNIT='' OSD_PID_FILE=
  for osd_file in /run/smtpd.pid /var/run/smtpd.pid; do
    if [ ! -f "$osd_file" ] || ! read -r OSD_PID <"$osd_file"; then continue; fi
    case $OSD_PID in '' | *[!0-9]*) OSD_PID= && continue ;; esac
    osd_line=$(ps -o args= -p "$OSD_PID" 2>/dev/null) || osd_line=
    case $osd_line in
    smtpd | smtpd\ * | */smtpd | */smtpd\ *)
      OSD_PID_FILE=$osd_file
      case $osd_line in *\ *) OSD_ARGUMENTS=${osd_line#* } ;; esac
      break
      ;;
    esac
    OSD_PID=
  done
  [ -n "$OSD_PID" ] || return 0
  if [ -d /run/systemd/system ]; then OSD_UNIT=$(sed -n 's/^.*\/\([^/]*\.service\)$/\1/p' "/proc/$OSD_PID/cgroup" 2>/dev/null | tail -n 1); fi
}

# opensmtpd_config: sets OSD_CONFIG, the file that the daemon reads, or would.
opensmtpd_config() {
  OSD_CONFIG=
  case " $OSD_ARGUMENTS " in *' -f '*) OSD_CONFIG=${OSD_ARGUMENTS#*-f } OSD_CONFIG=${OSD_CONFIG%% *} ;; esac
  case $OSD_CONFIG in /*) return 0 ;; esac
  for OSD_CONFIG in /etc/mail/smtpd.conf /usr/local/etc/mail/smtpd.conf /etc/opensmtpd/smtpd.conf /etc/smtpd/smtpd.conf /etc/smtpd.conf; do
    [ ! -f "$OSD_CONFIG" ] || return 0
  done
  OSD_CONFIG=
  return 1
}

# opensmtpd_facts CONFIG: all of that, for the file in force, which must be CONFIG.
opensmtpd_facts() {
  OSD_CONFIG=
  if ! opensmtpd_find || ! opensmtpd_daemon || ! opensmtpd_config || [ "$OSD_CONFIG" != "$1" ]; then
    fail no-such-instance instance "OpenSMTPD reads ${OSD_CONFIG:-nothing} now, not $1; ask discover again"
    return 1
  fi
  OSD_BRAKES=$MB_TABLES/opensmtpd/brakes.conf
}

# opensmtpd_read: the listeners of OSD_CONFIG, a line each, in $MB_TMP/opensmtpd-seen:
# `listener KEY IFX PORT FAMILY(-|inet4|inet6) TLS(0|1) AUTH(0|1)`, `file PATH`, `domain NAME`, `bypass`.
opensmtpd_read() {
  OSD_MAIN=$OSD_CONFIG OSD_BRAKES=$OSD_BRAKES awk "$OPENSMTPD_AWK_SOURCES"'
    BEGIN {
      INCLUDE = "include \"" ENVIRON["OSD_BRAKES"] "\" # mailbrake"
      load(ENVIRON["OSD_MAIN"], 0)
      for (i = 1; i <= FILES; i++) print "file", FILE[i]
      for (i = 1; i <= LISTENERS; i++) print "listener", LISTENER[i], IFX[i], PORT[i], (FAMILY[i] == "" ? "-" : FAMILY[i]), IMPLICIT_TLS[i], AUTH[i] + 0
      for (i = 1; i <= DOMAINS; i++) print "domain", DOMAIN_AT[i]
      if (BYPASS) print "bypass"
    }' </dev/null >"$MB_TMP/opensmtpd-seen" || fail internal '' "$OSD_CONFIG can't be read"
}
