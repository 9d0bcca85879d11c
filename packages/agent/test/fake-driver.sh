# A driver for tests of the core alone: its mail system is one file, its configuration folder is $MB_TEST_CONFIG.
# fake:FOLDER with FOLDER/main.conf (the admin's) into which it puts one managed block, and FOLDER/reloads which counts reloads.

fake_discover() {
  [ -d "${MB_TEST_CONFIG-}" ] || return 0
  fake_armed=false
  if instance_armed "fake:$MB_TEST_CONFIG"; then fake_armed=true; fi
  discover_instance "fake:$MB_TEST_CONFIG" "{\"instance\":\"fake:$MB_TEST_CONFIG\",\"mta\":\"fake\",\"version\":\"1\",\"configDir\":\"$MB_TEST_CONFIG\",\"name\":\"fake\",\"hostname\":\"h\",\"running\":true,\"armed\":$fake_armed,\"domains\":[]}"
  discover_point "fake:$MB_TEST_CONFIG" listener:smtp/inet listener 127.0.0.1 "${MB_TEST_PORT:-1}" "{\"instance\":\"fake:$MB_TEST_CONFIG\",\"point\":\"listener:smtp/inet\",\"kind\":\"listener\",\"label\":\"smtp\",\"role\":null,\"listens\":[],\"cells\":[{\"effect\":\"tempfail\",\"matches\":[\"all\"],\"loses\":false,\"reply\":\"450\"}]}"
  discover_point "fake:$MB_TEST_CONFIG" delivery delivery - - "{\"instance\":\"fake:$MB_TEST_CONFIG\",\"point\":\"delivery\",\"kind\":\"delivery\",\"label\":\"out\",\"role\":null,\"listens\":[],\"cells\":[]}"
}

fake_can() {
  [ "$J_effect" != discard ] || fail cannot effect 'the fake mail system can not discard; the nearest is reject'
}

fake_render() {
  file_path "$1/main.conf"
  grep -v '^brake ' "$FILE_PATH" >"$MB_TMP/fake"
  if instance_armed "fake:$1"; then echo 'brake hooks' >>"$MB_TMP/fake"; fi
  journal_stream "fake:$1" >"$MB_TMP/stream"
  while IFS='	' read -r fake_since fake_app fake_rest; do
    printf 'brake %s %s\n' "$fake_app" "$fake_rest" >>"$MB_TMP/fake"
  done <"$MB_TMP/stream"
  [ "${MB_TEST_FAIL-}" != render ] || { fail internal '' 'the render was told to fail'; return 1; }
  file_replace "$1/main.conf" cold <"$MB_TMP/fake" || return 1
  [ "$FILE_CHANGED" = 0 ] || RENDER_CHANGED=1
  crash_point between-files
  wc -l <"$MB_TMP/stream" >"$MB_TMP/fake-count"
  file_replace "$1/count.conf" <"$MB_TMP/fake-count" || return 1
  [ "$FILE_CHANGED" = 0 ] || RENDER_CHANGED=1
}

fake_reload() {
  [ "${MB_TEST_FAIL-}" != reload ] || { fail internal '' 'the reload was told to fail'; return 1; }
  run_command sh -c 'cat "$1/main.conf" >"$1/running.conf"' fake "$1"
}

fake_check() {
  fake_lines=0
  while read -r fake_line; do fake_lines=$((fake_lines + 1)); done <"$1/main.conf"
  readback_add 'lines of main.conf' "$fake_lines"
  if cmp -s "$1/main.conf" "$1/running.conf" || [ ! -f "$1/running.conf" ]; then fake_same=1; else fake_same=0; fi
  check_add 'the running configuration is the written one' "$fake_same" "$1/running.conf"
  if [ "${MB_TEST_FAIL-}" = check ]; then check_add 'told to fail' 0 'MB_TEST_FAIL'; fi
}

[ -n "${MB_TEST_NO_CUT-}" ] || fake_cut() {
  [ "${MB_TEST_FAIL-}" != cut ] || { fail internal '' 'the cut was told to fail'; return 1; }
  run_command sh -c 'cat "$1/main.conf" >>"$1/cut"' fake "$1"
}

fake_ease() { run_command sh -c 'cat "$1/main.conf" >"$1/eased"' fake "$1"; }

# As a table of the firewall: gone with a reboot, which here is the lack of running.conf.
fake_volatile() { [ "$J_effect" = close ]; }
fake_lost() { [ ! -f "$1/running.conf" ]; }

fake_lifted() {
  if [ "$J_effect" = hold ] && [ -f "$1/held" ]; then
    run_command rm -f "$1/held" || return 1
    RELEASED=2
  fi
}

fake_explain() {
  plan_reply "450 4.7.1 $J_text (ref $J_brake)"
  plan_opens 'what comes in by pigeon'
  plan_note 'this is a fake'
}
