# Editing master.cf: `-o` arguments of ours at the end of a service's entry, and our hook at the head of an override that the
# admin wrote there (an override hides main.cf, and with it a hook in main.cf). As text, never by postconf -M/-P. Pure awk.
#
# What can be ours in an entry: `-o mailbrake_...=...`, `-o smtpd_...=$mailbrake_...`, and `$mailbrake_rules,` in an override.

# shellcheck disable=SC2016,SC2034 # awk programs, used by the other postfix modules
POSTFIX_AWK_MASTERCF='
# words_of(s): WORDS, WORD_FROM[i], WORD_TO[i]: the words of an entry; { ... } is one word (Postfix 3.0).
function words_of(s,   at, rest, depth, i, c) {
  WORDS = 0; at = 1
  while ((at = text_skip(s, at)) > 0) {
    rest = substr(s, at)
    WORD_FROM[++WORDS] = at
    if (substr(rest, 1, 1) == "{") {
      depth = 0
      for (i = 1; i <= length(rest); i++) {
        c = substr(rest, i, 1)
        if (c == "{") depth++
        if (c == "}" && --depth == 0) break
      }
      at += i
    } else { match(rest, /^[^ \t\r\n]+/); at += RLENGTH }
    WORD_TO[WORDS] = at - 1
  }
}

function word(s, i) { return i <= WORDS ? substr(s, WORD_FROM[i], WORD_TO[i] - WORD_FROM[i] + 1) : "" }

# options_of(s): OPTIONS, OPTION_NAME[i], OPTION_VALUE[i]; OPTION_FROM[i]..OPTION_TO[i] is all of it, `-o` included;
# OPTION_AT[i] is where its value begins (or would), OPTION_BRACED[i] whether it is written as { name = value }.
function options_of(s,   i, w, from, at, equals) {
  words_of(s); OPTIONS = 0
  for (i = 9; i <= WORDS; i++) {
    w = word(s, i)
    if (substr(w, 1, 2) != "-o") continue
    from = WORD_FROM[i]; at = from + 2
    if (w == "-o") {
      if (++i > WORDS) return
      w = word(s, i); at = WORD_FROM[i]
    } else w = substr(w, 3)
    OPTIONS++
    OPTION_FROM[OPTIONS] = from; OPTION_TO[OPTIONS] = WORD_TO[i]
    OPTION_BRACED[OPTIONS] = substr(w, 1, 1) == "{"
    equals = index(w, "=")
    OPTION_NAME[OPTIONS] = equals ? substr(w, 1, equals - 1) : w
    OPTION_VALUE[OPTIONS] = equals ? substr(w, equals + 1) : ""
    OPTION_AT[OPTIONS] = at + equals
    if (OPTION_BRACED[OPTIONS]) {
      sub(/^[{]/, "", OPTION_NAME[OPTIONS]); OPTION_NAME[OPTIONS] = trim(OPTION_NAME[OPTIONS])
      w = OPTION_VALUE[OPTIONS]; sub(/[}]$/, "", w)
      if (match(w, /[^ \t\r\n]/)) OPTION_AT[OPTIONS] += RSTART - 1
      OPTION_VALUE[OPTIONS] = trim(w)
    }
  }
}

# option_last(name): the place of the override that counts, 0 for none.
function option_last(name,   i) {
  for (i = OPTIONS; i > 0; i--) if (OPTION_NAME[i] == name) return i
  return 0
}

function mastercf_strip(   i, s) {
  for (i = 1; i <= ROWS["master"]; i++) {
    s = RAW["master", i]
    if (comment_line(s) && index(s, "mailbrake_")) {
      s = mastercf_strip_comment(s)
      if (s == "") { drop_row("master", i); i--; continue }
      RAW["master", i] = s
    }
  }
  text_items("master")
  for (i = 1; i <= ITEMS["master"]; i++)
    if (ENTRY["master", i] && index(ITEM["master", i], "mailbrake_")) ITEM["master", i] = mastercf_strip_entry(ITEM["master", i])
}

function option_ours(i) { return OPTION_NAME[i] ~ /^mailbrake_/ || OPTION_VALUE[i] ~ /^[$]mailbrake_[a-z_]+$/ && OPTION_NAME[i] !~ /_restrictions$/ }

