# What by hand shows: answers as text, and what there is.

# by_hand_print: JSON lines in, indented text out. It reads only what this agent wrote.
by_hand_print() {
  awk "$AWK_PERCENT"'
    function skip() { while (substr(line, at, 1) == " ") at++ }
    function text(  out, c) {
      out = ""; at++
      while ((c = substr(line, at, 1)) != "\"") {
        if (c == "") return out
        if (c == "\\") {
          at++; c = substr(line, at, 1)
          if (c == "n") c = "\n" indent "  | "
          else if (c == "t") c = "\t"
          else if (c == "u") { c = "?"; at += 4 }
        }
        out = out c; at++
      }
      at++
      return out
    }
    function value(name, indent,   c, out, i) {
      skip(); c = substr(line, at, 1)
      if (c == "\"") { out = text(); if (out != "") show(name, indent, out); return }
      if (c == "{") {
        at++
        if (name != "") { print indent name ":"; indent = indent "  " }
        while ((c = substr(line, at, 1)) != "}" && c != "") {
          if (c == ",") { at++; continue }
          out = text(); at++
          if ((out == "id" || out == "done" || out == "ok") && indent == "") { while (substr(line, at, 1) !~ /[,}]/) at++ } else value(out, indent)
        }
        at++
        return
      }
      if (c == "[") {
        at++; i = 0
        while ((c = substr(line, at, 1)) != "]" && c != "") {
          if (c == ",") { at++; continue }
          value(name (i++ || 1 ? " " i : ""), indent)
        }
        at++
        return
      }
      out = ""
      while ((c = substr(line, at, 1)) !~ /[],}]/ && c != "") { out = out c; at++ }
      show(name, indent, out)
    }
    function show(name, indent, out) { print indent name ": " out }
    { line = $0; at = 1; value("", "") }
  '
}

by_hand_usage() {
  cat <<'END_OF_USAGE'
mailbrake-agent: the emergency brake of this host's mail. As root:

discover: what can be braked here: instances, block points, effects
plan KEY=VALUE...: what apply would do, changing nothing
apply KEY=VALUE...: brake
lift app=ID [reason=WHY]: undo exactly that
status [app=ID]: what is active, whether it is in force, what ended lately
arm instance=NAME: keep the hooks in the configuration (disarm: take them out)
probe instance= point= sender= recipient=
survey instance=, follow instance= seconds=, queue instance= op=...: what waits, and what to do with it
expire, selftest, hello, version, uninstall

Keys of plan and apply: instance= point= (names as discover tells them)
effect=tempfail|reject|discard|hold|throttle|close|pause
match=all|client:ADDRESS[/BITS]|helo:NAME|sender:ADDRESS|sender:DOMAIN|sender:<>|recipient:...|login:NAME (match2=, match3=: ANDed)
text="what the sender is told" ttl=SECONDS (0: until lifted) reason="why"
connections= messages= recipients= (throttle, a minute) cut=1 (cuts open sessions)

mailbrake-agent apply instance=postfix:/etc/postfix point=listener:smtp/inet effect=tempfail match=all ttl=3600 reason="spam wave"

Exit codes: 0 done; 1 refused or failed (told on standard error); 2 wrong use.
END_OF_USAGE
}
