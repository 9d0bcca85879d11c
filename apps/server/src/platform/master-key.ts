/**
 * Purpose: the one key outside the database. From it come the key that seals secrets, the one that seals the audit chain's end, and the one that signs cookies.
 * Guarantees: the file is made with mode 0600, whole or not at all; a file that others can read is refused.
 * How it fails: an error that names the file and the mend. If killed while making it: a `.new` file is left, which the next start replaces.
 */
import { hkdfSync, randomBytes } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { ConfigError } from "./config.ts";

const keyBytes = 32;

export type KeyPurpose = "secrets" | "audit-head" | "sessions";

/** Derives the key for one purpose (HKDF-SHA-256, 32 bytes). */
export function deriveKey(masterKey: Uint8Array, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync("sha256", masterKey, "", `mailbrake ${purpose} v1`, keyBytes));
}

function decodeKey(text: string, source: string): Buffer {
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== keyBytes)
    throw new ConfigError(
      `${source} must hold ${keyBytes} bytes in base64, as \`openssl rand -base64 32\` prints them.`,
    );
  return key;
}

/**
 * Reads the key from `given` (the environment) or from the file.
 * @param mayMake whether to make the file where there is none: only before anything was sealed
 * @throws ConfigError when it can't be used
 */
export function loadMasterKey(file: string, given: string | null, mayMake: boolean): Buffer {
  if (given !== null) return decodeKey(given, "MAILBRAKE_SECRET");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      throw new ConfigError(`MAILBRAKE_SECRET_FILE: ${file} can't be read (${(error as Error).message}).`);
    if (mayMake) return makeKeyFile(file);
    throw new ConfigError(
      `MAILBRAKE_SECRET_FILE: ${file} is gone, and without it this database's secrets can't be opened. Put it back from your backup.`,
    );
  }
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0)
    throw new ConfigError(`MAILBRAKE_SECRET_FILE: others can read ${file}; run chmod 600 on it and start again.`);
  return decodeKey(text, `MAILBRAKE_SECRET_FILE: ${file}`);
}

function makeKeyFile(file: string): Buffer {
  const key = randomBytes(keyBytes);
  try {
    const descriptor = openSync(`${file}.new`, "w", 0o600);
    try {
      writeSync(descriptor, `${key.toString("base64")}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    chmodSync(`${file}.new`, 0o600);
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new ConfigError(`MAILBRAKE_SECRET_FILE: ${file} can't be made (${(error as Error).message}).`);
  }
  return key;
}
