import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface PrivateAccount {
  name: string;
  password: string;
  sudo: "no" | "with-password" | "without-password";
}

/**
 * Gives a command accounts that no other process of this machine sees: in a mount namespace of its own, files in `folder` stand for /etc/passwd, /etc/shadow and /etc/sudoers.
 * @returns the words to run instead of `command`; needs root, unshare, openssl
 */
export function withAccounts(folder: string, accounts: PrivateAccount[], command: string[]): string[] {
  const file = (name: string, mode: number, text: string) => {
    writeFileSync(join(folder, name), text, { mode });
    return join(folder, name);
  };
  const home = join(folder, "home");
  mkdirSync(home, { mode: 0o755 });
  const hash = (password: string) =>
    execFileSync("openssl", ["passwd", "-6", "-stdin"], { input: password, encoding: "utf8" }).trim();
  const passwd = accounts.map(({ name }, index) => `${name}:x:${61_000 + index}:100::${home}:/bin/sh\n`).join("");
  const shadow = accounts.map(({ name, password }) => `${name}:${hash(password)}:19000:0:99999:7:::\n`).join("");
  const sudoers = accounts
    .filter(({ sudo }) => sudo !== "no")
    .map(({ name, sudo }) => `${name} ALL=(ALL:ALL) ${sudo === "without-password" ? "NOPASSWD: " : ""}ALL\n`)
    .join("");
  const binds = [
    [file("passwd", 0o644, readFileSync("/etc/passwd", "utf8") + passwd), "/etc/passwd"],
    [file("shadow", 0o640, readFileSync("/etc/shadow", "utf8") + shadow), "/etc/shadow"],
    [
      file("sudoers", 0o440, `Defaults lecture=never, timestamp_timeout=5\nroot ALL=(ALL:ALL) ALL\n${sudoers}`),
      "/etc/sudoers",
    ],
  ];
  const mounts = binds.map((_, index) => `mount --bind "$${index * 2 + 1}" "$${index * 2 + 2}"`).join(" && ");
  return [
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-c",
    `${mounts} && shift ${binds.length * 2} && exec "$@"`,
    "sh",
    ...binds.flat(),
    ...command,
  ];
}
