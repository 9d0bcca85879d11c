import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "sendmail-awk-"));
afterAll(() => rmSync(folder, { recursive: true }));
const awks = [["mawk"], ["gawk", "--posix"], ["busybox", "awk"], ["original-awk"]].filter(
  ([program = ""]) => spawnSync(program, ["--help"]).error === undefined,
);

/** What stands between single quotes after NAME= in a module. */
function constant(module: string, name: string): string {
  const text = readFileSync(fileURLToPath(new URL(module, import.meta.url)), "utf8");
  const start = text.indexOf(`${name}='`) + name.length + 2;
  return text.slice(start, text.indexOf("'", start));
}
const daemonProgram = constant("sendmail-cf.sh", "SENDMAIL_AWK_DAEMON");
const rules = constant("sendmail-cf.sh", "SENDMAIL_RULES");

function run(awk: readonly string[], program: string, input: string, env: Record<string, string> = {}): string {
  const [command = "", ...rest] = awk;
  return execFileSync(command, [...rest, program], {
    encoding: "utf8",
    input,
    env: { PATH: process.env.PATH, LC_ALL: "C", ...env },
  });
}

/** An order as journal_stream tells it. */
function order(
  app: string,
  effect: string,
  match: string,
  more: { point?: string; match2?: string; limit?: number } = {},
): string {
  const { point = "listener:25", match2 = "", limit = 0 } = more;
  return ["1", app, `R${app}`, point, effect, match, match2, "", "", limit, 0, 0, 0].join("\t");
}

function cf(awk: readonly string[], text: string, orders: readonly string[], on: boolean): string {
  const path = join(folder, "orders");
  writeFileSync(path, orders.map((line) => `${line}\n`).join(""));
  return run(awk, daemonProgram + constant("sendmail-cf.sh", "SENDMAIL_AWK_MAKE"), `${text}@@mailbrake-end@@\n`, {
    SENDMAIL_ON: on ? "1" : "0",
    SENDMAIL_ORDERS: path,
    SENDMAIL_TABLE: "/t/brakes",
    SENDMAIL_RULES: rules,
  });
}

function table(awk: readonly string[], sockets: string, orders: readonly string[]): string[] {
  const path = join(folder, "sockets");
  writeFileSync(path, sockets);
  const program = `${constant("sendmail-table.sh", "SENDMAIL_AWK_TABLE")}
    BEGIN { while ((getline line < ENVIRON["SENDMAIL_SOCKETS"]) > 0) socket_read(line) }
    { table_read($0) }
    END { exit table() }`;
  return run(awk, program, orders.map((line) => `${line}\n`).join(""), { SENDMAIL_SOCKETS: path })
    .trim()
    .split("\n");
}

const plain = `V10/Berkeley
O DaemonPortOptions=Family=inet,  Name=MTA-v4, Port=smtp
O DaemonPortOptions=Family=inet, Name=MSP-v4,
\tPort=submission, Addr=127.0.0.1
Kaccess hash /etc/mail/access
SLocal_check_rcpt
R$*\t$: $1
Scheck_rcpt
R$*\t$@ OK`;

