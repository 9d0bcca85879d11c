/** The second file: read when first asked for, in the process of the request, and only where it is the agent's own version. */
import { rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { agentVersion, buildQueuePart } from "./build-agent.ts";
import { ScratchHost, shells } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach(() => {
  host = new ScratchHost();
});
afterEach(() => host.remove());

const survey = "1 survey instance=fake%3A%2Fconf rows=20\n2 hello\n";
const ownSurvey = `verb_survey() { answer_done "\\"rows\\":$R_rows"; }`;
const answers = (lines: readonly string[]) => lines.map((line) => JSON.parse(line));

test.for(Object.keys(shells))("is read by the verbs that need it, under %s", async (shell) => {
  writeFileSync(host.queuePart, buildQueuePart({ test: true, extraModules: [ownSurvey] }));
  const run = await host.run(["serve"], survey, { shell });
  expect(answers(run.lines)).toMatchObject([
    { id: "1", ok: true, rows: 20 },
    { id: "2", ok: true, agent: agentVersion },
  ]);
  expect(run.standardError).toBe("");
  const byHand = await host.run(["survey", `instance=${host.instance}`, "rows=7"], "", { shell });
  expect([byHand.status, byHand.lines]).toEqual([0, ["rows: 7"]]);
});

const broken: Record<string, (path: string) => void> = {
  missing: (path) => rmSync(path),
  "of another version": (path) =>
    writeFileSync(path, buildQueuePart().replace(/MB_QUEUE_VERSION=\S+/, "MB_QUEUE_VERSION=9.9.9")),
  "cut off": (path) => writeFileSync(path, buildQueuePart().replace(/MB_QUEUE_VERSION=\S+\n$/, "")),
};

test.for(Object.keys(broken))("%s, it is refused with what to do, and brakes go on", async (what) => {
  await host.ask("discover");
  broken[what]?.(host.queuePart);
  const run = await host.run(["serve"], survey);
  expect(answers(run.lines)).toMatchObject([
    { ok: false, error: "internal", message: expect.stringContaining("enrol this host again") },
    { ok: true },
  ]);
  expect((await host.ask("apply", host.brake())).last).toMatchObject({ outcome: "applied" });
});

test("a part with a broken syntax ends its own request alone", async () => {
  writeFileSync(host.queuePart, `${buildQueuePart()}if (\n`);
  const run = await host.run(["serve"], survey);
  expect(answers(run.lines)).toMatchObject([{ ok: false, error: "internal" }, { ok: true }]);
});

test("keys are those of the op, wherever it stands in the line", async () => {
  const lines = [
    "queue instance=a",
    "queue instance=a op=explode",
    "queue instance=a op=list",
    "queue limit=5 match=all instance=a message=x op=list",
    "queue instance=a op=start job=j action=hold by=x",
    "queue instance=a op=job",
    "survey instance=a match=all",
    "follow instance=a",
    "queue instance=a op=list limit=1000",
  ];
  const run = await host.run(["serve"], lines.map((line) => `1 ${line}\n`).join(""));
  expect(answers(run.lines).map((answer) => [answer.error, answer.field])).toEqual([
    ["missing-key", "op"],
    ["bad-value", "op"],
    ["missing-key", "limit"],
    ["unknown-key", "message"],
    ["missing-key", "reason"],
    ["missing-key", "job"],
    ["unknown-key", "match"],
    ["missing-key", "seconds"],
    ["too-long", "limit"],
  ]);
});
