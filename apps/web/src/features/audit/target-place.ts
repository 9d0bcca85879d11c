const kinds = ["brake", "host", "block-point", "external-point"] as const;

/** The screen of what an audit event is about (`brake:ID`, …); null where it has none. */
export function targetPlace(target: string): { kind: (typeof kinds)[number]; id: string } | null {
  const [word, id, ...rest] = target.split(":");
  const kind = kinds.find((one) => one === word);
  if (kind === undefined || id === undefined || id === "none" || rest.length > 0 || !/^[A-Za-z0-9_-]{1,40}$/.test(id))
    return null;
  return { kind, id };
}
