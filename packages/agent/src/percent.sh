# Percent coding of values, in the shell itself for printable ASCII (no fork on the way of an urgent brake), by awk for UTF-8.

# Common to awk programs that read journal files: decode(s), which sets BAD where s is not percent-encoded, and utf8_valid(s).
AWK_PERCENT='
function percent_setup(i) {
  for (i = 0; i < 256; i++) {
    HEX[sprintf("%02X", i)] = i; HEX[sprintf("%02x", i)] = i
    BYTE[i] = sprintf("%c", i); if (i) CODE[BYTE[i]] = i
  }
}
function decode(s,   out, at, h) {
  while ((at = index(s, "%")) > 0) {
    h = toupper(substr(s, at + 1, 2))
    if (!(h in HEX)) { BAD = 1; return out }
    out = out substr(s, 1, at - 1) BYTE[HEX[h]]
    s = substr(s, at + 3)
  }
  return out s
}
function utf8_valid(s,   i, n, c, more, low, high) {
  n = length(s)
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

# yash, started in the C locale, cuts a word at a byte that is not ASCII: there question marks stand for these characters. The full stop
# keeps spaces at the end.
percent_decode_bytes() {
  DECODED=$(MB_VALUE=$1 MB_ASCII=${YASH_VERSION-} awk "$AWK_PERCENT"'BEGIN {
    percent_setup()
    s = ENVIRON["MB_VALUE"]
    if (s ~ /%[01]/ || s ~ /%7[Ff]/) exit 1
    s = decode(s)
    if (BAD || !utf8_valid(s)) exit 1
    for (i = 1; ENVIRON["MB_ASCII"] != "" && i <= length(s); i++) {
      c = CODE[substr(s, i, 1)]
      out = out (c < 128 ? substr(s, i, 1) : c < 192 ? "" : "?")
    }
    printf "%s.", (ENVIRON["MB_ASCII"] == "" ? s : out)
  }' 2>/dev/null) || return 1
  DECODED=${DECODED%.}
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
    ' '*) percent_c=20 ;;
    '!'*) percent_c=21 ;;
    '"'*) percent_c=22 ;;
    '#'*) percent_c=23 ;;
    '$'*) percent_c=24 ;;
    '%'*) percent_c=25 ;;
    '&'*) percent_c=26 ;;
    "'"*) percent_c=27 ;;
    '('*) percent_c=28 ;;
    ')'*) percent_c=29 ;;
    '*'*) percent_c=2A ;;
    '+'*) percent_c=2B ;;
    ','*) percent_c=2C ;;
    '/'*) percent_c=2F ;;
    ':'*) percent_c=3A ;;
    ';'*) percent_c=3B ;;
    '<'*) percent_c=3C ;;
    '='*) percent_c=3D ;;
    '>'*) percent_c=3E ;;
    '?'*) percent_c=3F ;;
    '@'*) percent_c=40 ;;
    '['*) percent_c=5B ;;
    \\*) percent_c=5C ;;
    ']'*) percent_c=5D ;;
    '^'*) percent_c=5E ;;
    '`'*) percent_c=60 ;;
    '{'*) percent_c=7B ;;
    '|'*) percent_c=7C ;;
    '}'*) percent_c=7D ;;
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
    ENCODED=$ENCODED%$percent_c
    percent_rest=${percent_rest#?}
  done
}
