import { hash, verify } from "@node-rs/argon2";

/** argon2id with OWASP's parameters (19 MiB, two passes); the library's defaults are the same, and are written out so that they stay. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** PHC string, `$argon2id$…`. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, cost);
}

/** False for a wrong password and for a hash that can't be read. */
export async function passwordFits(passwordHash: string, password: string): Promise<boolean> {
  return verify(passwordHash, password).catch(() => false);
}
