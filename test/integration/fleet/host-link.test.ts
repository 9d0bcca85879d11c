import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSshKeyPair } from "@mailbrake/fleet";
import { afterEach, expect, test } from "vitest";
import type { ThrowAwaySshd } from "../../stack/throw-away-sshd.ts";
import {
  type FleetUnderTest,
  fleetFor,
  hostOf,
  quickLimits,
  scriptedAgent,
  startScriptedHost,
  until,
  untilState,
} from "./fleet-under-test.ts";

const toEnd: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

async function host(options: Parameters<typeof startScriptedHost>[0] = {}): Promise<ThrowAwaySshd> {
  const sshd = await startScriptedHost(options);
  toEnd.push(() => sshd.stop());
  return sshd;
}
function fleet(...args: Parameters<typeof fleetFor>): FleetUnderTest {
  const under = fleetFor(...args);
  toEnd.push(() => under.fleet.close());
  return under;
}
/** Takes connections and never says a word. */
async function silentListener(): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  toEnd.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("connects, says as whom the host sees us, and ends without a trace on the host", async () => {
  const sshd = await host();
  const { fleet: it, links } = fleet(sshd.keyPair.privateKey);
  it.add(hostOf(sshd));
  expect(it.link("h1").state).toBe("connecting");
  await untilState(it, "h1", "connected");
  expect(it.link("h1")).toEqual({
    state: "connected",
    detail: "connected",
    nextAttemptAt: null,
    managementAddress: "127.0.0.1",
  });
  expect(links.map(({ link }) => link.state)).toEqual(["connecting", "connected"]);
  await it.remove("h1");
  expect(it.link("h1").state).toBe("unreachable");
  expect(await it.request("h1", "expire", {}, { timeoutMs: 1_000 })).toMatchObject({ outcome: "unreachable" });
  await until(() => sshd.sessionPids().length === 0, "sessions ended");
});

test("another host key stops everything until the host is added again with it", async () => {
  const sshd = await host();
  const { fleet: it } = fleet(sshd.keyPair.privateKey);
  it.add(hostOf(sshd));
  await untilState(it, "h1", "connected");
  await sshd.stopListening();
  await untilState(it, "h1", "unreachable");
  sshd.changeHostKey();
  await sshd.startListening();
  await untilState(it, "h1", "key-changed");
  expect(it.link("h1").detail).toMatch(/shows ssh-ed25519 key SHA256:.{43}; pinned is SHA256:/);
  it.nudge("h1");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(it.link("h1").state).toBe("key-changed");
  expect(await it.request("h1", "expire", {}, { timeoutMs: 1_000 })).toMatchObject({ outcome: "unreachable" });
  it.add(hostOf(sshd));
  await untilState(it, "h1", "connected");
});

test("a host that gains other kinds of key is not taken for a changed one", async () => {
  const sshd = await host({ extraKeys: [{ type: "ecdsa" }, { type: "rsa" }] });
  const { fleet: it } = fleet(sshd.keyPair.privateKey);
  const { readFileSync } = await import("node:fs");
  for (const type of ["rsa", "ecdsa"]) {
    const pinned = readFileSync(join(sshd.folder, `host_key_${type}.pub`), "utf8").split(" ")[1] ?? "";
    it.add({ ...hostOf(sshd, type), hostKey: pinned });
    await untilState(it, type, "connected");
  }
});

test("a key that sshd doesn't know is told as that, and tried again only after the longest wait", async () => {
  const sshd = await host();
  const { fleet: it } = fleet(generateSshKeyPair().privateKey);
  it.add(hostOf(sshd));
  const link = await until(() => {
    const now = it.link("h1");
    return now.state === "unreachable" && now;
  }, "unreachable");
  expect(link.detail).toContain("did not let root in");
  expect((link.nextAttemptAt ?? 0) - Date.now()).toBeGreaterThan(300);
});

