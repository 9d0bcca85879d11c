import ssh2 from "ssh2";

export interface SshKeyPair {
  /** OpenSSH private key, PEM; what `createFleet({ privateKey })` and ssh2 read. */
  privateKey: string;
  /** One line as authorized_keys has it: `ssh-ed25519 AAAA… mailbrake`. */
  publicKey: string;
}

const attempts = 20;

/**
 * Makes an ed25519 key pair.
 * ssh2 writes an unreadable key about once in 256 times (a leading zero byte is lost), so each pair signs and verifies before it is given out.
 * @throws Error when no usable pair came of 20 tries
 */
export function generateSshKeyPair(): SshKeyPair {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment: "mailbrake" });
    if (works(pair.private, pair.public)) return { privateKey: pair.private, publicKey: pair.public.trim() };
  }
  throw new Error(`no usable SSH key pair after ${attempts} tries`);
}

function works(privateKey: string, publicKey: string): boolean {
  const secret = ssh2.utils.parseKey(privateKey);
  const open = ssh2.utils.parseKey(publicKey);
  if (secret instanceof Error || open instanceof Error) return false;
  const message = Buffer.from("mailbrake");
  const signature = secret.sign(message);
  return Buffer.isBuffer(signature) && open.verify(message, signature) === true;
}
