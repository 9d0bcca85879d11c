# In place of the agent's `main "$@"`: renders folders of main.cf and master.cf with the driver's own functions. Arguments: folders,
# each with main.cf, master.cf and orders (lines of journal_stream); the result goes to FOLDER/out. For postfix-edit.test.ts.
set -eu
MB_PLAN=0 MB_TABLES=/var/lib/mailbrake/tables MB_ARMED=/nonexistent
journal_stream() { cat "${1#postfix:}/orders"; }
for harness_folder; do
  MB_TMP=$harness_folder/out
  mkdir -p "$MB_TMP"
  px_awk "$harness_folder" 'END { TABLE_ROOT = "/tables"; render(); write_all() }' >"$MB_TMP/changed"
  mv "$MB_TMP/px-main" "$MB_TMP/main.cf"
  mv "$MB_TMP/px-master" "$MB_TMP/master.cf"
done
