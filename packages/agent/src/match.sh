# What may stand as the value of a key. Strict on purpose: what comes through here ends up in configuration and maps.

# value_check: looks at all R_* that the request carries. Fails naming the field and the mend.
value_check() {
  case $R_keys in *' app '*) value_app || return 1 ;; esac
  case $R_keys in
  *' brake '*)
    case $R_brake in
    '' | *[!A-Z0-9]*) fail bad-value brake 'brake: 1 to 12 capital letters or digits' || return 1 ;;
    esac
    ;;
  esac
  case $R_keys in
  *' instance '*)
    case $R_instance in
    *[!A-Za-z0-9._:/@+-]* | *..* | *//* | *:*:* | '') fail bad-value instance 'instance: a name as discover tells it, such as postfix:/etc/postfix' || return 1 ;;
    esac
    ;;
  esac
  case $R_keys in
  *' point '*)
    case $R_point in
    '' | -* | *[!]A-Za-z0-9._:/@+[-]* | *..*) fail bad-value point 'point: a name as discover tells it, such as listener:smtp/inet' || return 1 ;;
    esac
    ;;
  esac
  case $R_op in
  '' | apply | lift | arm | disarm) ;;
  *) fail bad-value op 'op: apply, lift, arm or disarm' || return 1 ;;
  esac
  case $R_text in
  *[!\ -~]*) fail bad-value text 'text: printable ASCII only' || return 1 ;;
  esac
  case $R_keys in *' ttl '*) value_number ttl "$R_ttl" 0 31536000 || return 1 ;; esac
  case $R_keys in *' effect '*) value_brake || return 1 ;; esac
  case $R_keys in
  *' sender '*) [ -z "$R_sender" ] || [ "$R_sender" = '<>' ] || match_mailbox "$R_sender" || { fail bad-value sender 'sender: an address such as name@example.org, or nothing for the null sender'; return 1; } ;;
  esac
  case $R_keys in
  *' recipient '*) match_mailbox "$R_recipient" || { fail bad-value recipient 'recipient: an address such as name@example.org'; return 1; } ;;
  esac
}

value_app() {
  case $R_app in
  '' | -* | *[!A-Za-z0-9_-]*) fail bad-value app 'app: 1 to 40 of A-Z a-z 0-9 _ -, the first not -' ;;
  esac
}

value_number() {
  case $2 in
  '' | *[!0-9]* | 0?*)
    fail bad-value "$1" "$1: a whole number from $3 to $4"
    return 1
    ;;
  esac
  if [ "${#2}" -gt 8 ] || [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then
    fail bad-value "$1" "$1: a whole number from $3 to $4"
  fi
}

value_brake() {
  case $R_effect in
  tempfail | reject | discard | hold | throttle | close | pause) ;;
  *) fail bad-value effect 'effect: tempfail, reject, discard, hold, throttle, close or pause' || return 1 ;;
  esac
  if [ "$R_effect" = throttle ]; then
    [ -n "$R_connections$R_messages$R_recipients" ] || { fail missing-key connections 'throttle needs at least one of connections, messages, recipients (a minute)'; return 1; }
    [ -z "$R_connections" ] || value_number connections "$R_connections" 1 100000 || return 1
    [ -z "$R_messages" ] || value_number messages "$R_messages" 1 100000 || return 1
    [ -z "$R_recipients" ] || value_number recipients "$R_recipients" 1 100000 || return 1
  elif [ -n "$R_connections$R_messages$R_recipients" ]; then
    fail bad-value effect "only throttle takes connections, messages or recipients, not $R_effect" || return 1
  fi
  [ -z "$R_match3" ] || [ -n "$R_match2" ] || { fail bad-value match3 'match3 without match2'; return 1; }
  match_check match "$R_match" || return 1
  match_kind1=$MATCH_KIND match_kind2=
  if [ -n "$R_match2" ]; then
    match_check match2 "$R_match2" || return 1
    match_kind2=$MATCH_KIND
    match_distinct match2 "$match_kind2" "$match_kind1" || return 1
  fi
  if [ -n "$R_match3" ]; then
    match_check match3 "$R_match3" || return 1
    match_distinct match3 "$MATCH_KIND" "$match_kind1" || return 1
    match_distinct match3 "$MATCH_KIND" "$match_kind2" || return 1
  fi
}

match_distinct() {
  if [ "$2" = all ] || [ "$3" = all ]; then
    fail bad-value "$1" 'all stands alone: it can not be combined with another match'
  elif [ "$2" = "$3" ]; then
    fail bad-value "$1" "$2 stands twice: matches are ANDed, so each kind stands once at most"
  fi
}

