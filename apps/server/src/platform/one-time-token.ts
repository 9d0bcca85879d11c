import { createHash, randomBytes } from "node:crypto";
import { MailbrakeError } from "@mailbrake/contract";
import { newId } from "./new-id.ts";
import type { StoreTransaction } from "./store.ts";

export type TokenPurpose = "setup" | "enrolment";

const hashToken = (token: string) => createHash("sha256").update(token, "utf8").digest("hex");

/**
 * Makes a token that can be used once. Only its SHA-256 is kept.
 * @returns the token itself (43 characters of base64url), which is never seen again, and the id of its row
 */
export async function createOneTimeToken(
  transaction: StoreTransaction,
  options: { purpose: TokenPurpose; expiresAt: Date },
): Promise<{ token: string; tokenId: string }> {
  const token = randomBytes(32).toString("base64url");
  const tokenId = newId();
  await transaction.oneTimeToken.create({ data: { id: tokenId, tokenHash: hashToken(token), ...options } });
  return { token, tokenId };
}

/** Finds a token that can still be used, without using it up. @returns its row id; null for any other */
export async function findOneTimeToken(
  transaction: Pick<StoreTransaction, "oneTimeToken">,
  options: { purpose: TokenPurpose; token: string; now: Date },
): Promise<string | null> {
  const row = await transaction.oneTimeToken.findUnique({ where: { tokenHash: hashToken(options.token) } });
  const usable = row && row.purpose === options.purpose && row.usedAt === null && row.expiresAt > options.now;
  return usable ? row.id : null;
}

/**
 * Uses a token up, in the transaction of what it allows.
 * @returns the id of its row
 * @throws MailbrakeError token-spent when it was used, has run out or never was
 */
export async function spendOneTimeToken(
  transaction: StoreTransaction,
  options: { purpose: TokenPurpose; token: string; now: Date },
): Promise<string> {
  const tokenId = await findOneTimeToken(transaction, options);
  if (tokenId === null) throw new MailbrakeError("token-spent");
  await transaction.oneTimeToken.update({ where: { id: tokenId }, data: { usedAt: options.now } });
  return tokenId;
}
