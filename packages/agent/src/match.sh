# What may stand as the value of a key. Strict on purpose: what comes through here ends up in configuration and maps.

# value_check: looks at all R_* that the request carries. Fails naming the field and the mend.
value_check() {
  # shellcheck disable=SC2086 # names of keys, one a word
  for value_key in $R_keys; do
    case $value_key in
    app) value_is "$R_app" '*[!A-Za-z0-9_-]*' || value_bad app '1 to 40 of A-Z a-z 0-9 _ -, the first not -' ;;
    brake) value_is "$R_brake" '*[!A-Z0-9]*' || value_bad brake '1 to 12 capital letters or digits' ;;
    instance)
      case $R_instance in *..* | *//* | *:*:*) R_instance= ;; esac
      value_is "$R_instance" '*[!A-Za-z0-9._:/@+-]*' || value_bad instance 'a name as discover tells it, such as postfix:/etc/postfix'
      ;;
    point)
      case $R_point in *..*) R_point= ;; esac
      value_is "$R_point" '*[!]A-Za-z0-9._:/@+[-]*' || value_bad point 'a name as discover tells it, such as listener:smtp/inet'
      ;;
    cut) case $R_cut in [01]) ;; *) value_bad cut '1 cuts open sessions, 0 lets them end' ;; esac ;;
    text) case $R_text in *[!\ -~]*) value_bad text 'printable ASCII only' ;; esac ;;
    ttl) value_number ttl "$R_ttl" 0 31536000 ;;
    effect) value_brake ;;
    match) value_match ;;
    match2 | match3) [ -n "$R_match" ] || fail bad-value "$value_key" "$value_key without match" ;;
    esac || return 1
  done
}

# value_bad FIELD WORDS
value_bad() { fail bad-value "$1" "$1: $2"; }

# value_is VALUE PATTERN: neither empty, nor like an option, nor of the pattern.
value_is() {
  # shellcheck disable=SC2254 # a pattern kept in a variable, on purpose
  case $1 in
  '' | -* | $2) return 1 ;;
  esac
}

value_number() {
  case $2 in
  '' | *[!0-9]* | 0?* | ?????????*) ;;
  *) if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then return 0; fi ;;
  esac
  value_bad "$1" "a whole number from $3 to $4"
}

value_brake() {
  case $R_effect in
  throttle)
    [ -n "$R_connections$R_messages$R_recipients" ] || fail missing-key connections 'throttle needs at least one of connections, messages, recipients (a minute)' || return 1
    set -- connections "$R_connections" messages "$R_messages" recipients "$R_recipients"
    while [ $# != 0 ]; do
      [ -z "$2" ] || value_number "$1" "$2" 1 100000 || return 1
      shift 2
    done
    ;;
  tempfail | reject | discard | hold | close | pause)
    [ -z "$R_connections$R_messages$R_recipients" ] || fail bad-value effect "only throttle takes connections, messages or recipients, not $R_effect" || return 1
    ;;
  *) value_bad effect 'tempfail, reject, discard, hold, throttle, close or pause' || return 1 ;;
  esac
}

# value_match: R_match and those ANDed to it.
value_match() {
  [ -z "$R_match3" ] || [ -n "$R_match2" ] || fail bad-value match3 'match3 without match2' || return 1
  match_kinds=' '
  set -- match "$R_match" match2 "$R_match2" match3 "$R_match3"
  while [ $# != 0 ]; do
    if [ -z "$2" ] && [ "$1" != match ]; then return 0; fi
    { match_check "$1" "$2" && match_distinct "$1"; } || return 1
    shift 2
  done
}

# match_distinct FIELD: that the kind just checked goes with those before it.
match_distinct() {
  case "$match_kinds$MATCH_KIND " in
  ' all ') ;;
  *' all '*) fail bad-value "$1" 'all stands alone, without another match' || return 1 ;;
  *" $MATCH_KIND "*" $MATCH_KIND "* | *" $MATCH_KIND $MATCH_KIND "*) fail bad-value "$1" "$MATCH_KIND stands twice: matches are ANDed, so each kind stands once at most" || return 1 ;;
  esac
  match_kinds="$match_kinds$MATCH_KIND "
}

