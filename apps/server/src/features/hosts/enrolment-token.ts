import { createHash, randomBytes } from "node:crypto";

/** 32 random bytes for a URL; only its hash is kept. */
export function newEnrolmentToken(): { token: string; tokenHash: string } {
  const token = randomBytes(32).toString("base64url");
  return { token, tokenHash: hashEnrolmentToken(token) };
}

/** SHA-256 in hex; enough for 256 random bits. */
export function hashEnrolmentToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
