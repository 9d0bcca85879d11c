# An SMTP dialogue from this host itself with one block point, ended before DATA: no mail is ever sent by it.
# Run by the first tool found; the programs are constants, the values go in by environment. At most $PROBE_SECONDS.

PROBE_SECONDS=20

# probe_run: the dialogue with POINT_ADDRESS and POINT_PORT, from R_sender to R_recipient, `C text` and `S text` lines, in $RUN_OUTPUT.
probe_run() {
  export MB_PROBE_ADDRESS="$POINT_ADDRESS" MB_PROBE_PORT="$POINT_PORT" MB_PROBE_SENDER="$R_sender" MB_PROBE_RECIPIENT="$R_recipient"
  MB_PROBE_NAME=$(uname -n) && export MB_PROBE_NAME
  RUN_LIMIT=$PROBE_SECONDS
  if perl -MSocket -e 1 >/dev/null 2>&1; then
    run_query perl -e "$PROBE_PERL" || :
  elif bash -c enable 2>/dev/null | grep -q read; then
    run_query bash -c "$PROBE_BASH" || :
  else
    fail cannot '' 'a probe from this host itself needs perl or bash; probe it from outside'
  fi
}
