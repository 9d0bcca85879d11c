# The text of main.cf and master.cf as Postfix reads it (postconf(5), master(5)): logical lines that go on over physical
# lines which begin with a blank, with comments and empty lines in between. Pure awk functions; nothing is written here.
#
# Everything that Mailbrake puts into these files holds a name that begins with `mailbrake_`, so what is ours can be told
# from the text alone, whatever an admin did to the file meanwhile. Taking out, then putting in, is how each file is rendered.
#
# A hook is a reference to one of our own parameters at the head of a list. Its spelling says how it got there:
#   $name    before the first value of a list            taken out: `$name, `
#   ${name}  in a line that we added, the rest a default taken out: the line, unless there is more in it than the default
#   $(name)  as the only value of an empty setting       taken out: just that

# shellcheck disable=SC2016,SC2034 # awk programs, used by the other postfix modules
POSTFIX_AWK_TEXT='
function blank_only(s) { return s ~ /^[ \t\r]*$/ }
function comment_line(s) { return s ~ /^[ \t\r]*#/ }
function trim(s) { sub(/^[ \t\r\n]+/, "", s); sub(/[ \t\r\n]+$/, "", s); return s }

# text_items(file): groups RAW[file, 1..ROWS[file]] into ITEM[file, 1..ITEMS[file]]; ENTRY[file, i] is 1 for a logical line.
function text_items(file,   i, n, open, s, rest) {
  n = 0; open = 0; rest = 0
  for (i = 1; i <= ROWS[file]; i++) {
    s = RAW[file, i]
    if (blank_only(s) || comment_line(s)) { ITEM[file, ++n] = s; ENTRY[file, n] = 0; continue }
    if (s ~ /^[ \t]/ && open) {
      # what stood between belongs to the entry from here on
      for (rest = open + 1; rest <= n; rest++) ITEM[file, open] = ITEM[file, open] "\n" ITEM[file, rest]
      n = open
      ITEM[file, n] = ITEM[file, n] "\n" s
      continue
    }
    ITEM[file, ++n] = s
    ENTRY[file, n] = s !~ /^[ \t]/
    open = ENTRY[file, n] ? n : 0
  }
  ITEMS[file] = n
}

# text_skip(s, at): the place of the first character from `at` that is neither blank nor part of a comment line; 0 at the end.
function text_skip(s, at,   rest, end) {
  for (;;) {
    rest = substr(s, at)
    if (!match(rest, /[^ \t\r\n]/)) return 0
    at += RSTART - 1
    if (substr(s, at, 1) != "#" || substr(s, 1, at - 1) !~ /\n[ \t\r]*$/) return at
    end = index(substr(s, at), "\n")
    if (!end) return 0
    at += end - 1
  }
}

# unhook(s, name, spaced): s without our references to `name`. `spaced`: a hook was put in with a blank after its comma.
# Sets UNHOOKED, and UNHOOKED_LINE when a hook was spelled as in a line that we added.
function unhook(s, name, spaced,   form, token, from, at, next_character) {
  UNHOOKED = 0; UNHOOKED_LINE = 0
  if (!index(s, name)) return s
  for (form = 1; form <= 3; form++) {
    token = form == 1 ? "$" name : form == 2 ? "${" name "}" : "$(" name ")"
    from = 1
    while ((at = index(substr(s, from), token)) > 0) {
      at += from - 1
      next_character = substr(s, at + length(token), 1)
      if (form == 1 && next_character ~ /[A-Za-z0-9_]/) { from = at + 1; continue }
      UNHOOKED = 1
      if (form == 2) UNHOOKED_LINE = 1
      if (form == 3 && substr(s, at - 1, 1) == "=" && substr(s, at + length(token), 1) != ",") s = substr(s, 1, at - 1) substr(s, at + length(token))
      else s = cut_from_list(s, at, length(token), spaced)
      from = 1
    }
  }
  return s
}

function cut_from_list(s, at, size, spaced,   before, after, row_before, row_after, comma) {
  before = substr(s, 1, at - 1)
  after = substr(s, at + size)
  comma = substr(after, 1, 1) == ","
  if (comma) after = substr(after, 2)
  row_before = before; sub(/^.*\n/, "", row_before)
  row_after = after; sub(/\n.*$/, "", row_after)
  if (index(before, "\n") && blank_only(row_before) && blank_only(row_after)) {
    # alone in its row
    before = substr(before, 1, length(before) - length(row_before) - 1)
    after = substr(after, length(row_after) + 1)
    if (!comma && !text_skip(after, 1)) sub(/[ \t\r]*,[ \t\r]*$/, "", before)
    return before after
  }
  if (comma) {
    if (spaced && substr(after, 1, 1) == " ") after = substr(after, 2)
    return before after
  }
  if (blank_only(row_after)) {
    if (before ~ /,[ \t\r]*$/) sub(/[ \t\r]*,[ \t\r]*$/, "", before)
    else if (before !~ /=[ \t\r]*$/) sub(/[ \t]+$/, "", before)
    return before after
  }
  if (after ~ /^[ \t]/) sub(/^[ \t]+/, "", after)
  return before after
}

# text_of(file): the file again, byte for byte where nothing was changed. GONE[file, i] leaves an item out.
function text_of(file,   i, s, first) {
  s = ""; first = 1
  for (i = 1; i <= ITEMS[file]; i++) {
    if (GONE[file, i]) continue
    s = s (first ? "" : "\n") ITEM[file, i]
    first = 0
  }
  return first ? "" : s (OPEN_END[file] ? "" : "\n")
}

function raw_text(file,   i, s) {
  s = ""
  for (i = 1; i <= ROWS[file]; i++) s = s (i > 1 ? "\n" : "") RAW[file, i]
  return ROWS[file] ? s (OPEN_END[file] ? "" : "\n") : ""
}
'