describe.each(awks.map((awk) => [awk.join(" "), awk] as const))("under %s", (_name, awk) => {
  it.each([
    ["with an end of its last row", `${plain}\n`],
    ["without one", plain],
    ["of nothing", ""],
  ])("our block goes into a cf %s, stays as it is, and leaves nothing", (_title, text) => {
    const hooked = cf(awk, text, [], true);
    if (text !== "") expect(hooked).toContain("#mailbrake begin");
    expect(hooked.indexOf("Smailbrake_rcpt")).toBeLessThan(Math.max(0, hooked.indexOf("SLocal_check_rcpt")));
    expect(cf(awk, hooked, [], true)).toBe(hooked);
    expect(cf(awk, hooked, [], false)).toBe(text);
  });

  it("closed listeners are out of force with all their rows, one on all addresses stays on loopback; the last can't be closed", () => {
    const all = order("A", "close", "all");
    const local = order("B", "close", "all", { point: "listener:127.0.0.1.587" });
    const closed = cf(awk, `${plain}\n`, [all, local], true);
    expect(closed).toContain("#mailbrake-off# O DaemonPortOptions=Family=inet,  Name=MTA-v4, Port=smtp\n");
    expect(closed).toContain("#mailbrake-off# \tPort=submission, Addr=127.0.0.1\n");
    const open = closed.split("\n").filter((line) => line.startsWith("O Daemon"));
    expect(open).toEqual(["O DaemonPortOptions=Addr=127.0.0.1, Family=inet, Name=MTA-v4, Port=smtp"]);
    expect(cf(awk, closed, [all, local], true)).toBe(closed);
    expect(cf(awk, closed, [], false)).toBe(`${plain}\n`);
    const alone = plain.replace(/O .*smtp\n/, "");
    expect(() => cf(awk, alone, [local], true)).toThrow();
  });

  it("hold and discard take a ruleset that the admin does not have", () => {
    expect(cf(awk, `${plain}\nScheck_data\nR$*\t$@ OK\n`, [], true)).toMatch(/^Scheck_eom$/m);
    const none = `${plain}\nScheck_data\nScheck_eom\nScheck_eoh\n`;
    expect(cf(awk, cf(awk, none, [], true), [], false)).toBe(none);
  });

  it("an admin's rows in our block stay, and a lost end mark takes nothing of the admin's with it", () => {
    const hooked = cf(awk, `${plain}\n`, [], true);
    const mixed = hooked
      .replace("Kmailbrake_is arith\n", "Kmailbrake_is arith\n# of the admin\n")
      .replace("#mailbrake end\n", "");
    expect(cf(awk, mixed, [], false)).toBe(`${plain}\n`.replace("SLocal", "# of the admin\nSLocal"));
  });

  it("the table has the narrowest key of each match, with every brake that it means", () => {
    const sockets = "25 MTA-v4 25 * inet 1\n";
    expect(
      table(awk, sockets, [
        order("A", "reject", "sender:example.org"),
        order("B", "hold", "sender:a@sub.example.org"),
        order("C", "tempfail", "sender:sub.example.org", { match2: "client:192.0.2.128" }),
        order("D", "throttle", "client:2001:db8::/48", { limit: 3 }),
        order("E", "tempfail", "all", { point: "local" }),
        order("F", "pause", "all", { point: "delivery" }),
      ]),
    ).toEqual([
      "# from mailbrake-agent: made new at each change",
      "n:MTA-v4\tn1",
      "n1:t:c:ipv6:2001:db8:0\t3 10002",
      "n1:s:@sub.example.org\t20005 1",
      "n1:s:a@sub.example.org\t20005 1 B+",
      "n1:s:@example.org\t20005 0",
      "n1:c:192.0.2.128\t99999 1",
      "n1:a.0.1.0.1\t10003 0",
      "l:MTA-v4\tl1",
      "l1:t:c:ipv6:2001:db8:0\t3 10002",
      "l1:all\t10001 0",
      "l1:s:@sub.example.org\t20005 1",
      "l1:s:a@sub.example.org\t20005 1 B+",
      "l1:s:@example.org\t20005 0",
      "l1:c:192.0.2.128\t99999 1",
      "l1:a.0.1.0.1\t10003 0",
      "d\td",
      "d:all\t10000 0",
      'do:20005\tREJ "554 Not accepted here (ref RA)"',
      'do:10003\tTEMP "450 Mail is paused here, please try again later (ref RC)"',
      'do:10002\tTEMP "421 4.7.0 Too many connections, please try again later (ref RD)"',
      'do:10001\tTEMP "450 Mail is paused here, please try again later (ref RE)"',
      'do:10000\tTEMP "450 Mail is paused here, please try again later (ref RF)"',
    ]);
  });

  it("a network of any size is written out in at most 1024 keys, exactly", () => {
    const sockets = "25 MTA-v4 25 * inet 1\n";
    const keys = (match: string): string[] =>
      table(awk, sockets, [order("A", "tempfail", match)]).flatMap((line) => /^n1:c:(\S*)/.exec(line)?.[1] ?? []);
    expect(keys("client:10.8.0.0/13")).toEqual(["10.8", "10.9", "10.10", "10.11", "10.12", "10.13", "10.14", "10.15"]);
    expect(keys("client:192.0.2.0/24")).toEqual(["192.0.2"]);
    expect(keys("client:192.0.2.7")).toEqual(["192.0.2.7"]);
    expect(keys("client:192.0.0.0/9")).toHaveLength(128);
    expect(keys("client:2001:db8::/64")).toEqual(["ipv6:2001:db8:0:0"]);
    expect(keys("client:2001:db8:0:fff0::/60")).toHaveLength(16);
    expect(keys("client:2001:db8:0:fff0::/60").at(-1)).toBe("ipv6:2001:db8:0:ffff");
    expect(keys("client:2001:db8:400::/38")).toHaveLength(1024);
    expect(keys("client:::1")).toEqual(["ipv6:0:0:0:0:0:0:0:1"]);
  });
});