function mastercf_strip_entry(s,   i, before, after, row_before, row_after) {
  options_of(s)
  # from the last to the first, so that the places of the others stay true
  for (i = OPTIONS; i > 0; i--) {
    if (!option_ours(i)) continue
    before = substr(s, 1, OPTION_FROM[i] - 1); after = substr(s, OPTION_TO[i] + 1)
    row_before = before; sub(/^.*\n/, "", row_before)
    row_after = after; sub(/\n.*$/, "", row_after)
    if (index(before, "\n") && blank_only(row_before) && blank_only(row_after))
      s = substr(before, 1, length(before) - length(row_before) - 1) substr(after, length(row_after) + 1)
    else { sub(/[ \t]+$/, "", before); s = before after }
  }
  return unhook(s, "mailbrake_rules", 0)
}

function mastercf_strip_comment(s,   bare, head, found) {
  found = 0
  while (match(s, /[ \t]*-o[ \t]*(mailbrake_[a-z_]+=[^ \t\r]*|smtpd_[a-z_]+=[$]mailbrake_[a-z_]+)/)) {
    if (substr(s, RSTART, RLENGTH) ~ /_restrictions=/ && substr(s, RSTART, RLENGTH) !~ /-o[ \t]*mailbrake_/) break
    head = substr(s, 1, RSTART - 1); s = head substr(s, RSTART + RLENGTH); found = 1
  }
  bare = s; gsub(/[# \t\r]/, "", bare)
  if (found && bare == "") return ""
  return unhook(s, "mailbrake_rules", 0)
}

# mastercf_index(): of the stripped file, SERVICES; for each its item, name, type, command and ON (enabled).
function mastercf_index(   i, s, n, off, k) {
  SERVICES = 0
  n = split(main_value("master_service_disable", ""), off, /[ \t\r\n,]+/)
  for (i = 1; i <= ITEMS["master"]; i++) {
    if (!ENTRY["master", i]) continue
    s = ITEM["master", i]; words_of(s)
    if (WORDS < 8) continue
    SERVICES++
    SERVICE_ITEM[SERVICES] = i
    SERVICE_NAME[SERVICES] = word(s, 1); SERVICE_TYPE[SERVICES] = word(s, 2)
    SERVICE_COMMAND[SERVICES] = word(s, 8); sub(/^.*\//, "", SERVICE_COMMAND[SERVICES])
    SERVICE_ON[SERVICES] = 1
    for (k = 1; k <= n; k++)
      if (off[k] == SERVICE_TYPE[SERVICES] || off[k] == SERVICE_NAME[SERVICES] "/" SERVICE_TYPE[SERVICES] ||
          off[k] == SERVICE_NAME[SERVICES] "." SERVICE_TYPE[SERVICES]) SERVICE_ON[SERVICES] = 0
    SERVICE_OF[SERVICE_NAME[SERVICES], SERVICE_TYPE[SERVICES]] = SERVICES
  }
}

# service_value(k, name, fallback): a setting as service k sees it.
function service_value(k, name, fallback,   i) {
  options_of(ITEM["master", SERVICE_ITEM[k]])
  i = option_last(name)
  return i ? resolve(OPTION_VALUE[i], 0) : main_value(name, fallback)
}

# mastercf_hook(k, setting): our hook in an override of service k; 0 when it has none.
function mastercf_hook(k, setting,   s, i, at) {
  s = ITEM["master", SERVICE_ITEM[k]]; options_of(s)
  i = option_last(setting)
  if (!i) return 0
  at = OPTION_AT[i]
  ITEM["master", SERVICE_ITEM[k]] = substr(s, 1, at - 1) (OPTION_VALUE[i] == "" ? "$(mailbrake_rules)" : "$mailbrake_rules,") substr(s, at)
  return 1
}

# mastercf_add(k, name, value): an argument of ours, in a row of its own at the end of the entry.
function mastercf_add(k, name, value) {
  ITEM["master", SERVICE_ITEM[k]] = ITEM["master", SERVICE_ITEM[k]] "\n  -o " name "=" value
}
'
