# What every other module stands on: the environment, the places on disk, how a function says that it failed.

MB_VERSION=0.1.0
MB_PROTOCOL=1
MB_DRIVERS='postfix exim sendmail opensmtpd nftables site'

# base_setup: a known environment, whatever started us. The client's variables never decide anything.
base_setup() {
  LC_ALL=C
  PATH=/usr/xpg4/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  IFS=' 	
'
  export LC_ALL PATH
  # shellcheck disable=SC3040
  [ -z "${YASH_VERSION-}" ] || set -o posixlycorrect
  unset CDPATH ENV BASH_ENV POSIXLY_CORRECT LANG LANGUAGE || :
  umask 077
  MB_STATE=/var/lib/mailbrake
  MB_AGENT=/usr/local/sbin/mailbrake-agent
  MB_QUEUE=/usr/local/lib/mailbrake/queue
  MB_CRON_DIR=/etc/cron.d
  MB_UNIT_DIR=/etc/systemd/system
  PATH=${MB_TEST_PATH-}${MB_TEST_PATH:+:}$PATH #@test
  MB_STATE=${MB_TEST_STATE:-$MB_STATE} #@test
  MB_AGENT=${MB_TEST_AGENT:-$MB_AGENT} #@test
  MB_QUEUE=${MB_TEST_QUEUE:-$MB_QUEUE} #@test
  MB_CRON_DIR=${MB_TEST_CRON_DIR:-$MB_CRON_DIR} #@test
  MB_UNIT_DIR=${MB_TEST_UNIT_DIR:-$MB_UNIT_DIR} #@test
  MB_DRIVERS=${MB_TEST_DRIVERS:-$MB_DRIVERS} #@test
  MB_CRON=$MB_CRON_DIR/mailbrake
  MB_UNIT=$MB_UNIT_DIR/mailbrake-expire
  MB_JOURNAL=$MB_STATE/journal
  MB_ENDED=$MB_STATE/ended
  MB_ARMED=$MB_STATE/armed
  MB_LINGER=$MB_STATE/linger
  MB_TABLES=$MB_STATE/tables
  MB_TMP=$MB_STATE/tmp/$$
  MB_PLAN=0
  FAIL_CODE='' FAIL_FIELD='' FAIL_MESSAGE=''
  base_say_setup
}

# fail CODE FIELD MESSAGE: why; to be passed up by `|| return 1`.
fail() {
  FAIL_CODE=$1 FAIL_FIELD=$2 FAIL_MESSAGE=$3
  return 1
}

# fail_words: what is said where nobody has.
fail_words() { : "${FAIL_CODE:=internal}" "${FAIL_MESSAGE:=a step failed without saying why}"; }

# fail_space PATH [WORDS]: the same for what could not be written.
fail_space() { fail no-space '' "can't write $1: no space left, or the file system is read-only${2-}"; }

# say TEXT: one line on descriptor 3, where answers go. mksh has no printf built in: a fork for each line.
base_say_setup() {
  if (print -r -- x) >/dev/null 2>&1 && [ -n "${KSH_VERSION-}" ]; then
    # shellcheck disable=SC3061,SC3062,SC2039,SC2317
    say() { print -r -- "$1" >&3; }
  else
    # shellcheck disable=SC2317
    say() { printf '%s\n' "$1" >&3; }
  fi
}

# epoch: sets EPOCH, seconds. `date +%s` is not POSIX; awk's srand returns the seed before, which was the time.
epoch() {
  EPOCH=$(date +%s 2>/dev/null) || EPOCH=
  case $EPOCH in
  '' | *[!0-9]*) EPOCH=$(awk 'BEGIN { srand(); printf "%d", srand() }') ;;
  esac
}

# epoch_once: the same, asked at most once a request (a process is a millisecond or two).
epoch_once() { [ -n "${EPOCH-}" ] || epoch; }

# number_sum A B: sets SUM, also where shell arithmetic has 32 bits (mksh).
number_sum() {
  if [ "$((2147483647 + 1))" = 2147483648 ]; then
    SUM=$(($1 + $2))
  else
    SUM=$(A=$1 B=$2 awk 'BEGIN { printf "%.0f", ENVIRON["A"] + ENVIRON["B"] }')
  fi
}

# number_at_most A B: true when A <= B, whatever the width of shell arithmetic.
number_at_most() {
  if [ "${#1}" -lt 10 ] && [ "${#2}" -lt 10 ]; then
    [ "$1" -le "$2" ]
  else
    A=$1 B=$2 awk 'BEGIN { exit !(ENVIRON["A"] + 0 <= ENVIRON["B"] + 0) }'
  fi
}

# state_make: the state folder with all that belongs in it. tables/ is readable, since mail daemons open what is in it.
state_make() {
  [ -d "$MB_TMP" ] && return 0
  mkdir -p "$MB_JOURNAL" "$MB_ENDED" "$MB_ARMED" "$MB_LINGER" "$MB_TABLES" "$MB_TMP" 2>/dev/null || fail_space "$MB_STATE" || return 1
  chmod 711 "$MB_STATE" && chmod 755 "$MB_TABLES"
}

# sleep_short: a twentieth of a second where sleep knows fractions, else a second.
sleep_short() { sleep 0.05 2>/dev/null || sleep 1; }

#@test-begin
# crash_point NAME: kills this agent and all that it started, as a power cut would, where MB_TEST_CRASH names this point.
# Only in test builds. It kills its process group, so it refuses unless the agent leads one (setsid, or detached spawn).
crash_point() {
  [ "${MB_TEST_CRASH-}" = "$1" ] || return 0
  crash_group=$(ps -o pgid= -p $$)
  [ "$((crash_group))" = "$$" ] || { echo "crash_point: start the agent as a process group leader" >&2; exit 99; }
  kill -9 0
}
#@test-end
