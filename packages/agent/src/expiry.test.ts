import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeRequest } from "@mailbrake/contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildQueuePart } from "./build-agent.ts";
import { parseAnswer, ScratchHost, shells } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach(() => {
  host = new ScratchHost();
});
afterEach(() => host.remove());

async function until(condition: () => boolean, milliseconds: number): Promise<boolean> {
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    if (condition()) return true;
    await sleep(50);
  }
  return condition();
}

test.for(Object.keys(shells))(
  "trap: a sleeper in the background keeps its session open, or ends with it: the answer comes at once and a brake is lifted to the second, under %s",
  { timeout: 30_000 },
  async (shell) => {
    const session = host.session({ shell });
    const started = Date.now();
    const applied = await session.ask("apply", host.brake({ ttl: "2" }));
    expect(applied.last).toMatchObject({ outcome: "applied" });
    await session.end();
    // The end of the session did not wait for the sleeper.
    expect(Date.now() - started).toBeLessThan(1_900);
    expect(host.read(host.mainConf)).toContain("brake app1");
    expect(host.exists(`${host.state}/lock`)).toBe(false);
    expect(await until(() => host.read(host.mainConf) === ScratchHost.mainConfText, 8_000)).toBe(true);
    expect(await until(() => !host.exists(`${host.cron}/mailbrake`), 5_000)).toBe(true);
    expect((await host.ask("status")).parts).toMatchObject([{ ended: { app: "app1", how: "expired", by: "clock" } }]);
    expect((await host.ask("lift", { app: "app1", by: "eva", reason: "x" })).last).toMatchObject({
      outcome: "already",
    });
  },
);

test("trap: cron cuts its line at a % and has its own PATH; what slept is gone after a reboot: the sweep lifts what ran out, as cron would start it", async () => {
  await host.ask("apply", host.brake({ ttl: "600" }));
  await host.ask("apply", host.brake({ app: "app2", ttl: "0", match: "sender:<>" }));
  const cron = host.read(`${host.cron}/mailbrake`);
  expect(cron.split("\n")[1]).toBe(`* * * * * root [ ! -x ${host.agent} ] || ${host.agent} expire >/dev/null 2>&1`);
  const path = `${host.state}/journal/app1`;
  writeFileSync(path, readFileSync(path, "utf8").replace(/^expires=\d+$/m, "expires=1000000000"));
  const run = await host.run(["expire"], "");
  expect([run.status, run.standardError]).toEqual([0, ""]);
  const status = await host.ask("status");
  expect(status.parts).toMatchObject([
    { application: { app: "app2", intact: true } },
    { ended: { app: "app1", how: "expired" } },
  ]);
  expect(host.exists(`${host.cron}/mailbrake`)).toBe(false);
});

test.for(Object.keys(shells))(
  "trap: some shells count in 32 bits (mksh): a brake of after 2038 expires in time, under %s",
  async (shell) => {
    const clock = (seconds: number) =>
      writeFileSync(`${host.folder}/awk/mawk/date`, `#!/bin/sh\necho ${seconds}\n`, { mode: 0o755 });
    const ask = async (verb: "expire" | "status") => await host.ask(verb, {}, { shell, awk: "mawk" });
    clock(2_200_000_000);
    await host.ask("apply", host.brake({ ttl: "600" }), { shell, awk: "mawk" });
    expect((await ask("status")).parts).toMatchObject([
      { application: { since: 2_200_000_000, expires: 2_200_000_600 } },
    ]);
    clock(2_200_000_599);
    expect((await ask("expire")).last).toMatchObject({ expired: [] });
    clock(2_200_000_600);
    expect((await ask("expire")).last).toMatchObject({ expired: ["app1"] });
    expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
  },
);

test("messages that come late to a lifted hold are released by the sweep for an hour, and counted", async () => {
  await host.ask("apply", host.brake({ effect: "hold" }));
  writeFileSync(`${host.config}/held`, "two");
  expect((await host.ask("lift", { app: "app1", by: "eva", reason: "x" })).last).toMatchObject({ released: 2 });
  expect(host.exists(`${host.cron}/mailbrake`)).toBe(true);
  writeFileSync(`${host.config}/held`, "two more");
  await host.ask("expire");
  expect(host.exists(`${host.config}/held`)).toBe(false);
  expect((await host.ask("status")).parts).toMatchObject([{ ended: { released: 4 } }]);
  const path = `${host.state}/linger/app1`;
  writeFileSync(path, readFileSync(path, "utf8").replace(/^until=\d+$/m, "until=1000000000"));
  await host.ask("expire");
  expect(host.exists(path)).toBe(false);
  expect(host.exists(`${host.cron}/mailbrake`)).toBe(false);
});

test("a reload that fails when a brake expires is tried again by the next sweep", async () => {
  await host.ask("apply", host.brake({ ttl: "600" }));
  const path = `${host.state}/journal/app1`;
  writeFileSync(path, readFileSync(path, "utf8").replace(/^expires=\d+$/m, "expires=1000000000"));
  const failed = await host.ask("expire", {}, { environment: { MB_TEST_FAIL: "reload" } });
  expect(failed.last).toMatchObject({ ok: false, error: "internal" });
  expect(host.exists(`${host.cron}/mailbrake`)).toBe(true);
  await host.ask("expire");
  expect(host.read(`${host.config}/running.conf`)).toBe(ScratchHost.mainConfText);
  expect((await host.ask("status")).last).toMatchObject({ dirty: false });
  expect(host.exists(`${host.cron}/mailbrake`)).toBe(false);
});

