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
PX_AWK_TEXT='
function join(list, part, item) { return list == "" ? item : list part item }
function trim(s) { sub(/^[ \t\r\n]+/, "", s); sub(/[ \t\r\n]+$/, "", s); return s }

# text_items(file): groups RAW[file, 1..ROWS[file]] into ITEM[file, 1..ITEMS[file]] without comments of ours; ENTRY[file, i] is 1
# for a logical line.
function text_items(file,   i, k, n, open, s) {
  n = open = 0
  for (i = 1; i <= ROWS[file]; i++) {
    s = RAW[file, i]
    if (s ~ /^[ \t\r]*#/ && index(s, "mailbrake_")) {
      if (file == "master") s = mastercf_bare(s)
      else {
        match(s, /^[ \t\r]*#+[ \t]*/); k = substr(s, 1, RLENGTH); s = maincf_bare(substr(s, RLENGTH + 1))
        if (s != "") s = k s
      }
      if (s == "") continue
    }
    ITEM[file, ++n] = s
    if (s ~ /^[ \t\r]*(#|$)/) continue
    if (s !~ /^[ \t]/) { open = n; ENTRY[file, n] = 1 }
    else if (open) {
      # what stood between belongs to the entry from here on
      for (k = open + 1; k <= n; k++) ITEM[file, open] = ITEM[file, open] "\n" ITEM[file, k]
      n = open
    }
  }
  ITEMS[file] = n
}

# text_skip(s, at): the place of the first character from `at` that is neither blank nor part of a comment line; 0 at the end.
function text_skip(s, at,   end) {
  while (match(substr(s, at), /[^ \t\r\n]/)) {
    at += RSTART - 1
    if (substr(s, at, 1) != "#" || substr(s, 1, at - 1) !~ /\n[ \t\r]*$/) return at
    end = index(substr(s, at), "\n")
    if (!end) return 0
    at += end - 1
  }
  return 0
}

# unhook(s, spaced): s without our references. `spaced`: a hook was put in with a blank after its comma. Sets UNHOOKED_LINE when
# one was spelled as in a line that we added.
function unhook(s, spaced,   form, before, after) {
  UNHOOKED_LINE = 0
  while (match(s, /[$]([{]mailbrake_[a-z0-9_]+[}]|[(]mailbrake_[a-z0-9_]+[)]|mailbrake_[a-z0-9_]+)/)) {
    form = substr(s, RSTART + 1, 1); before = substr(s, 1, RSTART - 1); after = substr(s, RSTART + RLENGTH)
    if (form == "{") UNHOOKED_LINE = 1
    s = form == "(" && before ~ /=$/ && after !~ /^,/ ? before after : cut_from_list(before, after, spaced)
  }
  return s
}

function alone_in_row(before, after) { return before ~ /\n[ \t\r]*$/ && after ~ /^[ \t\r]*(\n|$)/ }

function cut_from_list(before, after, spaced,   comma) {
  comma = sub(/^,/, "", after)
  if (alone_in_row(before, after)) {
    sub(/\n[ \t\r]*$/, "", before); sub(/^[ \t\r]+/, "", after)
    if (!comma && !text_skip(after, 1)) sub(/[ \t\r]*,[ \t\r]*$/, "", before)
  } else if (comma) { if (spaced) sub(/^ /, "", after) }
  else if (after !~ /^[ \t\r]*(\n|$)/) sub(/^[ \t]+/, "", after)
  else if (!sub(/[ \t\r]*,[ \t\r]*$/, "", before) && before !~ /=[ \t\r]*$/) sub(/[ \t]+$/, "", before)
  return before after
}

# text_of(file): the file again, byte for byte where nothing was changed. GONE[file, i] leaves an item out.
function text_of(file,   i, s) {
  s = TOP[file]
  for (i = 1; i <= ITEMS[file]; i++) if (!GONE[file, i]) s = s ITEM[file, i] "\n"
  return OPEN_END[file] ? substr(s, 1, length(s) - 1) : s
}
'
