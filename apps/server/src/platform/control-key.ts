import type { AuditLog } from "./audit-log.ts";
import type { SecretVault } from "./secret-vault.ts";
import type { Transactor } from "./store.ts";

/** The installation's own SSH key: the only one that opens the forced command on mail hosts. */
export interface ControlKey {
  /** OpenSSH private key, PEM; in memory only, sealed in the database. */
  privateKey: string;
  /** `ssh-ed25519 AAAA… mailbrake` */
  publicKey: string;
}

const secretName = "ssh-control-key";

/**
 * Opens the key pair, or makes it at the first start.
 * @param generate makes an ed25519 pair (fleet's `generateSshKeyPair`)
 * @throws Error when the sealed key can't be opened with this installation's secret
 */
export function ensureControlKey(options: {
  transactor: Transactor;
  audit: AuditLog;
  vault: SecretVault;
  generate: () => ControlKey;
}): Promise<ControlKey> {
  const { transactor, audit, vault, generate } = options;
  return transactor.inTransaction(async (scope) => {
    const kept = await scope.transaction.secret.findUnique({ where: { name: secretName } });
    if (kept) return { privateKey: vault.open(secretName, kept.ciphertext), publicKey: kept.publicPart };
    const pair = generate();
    await scope.transaction.secret.create({
      data: { name: secretName, ciphertext: vault.seal(secretName, pair.privateKey), publicPart: pair.publicKey },
    });
    await audit.append(scope, {
      actor: { kind: "system", id: "server", name: "Mailbrake server" },
      action: "secret.control-key-made",
      target: `secret:${secretName}`,
      summary: "The installation's SSH key was made.",
      data: { publicKey: pair.publicKey },
    });
    return pair;
  });
}