test("trap: at, systemd and cron are not everywhere: an expiry is not promised where its sweep can not be installed", async () => {
  rmSync(host.cron, { recursive: true });
  writeFileSync(host.cron, "not a folder");
  writeFileSync(`${host.folder}/crontab-says-no`, "");
  const answer = await host.ask("apply", host.brake({ ttl: "600" }));
  // No cron.d, no systemd: a crontab command or the sleeper alone; the answer says which.
  const kept = answer.last.readback?.find((one: { what: string }) => one.what === "expiry on this host");
  expect(answer.last.ok ? kept?.value : answer.last.message).toMatch(/crontab|sleeping process alone/);
});

test.for(Object.keys(shells))(
  "trap: what is no file is gone after a reboot: it is back with the next sweep, under %s",
  async (shell) => {
    await host.ask("apply", host.brake());
    expect(host.exists(`${host.cron}/mailbrake`)).toBe(false);
    await host.ask("apply", host.brake({ app: "app2", effect: "close" }), { shell });
    await host.ask("apply", host.brake({ app: "app3", effect: "close", match: "sender:<>" }), { shell });
    // Without an expiry: there to put it back.
    expect(host.exists(`${host.cron}/mailbrake`)).toBe(true);
    const running = `${host.config}/running.conf`;
    expect((await host.ask("expire", {}, { shell })).last).toMatchObject({ expired: [], reasserted: [] });
    rmSync(running);
    const failed = await host.ask("expire", {}, { shell, environment: { MB_TEST_FAIL: "reload" } });
    expect(failed.last).toMatchObject({ ok: false, message: expect.stringContaining("told to fail") });
    expect((await host.ask("expire", {}, { shell })).last).toMatchObject({ ok: true });
    expect(host.read(running)).toBe(host.read(host.mainConf));
    rmSync(running);
    expect((await host.ask("expire", {}, { shell })).last).toMatchObject({ reasserted: ["app2", "app3"] });
    expect(host.read(running)).toBe(host.read(host.mainConf));
    await host.ask("lift", { app: "app2", by: "eva", reason: "x" }, { shell });
    expect(host.exists(`${host.cron}/mailbrake`)).toBe(true);
    await host.ask("lift", { app: "app3", by: "eva", reason: "x" }, { shell });
    expect(host.exists(`${host.cron}/mailbrake`)).toBe(false);
    rmSync(running);
    expect((await host.ask("expire", {}, { shell })).last).toMatchObject({ reasserted: [] });
    expect(host.exists(running)).toBe(false);
  },
);

test("a queue job that was killed is taken up by the sweep, which stays as long as there is one", async () => {
  await host.ask("apply", host.brake({ ttl: "900" }));
  mkdirSync(`${host.state}/jobs/j1`, { recursive: true });
  writeFileSync(`${host.state}/jobs/j1/running`, "");
  const sweep = 'queue_sweep() { rm -f "$MB_STATE"/jobs/*/running; expiry_tidy; }';
  writeFileSync(host.queuePart, buildQueuePart({ test: true, extraModules: [sweep] }));
  await host.ask("lift", { app: "app1", by: "eva", reason: "x" });
  expect(host.exists(`${host.cron}/mailbrake`)).toBe(true);
  expect((await host.run(["expire"], "")).status).toBe(0);
  expect(host.exists(`${host.state}/jobs/j1/running`)).toBe(false);
  expect(host.exists(`${host.cron}/mailbrake`)).toBe(false);
});

test("what is still wrong with one instance stays noted when a brake on another goes well", async () => {
  await host.ask("discover");
  writeFileSync(`${host.state}/dirty`, "apply gone fake%3A%2Fnowhere\n");
  expect((await host.ask("apply", host.brake())).last).toMatchObject({ outcome: "applied" });
  expect(host.read(`${host.state}/dirty`)).toBe("apply gone fake%3A%2Fnowhere\n");
  expect((await host.ask("lift", { app: "app1", by: "eva", reason: "x" })).last).toMatchObject({ outcome: "lifted" });
  expect((await host.ask("status")).last).toMatchObject({ dirty: true });
  expect(host.exists(`${host.cron}/mailbrake`)).toBe(true);
});

// A link to nowhere is what a reader finds where another lifts an entry between its list of the folder and its open.
test.for(Object.keys(shells))(
  "an entry that is lifted by another while the journal is read hides no other and is no complaint, under %s",
  { timeout: 30_000 },
  async (shell) => {
    await host.ask("apply", host.brake({ ttl: "900" }), { shell });
    symlinkSync("nowhere", `${host.state}/journal/A`);
    const status = await host.run(["serve"], encodeRequest("1", "status", {}), { shell });
    expect(status.standardError).toBe("");
    expect(parseAnswer("status", status.lines).parts).toMatchObject([{ application: { app: "app1", drift: [] } }]);
    await host.ask("apply", host.brake({ ttl: "1" }), { shell });
    await sleep(1_100);
    expect((await host.ask("expire", {}, { shell })).last).toMatchObject({ ok: true });
    expect((await host.ask("status", {}, { shell })).parts).toMatchObject([{ ended: { app: "app1", how: "expired" } }]);
  },
);
