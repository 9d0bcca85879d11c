# One writer at a time. The lock is a symbolic link whose target says who holds it: made atomically with its content.
# A holder that died is found by its pid and start time (a pid is used again after a reboot), and by age as the last resort;
# it is thrown out only under a second lock and after reading again, since two who both saw a dead holder would else both win.

LOCK_WAIT_SECONDS=20
LOCK_HELD=0

# lock_take: waits at most $LOCK_WAIT_SECONDS; fails with `busy`. Taken twice by one request it is one lock.
lock_take() {
  [ "$LOCK_HELD" = 0 ] || return 0
  state_make || return 1
  epoch
  lock_start=$EPOCH lock_odd=0
  lock_token_of $$
  LOCK_TOKEN=$LOCK_TOKEN_OF:$EPOCH
  # shellcheck disable=SC2086
  until ln -s "$LOCK_TOKEN" "$MB_STATE/lock" 2>/dev/null; do
    # No lock there and yet none could be made: once or twice it was given back just between.
    if [ -L "$MB_STATE/lock" ]; then
      lock_odd=0
    else
      lock_odd=$((lock_odd + 1))
      [ "$lock_odd" -lt 20 ] || fail_space "$MB_STATE/lock" || return 1
    fi
    lock_break_stale "$MB_STATE/lock"
    sleep_short
    epoch
    [ "$((EPOCH - lock_start))" -le "$LOCK_WAIT_SECONDS" ] ||
      fail busy '' "another agent process has been at work for more than $LOCK_WAIT_SECONDS s; ask again" || return 1
  done
  LOCK_HELD=1
}

lock_release() {
  [ "$LOCK_HELD" = 1 ] || return 0
  LOCK_HELD=0
  lock_read "$MB_STATE/lock"
  [ "$LOCK_READ" != "$LOCK_TOKEN" ] || rm -f "$MB_STATE/lock"
}

# lock_token_of PID: sets LOCK_TOKEN_OF to pid:start, start being the 22nd field of /proc/PID/stat, or 0 where there is none.
lock_token_of() {
  lock_pid_start=0
  if [ -r "/proc/$1/stat" ] && { IFS= read -r lock_stat <"/proc/$1/stat"; } 2>/dev/null; then
    # The name, in brackets, may hold spaces and brackets.
    lock_stat=${lock_stat##*")"}
    # shellcheck disable=SC2086
    set -- "$1" $lock_stat
    # field 3 is now $2, so field 22 is ${21}
    lock_pid_start=${21-0}
  fi
  LOCK_TOKEN_OF=$1:$lock_pid_start
}

lock_read() {
  LOCK_READ=$(ls -ld "$1" 2>/dev/null) || { LOCK_READ=; return 0; }
  LOCK_READ=${LOCK_READ##*" -> "}
}

# lock_stale TOKEN: whether its holder is gone. Our own pid holds it only if a request of ours died: we ask one at a time.
lock_stale() {
  [ -n "$1" ] || return 1
  lock_of=${1%%:*} lock_of_rest=${1#*:}
  lock_of_start=${lock_of_rest%%:*} lock_of_epoch=${lock_of_rest#*:}
  case "$lock_of$lock_of_epoch" in '' | *[!0-9]*) return 0 ;; esac
  [ "$lock_of" != $$ ] || return 0
  if [ ! -d "/proc/$lock_of" ]; then kill -0 "$lock_of" 2>/dev/null || return 0; fi
  lock_token_of "$lock_of"
  [ "$LOCK_TOKEN_OF" = "$lock_of:$lock_of_start" ] || return 0
  lock_age=$((EPOCH - lock_of_epoch))
  [ "$lock_age" -gt 900 ] || [ "$lock_age" -lt -900 ]
}

lock_break_stale() {
  lock_read "$1"
  lock_stale "$LOCK_READ" || return 0
  lock_seen=$LOCK_READ
  if ln -s "$LOCK_TOKEN" "$1.break" 2>/dev/null; then
    lock_read "$1"
    if [ "$LOCK_READ" = "$lock_seen" ]; then rm -f "$1"; fi
    rm -f "$1.break"
  else
    # Its maker was killed inside the few milliseconds above: move it aside, and look at what was moved.
    lock_read "$1.break"
    lock_seen=$LOCK_READ
    if lock_stale "$lock_seen"; then
      mv "$1.break" "$1.break.$$" 2>/dev/null || return 0
      lock_read "$1.break.$$"
      [ "$LOCK_READ" = "$lock_seen" ] || ln -s "$LOCK_READ" "$1.break" 2>/dev/null || :
      rm -f "$1.break.$$"
    fi
  fi
}
