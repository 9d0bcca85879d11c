# The journal: one small file an active application, `key=percent-encoded` lines closed by `end=1`. It is the truth; all
# else on the host is rendered from it. Written beside, renamed, flushed: a file without its last line was never promised.

# What an entry holds, in the order in which it is written; from `how` on only once it has ended.
JOURNAL_KEYS=' app brake instance point effect match match2 match3 text connections messages recipients cut since expires ttl by reason origin how at ended_by ended_reason released until end '

# shellcheck disable=SC2034 # J_how and others are read by way of JOURNAL_KEYS
journal_clear() {
  J_app='' J_brake='' J_instance='' J_point='' J_effect='' J_match='' J_match2='' J_match3='' J_text=''
  J_connections=0 J_messages=0 J_recipients=0 J_cut=0 J_since=0 J_expires=0 J_ttl=0 J_by='' J_reason='' J_origin=''
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
    case $JOURNAL_KEYS in
    *" $journal_key "*) IFS= read -r "J_$journal_key" <<END
$DECODED
END
      ;;
    esac
  done <"$journal_file"
  [ "$J_end" = 1 ]
}

# journal_write [FOLDER [ended|linger]]: J_* as an entry, atomically.
journal_write() {
  journal_folder=${1:-$MB_JOURNAL}
  journal_text=
  # In the order of JOURNAL_KEYS.
  set -- "$J_app" "$J_brake" "$J_instance" "$J_point" "$J_effect" "$J_match" "$J_match2" "$J_match3" "$J_text" "$J_connections" "$J_messages" \
    "$J_recipients" "$J_cut" "$J_since" "$J_expires" "$J_ttl" "$J_by" "$J_reason" "$J_origin" "$J_how" "$J_at" "$J_ended_by" "$J_ended_reason" "$J_released" "$J_until"
  for journal_key in $JOURNAL_KEYS; do
    case $journal_key in
    how) [ "$journal_folder" != "$MB_JOURNAL" ] || break ;;
    end) break ;;
    esac
    case $1 in
    *[!A-Za-z0-9._~-]*) percent_encode "$1" ;;
    *) ENCODED=$1 ;;
    esac
    journal_text="$journal_text$journal_key=$ENCODED
"
    shift
  done
  { printf '%send=1\n' "$journal_text" >"$MB_TMP/entry" && mv -f "$MB_TMP/entry" "$journal_folder/$J_app"; } 2>/dev/null || fail_space "$journal_folder" || return 1
  [ "$MB_PLAN" = 1 ] || file_sync "$journal_folder/$J_app" "$journal_folder"
}

# journal_any FOLDER: whether there is an entry at all, without a fork.
journal_any() {
  for journal_file in "$1"/*; do
    [ -f "$journal_file" ] && return 0
  done
  return 1
}

# journal_all: all entries. By cat: an awk that finds a file gone, lifted by another meanwhile, would read no further.
journal_all() { cat "$MB_JOURNAL"/* 2>/dev/null; }

# journal_list [INSTANCE]: prints the ids of the instance's (or all) entries, oldest first, one a line.
journal_list() {
  journal_any "$MB_JOURNAL" || return 0
  percent_encode "${1-}"
  journal_all | MB_VALUE=$ENCODED awk -F= '
    $1 == "app" { app = $2 }
    $1 == "instance" { instance = $2 }
    $1 == "since" { since = $2 }
    $1 == "end" && (ENVIRON["MB_VALUE"] == "" || instance "" == ENVIRON["MB_VALUE"] "") { print since, app }
  ' | sort -n | cut -d ' ' -f 2
}

# journal_stream INSTANCE: all its entries in one go, for an awk program to render from: one line an entry, oldest first,
# decoded, separated by tabs (no value holds one): since app brake point effect match match2 match3 text connections messages recipients expires
journal_stream() {
  journal_any "$MB_JOURNAL" || return 0
  percent_encode "$1"
  journal_all | MB_VALUE=$ENCODED awk -F= "$AWK_PERCENT"'
    BEGIN { percent_setup(); n = split("since app brake point effect match match2 match3 text connections messages recipients expires", key, " ") }
    { v[$1] = $2 }
    $1 == "end" {
      if (v["instance"] "" == ENVIRON["MB_VALUE"] "")
        for (i = 1; i <= n; i++) printf("%s%s", decode(v[key[i]]), (i < n ? "\t" : "\n"))
    }
  ' | sort -t '	' -k1,1n -k2,2
}

# instance_armed INSTANCE: whether a person chose to have it armed (while planning: would have).
instance_armed() {
  percent_encode "$1"
  [ -f "$MB_ARMED/$ENCODED" ]
}
