/** Mail addresses and domains as the envelope carries them. ASCII only: an MTA compares the encoded form (xn--). */

export type TextResult = { ok: true; text: string } | { ok: false; why: string };

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A domain, in small letters, without the dot at its end. */
export function parseDomain(text: string): TextResult {
  if (/[^\x20-\x7e]/.test(text)) return { ok: false, why: "write the domain in its ASCII form (xn--…)" };
  const domain = text.toLowerCase().replace(/\.$/, "");
  if (domain.length === 0 || domain.length > 253 || !domain.split(".").every((part) => label.test(part)))
    return { ok: false, why: "write a domain such as example.com" };
  if (/^[0-9.]+$/.test(domain))
    return { ok: false, why: "this is an address, not a domain; use a client match for it" };
  return { ok: true, text: domain };
}

/** `local@domain`; the domain in small letters, the local part as given. Quoted local parts and address literals are refused. */
export function parseMailAddress(text: string): TextResult {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  if (at < 1 || local.length > 64 || !/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+$/.test(local))
    return { ok: false, why: "write an address such as alice@example.com" };
  const domain = parseDomain(text.slice(at + 1));
  return domain.ok ? { ok: true, text: `${local}@${domain.text}` } : domain;
}

/** An address where there is an @, a domain otherwise. A leading @ is taken as "this domain". */
export function parseAddressOrDomain(text: string): TextResult {
  if (text.startsWith("@")) return parseDomain(text.slice(1));
  return text.includes("@") ? parseMailAddress(text) : parseDomain(text);
}
