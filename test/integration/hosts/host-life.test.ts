import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BlockPointDetail, BlockPointView, ErrorBody, HostView, InstanceView } from "@mailbrake/contract";
import { fingerprintOf, keyTypeOf } from "@mailbrake/fleet";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../fleet/fleet-under-test.ts";
import { anotherFingerprint, type HostsUnderTest, startHosts } from "./hosts-under-test.ts";

let it: HostsUnderTest;
const hostId = "h1";

beforeEach(async () => {
  it = await startHosts();
  const hostKey = it.agentHost.hostKey();
  await it.test.store.host.create({
    data: {
      id: hostId,
      name: "mx1",
      address: it.agentHost.address,
      port: it.agentHost.port,
      user: "root",
      hostKey,
      hostKeyType: keyTypeOf(hostKey) ?? "",
      fingerprint: fingerprintOf(hostKey),
    },
  });
  await it.restart();
  await untilPlanned();
});
afterEach(() => it.close());

const board = async () =>
  (await it.ask<{ blockPoints: BlockPointView[] }>("viewer", "GET", "/api/block-points")).body.blockPoints;
const host = async () => (await it.ask<HostView>("viewer", "GET", `/api/hosts/${hostId}`)).body;
const instance = async (): Promise<InstanceView> => {
  const [first] = (await host()).instances;
  if (first === undefined) throw new Error("no instance");
  return first;
};
async function untilAsync<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  const deadline = Date.now() + 40_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`not within 40 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
const untilPlanned = () => untilAsync(async () => (await it.test.store.mechanismPlan.count()) === 3, "planned");
const untilAudited = (action: string, count: number) =>
  untilAsync(async () => (await it.auditOf(action)).length === count, `${count} × ${action}`);
const errorOf = (answer: { body: unknown }) => (answer.body as ErrorBody).error;

test("at start every host is connected, asked who it is, discovered and planned", async () => {
  expect(await host()).toMatchObject({
    link: "connected",
    agentVersion: "0.1.0",
    os: "Linux 6",
    blockPointCount: 2,
    activeApplicationCount: 0,
    instances: [{ instance: "postfix:/etc/postfix", armed: false, domains: ["lab.example"] }],
  });
  expect(Math.abs((await host()).clockSkewSeconds ?? 99)).toBeLessThanOrEqual(1);
  expect(await board()).toMatchObject([
    { point: "delivery", door: "open", role: null },
    { point: "listener:smtp/inet", door: "open", role: "inbound-mx", hostName: "mx1", hostLink: "connected" },
  ]);
  const point = (await board())[1]?.id ?? "";
  const detail = (await it.ask<BlockPointDetail>("viewer", "GET", `/api/block-points/${point}`)).body;
  expect(detail.mechanisms.map(({ cell, steps, planError }) => [cell.effect, steps, planError])).toEqual([
    [
      "tempfail",
      [
        { kind: "command", text: "postfix reload" },
        { kind: "note", text: "Leaves open: submission port 587" },
      ],
      null,
    ],
    ["discard", [], "not here; hold is nearest"],
    ["throttle", expect.any(Array), null],
    ["hold", [], null],
  ]);
});

test("an unreachable host is told once, live and in the audit log, and again when it is back", async () => {
  expect(await it.auditOf("host.reachable", "host.unreachable")).toEqual([]);
  it.changes.length = 0;
  await it.agentHost.stopListening();
  await untilAudited("host.unreachable", 1);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await it.auditOf("host.unreachable")).toHaveLength(1);
  expect(await host()).toMatchObject({ link: "unreachable", lastSeenAt: expect.any(String) });
  expect((await board()).map(({ door }) => door)).toEqual(["unknown", "unknown"]);
  expect(it.changes).toContainEqual({ kind: "host", hostId });

  // The server restarts while the host is away: what was told is not told again.
  await it.restart();
  await until(() => it.fleet.link(hostId).state === "unreachable", "unreachable");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await it.auditOf("host.unreachable")).toHaveLength(1);
  await it.agentHost.startListening();
  await untilAudited("host.reachable", 1);
  expect((await host()).link).toBe("connected");
});

test("a changed host key stops everything until an admin pins the one that the host shows", async () => {
  await it.agentHost.stopListening();
  it.agentHost.changeHostKey();
  await it.agentHost.startListening();
  await untilAudited("host.key-changed", 1);
  expect((await host()).link).toBe("key-changed");
  const fingerprint = fingerprintOf(it.agentHost.hostKey());
  expect((await host()).linkDetail).toContain(fingerprint);
  const path = `/api/hosts/${hostId}/pin`;
  expect((await it.ask("operator", "POST", path, { fingerprint })).status).toBe(403);
  const wrong = await it.ask("admin", "POST", path, { fingerprint: anotherFingerprint() });
  expect(errorOf(wrong).code).toBe("fingerprint-mismatch");
  expect(await it.auditOf("host.key-pin-refused")).toHaveLength(1);
  const pinned = await it.ask<HostView>("admin", "POST", path, { fingerprint });
  expect(pinned.body.fingerprint).toBe(fingerprint);
  await until(() => it.fleet.link(hostId).state === "connected", "connected");
});

test("discovery keeps a chosen role, marks what is gone, and finds it again", async () => {
  const [delivery, listener] = await board();
  expect((await it.ask("operator", "PATCH", `/api/block-points/${listener?.id}`, { role: "relay" })).status).toBe(403);
  const changed = await it.ask("admin", "PATCH", `/api/block-points/${listener?.id}`, { role: "relay" });
  expect(changed.body).toMatchObject({ role: "relay" });
  writeFileSync(join(it.agentFolder, "no-delivery"), "");
  const discover = () => it.ask<HostView>("operator", "POST", `/api/hosts/${hostId}/discover`);
  expect((await discover()).body.blockPointCount).toBe(1);
  expect(await board()).toMatchObject([
    { id: delivery?.id, door: "gone" },
    { id: listener?.id, role: "relay" },
  ]);
  expect(errorOf(await it.ask("operator", "POST", `/api/block-points/${delivery?.id}/replan`)).code).toBe("conflict");
  rmSync(join(it.agentFolder, "no-delivery"));
  expect((await discover()).body.blockPointCount).toBe(2);
  expect((await board())[0]).toMatchObject({ id: delivery?.id, door: "open" });
  const events = (await it.auditOf("host.discovered")).map(({ data }) => JSON.parse(data));
  expect(events.map(({ added, gone }) => [added.length, gone.length])).toEqual([
    [2, 0],
    [0, 1],
    [1, 0],
  ]);
  expect((await it.ask("viewer", "POST", `/api/hosts/${hostId}/discover`)).status).toBe(403);
});

test("what stands around the mail systems is told as the last discovery had it", async () => {
  const around = async () => (await it.ask("viewer", "GET", `/api/hosts/${hostId}/surroundings`)).body;
  const discover = () => it.ask("operator", "POST", `/api/hosts/${hostId}/discover`);
  expect(await around()).toEqual({ surroundings: null });
  const surroundings = {
    firewall: ['inet filter chain input: tcp dport 25 accept comment "</script><b>"'],
    management: ["/etc/postfix/main.cf: # managed by Puppet"],
    listeners: [{ address: "::", port: 25, process: "master" }],
  };
  writeFileSync(join(it.agentFolder, "surroundings"), JSON.stringify(surroundings));
  await discover();
  expect(await around()).toEqual({ surroundings });
  rmSync(join(it.agentFolder, "surroundings"));
  await discover();
  expect(await around()).toEqual({ surroundings: null });
});

test("the runbook is kept as it was written, with its links, and audited without its text", async () => {
  const [, listener] = await board();
  const path = `/api/block-points/${listener?.id}/runbook`;
  const note = "Call the NOC first.\n<script>alert(1)</script>";
  const links = [{ title: "Wiki", url: "https://wiki.lab.example/mail" }];
  const saved = await it.ask<BlockPointDetail>("operator", "PUT", path, { note, links });
  expect(saved.body.runbook).toMatchObject({ note, links, updatedBy: "Test operator" });
  const bad = await it.ask("operator", "PUT", path, { note, links: [{ title: "x", url: "javascript:alert(1)" }] });
  expect(bad.status).toBe(400);
  expect((await it.ask("viewer", "PUT", path, { note, links })).status).toBe(403);
  const [event] = await it.auditOf("block-point.runbook-changed");
  expect(event?.data).toContain("https://wiki.lab.example/mail");
  expect(event?.data).not.toContain("NOC");
});

test("arming is asked, answered and audited; a refusal and a lost connection are not taken for done", async () => {
  const { id } = await instance();
  const arm = (verb: string, role: "admin" | "operator" = "admin") =>
    it.ask<InstanceView>(role, "POST", `/api/instances/${id}/${verb}`);
  expect((await arm("arm", "operator")).status).toBe(403);
  expect((await arm("arm")).body).toMatchObject({ armed: true });
  expect((await arm("disarm")).body).toMatchObject({ armed: false });
  writeFileSync(join(it.agentFolder, "arm-refused"), "");
  expect(errorOf(await arm("arm"))).toMatchObject({ code: "host-refused", detail: "mx1: /etc is read-only" });
  rmSync(join(it.agentFolder, "arm-refused"));
  writeFileSync(join(it.agentFolder, "arm-silent"), "");
  expect(errorOf(await arm("arm"))).toMatchObject({
    code: "host-unreachable",
    detail: expect.stringContaining("not known"),
  });
  expect((await instance()).armed).toBe(false);
  const told = await it.auditOf("instance.arm-asked", "instance.armed", "instance.disarmed", "instance.arm-failed");
  expect(told.map(({ action }) => action)).toEqual([
    "instance.arm-asked",
    "instance.armed",
    "instance.disarmed",
    "instance.arm-asked",
    "instance.arm-failed",
    "instance.arm-asked",
    "instance.arm-failed",
  ]);
  await untilAudited("host.discovered", 2);
});

test("a host is removed only when nothing is active on it; its history stays and its name is free", async () => {
  const [, listener] = await board();
  const now = new Date();
  await it.test.store.brake.create({
    data: {
      id: "b1",
      ref: "ABC123",
      effect: "tempfail",
      match: '[{"kind":"all","value":""}]',
      text: "",
      reason: "test",
      createdAt: now,
      createdById: "u",
      createdBy: "Ann",
      wanted: "applied",
      applications: {
        create: {
          id: "a1",
          blockPointId: listener?.id ?? "",
          hostId,
          wanted: "applied",
          state: "proved",
          askedAt: now,
        },
      },
    },
  });
  expect((await board())[1]).toMatchObject({
    door: "braked",
    active: [{ ref: "ABC123", effect: "tempfail", state: "proved" }],
  });
  const remove = () => it.ask("admin", "POST", `/api/hosts/${hostId}/remove`, { reason: "retired" });
  expect(errorOf(await remove())).toMatchObject({ code: "conflict", detail: "1 brake is active on mx1: lift first." });
  await it.test.store.application.update({
    where: { id: "a1" },
    data: { state: "open", endedAt: now, endedHow: "lifted" },
  });
  expect((await remove()).status).toBe(200);
  expect((await it.ask("viewer", "GET", `/api/hosts/${hostId}`)).status).toBe(404);
  expect(await board()).toEqual([]);
  await until(() => it.agentHost.sessionPids().length === 0, "no session is left");
  expect(await it.test.store.application.count()).toBe(1);
  expect(await it.test.store.host.count({ where: { name: "mx1" } })).toBe(0);
});

test("pages of the board follow each other without gaps", async () => {
  const first = await it.ask<{ blockPoints: BlockPointView[]; nextCursor: string }>(
    "viewer",
    "GET",
    "/api/block-points?pageSize=1",
  );
  const second = await it.ask<{ blockPoints: BlockPointView[]; nextCursor: null }>(
    "viewer",
    "GET",
    `/api/block-points?pageSize=1&cursor=${first.body.nextCursor}`,
  );
  expect([...first.body.blockPoints, ...second.body.blockPoints].map(({ id }) => id)).toEqual(
    (await board()).map(({ id }) => id),
  );
  expect(second.body.nextCursor).toBeNull();
  expect((await it.ask("viewer", "GET", "/api/block-points?kind=listener")).body).toMatchObject({
    blockPoints: [{ kind: "listener" }],
  });
});
