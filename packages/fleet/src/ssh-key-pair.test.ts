import ssh2 from "ssh2";
import { expect, test } from "vitest";
import { fingerprintOf, keyTypeOf } from "./fingerprint.ts";
import { generateSshKeyPair } from "./ssh-key-pair.ts";

test("ssh2's own generator is why each pair is tried: every pair that is given out can be read and signs", () => {
  for (let i = 0; i < 300; i++) {
    const { privateKey, publicKey } = generateSshKeyPair();
    expect(publicKey).toMatch(/^ssh-ed25519 AAAA[A-Za-z0-9+/=]{64} mailbrake$/);
    const parsed = ssh2.utils.parseKey(privateKey);
    if (parsed instanceof Error) throw parsed;
    expect(parsed.getPublicSSH().toString("base64")).toBe(publicKey.split(" ")[1]);
  }
});

test("the fingerprint is the one that ssh-keygen -lf prints", () => {
  // Key and fingerprint as printed by OpenSSH 9.2 ssh-keygen for this very key.
  const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIL9jqeWHwsuenTNC8iFqnaYhK+3sqjg0jUjUGvoBuzHF";
  expect(fingerprintOf(blob)).toBe("SHA256:C/AI//l+TDnqmflbl44IkjG4LLxY5aiehywM8Jb0Ip0");
  expect(keyTypeOf(blob)).toBe("ssh-ed25519");
  expect(keyTypeOf("bm90IGEga2V5")).toBeNull();
});
