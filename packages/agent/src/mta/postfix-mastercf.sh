# Editing master.cf: `-o` arguments of ours at the end of a service's entry, and our hook at the head of an override that the
# admin wrote there (an override hides main.cf, and with it a hook in main.cf). As text, never by postconf -M/-P. Pure awk.
#
# What can be ours in an entry: `-o mailbrake_...=...`, `-o smtpd_...=$mailbrake_...`, and `$mailbrake_rules,` in an override.

# shellcheck disable=SC2016,SC2034 # awk programs, used by the other postfix modules
PX_AWK_MASTERCF='
# words_of(s): WORDS, WORD[i], WORD_AT[i]: the words of an entry; { ... } is one word (Postfix 3.0).
function words_of(s,   at, rest, depth, size, c) {
  WORDS = 0; at = 1
  while ((at = text_skip(s, at)) > 0) {
    rest = substr(s, at); size = depth = 0
    if (substr(rest, 1, 1) == "{") {
      do { c = substr(rest, ++size, 1); depth += (c == "{") - (c == "}") } while (depth && c != "")
    } else size = match(rest, /[ \t\r\n]/) ? RSTART - 1 : length(rest)
    WORD_AT[++WORDS] = at; WORD[WORDS] = substr(rest, 1, size)
    at += size
  }
  WORD[WORDS + 1] = ""
}

# override_of(k, name): whether service k overrides a setting; OVERRIDE, the value that counts, begins at OVERRIDE_AT.
function override_of(k, name,   i, w, at, equals, braced, found) {
  words_of(ITEM["master", k] ""); found = 0
  for (i = 9; i <= WORDS; i++) {
    w = WORD[i]; at = WORD_AT[i] + 2
    if (substr(w, 1, 2) != "-o") continue
    w = substr(w, 3)
    if (w == "") { w = WORD[++i]; at = WORD_AT[i] }
    braced = sub(/^[{]/, " ", w); equals = index(w, "=")
    if (trim(substr(w, 1, equals - 1)) != name) continue
    found = 1; OVERRIDE_AT = at + equals; OVERRIDE = substr(w, equals + 1)
    if (braced) sub(/[}]$/, "", OVERRIDE)
    if (match(OVERRIDE, /[^ \t\r\n]/)) OVERRIDE_AT += RSTART - 1
    OVERRIDE = trim(OVERRIDE)
  }
  return found
}

# mastercf_bare(s): an entry or a comment without what is ours in it; "" when all of a comment was.
function mastercf_bare(s,   before, after) {
  while (match(s, /[ \t]*-o[ \t]*(mailbrake_[a-z0-9_]+=[^ \t\r\n]*|smtpd_[a-z_]+(limit|exceptions)=[$]mailbrake_[a-z0-9_]+)/)) {
    before = substr(s, 1, RSTART - 1); after = substr(s, RSTART + RLENGTH)
    if (alone_in_row(before, after)) { sub(/\n$/, "", before); sub(/^[ \t\r]+/, "", after) }
    s = before after
  }
  return s ~ /^[# \t\r]*$/ ? "" : unhook(s, 0)
}

# mastercf_strip(): takes everything of ours out. Of what is left, SERVICES; of each that is one (k is its item) LABEL (name/type),
# NAME, TYPE, COMMAND, and ON where it is enabled; SERVICE_OF[label].
function mastercf_strip(   i, off, n, k) {
  text_items("master")
  n = split(main_value("master_service_disable", ""), off, /[ \t\r\n,]+/)
  SERVICES = ITEMS["master"]
  for (k = 1; k <= SERVICES; k++) {
    if (!ENTRY["master", k]) continue
    words_of(ITEM["master", k] = mastercf_bare(ITEM["master", k]))
    if (WORDS < 8) continue
    NAME[k] = WORD[1]; TYPE[k] = WORD[2]; LABEL[k] = WORD[1] "/" WORD[2]
    COMMAND[k] = WORD[8]; sub(/^.*\//, "", COMMAND[k])
    SERVICE_OF[LABEL[k]] = k; ON[k] = 1
    for (i = 1; i <= n; i++) if (off[i] == TYPE[k] || off[i] == LABEL[k] || off[i] == NAME[k] "." TYPE[k]) ON[k] = 0
  }
}

# service_value(k, name, fallback): a setting as service k sees it.
function service_value(k, name, fallback) { return override_of(k, name) ? resolve(OVERRIDE, 0) : main_value(name, fallback) }

# mastercf_hook(k, setting, name): our hook in an override of service k; 0 when it has none.
function mastercf_hook(k, setting, name,   s) {
  if (!override_of(k, setting)) return 0
  if (HOOKED[k, setting]++) return 1
  fact("refers", LABEL[k] "/" setting, name)
  s = ITEM["master", k]
  ITEM["master", k] = substr(s, 1, OVERRIDE_AT - 1) (OVERRIDE == "" ? "$(" name ")" : "$" name ",") substr(s, OVERRIDE_AT)
  return 1
}

# mastercf_add(k, name, value): an argument of ours, in a row of its own at the end of the entry.
function mastercf_add(k, name, value) { fact("is", LABEL[k] "/" name, value); ITEM["master", k] = ITEM["master", k] "\n  -o " name "=" value }
'
