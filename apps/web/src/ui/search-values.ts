/** Reads what stands in a URL: whatever is not of the wanted form is left out, so that an old link still opens its page. */
export function boundedText<K extends string>(
  search: Record<string, unknown>,
  key: K,
  longest: number,
): Partial<Record<K, string>> {
  const value = search[key];
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || text === "") return {};
  return { [key]: text.slice(0, longest) } as Partial<Record<K, string>>;
}

export function oneOf<K extends string, V extends string>(
  search: Record<string, unknown>,
  key: K,
  allowed: readonly V[],
): Partial<Record<K, V>> {
  const value = allowed.find((one) => one === search[key]);
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, V>>);
}

const idForm = /^[A-Za-z0-9_-]{1,40}$/;

export function idList<K extends string>(search: Record<string, unknown>, key: K): Partial<Record<K, string[]>> {
  const value = search[key];
  if (!Array.isArray(value)) return {};
  const ids = value.filter((id): id is string => typeof id === "string" && idForm.test(id)).slice(0, 1_000);
  return ids.length === 0 ? {} : ({ [key]: [...new Set(ids)] } as Partial<Record<K, string[]>>);
}
