import { writeFileSync } from "node:fs";
import { encodeRequest } from "@mailbrake/contract";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { awks, parseAnswer, ScratchHost, shells } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach(() => {
  host = new ScratchHost();
});
afterEach(() => host.remove());

const combinations = Object.keys(shells).flatMap((shell) => Object.keys(awks).map((awk) => ({ shell, awk })));

describe.concurrent("a brake from discover to status, the answers parsed by the contract", () => {
  test.for(combinations)(
    "trap: shells and awks differ in what they do: all verbs under $shell with $awk",
    { timeout: 60_000 },
    async ({ shell, awk }, { expect }) => {
      const here = new ScratchHost();
      try {
        const session = here.session({ shell, awk });
        const ask = session.ask.bind(session);
        // yash, started in the C locale, can't hold these: it must say so with question marks, not cut the text.
        const held = (text: string) => (shell === "yash" ? text.replace(/[^ -~]/g, "?") : text);
        expect((await ask("hello")).last).toMatchObject({
          ok: true,
          protocol: 1,
          applications: 0,
          dirty: false,
          uid: 0,
        });
        const discovered = await ask("discover");
        expect(discovered.last).toMatchObject({ ok: true, instances: 1, points: 2 });
        const reason = `it's "odd": \\ %41 $(id) \`id\` é ü 日本 <&>`;
        const plan = await ask("plan", host.brake({ instance: here.instance, reason, text: 'it\'s "odd" \\ $(id)' }));
        expect(plan.last).toMatchObject({ ok: true, opens: ["what comes in by pigeon"] });
        expect(here.read(here.mainConf)).toBe(ScratchHost.mainConfText);
        const applied = await ask(
          "apply",
          here.brake({ reason, text: 'it\'s "odd" \\ $(id)', by: "josé", ttl: "3000" }),
        );
        expect(applied.last).toMatchObject({ ok: true, outcome: "applied", app: "app1" });
        expect(applied.parts.map((part) => part.progress)).toEqual(["journal", "render", "reload", "check"]);
        expect(here.exists(`${here.cron}/mailbrake`)).toBe(true);
        const status = await ask("status");
        expect(status.parts[0]).toMatchObject({
          application: {
            app: "app1",
            reason: held(reason),
            by: held("josé"),
            text: 'it\'s "odd" \\ $(id)',
            intact: true,
            drift: [],
            origin: "server",
            match: ["all"],
          },
        });
        expect((await ask("apply", here.brake({ text: 'it\'s "odd" \\ $(id)', ttl: "3000" }))).last).toMatchObject({
          outcome: "already",
        });
        expect((await ask("lift", { app: "app1", by: "eva", reason: "done" })).last).toMatchObject({
          outcome: "lifted",
          released: 0,
        });
        expect((await ask("lift", { app: "app1", by: "eva", reason: "done" })).last).toMatchObject({
          outcome: "already",
        });
        expect(here.read(here.mainConf)).toBe(ScratchHost.mainConfText);
        expect(here.exists(`${here.cron}/mailbrake`)).toBe(false);
        const after = await ask("status");
        expect(after.parts).toMatchObject([
          { ended: { app: "app1", how: "lifted", by: "eva", reason: "done", released: 0 } },
        ]);
        expect((await ask("expire")).last).toMatchObject({ expired: [], reasserted: [] });
        await session.end();
      } finally {
        here.remove();
      }
    },
  );
});

test("requests on one channel are answered in order, with their ids", async () => {
  const input = ["a1 hello", "b2 status", "nonsense!", "c3 hello", "d4 lift app=none by=x reason=y", "e5 hello"]
    .map((line) => `${line}\n`)
    .join("");
  const run = await host.run(["serve"], input);
  expect(run.lines.map((line) => JSON.parse(line)).map((answer) => [answer.id, answer.ok])).toEqual([
    ["a1", true],
    ["b2", true],
    ["-", false],
    ["c3", true],
    ["d4", false],
    ["e5", true],
  ]);
});

