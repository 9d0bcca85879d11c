# Percent coding of values, in the shell itself for printable ASCII (no fork on the way of an urgent brake), by awk for UTF-8.

# Common to awk programs that read journal files: decode(s), and valid(s) for UTF-8.
AWK_PERCENT='
function percent_setup(i) {
  for (i = 0; i < 256; i++) {
    HEX[sprintf("%02X", i)] = i; HEX[sprintf("%02x", i)] = i
    BYTE[i] = sprintf("%c", i); if (i) CODE[BYTE[i]] = i
  }
}
function decode(s,   out, at, h) {
  out = ""
  while ((at = index(s, "%")) > 0) {
    h = toupper(substr(s, at + 1, 2))
    if (!(h in HEX)) return out
    out = out substr(s, 1, at - 1) BYTE[HEX[h]]
    s = substr(s, at + 3)
  }
  return out s
}
function utf8_valid(s,   i, n, c, more, low, high) {
  n = length(s); more = 0
  for (i = 1; i <= n; i++) {
    c = CODE[substr(s, i, 1)]
    if (more) {
      if (c < low || c > high) return 0
      low = 128; high = 191; more--
      continue
    }
    low = 128; high = 191
    if (c < 128) continue
    if (c >= 194 && c <= 223) more = 1
    else if (c >= 224 && c <= 239) { more = 2; if (c == 224) low = 160; if (c == 237) high = 159 }
    else if (c >= 240 && c <= 244) { more = 3; if (c == 240) low = 144; if (c == 244) high = 143 }
    else return 0
  }
  return more == 0
}
'

# percent_decode ENCODED: sets DECODED. Returns 1 at a stray %, a control character, or what is not UTF-8.
percent_decode() {
  DECODED='' percent_rest=$1
  while :; do
    case $percent_rest in
    *%*) ;;
    *)
      DECODED=$DECODED$percent_rest
      return 0
      ;;
    esac
    DECODED=$DECODED${percent_rest%%\%*}
    percent_rest=${percent_rest#*\%}
    case $percent_rest in
    20*) percent_c=' ' ;;
    21*) percent_c='!' ;;
    22*) percent_c='"' ;;
    23*) percent_c='#' ;;
    24*) percent_c='$' ;;
    25*) percent_c='%' ;;
    26*) percent_c='&' ;;
    27*) percent_c="'" ;;
    28*) percent_c='(' ;;
    29*) percent_c=')' ;;
    2[Aa]*) percent_c='*' ;;
    2[Bb]*) percent_c='+' ;;
    2[Cc]*) percent_c=',' ;;
    2[Ff]*) percent_c='/' ;;
    3[Aa]*) percent_c=':' ;;
    3[Bb]*) percent_c=';' ;;
    3[Cc]*) percent_c='<' ;;
    3[Dd]*) percent_c='=' ;;
    3[Ee]*) percent_c='>' ;;
    3[Ff]*) percent_c='?' ;;
    40*) percent_c='@' ;;
    5[Bb]*) percent_c='[' ;;
    5[Cc]*) percent_c=\\ ;;
    5[Dd]*) percent_c=']' ;;
    5[Ee]*) percent_c='^' ;;
    60*) percent_c='`' ;;
    7[Bb]*) percent_c='{' ;;
    7[Cc]*) percent_c='|' ;;
    7[Dd]*) percent_c='}' ;;
    # More than ASCII, or what needs no coding (nobody who follows the protocol sends that); awk refuses the rest.
    [2-9A-Fa-f][0-9A-Fa-f]*)
      percent_decode_bytes "$1"
      return
      ;;
    *) return 1 ;;
    esac
    DECODED=$DECODED$percent_c
    percent_rest=${percent_rest#??}
  done
}

# A full stop after the value tells whether this shell could hold it: yash, started in the C locale, cuts a word at a byte
# that is not ASCII. Then question marks stand for these characters.
percent_decode_bytes() {
  percent_utf8=1
  percent_awk "$1" || return 1
  case $DECODED in
  *.) ;;
  *)
    percent_utf8=0
    percent_awk "$1" || return 1
    ;;
  esac
  DECODED=${DECODED%.}
}

