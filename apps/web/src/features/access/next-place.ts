/** Where to go after signing in: a path of our own, never another site. */
export function parseNext(search: Record<string, unknown>): { next?: string } {
  const { next } = search;
  return typeof next === "string" && /^\/(?![/\\])/.test(next) && next.length < 2_000 ? { next } : {};
}
