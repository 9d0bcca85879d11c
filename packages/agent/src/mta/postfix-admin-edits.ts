/**
 * What admins do to main.cf and master.cf while a brake is on. `edit` works on the text with our parts in it or without: the text
 * after the lift must be what the same edit makes of the text from before the brake.
 */
export interface AdminEdit {
  readonly name: string;
  readonly file: "main" | "master";
  readonly edit: (text: string) => string;
  /** What must be left, where it isn't simply the same edit on the original. */
  readonly expected?: (original: string) => string;
}

const same = (text: string): string => text;
const dropLines = (text: string, pattern: RegExp): string =>
  text
    .split("\n")
    .filter((line) => !pattern.test(line))
    .join("\n");
const hooked = /^smtpd_client_restrictions( *= *)(.*)$/m;

export const editedMain = `# by hand
myhostname = mx.example
smtpd_client_restrictions = permit_mynetworks, reject_unknown_client_hostname
smtpd_helo_required = yes
`;
export const editedMaster = `smtp      inet  n       -       y       -       -       smtpd
  -o syslog_name=postfix/in
submission inet n       -       y       -       -       smtpd
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
pickup    unix  n       -       y       60      1       pickup
smtp      unix  -       -       y       -       -       smtp
`;

export const adminEdits: readonly AdminEdit[] = [
  { name: "appends a setting", file: "main", edit: (text) => `${text}message_size_limit = 1\n` },
  { name: "appends without a newline", file: "main", edit: (text) => `${text}message_size_limit = 1` },
  {
    name: "sets a value elsewhere",
    file: "main",
    edit: (text) => text.replace("helo_required = yes", "helo_required = no"),
  },
  {
    name: "adds to the end of our list",
    file: "main",
    edit: (text) => text.replace(hooked, "$&, reject_rbl_client bl.example"),
  },
  {
    name: "adds to the head of our list",
    file: "main",
    edit: (text) => text.replace(hooked, "smtpd_client_restrictions = check_client_access cidr:/x, $2"),
  },
  {
    name: "goes on with our list in another line",
    file: "main",
    edit: (text) => text.replace(hooked, "$&,\n    # new\n    reject_rbl_client bl.example"),
  },
  {
    name: "puts each value of our list in a line",
    file: "main",
    edit: (text) =>
      text.replace(
        hooked,
        (_all, _equals, list: string) => `smtpd_client_restrictions =\n    ${list.split(", ").join(",\n    ")}`,
      ),
  },
  {
    name: "moves our hook to the end",
    file: "main",
    edit: (text) =>
      text
        .replace("$mailbrake_rules, ", "")
        .replace(
          "client_hostname\n",
          text.includes("$mailbrake") ? "client_hostname, $mailbrake_rules\n" : "client_hostname\n",
        ),
  },
  {
    name: "parts the list by blanks",
    file: "main",
    edit: (text) => text.replace(hooked, (all) => all.replaceAll(",", "")),
  },
  { name: "takes our hook out", file: "main", edit: (text) => text.replace("$mailbrake_rules, ", "") },
  { name: "deletes our parameter", file: "main", edit: (text) => dropLines(text, /^mailbrake_rules/) },
  { name: "deletes our comment", file: "main", edit: (text) => dropLines(text, /^# mailbrake_/) },
  { name: "comments our list out", file: "main", edit: (text) => text.replace(hooked, "#$&") },
  {
    name: "comments our parameter out",
    file: "main",
    edit: (text) => text.replace("\nmailbrake_rules =", "\n#mailbrake_rules ="),
    expected: same,
  },
  { name: "deletes the whole list", file: "main", edit: (text) => dropLines(text, /^smtpd_client_restrictions/) },
  { name: "defines the list again below", file: "main", edit: (text) => `${text}smtpd_client_restrictions = permit\n` },
  {
    name: "gives our parameter a value",
    file: "main",
    edit: (text) => text.replace("mailbrake_rules =\n", "mailbrake_rules = permit\n"),
    expected: same,
  },
  {
    name: "moves our lines to the end",
    file: "main",
    edit: (text) => dropLines(text, /^(# )?mailbrake_/) + (text.match(/^(# )?mailbrake_.*\n/gm) ?? []).join(""),
  },
  { name: "changes a comment", file: "main", edit: (text) => text.replace("# by hand", "# by hand, 2026") },
  { name: "writes lines with CR LF", file: "main", edit: (text) => text.replaceAll("\n", "\r\n") },
  {
    name: "adds an argument behind ours",
    file: "master",
    edit: (text) => text.replace(/^(smtp {6}inet.*\n(?: .*\n)*)/m, "$1  -o smtpd_banner=hello\n"),
  },
  {
    name: "adds an argument before ours",
    file: "master",
    edit: (text) => text.replace("postfix/in\n", "postfix/in\n  -o smtpd_banner=hello\n"),
  },
  {
    name: "has postconf -P write the entry anew",
    file: "master",
    edit: (text) =>
      text.replace(/^(smtp|submission) +inet.*\n(?: .*\n)*/gm, (entry) =>
        entry.replace(/ {2,}/g, " ").replace(/^ -o/gm, "    -o"),
      ),
  },
  {
    name: "puts all arguments in one line",
    file: "master",
    edit: (text) =>
      text.replace(/^smtp {6}inet.*\n(?: .*\n)*/m, (entry) => `${entry.trimEnd().replace(/\n +/g, " ")}\n`),
  },
  {
    name: "comments the entry out",
    file: "master",
    edit: (text) =>
      text.replace(/^smtp {6}inet.*\n(?: .*\n)*/m, (entry) => entry.replace(/^/gm, "#").replace(/#$/, "")),
  },
  {
    name: "comments our argument out",
    file: "master",
    edit: (text) => text.replace(/^ {2}-o mailbrake_rules/gm, "#  -o mailbrake_rules"),
    expected: same,
  },
  { name: "deletes our argument", file: "master", edit: (text) => dropLines(text, /mailbrake_rules=/), expected: same },
  { name: "takes our hook out of an override", file: "master", edit: (text) => text.replace("$mailbrake_rules,", "") },
  {
    name: "adds to an override",
    file: "master",
    edit: (text) =>
      text.replace("permit_sasl_authenticated,reject", "permit_sasl_authenticated,permit_mynetworks,reject"),
  },
  {
    name: "changes a column",
    file: "master",
    edit: (text) => text.replace(/^(smtp {6}inet.*)- {7}smtpd/m, "$1200     smtpd"),
  },
  {
    name: "appends a service",
    file: "master",
    edit: (text) => `${text}10025 inet n - n - - smtpd\n  -o smtpd_client_restrictions=\n`,
  },
  { name: "deletes the entry", file: "master", edit: (text) => text.replace(/^smtp {6}inet.*\n(?: .*\n)*/m, "") },
];
