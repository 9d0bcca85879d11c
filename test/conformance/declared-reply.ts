/** What a plan says that a sender sees, beside what was seen: an exact comparison, with room only for what nobody can know before. */

/** Values that the words of a reply stand for. */
export interface ReplyValues {
  client: string;
  sender: string;
  recipient: string;
  host: string;
  text: string;
  ref: string;
}

/** The declared reply as a pattern for the whole of what is seen; CLIENT may have its name before it. */
export function replyPattern(declared: string, values: ReplyValues): RegExp {
  const source = escaped(declared)
    .replaceAll("\\.\\.\\.", "\\S+")
    .replaceAll("CLIENT", `(?:\\S*\\[)?${escaped(values.client)}\\]?`)
    .replaceAll("SENDER", escaped(values.sender))
    .replaceAll("RECIPIENT", escaped(values.recipient))
    .replaceAll("NAME\\(UID\\)", "bob\\(\\d+\\)");
  return new RegExp(`^${source}$`);
}

/** What was seen with everything taken out that differs from one run to another. */
export function withoutValues(seen: string, values: ReplyValues): string {
  const words: [string, string][] = [
    [values.text, "TEXT"],
    [`(ref ${values.ref})`, "(ref REF)"],
    [values.client, "CLIENT"],
    [values.recipient, "RECIPIENT"],
    [values.sender, "SENDER"],
    [values.host, "HOST"],
  ];
  return words
    .reduce((text, [value, word]) => (value === "" ? text : text.replaceAll(value, word)), seen)
    .replace(/[^\s<[]+\[CLIENT\]/, "CLIENT-NAME[CLIENT]")
    .replace(/queued as \S+/, "queued as ID")
    .replace(/^250 2\.0\.0 \S+ Message/, "250 2.0.0 ID Message")
    .replace(/bob\(\d+\)/, "NAME(UID)");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
