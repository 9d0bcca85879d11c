import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ScratchHost, shells } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach(() => {
  host = new ScratchHost();
});
afterEach(() => host.remove());

const count = `lock_take || { say "$FAIL_CODE"; exit 0; }
n=0
while [ "$n" -lt 5 ]; do
  read -r counted <"$FOLDER/counter"
  echo "$((counted + 1))" >"$FOLDER/counter.new"
  mv "$FOLDER/counter.new" "$FOLDER/counter"
  n=$((n + 1))
done
lock_release
rm -rf "$MB_TMP"`;

test.for(Object.keys(shells))(
  "trap: two who find the same dead holder both take its lock: twenty writers at once lose no update under %s, though a dead one holds it",
  { timeout: 90_000 },
  async (shell) => {
    writeFileSync(`${host.folder}/counter`, "0\n");
    mkdirSync(host.state);
    // A pid that is not in use: beyond what the kernel gives out.
    symlinkSync("99999999:1:1", `${host.state}/lock`);
    const environment = { FOLDER: host.folder };
    await Promise.all(Array.from({ length: 20 }, () => host.runFunctions(count, { shell, environment })));
    expect(readFileSync(`${host.folder}/counter`, "utf8")).toBe("100\n");
    expect(host.exists(`${host.state}/lock`)).toBe(false);
  },
);

test("trap: a pid is used again: a lock of a process that is gone is stale although another has its pid", async () => {
  mkdirSync(host.state);
  symlinkSync(`${process.pid}:1:${Math.floor(Date.now() / 1000)}`, `${host.state}/lock`);
  const run = await host.runFunctions("lock_take && say taken", {});
  expect(run.lines).toEqual(["taken"]);
});

test("a lock that is held for long is told as busy, and nothing was changed", { timeout: 30_000 }, async () => {
  mkdirSync(host.state);
  const start = readFileSync(`/proc/${process.pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")[19];
  symlinkSync(`${process.pid}:${start}:${Math.floor(Date.now() / 1000)}`, `${host.state}/lock`);
  const run = await host.runFunctions('LOCK_WAIT_SECONDS=1\nlock_take || say "$FAIL_CODE"', {});
  expect(run.lines).toEqual(["busy"]);
  expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
});
