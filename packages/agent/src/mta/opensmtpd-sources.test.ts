import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { moduleText } from "../build-agent.ts";

const folder = mkdtempSync(join(tmpdir(), "mailbrake-opensmtpd-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The awk program between the quotes of its variable. */
function program(module: string, variable: string): string {
  const found = new RegExp(`${variable}='\\n([^']*)'`).exec(moduleText(`mta/opensmtpd-${module}.sh`));
  return found?.[1] ?? "";
}
const programs = program("sources", "OPENSMTPD_AWK_SOURCES") + program("rules", "OPENSMTPD_AWK_RULES");
const main = `
BEGIN { OUT = ENVIRON["OSD_OUT"]; ARMED = ENVIRON["OSD_ARMED"] + 0; INCLUDE = "include \\"/b/brakes.conf\\" # mailbrake" }
{ order_read($0) }
END { rules(); load(ENVIRON["OSD_MAIN"], 0); write_brakes(); write_sources() }`;

const awks = [["mawk"], ["gawk", "--posix"], ["busybox", "awk"], ["original-awk"]];

/** smtpd.conf with the hooks of these orders, and the file of brakes. */
function rendered(awk: readonly string[], text: string, orders: readonly string[]): { text: string; brakes: string } {
  const path = join(folder, "smtpd.conf");
  writeFileSync(path, text);
  const [command = "", ...words] = awk;
  const run = spawnSync(command, [...words, programs + main], {
    encoding: "utf8",
    input: orders.map((order) => `${order}\n`).join(""),
    env: {
      ...process.env,
      OSD_OUT: folder,
      OSD_MAIN: path,
      OSD_ARMED: "0",
      OSD_KEYS: "",
      OSD_BARE: text.endsWith("\n") ? " " : ` ${path} `,
    },
  });
  expect(run.stderr).toBe("");
  return {
    text: readFileSync(join(folder, "opensmtpd-1"), "utf8"),
    brakes: readFileSync(join(folder, "opensmtpd-brakes"), "utf8"),
  };
}
const order = (app: string, point: string, effect: string, match = "all", match2 = ""): string =>
  ["1", app, app, point, effect, match, match2, "", `say "${app}" \\ ok`, "0", "0", "0", "0"].join("\t");

const shapes: Record<string, string> = {
  plain: 'listen on lo\nmatch for any action "a"\n',
  "no last newline": "listen on lo",
  "named filter":
    'filter "x" phase connect match rdns disconnect "421"\nlisten on lo port 25 filter "x" # filter "y"\n',
  unquoted: "listen on lo filter x hostname filter.example tag filter\n",
  "macro and continuation":
    'where = "lo"\nf = "x"\nlisten on $where \\\n  port 25 \\\n\tfilter $f \\\n# listen on lo\n',
  list: "listen on lo filter { x,\n y\n} tag A\n",
  "list on one line": 'listen on lo filter {x "y"}#end\n',
  "comment that goes on": "# listen on lo \\\nlisten on lo\nlisten on lo port 26\n  listen on lo  \n",
  "odd quotes": "listen on 'lo' filter 'x' hostname \"a # b \\\" c\"\n",
  socket: "listen on socket filter x\nlisten on lo\n",
};
const orders = [
  order("A1", "listener:lo:25", "tempfail"),
  order("A2", "listener:lo:25", "reject", "sender:a.example", "recipient:b@c.example"),
  order("A3", "local", "reject"),
];

describe.each(awks)("the hooks in smtpd.conf under %s %s", (...awk) => {
  const words = awk.filter(Boolean);
  it.each(Object.entries(shapes))("%s: put in once, taken out exactly", (_name, text) => {
    const hooked = rendered(words, text, orders);
    expect(hooked.text).toContain("mailbrake");
    expect(rendered(words, hooked.text, orders)).toEqual(hooked);
    expect(rendered(words, hooked.text, []).text).toBe(text);
    const closed = rendered(words, hooked.text, [order("A4", "listener:lo:25", "close")]);
    expect(closed.text).toContain("#mailbrake-off# ");
    expect(rendered(words, closed.text, orders)).toEqual(hooked);
    expect(rendered(words, closed.text, []).text).toBe(text);
  });

  it("filters, quoted for smtpd, and the same under each awk", () => {
    expect(rendered(words, shapes["named filter"] ?? "", orders).brakes).toBe(
      String.raw`# Written by mailbrake-agent from its journal; changes here are lost.
filter "mailbrake.A1" phase rcpt-to match rcpt-to regex { ".*" } reject "450 4.7.1 say \"A1\" \\ ok (ref A1)"
filter "mailbrake.A3" phase rcpt-to match ! mail-from regex { "^$" } reject "554 5.7.1 say \"A3\" \\ ok (ref A3)"
filter "mailbrake.A2.1" phase rcpt-to match ! mail-from regex { "@(.*[.])?a[.]example$" } bypass
filter "mailbrake.A2" phase rcpt-to match rcpt-to regex { "^b@c[.]example$" } reject "554 5.7.1 say \"A2\" \\ ok (ref A2)"
filter "mailbrake_lo_25@x" chain { "mailbrake.A1", "x", "mailbrake.A2.1", "mailbrake.A2" }
filter "mailbrake_socket" chain { mailbrake.A3 }
listen on socket filter "mailbrake_socket"
`,
    );
  });
});