test("what is not exactly a request is refused with the field and nothing is written", async () => {
  const refused: [string, string, string?][] = [
    ["", "bad-line"],
    ["1", "bad-line"],
    [" 1 hello", "bad-line"],
    ["1 hello ", "bad-line"],
    ["1  hello", "bad-line"],
    ["1_ hello", "bad-line"],
    [`${"x".repeat(33)} hello`, "bad-line"],
    ["1 hello\t", "bad-line"],
    ["1 hello é", "bad-line"],
    [`1 status app=${"a".repeat(9000)}`, "bad-line"],
    ["1 Hello", "unknown-verb"],
    ["1 --help", "unknown-verb"],
    ["1 hello app=1", "unknown-key", "app"],
    ["1 status app", "bad-line"],
    ["1 status colour=red", "unknown-key", "colour"],
    ["1 status app=a app=a", "bad-line", "app"],
    ["1 status app=a=b", "bad-line", "app"],
    ["1 status app=%", "bad-value", "app"],
    ["1 status app=%4", "bad-value", "app"],
    ["1 status app=%zz", "bad-value", "app"],
    ["1 status app=%00", "bad-value", "app"],
    ["1 status app=%0A", "bad-value", "app"],
    ["1 status app=a%7f", "bad-value", "app"],
    ["1 status app=..%2F..%2Fetc%2Fpasswd", "bad-value", "app"],
    ["1 status app=-rf", "bad-value", "app"],
    ["1 status app=", "bad-value", "app"],
    [`1 status app=${"a".repeat(41)}`, "too-long", "app"],
    ["1 lift app=a by=x", "missing-key", "reason"],
    ["1 lift app=a by=%C3%28 reason=x", "bad-value", "by"],
    ["1 lift app=a by=%ED%A0%80 reason=x", "bad-value", "by"],
    ["1 plan op=explode instance=a point=b effect=hold match=all", "bad-value", "op"],
    ["1 arm instance=postfix%3A%2Fetc%2F..%2Froot", "bad-value", "instance"],
    ["1 arm instance=postfix%3A%2Fetc%2Fpostfix", "no-such-instance", "instance"],
    ["1 arm instance=%2Fetc%2Fpostfix", "no-such-instance", "instance"],
  ];
  const run = await host.run(["serve"], refused.map(([line]) => `${line}\n`).join(""));
  const answers = run.lines.map((line) => parseAnswer("status", [line]).last);
  expect(answers.map((answer, at) => [refused[at]?.[0], answer.error, answer.field])).toEqual(
    refused.map(([line, error, field]) => [line, error, field]),
  );
  expect(host.exists(`${host.state}/dirty`)).toBe(false);
  expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
});

test("a wrong brake is refused by field, and nothing is changed", async () => {
  const wrong: [Record<string, string>, string, string][] = [
    [{ brake: "lower" }, "bad-value", "brake"],
    [{ effect: "explode" }, "bad-value", "effect"],
    [{ match: "client:10.0.0.1/8" }, "bad-value", "match"],
    [{ match: "all", match2: "sender:a@b.c" }, "bad-value", "match2"],
    [{ match: "sender:a@b.c", match2: "sender:d@e.f" }, "bad-value", "match2"],
    [{ match: "sender:a@b.c", match3: "helo:x" }, "bad-value", "match3"],
    [{ text: "déjà vu" }, "bad-value", "text"],
    [{ ttl: "01" }, "bad-value", "ttl"],
    [{ ttl: "31536001" }, "bad-value", "ttl"],
    [{ ttl: "-1" }, "bad-value", "ttl"],
    [{ effect: "throttle" }, "missing-key", "connections"],
    [{ effect: "throttle", connections: "0" }, "bad-value", "connections"],
    [{ effect: "throttle", messages: "999999" }, "bad-value", "messages"],
    [{ messages: "5" }, "bad-value", "effect"],
    [{ point: "listener:nowhere" }, "no-such-point", "point"],
    [{ instance: "fake:/nowhere" }, "no-such-instance", "instance"],
    [{ effect: "discard" }, "cannot", "effect"],
  ];
  for (const [values, error, field] of wrong) {
    expect([values, (await host.ask("apply", host.brake(values))).last]).toMatchObject([
      values,
      { ok: false, error, field },
    ]);
  }
  expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
  expect((await host.ask("status")).parts).toEqual([]);
});

test("a last line that was cut off is not a request", async () => {
  const request = encodeRequest("1", "apply", host.brake());
  const run = await host.run(["serve"], request.slice(0, -1));
  expect(run.lines).toEqual([]);
  expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
});

test("the same application with another content is a conflict, with another ttl only its expiry changes", async () => {
  await host.ask("apply", host.brake());
  expect((await host.ask("apply", host.brake({ match: "sender:<>" }))).last).toMatchObject({ error: "conflict" });
  const longer = await host.ask("apply", host.brake({ ttl: "600" }));
  expect(longer.last).toMatchObject({ outcome: "applied" });
  expect(longer.last.expires).toBeGreaterThan(Date.now() / 1000 + 500);
  expect(longer.parts.map((part) => part.progress)).not.toContain("reload");
  const status = await host.ask("status");
  expect(status.parts).toMatchObject([{ application: { expires: longer.last.expires } }]);
});

test("trap: two brakes that each put back what they found undo one another: each is rendered from the journal, and they are lifted apart", async () => {
  await host.ask("apply", host.brake());
  const between = host.read(host.mainConf);
  await host.ask("apply", host.brake({ app: "app2", match: "sender:a@b.example" }));
  expect(host.read(host.mainConf)).toContain("brake app2");
  await host.ask("lift", { app: "app2", by: "eva", reason: "x" });
  expect(host.read(host.mainConf)).toBe(between);
});

