interface Schema {
  safeParse(value: unknown): {
    success: boolean;
    error?: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } | undefined;
  };
}

/** The first issue of each field, by dotted path, in the contract's words; empty when the value is good. */
export function firstIssues(schema: Schema, value: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const issue of schema.safeParse(value).error?.issues ?? []) {
    const field = issue.path.map(String).join(".");
    found[field] ??= issue.message;
  }
  return found;
}
