import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { ConfigError } from "./config.ts";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;
const version = "v1.";

export interface SecretVault {
  /** Encrypts; `name` is bound to it, so that one secret can't be put in another's place. */
  seal(name: string, text: string): string;
  /** @throws ConfigError when it was sealed with another key, under another name, or changed */
  open(name: string, sealed: string): string;
}

/** AES-256-GCM. @param key 32 bytes */
export function createSecretVault(key: Uint8Array): SecretVault {
  return {
    seal(name, text) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(name, "utf8"));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return version + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url");
    },
    open(name, sealed) {
      if (!sealed.startsWith(version)) throw new Error(`The secret ${name} has an unknown form.`);
      const bytes = Buffer.from(sealed.slice(version.length), "base64url");
      try {
        const nonce = bytes.subarray(0, nonceBytes);
        const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
        decipher.setAAD(Buffer.from(name, "utf8"));
        decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        const body = bytes.subarray(nonceBytes + tagBytes);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
      } catch (error) {
        throw new ConfigError(
          `MAILBRAKE_SECRET_FILE: the secret ${name} can't be opened with this key. Put back the file that belongs to this database.`,
          { cause: error },
        );
      }
    },
  };
}
