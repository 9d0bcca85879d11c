# Which messages: the selection of a request, and the awk program that finds it in the stream. The program is constant; what was
# asked for comes to it by the environment.

# queue_number FIELD VALUE DIGITS: a whole number of at most so many digits, or nothing.
queue_number() {
  case $2 in
  '') ;;
  *[!0-9]* | 0?*) fail bad-value "$1" "$1: a whole number" ;;
  *) [ "${#2}" -le "$3" ] || fail bad-value "$1" "$1: a whole number of at most $3 digits" ;;
  esac
}

# queue_selection: checks the selection in R_*, exports it as SEL_*; sets QUEUE_WANT to what must be known of each message, and QUEUE_ALL
# to 1 where it means the whole queue. The form of matches was checked as for a brake.
queue_selection() {
  QUEUE_WANT='' QUEUE_ALL=0
  for queue_match in "$R_match" "$R_match2" "$R_match3"; do
    case $queue_match in
    helo:* | login:*) fail cannot match "${queue_match%%:*} is not known of queued mail; nearest: client, sender or recipient" || return 1 ;;
    client:*) QUEUE_WANT=client ;;
    esac
  done
  case $R_in in
  '' | incoming | active | deferred | hold | local) ;;
  *) fail bad-value in 'in: incoming, active, deferred, hold or local' || return 1 ;;
  esac
  queue_number older "$R_older" 8 && queue_number younger "$R_younger" 8 &&
    queue_number larger "$R_larger" 12 && queue_number smaller "$R_smaller" 12 || return 1
  epoch
  SEL_NOW=$EPOCH SEL_MATCH1=$R_match SEL_MATCH2=$R_match2 SEL_MATCH3=$R_match3 SEL_IN=$R_in SEL_APP=$R_app
  SEL_OLDER=$R_older SEL_YOUNGER=$R_younger SEL_LARGER=$R_larger SEL_SMALLER=$R_smaller
  export SEL_NOW SEL_MATCH1 SEL_MATCH2 SEL_MATCH3 SEL_IN SEL_APP SEL_OLDER SEL_YOUNGER SEL_LARGER SEL_SMALLER
  case $R_match$R_in$R_app$R_older$R_younger$R_larger$R_smaller in '' | all) QUEUE_ALL=1 ;; esac
}

