# Looking: how many, which, and one message. Changes nothing.

# queue_through PROGRAM: the stream through an awk program; its output on standard output. What `fail` was told in the pipe's
# subshell comes back by a file.
queue_through() {
  rm -f "$MB_TMP/queue-failed"
  { driver queue_stream "$DRIVER_CONFIG" || printf '%s\n' "$FAIL_CODE" "$FAIL_FIELD" "$FAIL_MESSAGE" >"$MB_TMP/queue-failed"; } |
    awk -F '\t' "$AWK_PERCENT$AWK_JSON$QUEUE_AWK_SELECT$QUEUE_AWK_JSON$1" || fail internal '' 'the queue could not be read: awk failed' || return 1
  [ -f "$MB_TMP/queue-failed" ] || return 0
  { IFS= read -r FAIL_CODE && IFS= read -r FAIL_FIELD && IFS= read -r FAIL_MESSAGE; } <"$MB_TMP/queue-failed" || :
  return 1
}

# queue_count: messages, bytes and the oldest of a selection.
queue_count() {
  queue_selection || return 1
  # shellcheck disable=SC2016
  queue_through '
    BEGIN { percent_setup(); select_setup(); oldest = 0 }
    stream_end() { next }
    selected() { n++; bytes += $4; if (!oldest || $5 + 0 < oldest) oldest = $5 + 0 }
    END { printf "\"messages\":%.0f,\"bytes\":%.0f,\"oldest\":%.0f,\"complete\":%s,\"why\":%s", n, bytes, oldest, WHOLE ? "true" : "false", text_json(WHOLE ? "" : CUT == "" ? "the mail server stopped telling its queue" : CUT, 390) }
  ' >"$MB_TMP/queue-answer" || return 1
  IFS= read -r queue_answer <"$MB_TMP/queue-answer" || [ -n "$queue_answer" ]
  answer_done "$queue_answer"
}

# queue_list: one page, oldest first. A page is kept, and a batch of what may come into it, never the whole queue.
queue_list() {
  queue_selection && value_number limit "$R_limit" 1 100 || return 1
  case $R_after in
  '') ;;
  *[!0-9A-Za-z:-]*) fail bad-value after 'after: the next of the page before' || return 1 ;;
  esac
  AFTER=$R_after LIMIT=$R_limit
  export AFTER LIMIT
  # shellcheck disable=SC2016
  queue_through '
    BEGIN { percent_setup(); select_setup(); after = ENVIRON["AFTER"] ""; most = ENVIRON["LIMIT"] + 1 }
    stream_end() { next }
    {
      key = substr("000000000000" $5, length($5) + 1) ":" $1
      if (key <= after || (bound != "" && key >= bound) || !selected()) next
      KEY[++n] = key; LINE[n] = $0
      if (n >= most + 900) settle()
    }
    # settle(): the smallest of the batch in order, the rest forgotten
    function settle(   gap, i, j, k, l) {
      for (gap = 1; gap < n / 3; gap = gap * 3 + 1);
      for (; gap >= 1; gap = int(gap / 3))
        for (i = gap + 1; i <= n; i++) {
          k = KEY[i]; l = LINE[i]
          for (j = i; j > gap && KEY[j - gap] > k; j -= gap) { KEY[j] = KEY[j - gap]; LINE[j] = LINE[j - gap] }
          KEY[j] = k; LINE[j] = l
        }
      for (i = most + 1; i <= n; i++) { delete KEY[i]; delete LINE[i] }
      if (n > most) n = most
      if (n == most) bound = KEY[n]
    }
    END {
      settle()
      print (WHOLE ? "whole" : "cut"), (n == most ? KEY[n - 1] : "")
      for (i = 1; i <= n && i < most; i++) if (KEY[i] != KEY[i - 1]) print LINE[i]
    }
  ' >"$MB_TMP/queue-page" || return 1
  read -r queue_whole queue_next <"$MB_TMP/queue-page"
  [ "$queue_whole" = whole ] || fail internal '' "the queue could not be read whole within $QUEUE_LIMIT s; ask for less of it, or for a survey" || return 1
  sed 1d "$MB_TMP/queue-page" >"$MB_TMP/queue-lines"
  queue_tell <"$MB_TMP/queue-lines" || return 1
  answer_done "\"next\":\"$queue_next\""
}

