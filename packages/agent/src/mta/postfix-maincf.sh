# Editing main.cf: our own parameters and the hooks that refer to them, put in and taken out as text (never by postconf -e,
# which joins lines, changes the owner and replaces a symbolic link). Pure awk functions.
#
# What can be ours in main.cf, all of it before the first setting of the file (there a missing newline at the end of the
# file and lines appended by others can't touch it):
#   # mailbrake_...: (one comment)      mailbrake_rules =      mailbrake_closed = smtp/inet, ...      mailbrake_submit = !static:all
#   and a line for each hooked setting that had none, as `smtpd_client_restrictions = ${mailbrake_rules}`.

# shellcheck disable=SC2016,SC2034 # awk programs, used by the other postfix modules
PX_AWK_MAINCF='
function setting_name(s) { return match(s, /^[^ \t\r\n=]+/) ? substr(s, 1, RLENGTH) : "" }

# setting_value_at(s): where the value begins; 0 when it is empty, -1 when s is no setting. Sets EQUALS_AT.
function setting_value_at(s) {
  EQUALS_AT = text_skip(s, length(setting_name(s)) + 1)
  return substr(s, EQUALS_AT, 1) == "=" ? text_skip(s, EQUALS_AT + 1) : -1
}

function setting_value(s,   at, rows, n, i, value) {
  at = setting_value_at(s)
  if (at <= 0) return ""
  n = split(substr(s, at), rows, "\n"); value = rows[1]
  for (i = 2; i <= n; i++) if (rows[i] !~ /^[ \t\r]*#/) value = value " " rows[i]
  return trim(value)
}

# maincf_bare(s): a setting, or what a comment says, without what is ours in it; "" when all of it was. A line that we added may
# hold what Postfix takes when the setting is absent.
function maincf_bare(s) {
  if (s ~ /^mailbrake_([a-z0-9_]+[ \t]*=|[*]:)/) return ""
  s = unhook(s, 1)
  return s ~ /^[ \t\r]*$/ || UNHOOKED_LINE && setting_value_at(s) >= 0 && setting_value(s) ~ /^(static:anyone)?$/ ? "" : s
}

# maincf_strip(): takes everything of ours out; VALUE[name] and WHERE[name] (the last definition counts) of what is left.
function maincf_strip(   i, s) {
  text_items("main")
  for (i = 1; i <= ITEMS["main"]; i++) {
    if (!ENTRY["main", i]) continue
    s = ITEM["main", i]
    if (index(s, "mailbrake_")) ITEM["main", i] = s = maincf_bare(s)
    if (s == "") GONE["main", i] = 1
    else if (setting_value_at(s) >= 0) { VALUE[setting_name(s)] = setting_value(s); WHERE[setting_name(s)] = i }
  }
}

# main_value(name, fallback): with $other, ${other} and $(other) resolved, as far as main.cf itself tells.
function main_value(name, fallback) { return resolve(name in VALUE ? VALUE[name] : fallback, 0) }
function resolve(s, depth,   out, name, rest) {
  out = ""
  while (depth < 8 && match(s, /[$]([A-Za-z0-9_]+|[{][A-Za-z0-9_]+[}]|[(][A-Za-z0-9_]+[)])/)) {
    name = substr(s, RSTART + 1, RLENGTH - 1); rest = substr(s, RSTART + RLENGTH)
    gsub(/[{}()]/, "", name)
    out = out substr(s, 1, RSTART - 1) (name in VALUE ? resolve(VALUE[name], depth + 1) : "")
    s = rest
  }
  return out s
}

# maincf_hook(name, value, setting): our parameter must be there with that value, and be referred to first in the setting, if any.
function maincf_hook(name, value, setting,   at, i, s) {
  if (!NEEDED[name]++) { PARAMETERS = PARAMETERS name " =" value "\n"; if (value != "") fact("is", name, trim(value)) }
  if (setting == "" || HOOKED[setting]++) return
  fact("refers", setting, name)
  if (setting in WHERE) {
    i = WHERE[setting]; s = ITEM["main", i]; at = setting_value_at(s)
    ITEM["main", i] = at ? substr(s, 1, at - 1) "$" name ", " substr(s, at) : substr(s, 1, EQUALS_AT) "$(" name ")" substr(s, EQUALS_AT + 1)
  } else ADDED = ADDED setting " = ${" name "}" (name == "mailbrake_submit" ? ", static:anyone" : "") "\n"
}

function maincf_put(   i, block) {
  if (PARAMETERS == "") return
  block = "# mailbrake_*: put here by mailbrake-agent, taken out again after the last lift; see mailbrake-agent status\n" PARAMETERS ADDED
  for (i = 1; i <= ITEMS["main"] && (!ENTRY["main", i] || GONE["main", i]); i++);
  if (i <= ITEMS["main"]) ITEM["main", i] = block ITEM["main", i]
  else TOP["main"] = block
}
'
