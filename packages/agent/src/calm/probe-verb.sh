# The verb probe: the dialogue of probe_run as an answer.

verb_probe() {
  value_check || return 1
  case $R_sender in
  '' | '<>') R_sender= ;;
  *) match_mailbox "$R_sender" || value_bad sender 'an address such as name@example.org, or nothing for the null sender' || return 1 ;;
  esac
  match_mailbox "$R_recipient" || value_bad recipient 'an address such as name@example.org' || return 1
  state_make || return 1
  discovery_find "$R_instance" "$R_point" || return 1
  case $POINT_ADDRESS in
  '' | -)
    fail cannot point "$R_point takes no SMTP connection that could be probed; listeners do"
    return 1
    ;;
  esac
  probe_run || return 1
  awk "$AWK_PERCENT$AWK_JSON"'
    BEGIN { percent_setup(); JSON_UTF8 = 0; code = 0; reply = ""; n = 0 }
    function decide(text) {
      # The first refusal decides; without one the last answer before QUIT does.
      if (refused || quitting || text !~ /^[2-5][0-9][0-9]/) return
      code = substr(text, 1, 3) + 0; reply = text
      if (code >= 400) refused = 1
    }
    {
      sub(/\r$/, "")
      who = substr($0, 1, 2); text = json_cut(substr($0, 3), 1900)
      if (who != "C " && who != "S ") { words = $0; next }
      if (n++ < 100) out = out (n > 1 ? "," : "") "{\"from\":\"" (who == "C " ? "client" : "server") "\",\"text\":\"" json_escape(text) "\"}"
      if (who == "C " && text == "QUIT") quitting = 1
      if (who == "S " && text ~ /^[0-9][0-9][0-9]( |$)/) decide(text)
    }
    END { if (!code) reply = json_cut(words, 1900); printf "\"dialogue\":[%s],\"code\":%d,\"reply\":\"%s\"", out, code, json_escape(reply) }
  ' "$RUN_OUTPUT" >"$MB_TMP/probe"
  probe_answer=
  IFS= read -r probe_answer <"$MB_TMP/probe" || :
  answer_done "$probe_answer"
}