# queue_tell: stream lines on standard input (a hundred at most) as answers.
queue_tell() {
  driver queue_fill "$DRIVER_CONFIG" >"$MB_TMP/queue-filled" || return 1
  MB_ID=$ANSWER_ID awk -F '\t' "$AWK_PERCENT$AWK_JSON$QUEUE_AWK_JSON"'
    BEGIN { percent_setup() }
    { print "{\"id\":\"" ENVIRON["MB_ID"] "\",\"message\":" message_json() "}" }
  ' "$MB_TMP/queue-filled" >&3
}

# queue_show: one message: what the queue says of it, its header, and the first 64 kB of its body where asked for.
queue_show() {
  case $R_body in [01]) ;; *) fail bad-value body 'body: 0 or 1' || return 1 ;; esac
  value_is "$R_message" '*[!A-Za-z0-9-]*' || fail bad-value message "message: the mail server's own id" || return 1
  MB_VALUE=$R_message QUEUE_WANT=
  export MB_VALUE
  # shellcheck disable=SC2016
  queue_through '!stream_end() && $1 == ENVIRON["MB_VALUE"] { if (!n++) print }' >"$MB_TMP/queue-lines" || return 1
  [ -s "$MB_TMP/queue-lines" ] || fail bad-value message "no queued message is called $R_message; it may have left the queue" || return 1
  queue_tell <"$MB_TMP/queue-lines" || return 1
  { driver queue_show "$DRIVER_CONFIG" "$R_message" || :; } | MB_ID=$ANSWER_ID MB_BODY=$R_body awk "$AWK_PERCENT$AWK_JSON$QUEUE_AWK_JSON"'
    BEGIN { percent_setup(); start = "{\"id\":\"" ENVIRON["MB_ID"] "\"," }
    function field(   at) {
      if (name != "") print start "\"header\":{\"name\":" text_json(name, 390) ",\"value\":" text_json(value, 15000) "}}"
      name = ""
    }
    function piece() { if (text != "") print start "\"text\":" text_json(text, 15000) "}"; text = "" }
    { sub(/\r$/, "") }
    !body && /^$/ { field(); body = 1; next }
    !body {
      size += length($0) + 1
      if (size > 65536) { cut = 1; next }
      if (/^[ \t]/) { value = value "\n" $0; next }
      field()
      at = index($0, ":")
      if (at) { name = substr($0, 1, at - 1); value = substr($0, at + 1); sub(/^[ \t]/, "", value) }
      next
    }
    ENVIRON["MB_BODY"] + 0 {
      if (taken + length($0) + 1 > 65536) { $0 = substr($0, 1, 65536 - taken); cut = 1 }
      if (taken >= 65536) next
      taken += length($0) + 1
      # a long line in pieces, none in the middle of a character
      while (length(text) + length($0) + 1 > 15000) {
        n = 15000 - length(text)
        for (at = 0; at < 3 && n > 0 && CODE[substr($0, n + 1, 1)] > 127 && CODE[substr($0, n + 1, 1)] < 192; at++) n--
        text = text substr($0, 1, n); $0 = substr($0, n + 1); piece()
      }
      text = text $0 "\n"
    }
    END { field(); piece(); print cut + 0 }
  ' >"$MB_TMP/queue-shown" || fail internal '' 'the message could not be read' || return 1
  sed '$d' "$MB_TMP/queue-shown" >&3
  queue_cut=$(tail -n 1 "$MB_TMP/queue-shown")
  if [ "$queue_cut" = 1 ]; then queue_cut=true; else queue_cut=false; fi
  answer_done "\"truncated\":$queue_cut"
}