test("a listener that never speaks, a closed port and a name that isn't there are unreachable within their limits", async () => {
  const silent = await silentListener();
  const { fleet: it } = fleet(generateSshKeyPair().privateKey, { ...quickLimits, handshakeTimeoutMs: 3_000 });
  const hostKey = generateSshKeyPair().publicKey.split(" ")[1] ?? "";
  it.add({ hostId: "silent", address: "127.0.0.1", port: silent, user: "root", hostKey });
  it.add({ hostId: "closed", address: "127.0.0.1", port: 1, user: "root", hostKey });
  it.add({ hostId: "nameless", address: "no-such-host.invalid", port: 22, user: "root", hostKey });
  await Promise.all(["silent", "closed", "nameless"].map((id) => untilState(it, id, "unreachable")));
  expect(it.link("closed").detail).toContain("connection refused");
  expect(it.link("silent").detail).toContain("did not sign us in within 3 s");
});

test("a host frozen while idle is noticed within ten seconds, with the limits as shipped", async () => {
  const sshd = await host();
  const { fleet: it } = fleet(sshd.keyPair.privateKey, {});
  it.add(hostOf(sshd));
  await untilState(it, "h1", "connected");
  const frozen = sshd.sessionPids();
  for (const pid of frozen) process.kill(pid, "SIGSTOP");
  const startedAt = Date.now();
  const pending = it.request("h1", "expire", {}, { timeoutMs: 60_000 });
  await untilState(it, "h1", "unreachable", 12_000);
  expect(Date.now() - startedAt).toBeLessThan(10_000);
  expect(it.link("h1").detail).toContain("no longer answers");
  expect((await pending).outcome).toBe("unknown");
  for (const pid of frozen) process.kill(pid, "SIGCONT");
  await untilState(it, "h1", "connected");
});

test("kill -9 of the session in the middle of a request is unknown; before it was written, unreachable", async () => {
  const sshd = await host();
  const { fleet: it } = fleet(sshd.keyPair.privateKey, { backOffFirstMs: 2_000 });
  it.add(hostOf(sshd));
  await untilState(it, "h1", "connected");
  let sent = 0;
  const pending = it.request("h1", "expire", { text: "silent" }, { timeoutMs: 20_000, onSent: () => sent++ });
  await until(() => sent === 1, "sent");
  for (const pid of sshd.sessionPids()) process.kill(pid, "SIGKILL");
  expect((await pending).outcome).toBe("unknown");
  const next = await it.request("h1", "expire", {}, { timeoutMs: 1_000, onSent: () => sent++ });
  expect(next.outcome).toBe("unreachable");
  expect(sent).toBe(1);
  expect(it.link("h1").nextAttemptAt).not.toBeNull();
  it.nudge("h1");
  await untilState(it, "h1", "connected", 1_500);
});

test("an agent of another protocol, and a host without an agent, are told as that", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mailbrake-scripted-"));
  toEnd.push(() => rmSync(folder, { recursive: true }));
  const sshd = await host({ forcedCommand: `/bin/sh ${scriptedAgent} ${folder}` });
  writeFileSync(join(folder, "protocol"), "2");
  const { fleet: it } = fleet(sshd.keyPair.privateKey);
  it.add(hostOf(sshd));
  await untilState(it, "h1", "unreachable");
  expect(it.link("h1").detail).toContain("speaks protocol 2, this server speaks 1");
  writeFileSync(join(folder, "broken"), "");
  await until(() => it.link("h1").detail.includes("exit status 127 (the host said: sh: agent: not found)"), "127");
  rmSync(join(folder, "broken"));
  rmSync(join(folder, "protocol"));
  await untilState(it, "h1", "connected");
});

test("twenty hosts are asked at once, and one that is stuck delays none of the others", async () => {
  const sshd = await host();
  const { fleet: it } = fleet(sshd.keyPair.privateKey, {});
  const ids = Array.from({ length: 20 }, (_, index) => `h${index}`);
  for (const id of ids) it.add(hostOf(sshd, id));
  it.add({ ...hostOf(sshd, "silent"), port: await silentListener() });
  await Promise.all(ids.map((id) => untilState(it, id, "connected", 20_000)));
  const stuck = it.request("h7", "expire", { text: "silent" }, { timeoutMs: 4_000 });
  const startedAt = Date.now();
  const results = await Promise.all(
    ids.filter((id) => id !== "h7").map((id) => it.request(id, "expire", {}, { timeoutMs: 5_000 })),
  );
  expect(results.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 19 }, () => "answered"));
  expect(Date.now() - startedAt).toBeLessThan(1_500);
  expect((await stuck).outcome).toBe("unknown");
  expect(it.link("silent").state).not.toBe("connected");
});
