import { generateSshKeyPair } from "@mailbrake/fleet";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readKeyLines, readStoredKeys, storeKeys } from "./reported-keys.ts";

test("reads public key lines, and stores them so that they are read again the same", () => {
  const line = generateSshKeyPair().publicKey;
  const keys = readKeyLines([line, "", "# comment", "ssh-rsa AAAA"]);
  expect(keys).toEqual([
    { keyType: "ssh-ed25519", hostKey: line.split(" ")[1], fingerprint: expect.stringMatching(/^SHA256:.{43}$/) },
  ]);
  expect(readStoredKeys(storeKeys(keys))).toEqual(keys);
  expect(readStoredKeys(null)).toEqual([]);
});

test("a line that names another type than its key holds is no key; no line makes it fail", () => {
  const [, blob] = generateSshKeyPair().publicKey.split(" ");
  expect(readKeyLines([`ssh-rsa ${blob}`])).toEqual([]);
  fc.assert(fc.property(fc.array(fc.string()), (lines) => readKeyLines(lines).length === 0));
});
