import type { EnrolmentView, ErrorBody, HostView } from "@mailbrake/contract";
import { fingerprintOf } from "@mailbrake/fleet";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startThrowAwaySshd, type ThrowAwaySshd } from "../../stack/throw-away-sshd.ts";
import { until } from "../fleet/fleet-under-test.ts";
import { anotherFingerprint, type HostsUnderTest, startHosts } from "./hosts-under-test.ts";

let it: HostsUnderTest;
/** A host that lets an admin in; where enrolment happens, and where no agent answers. */
let adminHost: ThrowAwaySshd;

beforeAll(async () => {
  adminHost = await startThrowAwaySshd({
    forcedCommand: null,
    accounts: [{ name: "ann", password: "correct horse", sudo: "with-password" }],
  });
});
afterAll(() => adminHost.stop());
beforeEach(async () => {
  it = await startHosts();
});
afterEach(() => it.close());

const order = (more: object = {}) => ({
  name: "mx1",
  address: adminHost.address,
  port: adminHost.port,
  user: "ann",
  password: "correct horse",
  fingerprint: fingerprintOf(adminHost.hostKey()),
  ...more,
});
const failure = (answer: { status: number; body: unknown }) => {
  const { error } = answer.body as ErrorBody;
  return { status: answer.status, code: error.code, field: error.field, detail: error.detail };
};

test("over SSH: the fingerprint is shown, the agent installed with credentials used once, the host added", async () => {
  const shown = await it.ask<{ fingerprint: string }>("admin", "POST", "/api/hosts/fingerprint", {
    address: adminHost.address,
    port: adminHost.port,
  });
  expect(shown.body).toMatchObject({ keyType: "ssh-ed25519", fingerprint: fingerprintOf(adminHost.hostKey()) });
  const enrolled = await it.ask<HostView>("admin", "POST", "/api/hosts/enrol-by-ssh", order());
  expect(enrolled.status).toBe(200);
  expect(enrolled.body).toMatchObject({
    name: "mx1",
    user: "root",
    agentVersion: "0.1.0",
    link: "connecting",
    instances: [],
  });
  const again = await it.ask<HostView>("admin", "POST", "/api/hosts/enrol-by-ssh", order());
  expect(again.body).toMatchObject({ id: enrolled.body.id, enrolledAt: enrolled.body.enrolledAt });
  const events = await it.auditOf("host.enrolment-asked", "host.enrolled");
  expect(events.map(({ action, actorName }) => [action, actorName])).toEqual([
    ["host.enrolment-asked", "Test admin"],
    ["host.enrolled", "Test admin"],
    ["host.enrolment-asked", "Test admin"],
    ["host.enrolled", "Test admin"],
  ]);
  expect(events[3]?.summary).toContain("again");
  const everything = JSON.stringify([
    await it.test.store.auditEvent.findMany(),
    await it.test.store.host.findMany(),
    it.log,
  ]);
  expect(everything).not.toContain("correct horse");
});

test("another fingerprint than the confirmed one: nothing is sent, nothing is added, and it is audited", async () => {
  const fingerprint = anotherFingerprint();
  const answer = await it.ask("admin", "POST", "/api/hosts/enrol-by-ssh", order({ fingerprint }));
  expect(failure(answer)).toMatchObject({ status: 409, code: "fingerprint-mismatch", field: "fingerprint" });
  expect(await it.test.store.host.count()).toBe(0);
  expect(await it.auditOf("host.enrolment-failed")).toHaveLength(1);
});

test("a wrong password, a closed port and a name that is taken are told apart", async () => {
  const wrong = await it.ask("admin", "POST", "/api/hosts/enrol-by-ssh", order({ password: "wrong" }));
  expect(failure(wrong)).toMatchObject({ code: "host-refused", detail: expect.stringContaining("did not let ann in") });
  const closed = await it.ask("admin", "POST", "/api/hosts/enrol-by-ssh", order({ port: 1 }));
  expect(failure(closed)).toMatchObject({ code: "host-unreachable", detail: expect.stringContaining("refused") });
  expect((await it.ask("admin", "POST", "/api/hosts/enrol-by-ssh", order())).status).toBe(200);
  const taken = await it.ask("admin", "POST", "/api/hosts/enrol-by-ssh", order({ port: 2 }));
  expect(failure(taken)).toMatchObject({ code: "conflict", field: "name" });
  const twice = await it.ask("admin", "POST", "/api/hosts/enrol-by-ssh", order({ name: "mx2" }));
  expect(failure(twice)).toMatchObject({ code: "conflict", field: "address" });
});

test("neither viewer nor operator enrols; without credentials the field is named", async () => {
  for (const role of ["viewer", "operator"] as const) {
    expect((await it.ask(role, "POST", "/api/hosts/enrol-by-ssh", order())).status).toBe(403);
    expect((await it.ask(role, "POST", "/api/hosts/enrolments", { name: "a", address: "b" })).status).toBe(403);
  }
  const { password: _, ...bare } = order();
  expect(failure(await it.ask("admin", "POST", "/api/hosts/enrol-by-ssh", bare))).toMatchObject({
    code: "bad-input",
    field: "password",
  });
});

