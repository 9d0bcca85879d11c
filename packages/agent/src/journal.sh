# The journal: one small file an active application, `key=percent-encoded` lines closed by `end=1`. It is the truth; all
# else on the host is rendered from it. Written beside, renamed, flushed: a file without its last line was never promised.

journal_clear() {
  J_app='' J_brake='' J_instance='' J_point='' J_effect='' J_match='' J_match2='' J_match3='' J_text=''
  J_connections=0 J_messages=0 J_recipients=0 J_since=0 J_expires=0 J_ttl=0 J_by='' J_reason='' J_origin=''
  J_how='' J_at=0 J_ended_by='' J_ended_reason='' J_released=0 J_until=0 J_end=''
}

# journal_load APP [FOLDER]: sets J_* (decoded). Returns 1 where there is no whole entry of that name.
journal_load() {
  journal_clear
  journal_file=${2:-$MB_JOURNAL}/$1
  [ -f "$journal_file" ] || return 1
  while IFS='=' read -r journal_key journal_value; do
    case $journal_value in
    *%*) percent_decode "$journal_value" || DECODED=$journal_value ;;
    *) DECODED=$journal_value ;;
    esac
    case $journal_key in
    app) J_app=$DECODED ;;
    brake) J_brake=$DECODED ;;
    instance) J_instance=$DECODED ;;
    point) J_point=$DECODED ;;
    effect) J_effect=$DECODED ;;
    match) J_match=$DECODED ;;
    match2) J_match2=$DECODED ;;
    match3) J_match3=$DECODED ;;
    text) J_text=$DECODED ;;
    connections) J_connections=$DECODED ;;
    messages) J_messages=$DECODED ;;
    recipients) J_recipients=$DECODED ;;
    since) J_since=$DECODED ;;
    expires) J_expires=$DECODED ;;
    ttl) J_ttl=$DECODED ;;
    by) J_by=$DECODED ;;
    reason) J_reason=$DECODED ;;
    origin) J_origin=$DECODED ;;
    how) J_how=$DECODED ;;
    at) J_at=$DECODED ;;
    ended_by) J_ended_by=$DECODED ;;
    ended_reason) J_ended_reason=$DECODED ;;
    released) J_released=$DECODED ;;
    until) J_until=$DECODED ;;
    end) J_end=$DECODED ;;
    esac
  done <"$journal_file"
  [ "$J_end" = 1 ]
}

# journal_write [FOLDER [ended|linger]]: J_* as an entry, atomically.
journal_write() {
  journal_folder=${1:-$MB_JOURNAL}
  journal_text=
  journal_line app "$J_app"
  journal_line brake "$J_brake"
  journal_line instance "$J_instance"
  journal_line point "$J_point"
  journal_line effect "$J_effect"
  journal_line match "$J_match"
  journal_line match2 "$J_match2"
  journal_line match3 "$J_match3"
  journal_line text "$J_text"
  journal_line connections "$J_connections"
  journal_line messages "$J_messages"
  journal_line recipients "$J_recipients"
  journal_line since "$J_since"
  journal_line expires "$J_expires"
  journal_line ttl "$J_ttl"
  journal_line by "$J_by"
  journal_line reason "$J_reason"
  journal_line origin "$J_origin"
  if [ "$journal_folder" = "$MB_ENDED" ] || [ "$journal_folder" = "$MB_LINGER" ]; then
    journal_line how "$J_how"
    journal_line at "$J_at"
    journal_line ended_by "$J_ended_by"
    journal_line ended_reason "$J_ended_reason"
    journal_line released "$J_released"
    journal_line until "$J_until"
  fi
  journal_new=$MB_TMP/entry
  if ! { printf '%send=1\n' "$journal_text" >"$journal_new" && mv -f "$journal_new" "$journal_folder/$J_app"; } 2>/dev/null; then
    fail no-space '' "can't write $journal_folder: no space left, or the file system is read-only"
    return 1
  fi
  [ "$MB_PLAN" = 1 ] || file_sync "$journal_folder/$J_app" "$journal_folder"
}

journal_line() {
  case $2 in
  *[!A-Za-z0-9._~-]*) percent_encode "$2" ;;
  *) ENCODED=$2 ;;
  esac
  journal_text="$journal_text$1=$ENCODED
"
}

# journal_any FOLDER: whether there is an entry at all, without a fork.
journal_any() {
  for journal_file in "$1"/*; do
    [ -f "$journal_file" ] && return 0
  done
  return 1
}

# journal_list [INSTANCE]: prints the ids of the instance's (or all) entries, oldest first, one a line.
journal_list() {
  journal_any "$MB_JOURNAL" || return 0
  percent_encode "${1-}"
  MB_VALUE=$ENCODED awk -F= '
    $1 == "app" { app = $2 }
    $1 == "instance" { instance = $2 }
    $1 == "since" { since = $2 }
    $1 == "end" && (ENVIRON["MB_VALUE"] == "" || instance "" == ENVIRON["MB_VALUE"] "") { print since, app }
  ' "$MB_JOURNAL"/* </dev/null | sort -n | cut -d ' ' -f 2
}

# journal_stream INSTANCE: all its entries in one go, for an awk program to render from: one line an entry, oldest first,
# decoded, separated by tabs (no value holds one): since app brake point effect match match2 match3 text connections messages recipients expires
journal_stream() {
  journal_any "$MB_JOURNAL" || return 0
  percent_encode "$1"
  MB_VALUE=$ENCODED awk -F= "$AWK_PERCENT"'
    BEGIN { percent_setup() }
    { v[$1] = $2 }
    $1 == "end" {
      if (v["instance"] "" == ENVIRON["MB_VALUE"] "")
        print v["since"] "\t" decode(v["app"]) "\t" decode(v["brake"]) "\t" decode(v["point"]) "\t" v["effect"] "\t" decode(v["match"]) "\t" \
          decode(v["match2"]) "\t" decode(v["match3"]) "\t" decode(v["text"]) "\t" v["connections"] "\t" v["messages"] "\t" v["recipients"] "\t" v["expires"]
    }
  ' "$MB_JOURNAL"/* </dev/null | sort -t '	' -k1,1n -k2,2
}

# instance_armed INSTANCE: whether a person chose to have it armed (while planning: would have).
instance_armed() {
  percent_encode "$1"
  [ -f "$MB_ARMED/$ENCODED" ]
}
