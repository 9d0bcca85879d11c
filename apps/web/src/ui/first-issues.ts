interface Issue {
  code?: string | undefined;
  path: readonly PropertyKey[];
  message: string;
  format?: unknown;
}
interface Schema {
  safeParse(value: unknown): { success: boolean; error?: { issues: readonly Issue[] } | undefined };
}

/** The first issue of each field, by dotted path, in a person's words; empty when the value is good. */
export function firstIssues(schema: Schema, value: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const issue of schema.safeParse(value).error?.issues ?? []) {
    const field = issue.path.map(String).join(".");
    found[field] ??= isEmpty(value, issue.path) ? "This is missing." : inWords(issue);
  }
  return found;
}

/** The contract's own words where it has some; zod's are for programmers. */
function inWords(issue: Issue): string {
  if (issue.format === "email") return "Write an e-mail address, such as vera@example.org.";
  if (issue.format === "url") return "Write a web address that begins with https:// or http://.";
  if (issue.message.startsWith("Too big:")) return "This is too long, or too large a number.";
  if (issue.message.startsWith("Too small:")) return "This is too short, or too small a number.";
  if (issue.message.startsWith("Invalid input:")) return "This can't be used here.";
  return issue.message;
}

function isEmpty(value: unknown, path: readonly PropertyKey[]): boolean {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null) return false;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return typeof found === "string" && found.trim() === "";
}
