# The configuration sources of Exim: our hooks put in and taken out as text. Pure awk; nothing is written here.
#
# A hook is an option that expands to the name of a file while that file exists, and to what the admin has otherwise; Exim
# expands it at each use, so that a brake is a change of data alone. Each spelling tells how it got there:
#   ${if exists{D/rcpt}{...}{admin's}}     around a value of the admin      taken out: all but admin's
#   ${if exists {D/rcpt}{...}{default}}    in a line that we added          taken out: the line, unless it was given another value
#   #mailbrake-off# local_interfaces = ... admin's line out of force        taken out: the mark
#   #mailbrake-was VALUE                   the listeners before a close; the next line is ours too
# Never an empty expansion: an ACL option that expands to nothing denies all mail.

# shellcheck disable=SC2016,SC2034 # awk program
EXIM_AWK_SOURCES='
function sources_setup(   i, n, part) {
  MARK = "@@mailbrake-end@@"; FILE = 1; D = ENVIRON["EXIM_D"]; TARGET = ENVIRON["EXIM_TARGET"] + 0
  COMMENT = "# mailbrake: the next lines are put here by mailbrake-agent and taken out after the last lift; see mailbrake-agent status"
  MADE = COMMENT " (file made)"
  OPTIONS = split("acl_smtp_connect connect acl_smtp_rcpt rcpt acl_not_smtp local acl_not_smtp_start start hold_domains hold", part, " ") / 2
  for (i = 1; i <= OPTIONS; i++) {
    OPTION[i] = part[2 * i - 1]
    hook_forms(i, D "/" part[2 * i])
    DEFAULT[i] = OPTION[i] == "acl_smtp_rcpt" ? "deny" : OPTION[i] == "hold_domains" ? "" : "accept"
  }
}
function hook_forms(i, path,   rest) {
  rest = OPTION[i] == "hold_domains" ? "{" path "}{" path " :}}" : "{" path "}{${readfile{" path "}{}}}{"
  AROUND[i] = "${if exists" rest; OURS[i] = "${if exists " rest; CLOSE[i] = OPTION[i] == "hold_domains" ? "" : "}}"
}

function sources_row(s,   size) {
  size = length(MARK)
  if (length(s) >= size && substr(s, length(s) - size + 1) == MARK) {
    s = substr(s, 1, length(s) - size)
    OPEN_END[FILE] = s != ""
    if (s != "") ROW[FILE, ++ROWS[FILE]] = s
    FILE++
  } else ROW[FILE, ++ROWS[FILE]] = s
}

function text_of(f,   i, s) {
  s = ""
  for (i = 1; i <= ROWS[f]; i++) s = s (i > 1 ? "\n" : "") ROW[f, i]
  return ROWS[f] ? s (OPEN_END[f] ? "" : "\n") : ""
}
function continues(s) { return s ~ /\\[ \t]*$/ }
function row_drop(f, at,   i) { for (i = at; i < ROWS[f]; i++) ROW[f, i] = ROW[f, i + 1]; ROWS[f]-- }
function row_add(f, at, s,   i) { for (i = ++ROWS[f]; i > at; i--) ROW[f, i] = ROW[f, i - 1]; ROW[f, at] = s }
function last_index(s, what,   at, from) {
  at = 0; from = 1
  while (index(substr(s, from), what)) { at = from + index(substr(s, from), what) - 1; from = at + 1 }
  return at
}

