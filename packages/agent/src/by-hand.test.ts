import { afterEach, beforeEach, expect, test } from "vitest";
import { ScratchHost, shells } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach(() => {
  host = new ScratchHost();
});
afterEach(() => host.remove());

const words = () => [
  `instance=${host.instance}`,
  "point=listener:smtp/inet",
  "effect=tempfail",
  "match=sender:a@b.example",
];

test.for(Object.keys(shells))(
  "by hand works as the control plane does, and enters the same journal, under %s",
  { timeout: 60_000 },
  async (shell) => {
    const options = { shell, environment: { SUDO_USER: "eva" } };
    const plan = await host.run(["plan", ...words()], "", options);
    expect([plan.status, plan.standardError]).toEqual([0, ""]);
    expect(plan.lines.join("\n")).toContain("+brake plan");
    const applied = await host.run(
      ["apply", ...words(), `reason=it's "odd" $(id)`, "app=mine", "ttl=900"],
      "",
      options,
    );
    expect([applied.status, applied.standardError]).toEqual([0, ""]);
    expect(applied.lines).toContain("outcome: applied");
    const status = await host.ask("status");
    expect(status.parts).toMatchObject([
      { application: { app: "mine", origin: "local", by: "eva", reason: `it's "odd" $(id)` } },
    ]);
    const shown = await host.run(["status"], "", options);
    expect(shown.lines.map((line) => line.trim())).toContain(`reason: it's "odd" $(id)`);
    const lifted = await host.run(["lift", "app=mine"], "", options);
    expect(lifted.lines).toContain("outcome: lifted");
    expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
  },
);

test("an application has a name without one being given", async () => {
  await host.run(["apply", ...words()], "");
  expect((await host.ask("status")).parts).toMatchObject([
    {
      application: {
        app: expect.stringMatching(/^local-\d+-\d+$/),
        brake: expect.stringMatching(/^L\d+$/),
        expires: 0,
      },
    },
  ]);
});

test("what is wrong is told on standard error, with the exit codes that the usage tells", async () => {
  const none = await host.run([], "");
  expect([none.status, none.lines[0]]).toEqual([0, expect.stringContaining("emergency brake")]);
  expect((await host.run(["explode"], "")).status).toBe(2);
  expect((await host.run(["apply", "no-equals-sign"], "")).status).toBe(2);
  expect((await host.run(["apply", "Colour=red"], "")).status).toBe(2);
  const missing = await host.run(["apply", "effect=hold"], "");
  expect([missing.status, missing.standardError]).toEqual([2, expect.stringContaining("missing-key")]);
  const refused = await host.run(["lift", "app=none"], "");
  expect([refused.status, refused.standardError]).toEqual([1, expect.stringContaining("no-such-application")]);
  const wrong = await host.run(
    ["apply", ...words().map((word) => word.replace("match=sender:a@b.example", "match=client:10.0.0.1/8"))],
    "",
  );
  expect([wrong.status, wrong.standardError]).toEqual([1, expect.stringContaining("write client:10.0.0.0/8")]);
});