# Of a stream line: selected(). A domain means the names below it too; an address or a domain is compared without regard to case.
# shellcheck disable=SC2016,SC2034 # awk program
QUEUE_AWK_SELECT='
function domain_of(a) { return match(a, /@[^@]*$/) ? substr(a, RSTART + 1) : "" }
function domain_in(d, top) { return d == top || length(d) > length(top) && substr(d, length(d) - length(top)) == "." top }
# address_groups(TEXT, g): the address as eight groups of 16 bits in g, IPv4 as ::ffff:a.b.c.d; 0 where it is none.
function address_groups(s, g,   i, j, n, m, o, a, b, at, v) {
  s = tolower(s); sub(/^ipv6:/, "", s)
  if (match(s, /[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$/)) {
    split(substr(s, RSTART), o, ".")
    if (RSTART == 1) s = "::ffff:"
    else s = substr(s, 1, RSTART - 1)
    s = s sprintf("%x:%x", o[1] * 256 + o[2], o[3] * 256 + o[4])
  }
  if (s !~ /^[0-9a-f:]+$/ || s !~ /:/) return 0
  if (at = index(s, "::")) {
    n = at > 1 ? split(substr(s, 1, at - 1), a, ":") : 0
    m = length(s) > at + 1 ? split(substr(s, at + 2), b, ":") : 0
    if (n + m > 7) return 0
    for (i = n + 1; i <= 8; i++) a[i] = i > 8 - m ? b[i - 8 + m] : "0"
  } else if (split(s, a, ":") != 8) return 0
  for (i = 1; i <= 8; i++) {
    if (a[i] == "" || length(a[i]) > 4) return 0
    v = 0
    for (j = 1; j <= length(a[i]); j++) v = v * 16 + index("0123456789abcdef", substr(a[i], j, 1)) - 1
    g[i] = v
  }
  return 1
}
function client_in(s,   i, left, step, g) {
  if (s == SEL_HOST) return 1
  if (s == "-" || !address_groups(s, g)) return 0
  for (i = 1; i <= 8 && (left = SEL_BITS - (i - 1) * 16) > 0; i++) {
    for (step = 1; left < 16; left++) step *= 2
    if (int(g[i] / step) != int(SEL_NET[i] / step)) return 0
  }
  return 1
}
function sender_in(s) {
  s = tolower(s)
  return s == SEL_SENDER || SEL_SENDER !~ /[@>]/ && domain_in(domain_of(s), SEL_SENDER)
}
# Any of a list that may be long: found by index, not split.
function recipient_in(list,   at, c, a) {
  list = " " tolower(list) " "
  if (SEL_RECIPIENT ~ /@/) return index(list, " " SEL_RECIPIENT " ")
  while (at = index(list, SEL_RECIPIENT " ")) {
    c = substr(list, at - 1, 1)
    if (c == "@") return 1
    if (c == ".") { a = substr(list, 1, at); sub(/^.* /, "", a); if (a ~ /@/) return 1 }
    list = substr(list, at + 1)
  }
  return 0
}
function select_setup(   i, v) {
  for (i = 1; i <= 3; i++) {
    v = tolower(ENVIRON["SEL_MATCH" i])
    if (v ~ /^client:/) SEL_CLIENT = substr(v, 8)
    if (v ~ /^sender:/) SEL_SENDER = substr(v, 8)
    if (v ~ /^recipient:/) SEL_RECIPIENT = substr(v, 11)
  }
  if (SEL_CLIENT != "") {
    SEL_BITS = SEL_CLIENT ~ /:/ ? 128 : 32
    i = SEL_BITS == 32 ? 96 : 0
    if (match(SEL_CLIENT, /\/.*/)) { SEL_BITS = substr(SEL_CLIENT, RSTART + 1) + 0; SEL_CLIENT = substr(SEL_CLIENT, 1, RSTART - 1) }
    SEL_BITS += i
    if (SEL_BITS == 128) SEL_HOST = SEL_CLIENT
    address_groups(SEL_CLIENT, SEL_NET)
  }
  SEL_IN = ENVIRON["SEL_IN"]; SEL_APP = ENVIRON["SEL_APP"]; SEL_NOW = ENVIRON["SEL_NOW"] + 0
  SEL_OLDER = ENVIRON["SEL_OLDER"]; SEL_YOUNGER = ENVIRON["SEL_YOUNGER"]; SEL_LARGER = ENVIRON["SEL_LARGER"]; SEL_SMALLER = ENVIRON["SEL_SMALLER"]
}
function selected() {
  if (SEL_IN != "" && $2 != SEL_IN) return 0
  if (SEL_APP != "" && !index(" " $3 " ", " " SEL_APP " ")) return 0
  if (SEL_OLDER != "" && SEL_NOW - $5 < SEL_OLDER + 0) return 0
  if (SEL_YOUNGER != "" && SEL_NOW - $5 >= SEL_YOUNGER + 0) return 0
  if (SEL_LARGER != "" && $4 + 0 < SEL_LARGER + 0) return 0
  if (SEL_SMALLER != "" && $4 + 0 >= SEL_SMALLER + 0) return 0
  if (SEL_SENDER != "" && !sender_in($7)) return 0
  if (SEL_RECIPIENT != "" && !recipient_in($9)) return 0
  return SEL_CLIENT == "" || client_in($6)
}
# stream_end(): at the line that ends the stream. CUT is why not all of it came.
function stream_end() {
  if ($1 == ".") { WHOLE = 1; return 1 }
  if ($1 == "!") { CUT = $2; return 1 }
  return 0
}
'

# shellcheck disable=SC2016,SC2034 # awk program
QUEUE_AWK_JSON='
function text_json(s, most) {
  s = json_cut(s, most)
  JSON_UTF8 = s ~ /[^ -~]/ ? utf8_valid(s) : 1
  return "\"" json_escape(s) "\""
}
function number_json(s) { return s ~ /^[0-9]+$/ && length(s) < 16 ? s : "0" }
function message_json(   held, list, at, n, out) {
  held = $3; sub(/ .*/, "", held); if (held == "-") held = ""
  list = $9 == "-" ? "" : $9 " "
  while (n < 20 && (at = index(list, " "))) { out = out (n++ ? "," : "") text_json(substr(list, 1, at - 1), 390); list = substr(list, at + 1) }
  return "{\"id\":" text_json($1, 64) ",\"queue\":\"" $2 "\",\"held\":" text_json(held, 40) ",\"size\":" number_json($4) ",\"arrived\":" number_json($5) \
    ",\"sender\":" text_json($7 == "<>" ? "" : $7, 390) ",\"recipients\":[" out "],\"recipientCount\":" number_json($8) \
    ",\"client\":" text_json($6 == "-" ? "" : $6, 390) ",\"reason\":" text_json($10 == "-" ? "" : $10, 3900) "}"
}
'
