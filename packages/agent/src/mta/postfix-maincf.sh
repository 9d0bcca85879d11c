# Editing main.cf: our own parameters and the hooks that refer to them, put in and taken out as text (never by postconf -e,
# which joins lines, changes the owner and replaces a symbolic link). Pure awk functions.
#
# What can be ours in main.cf, all of it before the first setting of the file (there a missing newline at the end of the
# file and lines appended by others can't touch it):
#   # mailbrake_...: (one comment)      mailbrake_rules =      mailbrake_closed = smtp/inet, ...      mailbrake_submit = !static:all
#   and a line for each hooked setting that had none, as `smtpd_client_restrictions = ${mailbrake_rules}`.

# shellcheck disable=SC2016,SC2034 # awk programs, used by the other postfix modules
POSTFIX_AWK_MAINCF='
function maincf_setup() {
  MAINCF_COMMENT = "# mailbrake_*: put here by mailbrake-agent, taken out again after the last lift; see mailbrake-agent status"
  HOOK_OF["smtpd_client_restrictions"] = "mailbrake_rules"
  HOOK_OF["smtpd_recipient_restrictions"] = "mailbrake_rules"
  HOOK_OF["master_service_disable"] = "mailbrake_closed"
  HOOK_OF["authorized_submit_users"] = "mailbrake_submit"
  # what Postfix takes when the setting is absent
  DEFAULT_OF["authorized_submit_users"] = "static:anyone"
  HOOK_NAMES = split("mailbrake_rules mailbrake_closed mailbrake_submit", HOOK_NAME, " ")
}

function setting_name(s) { return match(s, /^[^ \t\r\n=]+/) ? substr(s, 1, RLENGTH) : "" }

# setting_value_at(s): where the value begins; 0 when it is empty, -1 when s is no setting. Sets EQUALS_AT.
function setting_value_at(s,   at) {
  at = text_skip(s, length(setting_name(s)) + 1)
  if (!at || substr(s, at, 1) != "=") return -1
  EQUALS_AT = at
  return text_skip(s, at + 1)
}

function setting_value(s,   at, rows, n, i, value) {
  at = setting_value_at(s)
  if (at <= 0) return ""
  n = split(substr(s, at), rows, "\n"); value = rows[1]
  for (i = 2; i <= n; i++) if (!comment_line(rows[i])) value = value " " rows[i]
  return trim(value)
}

# maincf_strip(): takes everything of ours out of main.cf, commented-out remains included.
function maincf_strip(   i, k, s, line_ours, name, value) {
  for (i = 1; i <= ROWS["main"]; i++) {
    s = RAW["main", i]
    if (comment_line(s) && index(s, "mailbrake_")) {
      s = maincf_strip_comment(s)
      if (s == "") { drop_row("main", i); i--; continue }
      RAW["main", i] = s
    }
  }
  text_items("main")
  for (i = 1; i <= ITEMS["main"]; i++) {
    if (!ENTRY["main", i] || !index(ITEM["main", i], "mailbrake_")) continue
    s = ITEM["main", i]; name = setting_name(s)
    if (name ~ /^mailbrake_/) { GONE["main", i] = 1; continue }
    line_ours = 0
    for (k = 1; k <= HOOK_NAMES; k++) {
      s = unhook(s, HOOK_NAME[k], 1)
      if (UNHOOKED_LINE) line_ours = 1
    }
    if (line_ours) {
      value = setting_value(s)
      if (value == "" || value == DEFAULT_OF[name]) { GONE["main", i] = 1; continue }
    }
    ITEM["main", i] = s
  }
}

