import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fingerprintOf, generateSshKeyPair, installOverSsh, readHostKey } from "@mailbrake/fleet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startThrowAwaySshd, type ThrowAwaySshd } from "../../stack/throw-away-sshd.ts";

let sshd: ThrowAwaySshd;
const password = `pass'word "$(touch /tmp/never) x`;

beforeAll(async () => {
  sshd = await startThrowAwaySshd({
    forcedCommand: null,
    accounts: [
      { name: "ann", password, sudo: "with-password" },
      { name: "bob", password, sudo: "without-password" },
      { name: "eve", password, sudo: "no" },
    ],
  });
});
afterAll(() => sshd.stop());

/** Proves as whom it ran, and what was its first line. */
const script = () => `# first line
id -u > ${sshd.folder}/ran-as
echo "working" >&2
echo "installing"
echo '{"installed":true,"version":"0.1.0","user":"mailbrake","hostKeys":["${sshd.hostKeyLine()}"]}'
`;
const install = (user: string, how: { password?: string; privateKey?: string; script?: string; timeoutMs?: number }) =>
  installOverSsh({
    address: sshd.address,
    port: sshd.port,
    user,
    hostKey: sshd.hostKey(),
    script: script(),
    timeoutMs: 20_000,
    ...how,
  });
const ranAs = () => readFileSync(join(sshd.folder, "ran-as"), "utf8").trim();

test("reads the host key that ssh-keyscan would, without signing in", async () => {
  const shown = await readHostKey({ address: sshd.address, port: sshd.port, timeoutMs: 5_000 });
  expect(shown).toEqual({
    keyType: "ssh-ed25519",
    fingerprint: fingerprintOf(sshd.hostKey()),
    hostKey: sshd.hostKey(),
  });
});

test("a listener that is silent, or speaks something else, has no host key within the limit", async () => {
  for (const greeting of ["", "220 mx1 ESMTP\r\n"]) {
    const server = createServer((socket) => socket.on("error", () => {}).write(greeting));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const startedAt = Date.now();
    await expect(readHostKey({ address: "127.0.0.1", port, timeoutMs: 1_000 })).rejects.toMatchObject({
      reason: "unreachable",
    });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    server.close();
  }
});

test("root runs the script itself and its report is the answer", async () => {
  const progress: string[] = [];
  const report = await installOverSsh({
    address: sshd.address,
    port: sshd.port,
    user: "root",
    privateKey: sshd.keyPair.privateKey,
    hostKey: sshd.hostKey(),
    script: script(),
    timeoutMs: 20_000,
    onProgress: (what) => progress.push(what),
  });
  expect(report).toEqual({ installed: true, version: "0.1.0", user: "mailbrake", hostKeys: [sshd.hostKeyLine()] });
  expect(ranAs()).toBe("0");
  expect(progress).toEqual(["signing in as root", "installing the agent as root"]);
});

test("a password with quotes and dollar signs signs in, and sudo gets it by its standard input", async () => {
  expect(await install("ann", { password })).toMatchObject({ installed: true });
  expect(ranAs()).toBe("0");
  expect(existsSync("/tmp/never")).toBe(false);
  // Again at once, while sudo may remember the first: the password must not become the script's first line.
  expect(await install("ann", { password })).toMatchObject({ installed: true });
});

test("where sudo wants no password none is sent: it would be run as the script's first line", async () => {
  const seen = `${script()}`.replace("# first line", "set -e");
  expect(await install("bob", { password, script: seen })).toMatchObject({ installed: true });
  expect(ranAs()).toBe("0");
});

test("someone who may not use sudo, a wrong password and a refused key are told apart", async () => {
  await expect(install("eve", { password })).rejects.toMatchObject({
    reason: "failed",
    message: expect.stringMatching(/sudo/),
  });
  await expect(install("ann", { password: "wrong" })).rejects.toMatchObject({ reason: "not-allowed" });
  await expect(install("ann", { privateKey: generateSshKeyPair().privateKey })).rejects.toMatchObject({
    reason: "not-allowed",
  });
  await expect(install("ann", { privateKey: "no key" })).rejects.toMatchObject({ reason: "not-allowed" });
});

test("another host key than the confirmed one: no credential is sent, nothing runs", async () => {
  const other = generateSshKeyPair().publicKey.split(" ")[1] ?? "";
  await expect(
    installOverSsh({
      address: sshd.address,
      port: sshd.port,
      user: "ann",
      password,
      hostKey: other,
      script: `touch ${sshd.folder}/never`,
      timeoutMs: 5_000,
    }),
  ).rejects.toMatchObject({ reason: "key-changed" });
  expect(existsSync(join(sshd.folder, "never"))).toBe(false);
});

test("a script that fails, answers nonsense or never ends is told in its own words, within the limit", async () => {
  const root = { privateKey: sshd.keyPair.privateKey };
  await expect(install("root", { ...root, script: "echo 'no postfix here' >&2; exit 3" })).rejects.toMatchObject({
    reason: "failed",
    message: expect.stringContaining("status 3: no postfix here"),
  });
  await expect(install("root", { ...root, script: "echo done" })).rejects.toMatchObject({ reason: "failed" });
  await expect(install("root", { ...root, script: "sleep 20", timeoutMs: 700 })).rejects.toMatchObject({
    message: expect.stringContaining("not done within 0.7 s"),
  });
  await expect(install("root", { ...root, script: "yes" })).rejects.toMatchObject({
    message: expect.stringContaining("more than"),
  });
});
