# Percent coding of values, in the shell itself for printable ASCII (no fork on the way of an urgent brake), by awk for UTF-8.

# Common to awk programs that read journal files: decode(s), and valid(s) for UTF-8.
AWK_PERCENT='
function percent_setup(i) {
  for (i = 1; i < 256; i++) CODE[HEX[sprintf("%02X", i)] = sprintf("%c", i)] = i
}
function decode(s,   out, at, h) {
  while ((at = index(s, "%")) > 0) {
    h = toupper(substr(s, at + 1, 2))
    if (!(h in HEX)) { stray = 1; return out }
    out = out substr(s, 1, at - 1) HEX[h]
    s = substr(s, at + 3)
  }
  return out s
}
function ascii(s,   i, n, c, out) {
  for (i = 1; i <= length(s); i++) {
    n = CODE[c = substr(s, i, 1)]
    out = out (n < 128 ? c : n >= 192 ? "?" : "")
  }
  return out
}
function utf8_valid(s,   i, n, c, more, low, high) {
  n = length(s)
  for (i = 1; i <= n; i++) {
    c = CODE[substr(s, i, 1)]
    if (more) {
      if (c < low || c > high) return 0
      more--
    } else if (c > 127) {
      if (c < 194 || c > 244) return 0
      more = 1 + (c > 223) + (c > 239)
    }
    low = c == 224 ? 160 : c == 240 ? 144 : 128
    high = c == 237 ? 159 : c == 244 ? 143 : 191
  }
  return more == 0
}
'

# %, two digits of hex, the character they stand for: for each of printable ASCII (upper-case hex before lower-case). Looked up by
# parameter expansion, since a fork for each request's values is what must not be.
# shellcheck disable=SC2016,SC1003
PERCENT_TABLE='%20 %21!%22"%23#%24$%25%%26&%27'"'"'%28(%29)%2A*%2a*%2B+%2b+%2C,%2c,%2D-%2d-%2E.%2e.%2F/%2f/%300%311%322%333%344%355%366%377%388%399%3A:%3a:%3B;%3b;%3C<%3c<%3D=%3d=%3E>%3e>%3F?%3f?%40@%41A%42B%43C%44D%45E%46F%47G%48H%49I%4AJ%4aJ%4BK%4bK%4CL%4cL%4DM%4dM%4EN%4eN%4FO%4fO%50P%51Q%52R%53S%54T%55U%56V%57W%58X%59Y%5AZ%5aZ%5B[%5b[%5C\%5c\%5D]%5d]%5E^%5e^%5F_%5f_%60`%61a%62b%63c%64d%65e%66f%67g%68h%69i%6Aj%6aj%6Bk%6bk%6Cl%6cl%6Dm%6dm%6En%6en%6Fo%6fo%70p%71q%72r%73s%74t%75u%76v%77w%78x%79y%7Az%7az%7B{%7b{%7C|%7c|%7D}%7d}%7E~%7e~'

# percent_decode ENCODED: sets DECODED. Returns 1 at a stray %, a control character, or what is not UTF-8.
percent_decode() {
  DECODED='' percent_rest=$1
  while :; do
    DECODED=$DECODED${percent_rest%%\%*}
    case $percent_rest in *%*) ;; *) return 0 ;; esac
    percent_rest=${percent_rest#*\%}
    case $percent_rest in
    7[Ff]*) return 1 ;;
    [2-7][0-9A-Fa-f]*)
      percent_text=${percent_rest#??}
      percent_c=${PERCENT_TABLE#*"%${percent_rest%"$percent_text"}"}
      DECODED=$DECODED${percent_c%"${percent_c#?}"}
      percent_rest=$percent_text
      ;;
    [89A-Fa-f][0-9A-Fa-f]*)
      percent_decode_bytes "$1"
      return
      ;;
    *) return 1 ;;
    esac
  done
}

# A full stop after the value tells whether this shell could hold it: yash, started in the C locale, cuts a word at a byte
# that is not ASCII. Then question marks stand for these characters.
percent_decode_bytes() {
  for percent_ascii in 0 1; do
    DECODED=$(MB_VALUE=$1 MB_ASCII=$percent_ascii awk "$AWK_PERCENT"'BEGIN {
      percent_setup()
      s = decode(ENVIRON["MB_VALUE"])
      if (stray || !utf8_valid(s) || ENVIRON["MB_VALUE"] ~ /%[01]/ || ENVIRON["MB_VALUE"] ~ /%7[Ff]/) exit 1
      if (ENVIRON["MB_ASCII"] + 0) s = ascii(s)
      printf "%s.", s
    }' 2>/dev/null) || return 1
    case $DECODED in
    *.) break ;;
    esac
  done
  DECODED=${DECODED%.}
}

# percent_encode VALUE: sets ENCODED, always in the same (canonical) form.
percent_encode() {
  ENCODED='' percent_rest=$1
  while :; do
    percent_text=${percent_rest%%[!A-Za-z0-9._~-]*}
    ENCODED=$ENCODED$percent_text
    percent_rest=${percent_rest#"$percent_text"}
    case $percent_rest in
    '') return 0 ;;
    [!\ -~]*)
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
    percent_text=${percent_rest#?}
    percent_c=${PERCENT_TABLE%%\%??"${percent_rest%"$percent_text"}"*}
    percent_c=${PERCENT_TABLE#"$percent_c%"}
    ENCODED=$ENCODED%${percent_c%"${percent_c#??}"}
    percent_rest=$percent_text
  done
}