# A comment line without what is ours in it; "" when all of it was.
function maincf_strip_comment(s,   body, k, changed, line_ours, name) {
  if (trim(s) == MAINCF_COMMENT) return ""
  body = comment_body(s)
  if (body ~ /^mailbrake_[a-z_]+[ \t]*=/) return ""
  changed = 0; line_ours = 0
  for (k = 1; k <= HOOK_NAMES; k++) {
    s = unhook(s, HOOK_NAME[k], 1)
    if (UNHOOKED) changed = 1
    if (UNHOOKED_LINE) line_ours = 1
  }
  body = comment_body(s)
  if (changed && trim(body) == "") return ""
  name = setting_name(body)
  if (line_ours && setting_value_at(body) >= 0 && (setting_value(body) == "" || setting_value(body) == DEFAULT_OF[name])) return ""
  return s
}
function comment_body(s) { sub(/^[ \t\r]*#+[ \t]*/, "", s); return s }

function drop_row(file, at,   i) {
  for (i = at; i < ROWS[file]; i++) RAW[file, i] = RAW[file, i + 1]
  ROWS[file]--
}

# maincf_index(): VALUE[name] and WHERE[name] (the last definition counts) of the stripped file.
function maincf_index(   i, name) {
  for (i = 1; i <= ITEMS["main"]; i++) {
    if (!ENTRY["main", i] || GONE["main", i]) continue
    name = setting_name(ITEM["main", i])
    if (setting_value_at(ITEM["main", i]) < 0) continue
    VALUE[name] = setting_value(ITEM["main", i]); WHERE[name] = i
  }
}

# main_value(name, fallback): with $other, ${other} and $(other) resolved, as far as main.cf itself tells.
function main_value(name, fallback) { return resolve(name in VALUE ? VALUE[name] : fallback, 0) }
function resolve(s, depth,   out, name, size) {
  out = ""
  while (depth < 8 && match(s, /[$]([A-Za-z0-9_]+|[{][A-Za-z0-9_]+[}]|[(][A-Za-z0-9_]+[)])/)) {
    name = substr(s, RSTART + 1, RLENGTH - 1); size = RSTART + RLENGTH
    gsub(/[{}()]/, "", name)
    out = out substr(s, 1, RSTART - 1) (name in VALUE ? resolve(VALUE[name], depth + 1) : "")
    s = substr(s, size)
  }
  return out s
}

# maincf_need(name, value): our parameter must be there with that value. maincf_hook(setting): and be referred to first in it.
function maincf_need(name, value) { NEEDED[name] = value }
function maincf_hook(setting) { HOOKED[setting] = 1 }

function maincf_put(   setting, at, i, s, block, k, order, n) {
  block = ""
  for (k = 1; k <= HOOK_NAMES; k++)
    if (HOOK_NAME[k] in NEEDED) block = block HOOK_NAME[k] " =" (NEEDED[HOOK_NAME[k]] == "" ? "" : " " NEEDED[HOOK_NAME[k]]) "\n"
  n = split("smtpd_client_restrictions smtpd_recipient_restrictions master_service_disable authorized_submit_users", order, " ")
  for (k = 1; k <= n; k++) {
    setting = order[k]
    if (!(setting in HOOKED)) continue
    if (!(setting in WHERE)) {
      block = block setting " = ${" HOOK_OF[setting] "}" (setting in DEFAULT_OF ? ", " DEFAULT_OF[setting] : "") "\n"
      continue
    }
    i = WHERE[setting]; s = ITEM["main", i]; at = setting_value_at(s)
    if (at) s = substr(s, 1, at - 1) "$" HOOK_OF[setting] ", " substr(s, at)
    else s = substr(s, 1, EQUALS_AT) "$(" HOOK_OF[setting] ")" substr(s, EQUALS_AT + 1)
    ITEM["main", i] = s
  }
  if (block == "") return
  block = MAINCF_COMMENT "\n" substr(block, 1, length(block) - 1)
  for (i = 1; i <= ITEMS["main"]; i++) if (ENTRY["main", i] && !GONE["main", i]) break
  if (i <= ITEMS["main"]) { ITEM["main", i] = block "\n" ITEM["main", i]; return }
  # nothing but comments: at the very top
  if (ITEMS["main"]) {
    ITEM["main", 1] = block (GONE["main", 1] ? "" : "\n" ITEM["main", 1])
    GONE["main", 1] = 0
  } else { ITEMS["main"] = 1; ITEM["main", 1] = block; ENTRY["main", 1] = 1 }
}
'
