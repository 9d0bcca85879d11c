/** Enrolment and catalogue with the real agent on real Postfix hosts. */

import { enrolmentScript } from "@mailbrake/agent";
import type { BlockPointDetail, BlockPointView, EnrolmentView, HostView } from "@mailbrake/contract";
import { generateSshKeyPair } from "@mailbrake/fleet";
import { as, createTestStore, type TestStore } from "@mailbrake/server/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mxHost } from "../../lab/host-spec.ts";
import { type Lab, labDown, labUp } from "../../lab/index.ts";
import { freePort } from "../../stack/control-plane.ts";
import { waitUntil } from "../../stack/wait-until.ts";
import { type Assembled, assemble } from "./hosts-under-test.ts";

let lab: Lab;
let store: TestStore;
let plane: Assembled;
const log: string[] = [];

beforeAll(async () => {
  await labDown({ name: "enrolment" });
  lab = await labUp({ name: "enrolment", hosts: [mxHost("mx1", 11, { submission: true }), mxHost("mx2", 12)] });
  store = await createTestStore();
  const port = await freePort(lab.machineAddress);
  const write = (data: object, message: string) => log.push(`${message} ${JSON.stringify(data)}`);
  plane = await assemble(
    store,
    { info: write, warn: write, error: write },
    { keyPair: generateSshKeyPair(), url: `http://${lab.machineAddress}:${port}`, enrolmentScript },
  );
  await plane.app.listen({ host: lab.machineAddress, port });
});
afterAll(async () => {
  try {
    await plane?.app.close();
    await plane?.fleet.close();
    await plane?.slice.close();
    await store?.close();
  } finally {
    await lab?.down();
  }
});

async function ask<T>(method: "GET" | "POST", url: string, payload?: object): Promise<T> {
  const answer = await plane.app.inject({
    method,
    url,
    headers: as("admin"),
    ...(payload === undefined ? {} : { payload }),
  });
  if (answer.statusCode !== 200)
    throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}\n${log.slice(-5).join("\n")}`);
  return answer.json() as T;
}
const catalogued = (hostId: string) =>
  waitUntil(
    "catalogued",
    async () => {
      const { blockPoints } = await ask<{ blockPoints: BlockPointView[] }>("GET", `/api/block-points?hostId=${hostId}`);
      return blockPoints.length > 0 ? blockPoints : undefined;
    },
    30_000,
  );

test("a host enrolled over SSH is connected, discovered, and each mechanism has the agent's own commands", async () => {
  const mx1 = lab.host("mx1");
  const before = await mx1.checksumTree("/etc/postfix");
  const host = await ask<HostView>("POST", "/api/hosts/enrol-by-ssh", {
    name: "mx1",
    address: mx1.address,
    user: "root",
    privateKey: lab.privateKey,
    fingerprint: mx1.hostKeyFingerprint,
  });
  const points = await catalogued(host.id);
  expect(points.map(({ point }) => point)).toEqual(expect.arrayContaining(["delivery", "listener:smtp/inet", "local"]));
  expect(points.find(({ point }) => point === "listener:smtp/inet")).toMatchObject({
    role: "inbound-mx",
    door: "open",
  });

  const listener = points.find(({ point }) => point === "listener:smtp/inet");
  const detail = await waitUntil(
    "planned",
    async () => {
      const now = await ask<BlockPointDetail>("GET", `/api/block-points/${listener?.id}`);
      return now.mechanisms.every(({ cell, plannedAt }) => plannedAt !== null || !cell.matches.includes("all")) && now;
    },
    60_000,
  );
  for (const { cell, steps, planError } of detail.mechanisms) {
    if (!cell.matches.includes("all")) continue;
    expect([cell.effect, planError]).toEqual([cell.effect, null]);
    expect(steps.length).toBeGreaterThan(0);
  }
  expect(
    detail.mechanisms
      .find(({ cell }) => cell.effect === "tempfail")
      ?.steps.map(({ text }) => text)
      .join("\n"),
  ).toContain("postfix");
  expect(await mx1.checksumTree("/etc/postfix")).toEqual(before);
});

test("arm and disarm on a real host, and nothing of it stays", async () => {
  const mx1 = lab.host("mx1");
  const before = await mx1.checksumTree("/etc/postfix");
  const { hosts } = await ask<{ hosts: HostView[] }>("GET", "/api/hosts");
  const instance = hosts.find(({ name }) => name === "mx1")?.instances.find(({ mta }) => mta === "postfix");
  expect(await ask("POST", `/api/instances/${instance?.id}/arm`)).toMatchObject({ armed: true });
  expect(await mx1.checksumTree("/etc/postfix")).not.toEqual(before);
  expect(await ask("POST", `/api/instances/${instance?.id}/disarm`)).toMatchObject({ armed: false });
  expect(await mx1.checksumTree("/etc/postfix")).toEqual(before);
});

test("the command that is shown, pasted on the host, brings it in after the fingerprint was confirmed", async () => {
  const mx2 = lab.host("mx2");
  const made = await ask<EnrolmentView>("POST", "/api/hosts/enrolments", { name: "mx2", address: mx2.address });
  const pasted = await mx2.shell(made.command?.replace("sudo sh", "sh") ?? "", { check: false });
  expect([pasted.exitCode, pasted.stderr]).toEqual([0, expect.any(String)]);
  const { enrolments } = await ask<{ enrolments: EnrolmentView[] }>("GET", "/api/hosts/enrolments");
  expect(enrolments[0]).toMatchObject({
    state: "reported",
    reportedFingerprints: expect.arrayContaining([mx2.hostKeyFingerprint]),
  });
  const host = await ask<HostView>("POST", `/api/hosts/enrolments/${made.id}/confirm`, {
    fingerprint: mx2.hostKeyFingerprint,
  });
  expect((await catalogued(host.id)).length).toBeGreaterThan(0);
  expect((await ask<HostView>("GET", `/api/hosts/${host.id}`)).link).toBe("connected");
});
