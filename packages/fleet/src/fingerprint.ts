import { createHash } from "node:crypto";

/**
 * The fingerprint as `ssh-keygen -lf` prints it.
 * @param hostKey base64 of the public key blob (the middle word of a public key line)
 * @returns `SHA256:` and 43 base64 characters
 */
export function fingerprintOf(hostKey: string): string {
  const digest = createHash("sha256").update(Buffer.from(hostKey, "base64")).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

/**
 * The key type that a public key blob names in its first field (RFC 4253 section 6.6).
 * @returns for example `ssh-ed25519`, or null where the blob is not a key
 */
export function keyTypeOf(hostKey: string): string | null {
  const blob = Buffer.from(hostKey, "base64");
  if (blob.length < 5) return null;
  const length = blob.readUInt32BE(0);
  if (length < 1 || length > 64 || blob.length < 4 + length) return null;
  const type = blob.toString("latin1", 4, 4 + length);
  return /^[a-z0-9@.-]+$/.test(type) ? type : null;
}
