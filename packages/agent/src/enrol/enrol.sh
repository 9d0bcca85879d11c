# The enrolment script's own part. @NAMES@ are filled in by enrolment-script.ts, each with a value that it has checked.

enrol_stop() {
  printf 'mailbrake: %s\n' "$1" >&2
  exit 1
}

# enrol_text agent|queue: the two files as they are built, with all drivers.
enrol_text() {
  if [ "$1" = queue ]; then
    cat <<'MAILBRAKE_QUEUE_ENDS_HERE'
@QUEUE@
MAILBRAKE_QUEUE_ENDS_HERE
    return
  fi
  cat <<'MAILBRAKE_AGENT_ENDS_HERE'
@AGENT@
MAILBRAKE_AGENT_ENDS_HERE
}

# Whether this host has the mail server of a driver. Where it gets one later, enrolling it again brings the driver.
enrol_needs() {
  case $1 in
  postfix) command -v postconf ;;
  exim) command -v exim4 || command -v exim || [ -x /usr/exim/bin/exim ] || [ -x /usr/local/exim/bin/exim ] ;;
  sendmail) [ -f /etc/mail/sendmail.cf ] || [ -f /etc/sendmail.cf ] || grep -q 'mail/sendmail\.cf' /usr/sbin/sendmail /usr/lib/sendmail 2>/dev/null ;;
  opensmtpd) command -v smtpctl && { [ -f /etc/smtpd.conf ] || [ -f /etc/mail/smtpd.conf ] || [ -f /usr/local/etc/mail/smtpd.conf ]; } ;;
  nftables) command -v nft ;;
  site) [ -d /etc/mailbrake/mechanisms.d ] ;;
  *) return 0 ;;
  esac >/dev/null
}

# The drivers that this host needs; all where it has none of their mail servers.
enrol_choose() {
  enrol_drivers='' enrol_mail=
  for enrol_driver in @DRIVERS@; do
    enrol_needs "$enrol_driver" || continue
    enrol_drivers="$enrol_drivers${enrol_drivers:+ }$enrol_driver"
    case $enrol_driver in nftables | site) ;; *) enrol_mail=1 ;; esac
  done
  [ -n "$enrol_mail" ] || enrol_drivers='@DRIVERS@'
}

# enrol_fitting agent|queue: with these drivers alone.
enrol_fitting() {
  # shellcheck disable=SC2016 # awk program
  enrol_text "$1" | KEEP=" $enrol_drivers " awk '
    /^#@driver / { drop = !index(ENVIRON["KEEP"], " " $2 " ") }
    /^MB_DRIVERS=/ && !named++ { $0 = ENVIRON["KEEP"]; gsub(/^ | $/, ""); $0 = "MB_DRIVERS=\047" $0 "\047" }
    !drop
    /^#@driver-end$/ { drop = 0 }'
}

enrol_put() {
  mkdir -p /usr/local/sbin || enrol_stop "can't make /usr/local/sbin"
  enrol_new=/usr/local/sbin/.mailbrake-agent.new enrol_part=/usr/local/lib/mailbrake
  trap 'rm -f "$enrol_new" "$enrol_part/.queue.new"' EXIT
  trap 'exit 1' HUP INT TERM
  { rm -f "$enrol_new" && enrol_fitting agent >"$enrol_new" && chown 0:0 "$enrol_new" && chmod 755 "$enrol_new"; } ||
    enrol_stop "can't write to /usr/local/sbin: no space left, or the file system is read-only"
  if [ -x /usr/xpg4/bin/sh ]; then
    { sed '1s|.*|#!/usr/xpg4/bin/sh|' "$enrol_new" >"$enrol_new.2" && cat "$enrol_new.2" >"$enrol_new" && rm -f "$enrol_new.2"; } ||
      enrol_stop "can't write to /usr/local/sbin"
  fi
  # The interpreter of the very file is what counts.
  "$enrol_new" version >&2 || enrol_stop "this host's sh can't run the agent"
  { mkdir -p "$enrol_part" && chown 0:0 "$enrol_part" && chmod 755 "$enrol_part" && rm -f "$enrol_part/.queue.new" &&
    enrol_fitting queue >"$enrol_part/.queue.new" && chown 0:0 "$enrol_part/.queue.new" && chmod 644 "$enrol_part/.queue.new"; } ||
    enrol_stop "can't write to $enrol_part: no space left, or the file system is read-only"
  # The two belong together, and brakes count: an agent that finds the part of another version says so, and brakes all the same.
  mv -f "$enrol_part/.queue.new" "$enrol_part/queue" || enrol_stop "can't write $enrol_part/queue"
  mv -f "$enrol_new" /usr/local/sbin/mailbrake-agent || enrol_stop "can't write /usr/local/sbin/mailbrake-agent"
}

# Installing stands on the agent's own functions: all of it but the last line, which would start it. In a subshell of its own.
enrol_install() {
  enrol_new=/usr/local/sbin/.mailbrake-agent.new
  sed '$d' /usr/local/sbin/mailbrake-agent >"$enrol_new" || enrol_stop "can't write to /usr/local/sbin"
  # shellcheck source=/dev/null
  . "$enrol_new"
  rm -f "$enrol_new"
  base_setup
  install_run "$@"
}

# The address may hold a one-time token, and the data names this host's keys: neither goes on a command line where there is a way around it.
enrol_report() {
  enrol_folder=/var/lib/mailbrake/tmp/enrol.$$
  mkdir -p "$enrol_folder" && chmod 700 "$enrol_folder" || return 1
  printf '%s\n' "$enrol_answer" >"$enrol_folder/answer"
  enrol_status=0
  if command -v curl >/dev/null 2>&1; then
    printf '%s\n' "url = \"$enrol_url\"" 'header = "content-type: application/json"' "data-binary = \"@$enrol_folder/answer\"" |
      curl -fsS --max-time 30 -o "$enrol_folder/said" -K - >&2 || enrol_status=1
  elif command -v wget >/dev/null 2>&1; then
    printf '%s\n' "$enrol_url" >"$enrol_folder/url"
    if wget --version >/dev/null 2>&1; then
      wget -q -T 30 -t 1 --header='content-type: application/json' --post-file="$enrol_folder/answer" -O "$enrol_folder/said" -i "$enrol_folder/url" >&2 || enrol_status=1
    else
      wget -q -T 30 --header='content-type: application/json' --post-file="$enrol_folder/answer" -O "$enrol_folder/said" "$enrol_url" >&2 || enrol_status=1
    fi
  else
    enrol_status=1
    printf 'mailbrake: neither curl nor wget here\n' >&2
  fi
  rm -rf "$enrol_folder"
  return "$enrol_status"
}

main() {
  set -eu
  PATH=/usr/xpg4/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  LC_ALL=C
  export PATH LC_ALL
  umask 022
  enrol_key='@KEY@'
  enrol_host='@HOST@'
  enrol_url='@URL@'
  [ "$(id -u)" = 0 ] || enrol_stop 'run this as root (for example through sudo sh)'
  [ -z "$enrol_host" ] || printf 'mailbrake: enrolling this host (%s) as %s\n' "$(uname -n)" "$enrol_host" >&2
  enrol_choose
  enrol_put
  # shellcheck disable=SC2086 # two words
  enrol_answer=$(enrol_install $enrol_key) || enrol_stop 'the agent could not be installed; see above'
  if [ -n "$enrol_url" ] && ! enrol_report; then
    printf '%s\n' "$enrol_answer"
    enrol_stop 'installed, but the control plane could not be told; give it the line above by hand'
  fi
  printf '%s\n' "$enrol_answer"
}
