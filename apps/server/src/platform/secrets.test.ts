import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSshKeyPair } from "@mailbrake/fleet";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureControlKey } from "./control-key.ts";
import { deriveKey, loadMasterKey } from "./master-key.ts";
import { createOneTimeToken, findOneTimeToken, spendOneTimeToken } from "./one-time-token.ts";
import { createSecretVault } from "./secret-vault.ts";
import { createTestStore, type TestStore } from "./test-store.ts";

const posix = process.platform !== "win32";

describe("the master key", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mailbrake-key-"));
    file = join(folder, "secret.key");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is made once, for its owner alone", () => {
    const key = loadMasterKey(file, null, true);
    expect(loadMasterKey(file, null, true)).toEqual(key);
    expect(key).toHaveLength(32);
    if (posix) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is not made anew once something was sealed with it", () => {
    expect(() => loadMasterKey(file, null, false)).toThrow("MAILBRAKE_SECRET_FILE");
    expect(existsSync(file)).toBe(false);
  });

  it.runIf(posix)("is refused from a file that others can read", () => {
    loadMasterKey(file, null, true);
    chmodSync(file, 0o640);
    expect(() => loadMasterKey(file, null, true)).toThrow(`chmod 600`);
  });

  it("is refused when it is too short, from the file and from the environment", () => {
    writeFileSync(file, "c2hvcnQ=\n", { mode: 0o600 });
    expect(() => loadMasterKey(file, null, true)).toThrow("32 bytes");
    expect(readFileSync(file, "utf8")).toBe("c2hvcnQ=\n");
    expect(() => loadMasterKey(file, "c2hvcnQ=", true)).toThrow("MAILBRAKE_SECRET");
  });

  it("gives another key for each purpose", () => {
    const key = randomBytes(32);
    const keys = [deriveKey(key, "secrets"), deriveKey(key, "audit-head"), deriveKey(key, "sessions")];
    expect(new Set(keys.map((each) => each.toString("hex"))).size).toBe(3);
    expect(deriveKey(key, "secrets")).toEqual(keys[0]);
  });
});

describe("the vault", () => {
  const vault = createSecretVault(randomBytes(32));

  it("opens what it sealed, and seals the same text differently each time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const sealed = vault.seal("name", text);
        expect(vault.open("name", sealed)).toBe(text);
        expect(vault.seal("name", text)).not.toBe(sealed);
      }),
    );
  });

  it("opens nothing that was changed, renamed or sealed by another", () => {
    const sealed = vault.seal("name", "secret");
    const bytes = Buffer.from(sealed.slice(3), "base64url");
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => vault.open("name", `v1.${changed.toString("base64url")}`)).toThrow("can't be opened");
    }
    expect(() => vault.open("other", sealed)).toThrow("can't be opened");
    expect(() => vault.open("name", "v1.")).toThrow("can't be opened");
    expect(() => vault.open("name", "secret")).toThrow("unknown form");
    expect(() => createSecretVault(randomBytes(32)).open("name", sealed)).toThrow("can't be opened");
  });
});

describe("what is kept in the database", () => {
  let test: TestStore;
  beforeEach(async () => {
    test = await createTestStore();
  });
  afterEach(() => test.close());

  it("is the control key, sealed, made once and audited", async () => {
    const vault = createSecretVault(randomBytes(32));
    const options = { ...test, vault, generate: generateSshKeyPair };
    const pair = await ensureControlKey(options);
    expect(pair.publicKey).toMatch(/^ssh-ed25519 AAAA\S+ mailbrake$/);
    expect(await ensureControlKey(options)).toEqual(pair);
    const everything = JSON.stringify([await test.store.secret.findMany(), await test.store.auditEvent.findMany()]);
    for (const line of pair.privateKey.split("\n").slice(1, -2)) expect(everything).not.toContain(line);
    expect(await test.store.auditEvent.count()).toBe(1);
    const other = { ...options, vault: createSecretVault(randomBytes(32)) };
    await expect(ensureControlKey(other)).rejects.toThrow("MAILBRAKE_SECRET_FILE");
  });

  it("is a one-time token's hash, good once, for its purpose and its time", async () => {
    const now = new Date();
    const expiresAt = new Date(now.getTime() + 1_000);
    const make = () =>
      test.transactor.inTransaction(({ transaction }) =>
        createOneTimeToken(transaction, { purpose: "setup", expiresAt }),
      );
    const spend = (token: string, at = now, purpose: "setup" | "enrolment" = "setup") =>
      test.transactor.inTransaction(({ transaction }) => spendOneTimeToken(transaction, { purpose, token, now: at }));
    const { token, tokenId } = await make();
    expect(JSON.stringify(await test.store.oneTimeToken.findMany())).not.toContain(token);
    await expect(spend(token, now, "enrolment")).rejects.toMatchObject({ code: "token-spent" });
    await expect(spend(token, expiresAt)).rejects.toMatchObject({ code: "token-spent" });
    expect(await findOneTimeToken(test.store, { purpose: "setup", token, now })).toBe(tokenId);
    const both = await Promise.allSettled([spend(token), spend(token)]);
    expect(both.filter((each) => each.status === "fulfilled")).toHaveLength(1);
  });
});
