/** Kill -9 of the agent and all that it started, at every step of apply and lift: the next agent makes the host right. */
import { readdirSync, writeFileSync } from "node:fs";
import { encodeRequest } from "@mailbrake/contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { driverOfModule, moduleNames, moduleText } from "./build-agent.ts";
import { ScratchHost, shells } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach(() => {
  host = new ScratchHost();
});
afterEach(() => host.remove());

// In the order in which they are passed; the first is before the decision was written down.
const applyPoints = [
  "before-journal",
  "after-journal",
  "before-ease",
  "after-ease",
  "before-file",
  "after-file",
  "between-files",
  "after-render",
  "before-reload",
  "after-reload",
  "before-cut",
  "before-check",
  "after-check",
];
const liftPoints = [...applyPoints.filter((point) => !/-ease$|-cut$/.test(point)), "before-release", "after-release"];

async function crash(at: string, request: string, shell: string): Promise<void> {
  const run = await host.run(["serve"], request, { shell, environment: { MB_TEST_CRASH: at } });
  expect(run.status, `${at}: ${run.standardError}`).toBe(null);
}

async function running(): Promise<string> {
  return host.exists(`${host.config}/running.conf`)
    ? host.read(`${host.config}/running.conf`)
    : ScratchHost.mainConfText;
}

const cases = applyPoints.map((point, at) => ({
  point,
  shell: Object.keys(shells)[at % Object.keys(shells).length] ?? "dash",
}));

test.for(cases)("killed at $point of an apply ($shell)", { timeout: 30_000 }, async ({ point, shell }) => {
  await crash(point, encodeRequest("1", "apply", host.brake({ ttl: "900", cut: "1" })), shell);
  const status = await host.ask("status");
  expect(status.last).toMatchObject({ ok: true, dirty: false });
  const active = status.parts.filter((part) => "application" in part);
  if (point === "before-journal") {
    expect(active).toEqual([]);
    expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
  } else {
    expect(active).toMatchObject([{ application: { app: "app1", intact: true, drift: [] } }]);
    expect(host.read(host.mainConf)).toContain("brake app1");
    // Its expiry is kept too, though nobody had been told that the brake is on.
    expect(host.exists(`${host.cron}/mailbrake`)).toBe(true);
    // Sessions that were open have been cut, by whoever came first.
    expect(host.read(`${host.config}/cut`)).toContain("brake app1");
  }
  expect(await running()).toBe(host.read(host.mainConf));
  expect((await host.ask("apply", host.brake({ ttl: "900", cut: "1" }))).last).toMatchObject({ ok: true });
  expect((await host.ask("lift", { app: "app1", by: "eva", reason: "x" })).last).toMatchObject({
    ok: true,
    outcome: "lifted",
  });
  expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
  expect(await leftovers()).toEqual([]);
});

const liftCases = liftPoints.map((point, at) => ({
  point,
  shell: Object.keys(shells)[at % Object.keys(shells).length] ?? "dash",
}));

test.for(liftCases)(
  "killed at $point of the lift of a hold ($shell)",
  { timeout: 30_000 },
  async ({ point, shell }) => {
    await host.ask("apply", host.brake({ effect: "hold" }));
    writeFileSync(`${host.config}/held`, "two messages");
    await crash(point, encodeRequest("1", "lift", { app: "app1", by: "eva", reason: "x" }), shell);
    const status = await host.ask("status");
    expect(status.last).toMatchObject({ ok: true, dirty: false });
    if (point === "before-journal") {
      expect(status.parts).toMatchObject([{ application: { app: "app1", intact: true } }]);
      await host.ask("lift", { app: "app1", by: "eva", reason: "x" });
    }
    expect((await host.ask("status")).parts).toMatchObject([{ ended: { app: "app1", how: "lifted" } }]);
    // What was held has been let go, by whoever came first.
    expect(host.exists(`${host.config}/held`)).toBe(false);
    expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
    expect(await running()).toBe(ScratchHost.mainConfText);
    expect((await host.ask("lift", { app: "app1", by: "eva", reason: "x" })).last).toMatchObject({
      outcome: "already",
      released: 2,
    });
  },
);

test("every crash point in the modules is one that these tests know", () => {
  const named = moduleNames()
    .filter((name) => driverOfModule(name) === "")
    .flatMap((name) => [...moduleText(name).matchAll(/^\s*crash_point (\S+)$/gm)].map((match) => match[1]));
  expect(named.filter((name) => ![...applyPoints, ...liftPoints].includes(name ?? ""))).toEqual([]);
});

async function leftovers(): Promise<string[]> {
  return readdirSync(host.config).filter((name) => name.includes("mailbrake"));
}
