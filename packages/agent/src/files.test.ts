import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ScratchHost, shells } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach(() => {
  host = new ScratchHost();
});
afterEach(() => host.remove());

const replace = `state_make
printf 'new\\n' >"$MB_TMP/new"
if file_replace "$1" $2 <"$MB_TMP/new"; then say "changed $FILE_CHANGED"; else say "failed $FAIL_CODE"; fi`;

test.for(Object.keys(shells))(
  "trap: a new file in an old one's place has another owner and mode: both are kept under %s, and nothing is written when nothing differs",
  async (shell) => {
    const path = `${host.config}/f`;
    writeFileSync(path, "old\n");
    chmodSync(path, 0o640);
    chownSync(path, 65534, 65533);
    expect((await host.runFunctions(replace, { shell }, [path, ""])).lines).toEqual(["changed 1"]);
    expect(host.read(path)).toBe("new\n");
    const after = statSync(path);
    expect([after.mode & 0o7777, after.uid, after.gid]).toEqual([0o640, 65534, 65533]);
    expect((await host.runFunctions(replace, { shell }, [path, ""])).lines).toEqual(["changed 0"]);
    expect([statSync(path).ino, statSync(path).mtimeMs]).toEqual([after.ino, after.mtimeMs]);
    expect(readdirSync(host.config).filter((name) => name.includes("mailbrake"))).toEqual([]);
  },
);

test("trap: a rename makes a plain file of a symbolic link: it stays one, its target is replaced", async () => {
  mkdirSync(`${host.folder}/real`);
  writeFileSync(`${host.folder}/real/f`, "old\n");
  symlinkSync("../real/f", `${host.config}/hop`);
  symlinkSync("hop", `${host.config}/f`);
  await host.runFunctions(replace, {}, [`${host.config}/f`, ""]);
  expect(lstatSync(`${host.config}/f`).isSymbolicLink()).toBe(true);
  expect(lstatSync(`${host.config}/hop`).isSymbolicLink()).toBe(true);
  expect(host.read(`${host.folder}/real/f`)).toBe("new\n");
});

test("trap: a file that is locked against all change (chattr +i) is told before anything was changed", async () => {
  await host.ask("discover");
  execFileSync("chattr", ["+i", host.mainConf]);
  try {
    const { last } = await host.ask("apply", host.brake());
    expect(last).toMatchObject({ ok: false, error: "read-only", message: expect.stringContaining(host.mainConf) });
    expect(await host.ask("status")).toMatchObject({ parts: [], last: { dirty: false } });
  } finally {
    execFileSync("chattr", ["-i", host.mainConf]);
  }
  expect(host.read(host.mainConf)).toBe(ScratchHost.mainConfText);
  expect(readdirSync(host.config).filter((name) => name.includes("mailbrake"))).toEqual([]);
});

test("trap: a rename parts hard links: the other name keeps the admin's text, and after the lift both have it", async () => {
  linkSync(host.mainConf, `${host.folder}/other`);
  await host.ask("apply", host.brake());
  expect(host.read(host.mainConf)).toContain("brake app1");
  expect(host.read(`${host.folder}/other`)).toBe(ScratchHost.mainConfText);
  await host.ask("lift", { app: "app1", by: "eva", reason: "x" });
  expect(host.read(host.mainConf)).toBe(host.read(`${host.folder}/other`));
});

test("a cold replace looks at least some seconds old", async () => {
  const path = `${host.config}/f`;
  writeFileSync(path, "old\n");
  await host.runFunctions(replace, {}, [path, "cold"]);
  expect(statSync(path).mtimeMs).toBeLessThan(Date.now() - 5_000);
});

test("names with spaces, quotes and leading hyphens are names", async () => {
  const path = `${host.config}/-a 'b' "c" $(d)`;
  writeFileSync(path, "old\n");
  expect((await host.runFunctions(replace, {}, [path, ""])).lines).toEqual(["changed 1"]);
  expect(host.read(path)).toBe("new\n");
});

/** Runs the text with the folder FOLDER mounted anew, in a mount namespace of its own, as a small or a read-only file system. */
function mounted(options: string, text: string): string {
  return `if [ "\${INSIDE-}" != 1 ]; then
  INSIDE=1 exec unshare -m sh -c 'mount -t tmpfs -o ${options} none "$1" && cp -a "$2/." "$1" && { [ -z "$3" ] || mount -o remount,ro "$1"; } && shift 3 && exec "$@"' sh "$FOLDER" "$SAVED" "$READONLY" ${"dash"} "$0" "$@"
fi
${text}`;
}

test("trap: a write on a full disk leaves an empty file: it is told before anything was changed", async () => {
  const environment = { FOLDER: host.state, SAVED: `${host.folder}.saved/state`, READONLY: "" };
  const text = mounted(
    "size=8m",
    `ORIGIN=local
dd if=/dev/zero of="$FOLDER/fill" bs=1024 count=20000 2>/dev/null || :
before=$(cat "$MB_TEST_CONFIG/main.conf")
request_parse "1 apply app=a brake=B instance=fake%3A$ENCODED_CONFIG point=listener%3Asmtp%2Finet effect=tempfail match=all ttl=0 by=x reason=y"
request_run
[ "$before" = "$(cat "$MB_TEST_CONFIG/main.conf")" ] && say unchanged
ls "$MB_STATE/journal" >&3 || :`,
  );
  const run = await withCopy(environment, text);
  expect(run.map((line) => (line.startsWith("{") ? JSON.parse(line).error : line))).toEqual(["no-space", "unchanged"]);
});

test("trap: a write on a read-only disk fails half way: it is told before anything was changed", async () => {
  const environment = { FOLDER: host.config, SAVED: `${host.folder}.saved/conf`, READONLY: "1" };
  const text = mounted(
    "size=900k",
    `ORIGIN=local
request_parse "1 apply app=a brake=B instance=fake%3A$ENCODED_CONFIG point=listener%3Asmtp%2Finet effect=tempfail match=all ttl=0 by=x reason=y"
request_run
ls "$MB_STATE/journal" >&3
[ -f "$MB_STATE/dirty" ] || say clean`,
  );
  const run = await withCopy(environment, text);
  expect(run.map((line) => (line.startsWith("{") ? JSON.parse(line).error : line))).toEqual(["read-only", "clean"]);
});

async function withCopy(environment: Record<string, string>, text: string): Promise<readonly string[]> {
  await host.ask("discover");
  cpSync(host.folder, `${host.folder}.saved`, { recursive: true });
  try {
    const ENCODED_CONFIG = host.config.replaceAll("/", "%2F");
    const run = await host.runFunctions(text, { environment: { ...environment, ENCODED_CONFIG } });
    return run.lines;
  } finally {
    rmSync(`${host.folder}.saved`, { recursive: true, force: true });
  }
}