# strip(f): takes all of ours out, also where it was commented out meanwhile.
function strip(f,   i, k, s, at, value) {
  for (i = 1; i <= ROWS[f]; i++) {
    s = ROW[f, i]
    if (s == COMMENT || s == MADE) { if (s == MADE) WAS_MADE[f] = 1; row_drop(f, i--); continue }
    if (s ~ /^#mailbrake-was /) {
      WAS = substr(s, 16); row_drop(f, i)
      if (ROW[f, i] ~ /^[A-Za-z_]+ = <;/) row_drop(f, i)
      i--; continue
    }
    sub(/^#mailbrake-off# /, "", s)
    for (k = 1; k <= OPTIONS && s != ""; k++) {
      if ((at = index(s, OURS[k])) > 0) {
        value = substr(s, at + length(OURS[k]))
        if (CLOSE[k] != "") value = substr(value, 1, last_index(value, CLOSE[k]) - 1)
        # another value than the one that we gave it: the admin gave it one
        s = value == DEFAULT[k] || OPTION[k] == "acl_smtp_rcpt" && value == RCPT_FALLBACK ? "" : substr(s, 1, at - 1) value
      } else if ((at = index(s, AROUND[k])) > 0) {
        ROW[f, i] = substr(s, 1, at - 1) substr(s, at + length(AROUND[k]))
        if (CLOSE[k] != "") strip_close(f, i)
        s = ROW[f, i]
      }
    }
    if (s == "" && ROW[f, i] != "") row_drop(f, i--)
    else ROW[f, i] = s
  }
}
function strip_close(f, i,   at) {
  while (continues(ROW[f, i]) && i < ROWS[f]) i++
  at = last_index(ROW[f, i], "}}")
  if (at) ROW[f, i] = substr(ROW[f, i], 1, at - 1) substr(ROW[f, i], at + 2)
}

# uses(f, name): how often name is set in the main section, but for the default in `.ifndef NAME`, kept in FALLBACK.
# with: put AROUND[k] around each; off: take the line out of force.
function uses(f, name, k, off,   i, s, found, before) {
  found = 0; before = ""
  for (i = 1; i <= ROWS[f]; i++) {
    s = ROW[f, i]
    if (s ~ /^begin[ \t]/) break
    if (match(s, "^[ \t]*" name "[ \t]*=[ \t]*")) {
      if (before == ".ifndef " name) { FALLBACK = substr(s, RLENGTH + 1); sub(/[ \t]+$/, "", FALLBACK) }
      else { found++; if (k) wrap(f, i, RLENGTH + 1, k); if (off) for (;; i++) { s = ROW[f, i]; ROW[f, i] = "#mailbrake-off# " s; if (!continues(s) || i >= ROWS[f]) break } }
    }
    if (s ~ /[^ \t]/) { before = s; gsub(/[ \t]+/, " ", before); sub(/ $/, "", before) }
  }
  return found
}
function wrap(f, i, at, k,   s) {
  s = ROW[f, i]
  if (substr(s, at, 1) == "\"") at++
  ROW[f, i] = substr(s, 1, at - 1) AROUND[k] substr(s, at)
  if (CLOSE[k] == "") return
  while (continues(ROW[f, i]) && i < ROWS[f]) i++
  s = ROW[f, i]
  match(s, /"?[ \t]*$/)
  ROW[f, i] = substr(s, 1, RSTART - 1) CLOSE[k] substr(s, RSTART)
}
function uses_anywhere(name, k, off,   f, n) { n = 0; for (f = 1; f < FILE; f++) n += uses(f, name, k, off); return n }

# hook(): every option, where it is set or in a line of our own; INTERFACES instead of the listeners where some are closed.
function hook(   k, name, lines) {
  lines = ""
  for (k = 1; k <= OPTIONS; k++) {
    name = OPTION[k]
    # Debian: the macro, and not the line in a file of the package
    if (name == "acl_smtp_rcpt" && ENVIRON["EXIM_LAYOUT"] == "debian" && uses_macro()) name = "MAIN_ACL_CHECK_RCPT"
    FALLBACK = DEFAULT[k]
    if (uses_anywhere(name, k, 0)) continue
    # with Debian, the check of update-exim4.conf tells
    if (ENVIRON["EXIM_LAYOUT"] != "debian" && index(ENVIRON["EXIM_SET"], " " name " ")) { print "hidden", name; continue }
    lines = lines name " = " OURS[k] FALLBACK CLOSE[k] "\n"
  }
  if (ENVIRON["EXIM_INTERFACES"] != "") {
    name = ENVIRON["EXIM_LAYOUT"] == "debian" ? "MAIN_LOCAL_INTERFACES" : "local_interfaces"
    uses_anywhere(name, 0, 1)
    lines = lines "#mailbrake-was " (WAS == "" ? ENVIRON["EXIM_LISTENERS"] : WAS) "\n" name " = " ENVIRON["EXIM_INTERFACES"] "\n"
  }
  if (lines == "") return
  lines = (ENVIRON["EXIM_NEW"] == 1 || WAS_MADE[TARGET] && !ROWS[TARGET] ? MADE : COMMENT) "\n" lines
  row_add(TARGET, 1, substr(lines, 1, length(lines) - 1))
}
function uses_macro(   f, i) {
  for (f = 1; f < FILE; f++) for (i = 1; i <= ROWS[f]; i++) if (ROW[f, i] ~ /^[ \t]*acl_smtp_rcpt[ \t]*=[ \t]*MAIN_ACL_CHECK_RCPT[ \t]*$/) return 1
  return 0
}

# render_sources(): lines `N same|changed|gone`, contents in $EXIM_OUT/exim-source-N, and the listeners of before a close as `was`.
function render_sources(   f, path) {
  for (f = 1; f < FILE; f++) { ROWS[f] += 0; BEFORE[f] = text_of(f); uses(f, "MAIN_ACL_CHECK_RCPT", 0, 0) }
  RCPT_FALLBACK = FALLBACK
  for (f = 1; f < FILE; f++) strip(f)
  if (ENVIRON["EXIM_HOOK"] == 1) hook()
  for (f = 1; f < FILE; f++) {
    path = ENVIRON["EXIM_OUT"] "/exim-source-" f
    printf "%s", text_of(f) > path; close(path)
    print f, (text_of(f) == BEFORE[f] ? "same" : WAS_MADE[f] && !ROWS[f] ? "gone" : "changed")
  }
}
'
