# Writing JSON. Reading it is the by-hand printer's business alone.

# Characters that need nothing done to them inside a JSON string.
JSON_PLAIN='*[!][A-Za-z0-9 ._~:/@%+=,<>()#*;!?&|^{}$-]*'

AWK_JSON='
function json_escape(s,   i, n, c, out, code) {
  n = length(s)
  for (i = 1; i <= n; i++) {
    c = substr(s, i, 1); code = CODE[c]
    if (c == "\"" || c == "\\") out = out "\\" c
    else if (c == "\n") out = out "\\n"
    else if (c == "\t") out = out "\\t"
    else if (code < 32 || code == 127) out = out sprintf("\\u%04x", code)
    else if (code > 127 && !JSON_UTF8) out = out "?"
    else out = out c
  }
  return out
}
function json_cut(s, most) {
  if (length(s) <= most) return s
  s = substr(s, 1, most)
  # not in the middle of a UTF-8 sequence
  while (length(s) && CODE[substr(s, length(s), 1)] > 127) s = substr(s, 1, length(s) - 1)
  return s " (cut)"
}
'

# json_string VALUE [MOST]: sets JSON to the quoted string of at most MOST bytes (4000 - room for the word that it was cut).
# Bytes that are not UTF-8 become question marks.
json_string() {
  # shellcheck disable=SC2254 # a pattern kept in a variable, on purpose
  case $1 in
  $JSON_PLAIN) ;;
  *)
    if [ "${#1}" -le "${2:-3900}" ]; then
      JSON=\"$1\"
      return 0
    fi
    ;;
  esac
  JSON=$(MB_VALUE=$1 MB_MOST=${2:-3900} awk "$AWK_PERCENT$AWK_JSON"'BEGIN {
    percent_setup()
    s = json_cut(ENVIRON["MB_VALUE"], ENVIRON["MB_MOST"] + 0)
    JSON_UTF8 = utf8_valid(s)
    printf "\"%s\"", json_escape(s)
  }')
}

# json_file PATH MOST: sets JSON to the content of a file, cut at MOST bytes.
json_file() {
  JSON=$(MB_MOST=$2 awk "$AWK_PERCENT$AWK_JSON"'
    BEGIN { percent_setup(); most = ENVIRON["MB_MOST"] + 0 }
    size <= most { all = all $0 "\n"; size += length($0) + 1 }
    END { s = json_cut(all, most); JSON_UTF8 = utf8_valid(s); printf "\"%s\"", json_escape(s) }
  ' "$1")
}

# json_field NAME VALUE [MOST]: adds `,"NAME":"VALUE"` to JSON_FIELDS.
json_field() {
  json_string "$2" "${3-}"
  JSON_FIELDS="$JSON_FIELDS,\"$1\":$JSON"
}

# json_words FIELD WORD…: sets JSON to an array of strings.
json_array() {
  json_items=
  for json_item; do
    json_string "$json_item"
    json_items=$json_items${json_items:+,}$JSON
  done
  JSON="[$json_items]"
}
