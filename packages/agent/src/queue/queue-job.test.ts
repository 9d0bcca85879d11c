/** Jobs on a queue of the tests' own: what is selected is done in chunks, each once; a ramp keeps its pace and stops by itself. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { QueuePartHost, streamLine } from "../queue-part-host.ts";
import { shells, shellsAndAwks } from "../scratch-host.ts";

const host = new QueuePartHost();
const of = (name: string) => `${host.scratch.config}/${name}`;
afterAll(() => host.scratch.remove());

/** Ids that end in 77 have left, 88 fail; the second chunk of a job that `dies` ends its runner. Each deferral stands in the log. */
const driver = `driver_of fake:/x
queue_spawn() { :; }
fake_queue_can() { [ "$2" != requeue ] || fail cannot action 'no requeue here; nearest: flush'; }
fake_queue_act() {
  cat >"$MB_TMP/fake-ids"
  echo "$2 $(($(wc -l <"$MB_TMP/fake-ids"))) $QUEUE_RAMP" >>"$MB_TEST_CONFIG/acts"
  [ ! -f "$MB_TEST_CONFIG/dies" ] || [ "$(wc -l <"$MB_TEST_CONFIG/acts")" -lt 2 ] || { rm "$MB_TEST_CONFIG/dies"; exit 9; }
  [ "$2" != release ] || sed 's/.*/Nov 20 15:00:02 mx postfix\\/smtp[2]: &: to=<a@x>, status=deferred (no)/' "$MB_TMP/fake-ids" >>"$MB_TEST_CONFIG/log"
  awk '/77$/ { print "gone", $1; next } /88$/ { print "failed", $1, "it would not"; next } { print "done", $1 }' "$MB_TMP/fake-ids"
}
fake_queue_settle() { echo "settled $2" >>"$MB_TEST_CONFIG/acts"; }
fake_queue_counts() { printf 'deferred %s 0\\nhold 900 0\\n' "$(cat "$MB_TEST_CONFIG/waiting")"; }
fake_queue_log() { QUEUE_LOG=$MB_TEST_CONFIG/log; }
fake_queue_logline() { postfix_queue_logline; }
fake_queue_backup() {
  tee "$2" | awk '/77$/ { print "gone", $1; next } { print "done", $1 }'
}
start() {
  R_op=start R_job=$1 R_action=$2 R_by=eva R_reason='a "reason"' R_match=sender:spam.example R_rate=$3 R_ceiling=$4 R_deferrals=$5
  verb_queue || answer_failed
  R_op=job R_rate='' R_ceiling='' R_deferrals=''
}
runs() { R_job=$1; queue_run "$1" || answer_failed; verb_queue || answer_failed; }`;

interface Line {
  ok?: boolean;
  outcome?: string;
  total?: number;
  error?: string;
  job?: Record<string, unknown>;
}

async function jobs(text: string, options: { shell?: string; awk?: string } = {}, environment = {}): Promise<Line[]> {
  for (const name of ["acts", "log", "dies"]) rmSync(of(name), { force: true });
  writeFileSync(of("log"), "");
  writeFileSync(of("waiting"), "5\n");
  rmSync(host.scratch.state, { recursive: true, force: true });
  const run = await host.run(`${driver}\n${text}`, { ...options, environment });
  expect(run.standardError).toBe("");
  return run.lines.map((line) => JSON.parse(line) as Line);
}
const acts = () => readFileSync(of("acts"), "utf8").trimEnd().split("\n");

const spam = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    id: `M${n}`,
    sender: `s${n % 7}@spam.example`,
    arrived: 1_700_000_000 + n,
  }));
const queue = (count: number) =>
  host.queue([
    ...spam(count).map(streamLine),
    ...["N1", "N2"].map((id) => streamLine({ id, sender: "a@good.example" })),
  ]);

