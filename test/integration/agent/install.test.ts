/** The enrolment script and uninstall on a real host: what they put there, what they leave, what the key can do. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { enrolmentScript } from "@mailbrake/agent";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lab, type LabHost, labUp, mxHost } from "../../lab/index.ts";

let lab: Lab;
let host: LabHost;
const folder = mkdtempSync(`${tmpdir()}/mailbrake-install-`);
const places = ["/etc", "/usr/local", "/var/lib", "/root", "/var/spool/cron"];

beforeAll(async () => {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", `${folder}/key`]);
  lab = await labUp({ hosts: [mxHost("mx1", 11)] });
  host = lab.host("mx1");
}, 180_000);
afterAll(async () => {
  try {
    rmSync(folder, { recursive: true, force: true });
  } finally {
    await lab?.down();
  }
});

function script(): string {
  return enrolmentScript({ publicKey: readFileSync(`${folder}/key.pub`, "utf8") });
}

async function install(): Promise<{ stdout: string; stderr: string }> {
  await host.writeFile("/tmp/enrol.sh", script());
  const done = await host.shell("sh /tmp/enrol.sh; status=$?; rm -f /tmp/enrol.sh; exit $status");
  return done;
}

/** Everything but what the system's own programs rewrite: backups of passwd, and the log of logins. */
async function checksums(): Promise<string[]> {
  const lines = await host.checksumTree(...places);
  return lines.filter((line) => !/^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-|^\/etc\/\.pwd\.lock/.test(line));
}

/** For ssh and sftp. */
function options(): string[] {
  const settings = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "IdentitiesOnly=yes"];
  const words = [...settings, `Port=${host.sshPort}`].flatMap((setting) => ["-o", setting]);
  return ["-q", ...words, "-i", `${folder}/key`];
}

function overSsh(user: string, command: string, input: string): string {
  return execFileSync("ssh", [...options(), `${user}@${host.address}`, command], {
    input,
    encoding: "utf8",
    timeout: 30_000,
  });
}

const apply =
  "3 apply app=a1 brake=B1 instance=postfix%3A%2Fetc%2Fpostfix point=listener%3Asmtp%2Finet effect=tempfail match=all ttl=900 by=eva reason=test\n";

test("installed, installed again, used, uninstalled: every file is what it was, a brake that was on included", {
  timeout: 180_000,
}, async () => {
  const before = await checksums();
  const first = await install();
  const told = JSON.parse(first.stdout.trim().split("\n").at(-1) ?? "");
  expect(told).toMatchObject({ installed: true, user: "mailbrake" });
  expect(told.hostKeys.join("\n")).toContain("ssh-ed25519 AAAA");
  const once = await checksums();
  await install();
  expect(await checksums()).toEqual(once);

  // Whatever the client asks ssh to run, the forced command runs; what is typed there is a request or nothing.
  const answers = overSsh("mailbrake", "id; cat /etc/shadow", `1 hello\n2 discover\n${apply}; id\n`)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(answers.map((answer) => answer.id)).toContain("1");
  expect(answers.find((answer) => answer.id === "3" && answer.done)).toMatchObject({ ok: true, outcome: "applied" });
  expect(answers.at(-1)).toMatchObject({ id: "-", error: "bad-line" });
  expect(JSON.stringify(answers)).not.toContain("root:");
  const sudo = await host.exec(
    [
      "su",
      "-s",
      "/bin/sh",
      "mailbrake",
      "-c",
      "sudo -n /usr/local/sbin/mailbrake-agent status; sudo -n id; touch /var/lib/mailbrake-home/x",
    ],
    {
      check: false,
    },
  );
  expect(sudo.stdout).toBe("");

  const removed = await host.shell("mailbrake-agent uninstall");
  expect(removed.stdout).toContain("lifted a1");
  expect(await checksums()).toEqual(before);
  expect((await host.shell("getent passwd mailbrake", { check: false })).stdout).toBe("");
  expect(() => overSsh("mailbrake", "", "1 hello\n")).toThrow();
});

test("trap: a client may ask for a terminal, for sftp, for a port or for a command of its own: it gets the agent, which reads requests on its standard input alone", {
  timeout: 180_000,
}, async () => {
  const before = await checksums();
  await install();
  const login = `mailbrake@${host.address}`;
  const tried = (program: string, words: string[], input: string) =>
    spawnSync(program, [...options(), ...words], { input, encoding: "utf8", timeout: 60_000 });
  const terminal = spawnSync("ssh", ["-tt", ...options().slice(1), login, "tty"], {
    input: "1 hello\n",
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(terminal.stderr).toContain("PTY allocation request failed");
  expect(terminal.stdout).not.toMatch(/\/dev\/|\r/);
  const own = tried("ssh", [login, "touch /tmp/ran"], `1 hello\n2 discover\n${apply}`);
  const answers = own.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  // the session did not wait for the 900 s of the brake's own clock
  expect([own.signal, answers.at(-1)]).toMatchObject([null, { id: "3", outcome: "applied" }]);
  expect((await host.shell("pgrep -f mailbrake-sleeper | wc -l")).stdout.trim()).not.toBe("0");
  // the first packet of sftp, and a newline
  const files = tried("ssh", ["-s", login, "sftp"], "\u0000\u0000\u0000\u0005\u0001\u0000\u0000\u0000\u0003\n");
  expect(JSON.parse(files.stdout)).toMatchObject({ id: "-", error: "bad-line" });
  const port = tried("ssh", ["-W", "127.0.0.1:25", login], "QUIT\r\n");
  expect([port.status === 0, port.stdout]).toEqual([false, ""]);
  expect((await host.shell("ls /tmp/ran 2>/dev/null || :")).stdout).toBe("");
  // a `!` there would lock the account for keys too
  expect((await host.shell("getent shadow mailbrake")).stdout.split(":")[1]).toBe("*");
  await host.shell("mailbrake-agent uninstall");
  expect(await checksums()).toEqual(before);
});

test("without sudo and doas the key goes to root with the forced command, and goes away again", {
  timeout: 180_000,
}, async () => {
  const before = await checksums();
  await host.shell("mv /usr/bin/sudo /usr/bin/sudo.away");
  try {
    const told = JSON.parse((await install()).stdout.trim().split("\n").at(-1) ?? "");
    expect(told).toMatchObject({ installed: true, user: "root" });
    expect(JSON.parse(overSsh("root", "id", "1 hello\n").trim())).toMatchObject({ ok: true, uid: 0 });
    await host.shell("mailbrake-agent uninstall");
  } finally {
    await host.shell("mv /usr/bin/sudo.away /usr/bin/sudo");
  }
  expect(await checksums()).toEqual(before);
});

test("half a script changes nothing", { timeout: 60_000 }, async () => {
  const before = await checksums();
  const whole = script();
  for (const share of [0.1, 0.5, 0.9, 0.999]) {
    await host.writeFile("/tmp/half.sh", whole.slice(0, Math.floor(whole.length * share)));
    await host.shell("sh /tmp/half.sh", { check: false });
  }
  await host.shell("rm -f /tmp/half.sh");
  expect(await checksums()).toEqual(before);
});