# match_check FIELD VALUE: sets MATCH_KIND and MATCH_VALUE, or fails.
match_check() {
  MATCH_KIND=${2%%:*} MATCH_VALUE=${2#*:}
  if [ "$2" = all ]; then
    MATCH_VALUE=
    return 0
  fi
  case $2 in
  *[!!-~]*) value_bad "$1" "printable ASCII without spaces" ;;
  client:*) match_client "$1" "$MATCH_VALUE" ;;
  helo:*) match_helo "$MATCH_VALUE" || value_bad "$1" "helo: takes a host name such as mail.example.org, or an address in brackets" ;;
  'sender:<>') ;;
  sender:* | recipient:*)
    match_mailbox "$MATCH_VALUE" || match_domain "$MATCH_VALUE" ||
      value_bad "$1" "$MATCH_KIND: takes an address or a domain (a sender also <>, the null sender)"
    ;;
  login:*)
    value_is "$MATCH_VALUE" '*[!A-Za-z0-9._@+=-]*' || value_bad "$1" "login: takes a user name of A-Z a-z 0-9 . _ @ + = -" || return 1
    [ "${#MATCH_VALUE}" -le 128 ] || fail too-long "$1" "$1: a login has at most 128 characters"
    ;;
  *) value_bad "$1" "one of all, client:ADDRESS[/BITS], helo:NAME, sender:ADDRESS, sender:DOMAIN, sender:<>, recipient:ADDRESS, recipient:DOMAIN, login:NAME" ;;
  esac
}

# match_domain NAME: labels of letters, digits and inner hyphens, at least one dot or a single label, 253 in all.
match_domain() {
  [ "${#1}" -le 253 ] || return 1
  case .$1. in
  *[!A-Za-z0-9.-]* | *..* | *.-* | *-.*) return 1 ;;
  esac
  # Only digits and dots: an address, not a domain.
  case $1 in *[!0-9.]*) ;; *) return 1 ;; esac
  match_rest=$1.
  while [ -n "$match_rest" ]; do
    match_label=${match_rest%%.*}
    [ "${#match_label}" -le 63 ] || return 1
    match_rest=${match_rest#*.}
  done
}

# match_mailbox ADDRESS: local@domain, local part of the characters that need no quotes (RFC 5321 dot-string).
match_mailbox() {
  match_label=${1%@*}
  [ "$match_label" != "$1" ] && [ "${#match_label}" -le 64 ] || return 1
  case $match_label in
  '' | -* | .* | *. | *..* | *[!A-Za-z0-9.!\#\$%\&\'*+/=?^_\`\{\|\}~-]*) return 1 ;;
  esac
  match_domain "${1##*@}"
}

match_helo() {
  match_rest=${1#\[}
  match_rest=${match_rest%]}
  case $1 in
  '[IPv6:'*']') match_ipv6 "${match_rest#IPv6:}" 128 ;;
  '['*']') match_ipv4 "$match_rest" 32 ;;
  '' | -* | *[!A-Za-z0-9._-]* | .* | *..*) return 1 ;;
  *) [ "${#1}" -le 255 ] ;;
  esac
}

# match_client FIELD ADDRESS[/BITS]: in the one way of writing it that mail systems compare with, no host bits set.
match_client() {
  match_address=${2%%/*} match_bits=${2#*/} MATCH_MEND=
  case $2 in
  */*) ;;
  *:*) match_bits=128 ;;
  *) match_bits=32 ;;
  esac
  case $match_bits in
  '' | *[!0-9]* | 0?* | ????*) ;;
  *)
    case $match_address in
    *:*) match_ipv6 "$match_address" "$match_bits" ;;
    *) match_ipv4 "$match_address" "$match_bits" ;;
    esac && return 0
    ;;
  esac
  [ -n "$MATCH_MEND" ] || value_bad "$1" "client: takes an IPv4 or IPv6 address, or a network such as 192.0.2.0/24 or 2001:db8::/32" || return 1
  case $2 in */*) MATCH_MEND=$MATCH_MEND/$match_bits ;; esac
  value_bad "$1" "write client:$MATCH_MEND"
}

