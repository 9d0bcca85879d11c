# What the brakes of an instance ask for, as the table that the rules of sendmail-cf.sh look into. Pure awk.
#
# Keys, a tab, the value. PLACE is n1, n2… for clients from outside and l1, l2… for those on loopback, for each name of a listener; d is delivery.
#   n:NAME l:NAME                          PLACE
#   PLACE:all  :h:HELO  :c:ADDRESS-OR-PREFIX  :s:A@D  :s:@D  :s:<>  :r:...    RANK CLASS HOLDS
#   PLACE:a.R.S.H.C                        the same, for matches that are ANDed: classes of recipient, sender, HELO, client
#   PLACE:t:c:ADDRESS-OR-PREFIX            LIMIT RANK
#   do:RANK                                TEMP "450 ..."
# The narrowest key that a mail has is found and no other, so the value under it counts every brake that means it, wider ones too.

# shellcheck disable=SC2016,SC2034 # awk program
SENDMAIL_AWK_TABLE='
function table_read(line,   f, i, e) {
  split(line, f, "\t"); N++
  APP[N] = f[2]; REF[N] = f[3]; POINT[N] = f[4]; EFFECT[N] = f[5]; TEXT[N] = f[9]; LIMIT[N] = f[10] + 0
  for (i = 6; i <= 8; i++) if (f[i] != "" && f[i] != "all") { KINDS[N]++; WANT[N, kind_of(f[i])] = tolower(substr(f[i], index(f[i], ":") + 1)) }
}
function kind_of(m) { return substr(m, 1, 1) }

# quoted(s): as one token that Sendmail leaves alone; the value of a key may have 256 bytes (sendmail_can sees to it).
function quoted(s,   i, c, out) {
  out = ""
  for (i = 1; i <= length(s); i++) { c = substr(s, i, 1); out = out (c == "\"" || c == "\\" ? "\\" c : c == "%" ? "%%" : c) }
  return "\"" out "\""
}
function answer(b,   e, text) {
  e = EFFECT[b]
  if (e == "discard") return "DISCARD." REF[b]
  text = TEXT[b] != "" ? TEXT[b] : e == "reject" ? "Not accepted here" : e == "throttle" ? "Too many connections, please try again later" : "Mail is paused here, please try again later"
  return (e == "reject" ? "REJ " : "TEMP ") quoted((e == "reject" ? "554" : e == "throttle" ? "421 4.7.0" : "450") " " text " (ref " REF[b] ")")
}

# forms(b, kind, list): the keys of its match; a network as all prefixes of whole octets (or groups of four digits) in it.
function forms(b, k, list,   v, n, i) {
  split("", list); v = WANT[b, k]
  if (k == "c") return networks(v, list)
  if ((k == "s" || k == "r") && v != "<>" && !index(v, "@")) v = "@" v
  list[1] = v
  return 1
}
function networks(v, list,   bits, six, part, size, i, q, rem, step, base, head, n) {
  bits = -1
  if (i = index(v, "/")) { bits = substr(v, i + 1) + 0; v = substr(v, 1, i - 1) }
  six = index(v, ":") > 0; size = six ? 16 : 8
  if (bits < 0) bits = six ? 128 : 32
  if (six) groups(v, part); else split(v, part, ".")
  q = int(bits / size); rem = bits - q * size
  head = six ? "ipv6" : ""
  for (i = 1; i <= q; i++) head = head (head == "" ? "" : six ? ":" : ".") part[i]
  if (!rem) { list[1] = head == "ipv6" ? "ipv6" : head; return 1 }
  step = 1
  for (i = rem; i < size; i++) step *= 2
  base = six ? number(part[q + 1]) : part[q + 1] + 0
  for (n = 0; n < step; n++) list[n + 1] = head (head == "" ? "" : six ? ":" : ".") (six ? hex(base + n) : base + n)
  return step
}
function groups(v, part,   at, left, right, a, b, i) {
  split("", part); at = index(v, "::")
  if (!at) return split(v, part, ":")
  left = split(substr(v, 1, at - 1), a, ":"); right = split(substr(v, at + 2), b, ":")
  for (i = 1; i <= 8; i++) part[i] = i <= left ? a[i] : i > 8 - right ? b[i - 8 + right] : "0"
  return 8
}
function number(s,   i, v) { v = 0; for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return v }
function hex(v,   s) { s = ""; do { s = substr("0123456789abcdef", v % 16 + 1, 1) s; v = int(v / 16) } while (v); return s }

# wider(form, k): the next form that holds this one, "" for none.
function wider(form, k,   i) {
  if (k == "c") {
    if (form == "") return "-"
    if (!sub(/[.:][^.:]*$/, "", form)) return ""
    return form
  }
  if (k == "h" || form == "<>") return "-"
  i = index(form, "@")
  if (i > 1) return substr(form, i)
  if (!(i = index(form, "."))) return "-"
  return "@" substr(form, i + 1)
}

