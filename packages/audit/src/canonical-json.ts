/**
 * JSON with object keys in code-unit order and no spaces, so that equal values give equal bytes. Undefined members are left out, as JSON.stringify does.
 * @throws TypeError for what JSON can't hold (bigint, cycles, undefined at the top)
 */
export function canonicalJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
  if (text === undefined) throw new TypeError("canonicalJson: there is nothing to write");
  return text;
}