test.for(["render", "reload", "check"])(
  "trap: a mail server can be gone after a change that was written well: a %s that fails takes the apply back whole",
  async (step) => {
    const answer = await host.ask("apply", host.brake({ ttl: "60" }), { environment: { MB_TEST_FAIL: step } });
    expect(answer.last).toMatchObject({ ok: false, error: step === "check" ? "check-failed" : "internal" });
    const again = step === "check" ? host.read(host.mainConf) : undefined;
    if (again !== undefined) expect(again).toBe(ScratchHost.mainConfText);
    // Where the tool still fails while taking back, the note stays, and the next agent finishes.
    const status = await host.ask("status");
    expect(status.last).toMatchObject({ ok: true, dirty: false });
    expect(status.parts).toEqual([]);
    expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
    await host.ask("expire");
    expect(host.exists(`${host.cron}/mailbrake`)).toBe(false);
  },
);

test("arm and disarm keep and remove the hooks; lifting the last brake leaves an armed host armed", async () => {
  expect((await host.ask("arm", { instance: host.instance })).last).toMatchObject({ outcome: "armed" });
  expect((await host.ask("arm", { instance: host.instance })).last).toMatchObject({ outcome: "already" });
  const armed = host.read(host.mainConf);
  expect(armed).toContain("brake hooks");
  await host.ask("apply", host.brake());
  await host.ask("lift", { app: "app1", by: "eva", reason: "x" });
  expect(host.read(host.mainConf)).toBe(armed);
  expect((await host.ask("status")).last).toMatchObject({ armed: [host.instance] });
  expect((await host.ask("disarm", { instance: host.instance })).last).toMatchObject({ outcome: "disarmed" });
  expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
});

test("the control plane going away in the middle of an answer does not stop the work", async () => {
  const child = host.start(["serve"]);
  child.stdout?.once("data", () => child.stdout?.destroy());
  child.stdin?.end(encodeRequest("1", "apply", host.brake()));
  await new Promise((resolve) => child.on("close", resolve));
  const status = await host.ask("status");
  expect(status.parts).toMatchObject([{ application: { app: "app1", intact: true } }]);
});

test("cut=1 cuts open sessions once the brake is in force, is part of what the brake is, and is told", async () => {
  const plan = await host.ask("plan", host.brake({ cut: "1" }));
  expect(plan.last).toMatchObject({ cutsSessions: true });
  expect(plan.parts).toContainEqual(
    expect.objectContaining({ step: { kind: "command", text: expect.stringContaining("/cut") } }),
  );
  expect(host.exists(`${host.config}/cut`)).toBe(false);
  expect((await host.ask("plan", host.brake({ cut: "0" }))).last).toMatchObject({ cutsSessions: false });
  await host.ask("apply", host.brake({ cut: "1" }));
  expect(host.read(`${host.config}/cut`)).toContain("brake app1");
  expect((await host.ask("status")).parts).toMatchObject([{ application: { cut: true, intact: true } }]);
  const cutOnce = host.read(`${host.config}/cut`);
  expect((await host.ask("apply", host.brake({ cut: "1" }))).last).toMatchObject({ outcome: "already" });
  expect((await host.ask("apply", host.brake())).last).toMatchObject({ error: "conflict" });
  await host.ask("lift", { app: "app1", by: "eva", reason: "x" });
  expect(host.read(`${host.config}/cut`)).toBe(cutOnce);
});

test("a cut that fails takes the apply back; a driver that can't cut refuses it by name", async () => {
  const failed = await host.ask("apply", host.brake({ cut: "1" }), { environment: { MB_TEST_FAIL: "cut" } });
  expect(failed.last).toMatchObject({ ok: false, error: "internal" });
  expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
  const environment = { MB_TEST_NO_CUT: "1" };
  for (const verb of ["plan", "apply"] as const) {
    const refused = await host.ask(verb, host.brake({ cut: "1" }), { environment });
    expect(refused.last).toMatchObject({ error: "cannot", field: "cut" });
  }
  expect((await host.ask("apply", host.brake({ cut: "2" }))).last).toMatchObject({ error: "bad-value", field: "cut" });
  expect((await host.ask("status")).parts).toEqual([]);
});

test("status after thousands that ended tells the newest 200, and complains of nothing", async () => {
  await host.ask("discover");
  await host.ask("apply", host.brake());
  await host.ask("lift", { app: "app1", by: "eva", reason: "done" });
  const one = host.read(`${host.state}/ended/app1`);
  for (let number = 2; number <= 3000; number += 1)
    writeFileSync(`${host.state}/ended/app${number}`, one.replace(/^app=app1$/m, `app=app${number}`));
  const run = await host.run(["serve"], encodeRequest("1", "status", {}));
  expect(run.standardError).toBe("");
  expect(run.lines).toHaveLength(201);
});
