/**
 * Asks again until `look` gives something other than undefined or false.
 * @throws Error naming what was waited for, with the last error where there was one, after `timeoutMs`
 */
export async function waitUntil<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 30_000,
  everyMs = 100,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found as T;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`not within ${timeoutMs} ms: ${what}${last ? ` (${String(last)})` : ""}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
