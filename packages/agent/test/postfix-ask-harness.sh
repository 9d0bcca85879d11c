# In place of the agent's `main "$@"`: what `can` or `explain` (the first argument) says of the last line of FOLDER/orders (the
# second), a line of journal_stream with `candidate` as its time. For postfix-ask.test.ts.
set -eu
MB_PLAN=0 MB_TMP=$2/tmp MB_TABLES=/var/lib/mailbrake/tables MB_ARMED=/nonexistent
journal_stream() { cat "${1#postfix:}/orders"; }
px_awk "$2" "END { $1() }"