# match_ipv4 ADDRESS BITS: sets MATCH_MEND where only host bits are in the way.
match_ipv4() {
  [ "$2" -le 32 ] || return 1
  case .$1. in
  *[!0-9.]* | *..* | .*.*.*.*.*.) return 1 ;;
  .*.*.*.*.) ;;
  *) return 1 ;;
  esac
  match_rest=$1. match_left=$2 match_net=
  while [ -n "$match_rest" ]; do
    match_octet=${match_rest%%.*}
    match_rest=${match_rest#*.}
    case $match_octet in 0?* | ????*) return 1 ;; esac
    [ "$match_octet" -le 255 ] || return 1
    match_step=1
    while [ "$match_left" -lt 8 ] && [ "$match_step" -lt 256 ]; do
      match_step=$((match_step * 2)) match_left=$((match_left + 1))
    done
    match_net=$match_net${match_net:+.}$((match_octet / match_step * match_step))
    match_left=$((match_left - 8))
  done
  MATCH_MEND=$match_net
  [ "$match_net" = "$1" ]
}

# match_ipv6 ADDRESS BITS: RFC 5952 form only; sets MATCH_MEND to that form of the network.
match_ipv6() {
  MATCH_MEND=
  [ "$2" -le 128 ] || return 1
  case $1 in *[!0-9A-Fa-f:]* | *:::* | *::*::* | ?????????????????????????????????????????*) return 1 ;; esac
  MATCH_MEND=$(MB_VALUE=$1 MB_BITS=$2 awk '
    # groups(TEXT, FIRST): the groups of TEXT as numbers in a[FIRST] and on.
    function groups(s, first,   n, i, j, part) {
      n = split(s, part, ":")
      for (i = 1; i <= n; i++) {
        if (part[i] == "" || length(part[i]) > 4) failed = 1
        for (j = 1; j <= length(part[i]); j++) a[first + i - 1] = a[first + i - 1] * 16 + index(HEX, substr(part[i], j, 1)) - 1
      }
      return n
    }
    BEGIN {
      HEX = "0123456789abcdef"
      s = tolower(ENVIRON["MB_VALUE"]); bits = ENVIRON["MB_BITS"]
      if (at = index(s, "::")) {
        rest = substr(s, at + 2)
        n = groups(substr(s, 1, at - 1), 1) + split(rest, part, ":")
        groups(rest, 9 - split(rest, part, ":"))
        if (n > 7) failed = 1
      } else if (groups(s, 1) != 8) failed = 1
      # An IPv4 address in IPv6 clothes is refused as well.
      if (failed || a[1] + a[2] + a[3] + a[4] + a[5] == 0 && a[6] == 65535) exit 1
      long = 1
      for (i = 1; i <= 8; i++) {
        step = 1
        for (left = bits - (i - 1) * 16; left < 16 && step < 65536; left++) step *= 2
        a[i] = int(a[i] / step) * step
        run = a[i] ? 0 : run + 1
        if (run > long) { long = run; best = i - run + 1 }
      }
      for (i = 1; i <= 8; i++) {
        if (i == best) { out = out "::"; i += long - 1; continue }
        h = ""; v = a[i]
        do { h = substr(HEX, v % 16 + 1, 1) h; v = int(v / 16) } while (v)
        out = out (out == "" || out ~ /:$/ ? "" : ":") h
      }
      print out
    }') || return 1
  [ "$MATCH_MEND" = "$1" ]
}