# rules(place, points): all keys of a place; points are those whose brakes mean it, each between blanks.
function rules(place, points,   b, i, n, k, f, up, list, x, many, all, classes, rest) {
  split("", HAS); split("", FORM); split("", MANY); many = n = 0
  for (i = 1; i <= 4; i++) KEYS[substr("rshc", i, 1)] = 0
  all = ""
  for (b = N; b; b--) {
    if (!index(points, " " POINT[b] " ") || EFFECT[b] == "close") continue
    if (EFFECT[b] == "throttle") continue
    n++
    if (!KINDS[b]) { all = all " " b; continue }
    if (KINDS[b] > 1) MANY[b] = ++many
    for (i = 1; i <= 4; i++) {
      k = substr("rshc", i, 1)
      if (!((b, k) in WANT)) continue
      x = forms(b, k, list)
      for (f = 1; f <= x; f++) {
        if (!((k, list[f]) in HAS)) FORM[k, ++KEYS[k]] = list[f]
        HAS[k, list[f]] = HAS[k, list[f]] " " b
      }
    }
  }
  throttles(place, points)
  if (!n) return
  if (all != "") put(place ":all", value(all, 0))
  split("", CLASS); split("", CLASSES)
  for (i = 1; i <= 4; i++) {
    k = substr("rshc", i, 1); CLASSES[k] = 0
    for (f = 1; f <= KEYS[k]; f++) {
      x = HAS[k, FORM[k, f]]
      for (up = wider(FORM[k, f], k); up != "-"; up = wider(up, k)) if ((k, up) in HAS) x = x HAS[k, up]
      singles(k, x)
      put(place ":" k ":" FORM[k, f], value(SINGLES, class_of(k, BOTH)))
    }
  }
  if (many) ands(place)
}
# singles(k, set): SINGLES are the brakes of the set that ask nothing else, BOTH the others.
function singles(k, set,   n, i, b) {
  SINGLES = BOTH = ""; n = split(set, b, " ")
  for (i = 1; i <= n; i++) if (b[i] in MANY) BOTH = BOTH " " b[i]; else SINGLES = SINGLES " " b[i]
}
function class_of(k, set) {
  if (set == "") return 0
  if (!((k, set) in CLASS)) { CLASS[k, set] = ++CLASSES[k]; MEMBERS[k, CLASSES[k]] = set " " }
  return CLASS[k, set]
}
function ands(place,   r, s, h, c, b, set) {
  if ((CLASSES["r"] + 1) * (CLASSES["s"] + 1) * (CLASSES["h"] + 1) * (CLASSES["c"] + 1) > 20000) { TOO_MANY = 1; return }
  for (r = 0; r <= CLASSES["r"]; r++) for (s = 0; s <= CLASSES["s"]; s++) for (h = 0; h <= CLASSES["h"]; h++) for (c = 0; c <= CLASSES["c"]; c++) {
    set = ""
    for (b in MANY) if (fits(b, "r", r) && fits(b, "s", s) && fits(b, "h", h) && fits(b, "c", c)) set = set " " b
    if (set != "") put(place ":a." r "." s "." h "." c, value(set, 0))
  }
}
function fits(b, k, class) { return !((b, k) in WANT) || class && index(MEMBERS[k, class], " " b " ") }

# value(set, class): the best rank of the set, and its holds.
function value(set, class,   n, i, b, rank, best, holds) {
  n = split(set, b, " "); best = 99999; holds = ""
  for (i = 1; i <= n; i++) {
    if (EFFECT[b[i]] == "hold") { if (!index("+" holds, "+" APP[b[i]] "+")) holds = holds APP[b[i]] "+"; continue }
    rank = rank_of(b[i]); if (rank < best) best = rank
  }
  return best " " class (holds == "" ? "" : " " holds)
}
function rank_of(b) { USED[b] = 1; return (EFFECT[b] == "reject" ? 2 : EFFECT[b] == "discard" ? 3 : 1) * 10000 + N - b }

function throttles(place, points,   b, x, f, list, n, up, best, least, piece) {
  n = 0
  for (b = N; b; b--) if (EFFECT[b] == "throttle" && index(points, " " POINT[b] " ")) {
    if (KINDS[b]) x = forms(b, "c", list); else { x = 1; list[1] = "" }
    for (f = 1; f <= x; f++) {
      if (!(list[f] in least)) piece[++n] = list[f]
      else if (LIMIT[b] >= LIMIT[least[list[f]]]) continue
      least[list[f]] = b
    }
  }
  for (f = 1; f <= n; f++) {
    best = least[piece[f]]
    for (up = wider(piece[f], "c"); up != "-"; up = wider(up, "c")) if (up in least && LIMIT[least[up]] < LIMIT[best]) best = least[up]
    put(place ":t:c:" piece[f], LIMIT[best] " " rank_of(best))
  }
}
function put(key, what) { print key "\t" what }

# table(): sockets as sendmail_sockets tells them were read by socket_read.
function socket_read(line,   f) {
  split(line, f, " ")
  if (!(f[2] in KEY)) { SOCKETS++; NAMED[SOCKETS] = f[2]; KEY[f[2]] = " " }
  KEY[f[2]] = KEY[f[2]] "listener:" f[1] " "
}
function table(   i, b, near, far, pause) {
  if (!N) return 0
  print "# from mailbrake-agent: made new at each change"
  for (i = 1; i <= SOCKETS; i++) {
    near = far = 0
    for (b = 1; b <= N; b++) { if (index(KEY[NAMED[i]], " " POINT[b] " ")) far = near = 1; if (POINT[b] == "local") near = 1 }
    if (far) { put("n:" NAMED[i], "n" i); rules("n" i, KEY[NAMED[i]]) }
    if (near) { put("l:" NAMED[i], "l" i); rules("l" i, KEY[NAMED[i]] "local ") }
  }
  for (b = 1; b <= N; b++) if (POINT[b] == "delivery") pause = 1
  if (pause) { put("d", "d"); rules("d", " delivery ") }
  for (b = 1; b <= N; b++) if (b in USED) put("do:" rank_of(b), answer(b))
  return TOO_MANY
}
'