describe("a job", () => {
  it.each(shellsAndAwks)("does what was selected, in chunks, once each, under $shell and $awk", async (shellAndAwk) => {
    queue(2300);
    const [started, again, other, hold, first, deleted] = await jobs(
      `start J1 hold '' '' ''
start J1 hold '' '' ''
start J1 flush '' '' ''
R_job=J1
: >"$MB_TEST_CONFIG/dies"
(queue_run J1) || :
echo 0:0 >"$MB_STATE/jobs/J1/running"
runs J1
wc -l <"$MB_STATE/held/J1" | awk '{ print "{\\"total\\":" $1 "}" }' >&3
start J2 delete '' '' '' 3>/dev/null
runs J2`,
      shellAndAwk,
    );
    expect(started).toMatchObject({ outcome: "started", total: 2300 });
    expect(again).toMatchObject({ outcome: "already", total: 2300 });
    expect(other).toMatchObject({ error: "conflict" });
    // of 2300: 23 end in 77, 23 in 88
    expect(hold?.job).toMatchObject({
      action: "hold",
      state: "done",
      total: 2300,
      done: 2254,
      skipped: 23,
      failed: 23,
      by: "eva",
      reason: 'a "reason"',
      why: "first failed: M88 it would not",
    });
    expect(first?.total).toBe(2254);
    // what fails to go is in the backup and stays: it failed
    expect(deleted?.job).toMatchObject({ state: "done", total: 2300, done: 2254, skipped: 23, failed: 23 });
    expect(acts()).toEqual([
      ...["hold 1000 0", "hold 1000 0", "hold 1000 0", "hold 300 0", "settled hold"],
      ...["delete 990 0", "delete 990 0", "delete 297 0", "settled delete"],
    ]);
  });

  it("trap: a command line holds less than a queue: more ids than it takes are done in chunks, none of them on one", async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => `1xUqnD-0000${String(n).padStart(7, "0")}-00000`);
    host.queue(many.map((id) => streamLine({ id, sender: "s@spam.example" })));
    // with so small a stack the kernel takes 128 kB of words
    const [, hold, , deleted, tried] = await jobs(`ulimit -s 256
start J1 hold '' '' ''
runs J1
start J2 delete '' '' ''
runs J2
cut -f 1 "$MB_STATE/jobs/J1/ids" >"$MB_TMP/all"
if (env true $(cat "$MB_TMP/all")) 2>/dev/null; then fits=true; else fits=false; fi
echo "{\\"ok\\":$fits}" >&3`);
    expect(hold?.job).toMatchObject({ state: "done", total: 20_000, done: 20_000 });
    expect(deleted?.job).toMatchObject({ state: "done", total: 20_000, done: 20_000 });
    expect(acts().filter((act) => act === "hold 1000 0")).toHaveLength(20);
    expect(tried?.ok).toBe(false);
  });

  it("that the driver can't do, and one whose queue can't be read whole, is refused and leaves nothing", async () => {
    queue(3);
    expect(await jobs("start J1 requeue '' '' ''")).toMatchObject([{ error: "cannot" }]);
    host.queue([streamLine({ id: "M1", sender: "a@spam.example" })], "!\tit took too long");
    const [cut, left] = await jobs(`start J1 hold '' '' ''
ls -A "$MB_STATE/jobs" | wc -l | awk '{ print "{\\"total\\":" $1 "}" }' >&3`);
    expect(cut).toMatchObject({ error: "internal" });
    expect(left?.total).toBe(0);
  });
});

describe("a ramped release", () => {
  it.each(Object.keys(shells))("keeps its pace, and does not begin above the ceiling, under %s", async (shell) => {
    queue(40);
    const [, paced, , full] = await jobs(
      `start J1 release 6000 '' ''
runs J1
echo 51 >"$MB_TEST_CONFIG/waiting"
start J2 release 600 50 ''
runs J2`,
      { shell },
    );
    expect(paced?.job).toMatchObject({ state: "done", total: 40, done: 40, rate: 6000 });
    expect(acts()).toEqual(["release 1 1", "release 39 1", "settled release", "settled release"]);
    expect(full?.job).toMatchObject({
      state: "stopped",
      done: 0,
      ceiling: 50,
      why: "51 messages wait, more than the ceiling of 50",
    });
  });

  it.each(["dash", "mksh"])("stops where more is deferred within a minute than it may, under %s", async (shell) => {
    queue(40);
    const [, deferred] = await jobs("start J3 release 60 '' 1\nruns J3", { shell }, { MB_TEST_MINUTE: "1" });
    expect(deferred?.job).toMatchObject({
      state: "stopped",
      why: expect.stringMatching(/^\d+ messages were deferred within a minute, more than 1$/),
    });
    expect(deferred?.job?.done).toBeLessThan(40);
  });
});