percent_awk() {
  DECODED=$(MB_VALUE=$1 MB_UTF8=$percent_utf8 awk "$AWK_PERCENT"'BEGIN {
    percent_setup()
    s = ENVIRON["MB_VALUE"]
    if (s ~ /%[01]/ || s ~ /%7[Ff]/) exit 1
    t = s
    while ((at = index(t, "%")) > 0) {
      if (!(toupper(substr(t, at + 1, 2)) in HEX)) exit 1
      t = substr(t, at + 3)
    }
    s = decode(s)
    if (!utf8_valid(s)) exit 1
    if (ENVIRON["MB_UTF8"] + 0) { printf "%s.", s; exit }
    for (i = 1; i <= length(s); i++) {
      c = substr(s, i, 1)
      if (CODE[c] < 128) printf "%s", c; else if (CODE[c] >= 192) printf "?"
    }
    printf "."
  }' 2>/dev/null)
}

# percent_encode VALUE: sets ENCODED, always in the same (canonical) form.
percent_encode() {
  ENCODED='' percent_rest=$1
  while :; do
    case $percent_rest in
    *[!A-Za-z0-9._~-]*) ;;
    *)
      ENCODED=$ENCODED$percent_rest
      return 0
      ;;
    esac
    percent_plain=${percent_rest%%[!A-Za-z0-9._~-]*}
    ENCODED=$ENCODED$percent_plain
    percent_rest=${percent_rest#"$percent_plain"}
    case $percent_rest in
    ' '*) ENCODED=$ENCODED%20 ;;
    '!'*) ENCODED=$ENCODED%21 ;;
    '"'*) ENCODED=$ENCODED%22 ;;
    '#'*) ENCODED=$ENCODED%23 ;;
    '$'*) ENCODED=$ENCODED%24 ;;
    '%'*) ENCODED=$ENCODED%25 ;;
    '&'*) ENCODED=$ENCODED%26 ;;
    "'"*) ENCODED=$ENCODED%27 ;;
    '('*) ENCODED=$ENCODED%28 ;;
    ')'*) ENCODED=$ENCODED%29 ;;
    '*'*) ENCODED=$ENCODED%2A ;;
    '+'*) ENCODED=$ENCODED%2B ;;
    ','*) ENCODED=$ENCODED%2C ;;
    '/'*) ENCODED=$ENCODED%2F ;;
    ':'*) ENCODED=$ENCODED%3A ;;
    ';'*) ENCODED=$ENCODED%3B ;;
    '<'*) ENCODED=$ENCODED%3C ;;
    '='*) ENCODED=$ENCODED%3D ;;
    '>'*) ENCODED=$ENCODED%3E ;;
    '?'*) ENCODED=$ENCODED%3F ;;
    '@'*) ENCODED=$ENCODED%40 ;;
    '['*) ENCODED=$ENCODED%5B ;;
    \\*) ENCODED=$ENCODED%5C ;;
    ']'*) ENCODED=$ENCODED%5D ;;
    '^'*) ENCODED=$ENCODED%5E ;;
    '`'*) ENCODED=$ENCODED%60 ;;
    '{'*) ENCODED=$ENCODED%7B ;;
    '|'*) ENCODED=$ENCODED%7C ;;
    '}'*) ENCODED=$ENCODED%7D ;;
    *)
      ENCODED=$(MB_VALUE=$1 awk "$AWK_PERCENT"'BEGIN {
        percent_setup()
        s = ENVIRON["MB_VALUE"]
        for (i = 1; i <= length(s); i++) {
          c = substr(s, i, 1)
          if (c ~ /^[A-Za-z0-9._~-]$/) printf "%s", c; else printf "%%%02X", CODE[c]
        }
      }')
      return
      ;;
    esac
    percent_rest=${percent_rest#?}
  done
}