const createCommand = async () => {
  const made = await it.ask<EnrolmentView>("admin", "POST", "/api/hosts/enrolments", {
    name: "mx1",
    address: it.agentHost.address,
    port: it.agentHost.port,
  });
  const token = /\/api\/enrol\/([A-Za-z0-9_-]{43})'/.exec(made.body.command ?? "")?.[1] ?? "";
  return { enrolment: made.body, token };
};
const report = (token: string, hostKeys = [it.agentHost.hostKeyLine()]) =>
  it.app.inject({
    method: "POST",
    url: `/api/enrol/${token}/report`,
    payload: { installed: true, version: "0.1.0", user: "root", hostKeys },
  });

test("by the one-time command: script, report, confirmed fingerprint, then connected and discovered", async () => {
  const { enrolment, token } = await createCommand();
  expect(enrolment).toMatchObject({
    state: "waiting",
    command: `curl -fsS 'http://localhost:8090/api/enrol/${token}' | sudo sh`,
  });
  const script = await it.app.inject({ method: "GET", url: `/api/enrol/${token}` });
  expect(script.headers["content-type"]).toBe("text/plain; charset=utf-8");
  expect(script.body).toContain(`http://localhost:8090/api/enrol/${token}/report`);
  expect((await report(token)).statusCode).toBe(200);

  const listed = await it.ask<{ enrolments: EnrolmentView[] }>("admin", "GET", "/api/hosts/enrolments");
  const fingerprint = fingerprintOf(it.agentHost.hostKey());
  expect(listed.body.enrolments).toMatchObject([
    { state: "reported", command: null, reportedFingerprints: [fingerprint] },
  ]);
  const path = `/api/hosts/enrolments/${enrolment.id}/confirm`;
  const confirmed = await it.ask<HostView>("admin", "POST", path, { fingerprint });
  expect(confirmed.status).toBe(200);
  const hostId = confirmed.body.id;
  await until(() => it.fleet.link(hostId).state === "connected", "connected");
  await until(() => it.changes.some(({ kind }) => kind === "catalogue"), "catalogue");
  const again = await it.ask("admin", "POST", path, { fingerprint });
  expect(failure(again)).toMatchObject({ code: "conflict" });
  const stored = JSON.stringify([
    await it.test.store.oneTimeToken.findMany(),
    await it.test.store.enrolment.findMany(),
    await it.test.store.auditEvent.findMany(),
  ]);
  expect(stored).not.toContain(token);
});

test("a token is spent by the report, and by the clock; a guessed one opens nothing", async () => {
  const { token } = await createCommand();
  expect((await report(token)).statusCode).toBe(200);
  expect((await report(token)).statusCode).toBe(410);
  expect((await it.app.inject({ method: "GET", url: `/api/enrol/${token}` })).statusCode).toBe(410);
  const late = (await createCommand()).token;
  it.test.setTime(new Date(Date.now() + 15 * 60_000 + 1_000));
  expect((await it.app.inject({ method: "GET", url: `/api/enrol/${late}` })).statusCode).toBe(410);
  expect((await report(late)).statusCode).toBe(410);
  expect((await report("A".repeat(43))).statusCode).toBe(410);
});

test("confirming needs a key that the host reported and that is seen on the network, both", async () => {
  const first = await createCommand();
  await report(first.token);
  const confirm = (id: string, fingerprint: string) =>
    it.ask("admin", "POST", `/api/hosts/enrolments/${id}/confirm`, { fingerprint });
  expect(failure(await confirm(first.enrolment.id, anotherFingerprint()))).toMatchObject({
    code: "fingerprint-mismatch",
  });

  // Reported by some host, but another answers at this address.
  const second = await createCommand();
  await report(second.token, [adminHost.hostKeyLine()]);
  expect(failure(await confirm(second.enrolment.id, fingerprintOf(adminHost.hostKey())))).toMatchObject({
    code: "fingerprint-mismatch",
  });
  const waiting = await createCommand();
  expect(failure(await confirm(waiting.enrolment.id, anotherFingerprint()))).toMatchObject({ code: "conflict" });
  expect(await it.test.store.host.count()).toBe(0);
});

test("a report without a single key, or with a user that can't be one, is refused and spends nothing", async () => {
  const { token } = await createCommand();
  expect((await report(token, ["ssh-ed25519 bm90IGEga2V5 x"])).statusCode).toBe(400);
  const hostile = await it.app.inject({
    method: "POST",
    url: `/api/enrol/${token}/report`,
    payload: { installed: true, version: "0.1.0", user: "-oProxyCommand=x", hostKeys: [it.agentHost.hostKeyLine()] },
  });
  expect(hostile.statusCode).toBe(400);
  expect((await report(token)).statusCode).toBe(200);
});

test("the public enrolment routes take only so many requests a minute from one address", async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 32; i++) {
    statuses.push((await it.app.inject({ method: "GET", url: `/api/enrol/${"B".repeat(43)}` })).statusCode);
  }
  expect(statuses).toEqual([...Array.from({ length: 30 }, () => 410), 429, 429]);
});
