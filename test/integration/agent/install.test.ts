/** The enrolment script and uninstall on a real host: what they put there, what they leave, what the key can do. */
import { execFileSync } from "node:child_process";
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
  rmSync(folder, { recursive: true, force: true });
  await lab?.down();
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

function overSsh(user: string, command: string, input: string): string {
  const options = [
    "-q",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "BatchMode=yes",
    "-o",
    "IdentitiesOnly=yes",
  ];
  return execFileSync(
    "ssh",
    [...options, "-i", `${folder}/key`, "-p", String(host.sshPort), `${user}@${host.address}`, command],
    {
      input,
      encoding: "utf8",
      timeout: 30_000,
    },
  );
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