# match_check FIELD VALUE: sets MATCH_KIND and MATCH_VALUE, or fails.
match_check() {
  MATCH_KIND=${2%%:*} MATCH_VALUE=${2#*:}
  if [ "$2" = all ]; then
    MATCH_VALUE=
    return 0
  fi
  [ "$MATCH_KIND" != "$2" ] || MATCH_KIND=
  case $MATCH_VALUE in
  *[!!-~]*) fail bad-value "$1" "$1: printable ASCII without spaces" || return 1 ;;
  esac
  case $MATCH_KIND in
  client) match_client "$1" "$MATCH_VALUE" ;;
  helo) match_helo "$MATCH_VALUE" || fail bad-value "$1" "$1: helo: takes a host name such as mail.example.org, or an address in brackets" ;;
  sender)
    [ "$MATCH_VALUE" = '<>' ] || match_mailbox "$MATCH_VALUE" || match_domain "$MATCH_VALUE" ||
      fail bad-value "$1" "$1: sender: takes an address, a domain, or <> for the null sender"
    ;;
  recipient)
    match_mailbox "$MATCH_VALUE" || match_domain "$MATCH_VALUE" || fail bad-value "$1" "$1: recipient: takes an address or a domain"
    ;;
  login)
    case $MATCH_VALUE in
    '' | -* | *[!A-Za-z0-9._@+=-]*) fail bad-value "$1" "$1: login: takes a user name of A-Z a-z 0-9 . _ @ + = -" ;;
    *) [ "${#MATCH_VALUE}" -le 128 ] || fail too-long "$1" "$1: a login has at most 128 characters" ;;
    esac
    ;;
  *) fail bad-value "$1" "$1: one of all, client:ADDRESS[/BITS], helo:NAME, sender:ADDRESS, sender:DOMAIN, sender:<>, recipient:ADDRESS, recipient:DOMAIN, login:NAME" ;;
  esac
}

# match_domain NAME: labels of letters, digits and inner hyphens, at least one dot or a single label, 253 in all.
match_domain() {
  [ "${#1}" -le 253 ] || return 1
  case $1 in
  '' | *[!A-Za-z0-9.-]* | .* | *. | *..* | -* | *- | *.-* | *-.*) return 1 ;;
  esac
  match_rest=$1.
  while [ -n "$match_rest" ]; do
    match_label=${match_rest%%.*}
    [ "${#match_label}" -le 63 ] || return 1
    match_rest=${match_rest#*.}
  done
  # Only digits and dots: an address, not a domain.
  case $1 in *[!0-9.]*) ;; *) return 1 ;; esac
}

# match_mailbox ADDRESS: local@domain, local part of the characters that need no quotes (RFC 5321 dot-string).
match_mailbox() {
  case $1 in *@*) ;; *) return 1 ;; esac
  match_local=${1%@*}
  [ "${#match_local}" -le 64 ] || return 1
  case $match_local in
  '' | -* | .* | *. | *..* | *[!A-Za-z0-9.!\#\$%\&\'*+/=?^_\`\{\|\}~-]*) return 1 ;;
  esac
  match_domain "${1##*@}"
}

match_helo() {
  [ "${#1}" -le 255 ] || return 1
  case $1 in
  '[IPv6:'*']')
    match_inner=${1#\[IPv6:}
    match_ipv6 "${match_inner%]}" 128
    ;;
  '['*']')
    match_inner=${1#\[}
    match_ipv4 "${match_inner%]}" 32
    ;;
  '' | -* | *[!A-Za-z0-9._-]* | .* | *..*) return 1 ;;
  esac
}

# match_client FIELD ADDRESS[/BITS]: in the one way of writing it that mail systems compare with, no host bits set.
match_client() {
  match_address=${2%%/*} match_bits=${2#*/}
  if [ "$match_address" = "$2" ]; then
    case $2 in *:*) match_bits=128 ;; *) match_bits=32 ;; esac
  fi
  MATCH_MEND=
  case $match_bits in
  '' | *[!0-9]* | 0?* | ????*) ;;
  *)
    case $match_address in
    *:*) match_ipv6 "$match_address" "$match_bits" && return 0 ;;
    *) match_ipv4 "$match_address" "$match_bits" && return 0 ;;
    esac
    ;;
  esac
  if [ -n "$MATCH_MEND" ]; then
    case $2 in */*) MATCH_MEND=$MATCH_MEND/$match_bits ;; esac
    fail bad-value "$1" "$1: write client:$MATCH_MEND"
  else
    fail bad-value "$1" "$1: client: takes an IPv4 or IPv6 address, or a network such as 192.0.2.0/24 or 2001:db8::/32"
  fi
}

# match_ipv4 ADDRESS BITS: sets MATCH_MEND where only host bits are in the way.
match_ipv4() {
  [ "$2" -le 32 ] || return 1
  case $1 in
  *[!0-9.]* | .* | *. | *..* | *.*.*.*.*) return 1 ;;
  *.*.*.*) ;;
  *) return 1 ;;
  esac
  match_rest=$1. match_left=$2 match_net='' match_same=1
  while [ -n "$match_rest" ]; do
    match_octet=${match_rest%%.*}
    match_rest=${match_rest#*.}
    case $match_octet in 0?* | ????*) return 1 ;; esac
    [ "$match_octet" -le 255 ] || return 1
    if [ "$match_left" -ge 8 ]; then
      match_kept=$match_octet
    elif [ "$match_left" -le 0 ]; then
      match_kept=0
    else
      match_step=1 match_n=$match_left
      while [ "$match_n" -lt 8 ]; do match_step=$((match_step * 2)) match_n=$((match_n + 1)); done
      match_kept=$((match_octet / match_step * match_step))
    fi
    [ "$match_kept" = "$match_octet" ] || match_same=0
    match_net=$match_net${match_net:+.}$match_kept
    match_left=$((match_left - 8))
  done
  [ "$match_same" = 1 ] && return 0
  MATCH_MEND=$match_net
  return 1
}

# match_ipv6 ADDRESS BITS: RFC 5952 form only; sets MATCH_MEND to that form of the network.
match_ipv6() {
  MATCH_MEND=
  [ "$2" -le 128 ] || return 1
  case $1 in *[!0-9A-Fa-f:]* | *:::* | ?????????????????????????????????????????*) return 1 ;; esac
  MATCH_MEND=$(MB_VALUE=$1 MB_BITS=$2 awk '
    function bad() { failed = 1; exit 1 }
    function hexval(h,   i, v) {
      v = 0
      for (i = 1; i <= length(h); i++) v = v * 16 + index("0123456789abcdef", substr(h, i, 1)) - 1
      return v
    }
    function hexform(v,   s) {
      s = ""
      do { s = substr("0123456789abcdef", v % 16 + 1, 1) s; v = int(v / 16) } while (v > 0)
      return s
    }
    function groups(s, into,   n, i, part) {
      if (s == "") return 0
      n = split(s, part, ":")
      for (i = 1; i <= n; i++) {
        if (part[i] == "" || length(part[i]) > 4) bad()
        into[i] = hexval(part[i])
      }
      return n
    }
    BEGIN {
      s = tolower(ENVIRON["MB_VALUE"]); bits = ENVIRON["MB_BITS"] + 0
      at = index(s, "::")
      if (at) {
        rest = substr(s, at + 2)
        if (index(rest, "::")) bad()
        n = groups(substr(s, 1, at - 1), a); m = groups(rest, b)
        if (failed || n + m > 7) bad()
        for (i = n + 1; i <= 8 - m; i++) a[i] = 0
        for (i = 1; i <= m; i++) a[8 - m + i] = b[i]
      } else {
        n = groups(s, a)
        if (failed || n != 8) bad()
      }
      for (i = 1; i <= 8; i++) {
        keep = bits - (i - 1) * 16
        if (keep <= 0) a[i] = 0
        else if (keep < 16) { step = 1; while (keep++ < 16) step *= 2; a[i] = int(a[i] / step) * step }
      }
      best = 0; long = 1
      for (i = 1; i <= 8; i++) {
        run = 0
        while (i + run <= 8 && a[i + run] == 0) run++
        if (run > long) { long = run; best = i }
        if (run) i += run - 1
      }
      out = ""
      for (i = 1; i <= 8; i++) {
        if (i == best) { out = out "::"; i += long - 1; continue }
        out = out (out == "" || out ~ /:$/ ? "" : ":") hexform(a[i])
      }
      mapped = (a[1] + a[2] + a[3] + a[4] + a[5] == 0 && a[6] == 65535)
      if (mapped) bad()
      print out
    }') || { MATCH_MEND=''; return 1; }
  [ "$MATCH_MEND" = "$1" ]
}
