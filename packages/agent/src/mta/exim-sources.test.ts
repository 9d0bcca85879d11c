import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const module = fileURLToPath(new URL("exim-sources.sh", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "exim-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));

const awks = [["mawk"], ["gawk", "--posix"], ["busybox", "awk"], ["original-awk"]].filter(
  ([program = ""]) => spawnSync(program, ["--help"]).error === undefined,
);

interface Hooking {
  awk: readonly string[];
  layout: "debian" | "own";
  hook: boolean;
  /** Without the listeners that a close takes away; none closed when absent. */
  interfaces?: string;
}

/** The sources after the program that the agent runs over them; undefined for a file that is to go. */
function sources(texts: readonly string[], { awk, layout, hook, interfaces }: Hooking): (string | undefined)[] {
  const text = readFileSync(module, "utf8");
  const program = text.slice(text.indexOf("EXIM_AWK_SOURCES='") + 18, text.lastIndexOf("'"));
  const [command = "", ...rest] = awk;
  const set = /^\s*acl_smtp_connect\s*=(?!.*exists \{)/m.test(texts.join("\n")) ? " acl_smtp_connect " : " ";
  const said = execFileSync(
    command,
    [...rest, `${program}\nBEGIN { sources_setup() } { sources_row($0) } END { render_sources() }`],
    {
      encoding: "utf8",
      input: texts.map((one) => `${one}@@mailbrake-end@@\n`).join(""),
      env: {
        PATH: process.env.PATH,
        EXIM_D: "/d",
        EXIM_TARGET: "1",
        EXIM_LAYOUT: layout,
        EXIM_SET: set,
        EXIM_HOOK: hook ? "1" : "0",
        EXIM_NEW: texts[0] === "" ? "1" : "0",
        EXIM_INTERFACES: interfaces ?? "",
        EXIM_LISTENERS: "<; 0.0.0.0.25",
        EXIM_OUT: folder,
      },
    },
  );
  expect(said).not.toContain("hidden");
  return texts.map((_text, index) =>
    said.includes(`${index + 1} gone`) ? undefined : readFileSync(join(folder, `exim-source-${index + 1}`), "utf8"),
  );
}

const template = `.ifdef MAIN_LOCAL_INTERFACES
local_interfaces = MAIN_LOCAL_INTERFACES
.endif
.ifndef MAIN_ACL_CHECK_RCPT
MAIN_ACL_CHECK_RCPT = acl_check_rcpt
.endif
acl_smtp_rcpt = MAIN_ACL_CHECK_RCPT
begin acl
acl_check_rcpt:
  accept
`;
const own = `# by hand
acl_smtp_connect = acl_check_connect
  acl_smtp_rcpt=   "acl_check_rcpt"
hold_domains = a.example : \\
   b.example
acl_not_smtp = \${if eq{$sender_host_address}{} \\
   {acl_a}{acl_b}}
local_interfaces = 0.0.0.0.25 : \\
  0.0.0.0.587
# acl_smtp_connect = an old one
begin acl
acl_smtp_connect = not an option here`;
const shapes: { name: string; layout: "debian" | "own"; texts: string[] }[] = [
  { name: "Debian, no localmacros", layout: "debian", texts: ["", template] },
  { name: "Debian, localmacros", layout: "debian", texts: ["# mine\ndaemon_smtp_ports = 25 : 587\n", template] },
  {
    name: "Debian, all set by the admin",
    layout: "debian",
    texts: [
      "MAIN_ACL_CHECK_RCPT = my_rcpt\nacl_smtp_connect = my_connect\nMAIN_LOCAL_INTERFACES = 127.0.0.1\n",
      template,
    ],
  },
  { name: "a file of its own, without its last newline", layout: "own", texts: [own] },
  { name: "a file of its own, all unset", layout: "own", texts: ["begin acl\n"] },
];
const edits: { name: string; edit: (text: string) => string; onlyOurs?: boolean }[] = [
  { name: "a line appended", edit: (text) => `${text}\nqueue_only = true\n` },
  { name: "a line put first", edit: (text) => `queue_only = true\n${text}` },
  { name: "a comment changed", edit: (text) => text.replace("# by hand", "# by somebody").replace("# mine", "# ours") },
  { name: "another ACL named", edit: (text) => text.replace(/acl_check_connect|my_connect/, "acl_new_connect") },
  {
    name: "one of his lines out",
    edit: (text) => text.replace(/^(acl_smtp_connect = .*(my|check)_connect.*)$/m, "# $1"),
  },
  {
    name: "listeners changed",
    edit: (text) => text.replace("0.0.0.0.587", "0.0.0.0.2525").replace("127.0.0.1\n", "192.0.2.1\n"),
  },
  { name: "our lines deleted", edit: (text) => text.replace(/^.*exists \{\/d\/.*\n/gm, ""), onlyOurs: true },
  { name: "our lines commented out", edit: (text) => text.replace(/^(.*exists \{\/d\/.*)$/gm, "#$1"), onlyOurs: true },
];

describe.each(awks.map((awk) => [awk.join(" "), awk] as const))("hooks in Exim's sources, by %s", (_name, awk) => {
  describe.each(shapes)("$name", ({ layout, texts }) => {
    it("every option is hooked once, and all of it comes out again, byte for byte", () => {
      const hooked = sources(texts, { awk, layout, hook: true, interfaces: "<;" });
      const all = hooked.join("\n");
      for (const file of ["connect", "rcpt", "local", "start", "hold"])
        expect(all.match(new RegExp(`exists ?\\{/d/${file}\\}`, "g"))).toHaveLength(1);
      // never an empty expansion, which would deny all
      expect(all).not.toMatch(/\{\$\{readfile\{[^}]*\}\{\}\}\}\{\}\}/);
      const again = hooked.map((text) => text ?? "");
      expect(sources(again, { awk, layout, hook: true, interfaces: "<;" })).toEqual(hooked);
      const open = sources(again, { awk, layout, hook: true });
      expect(open.join("")).not.toContain("mailbrake-was");
      expect(sources(again, { awk, layout, hook: false })).toEqual(
        texts.map((text) => (text === "" ? undefined : text)),
      );
    });

    it.each(edits)("$name meanwhile: the edit stays, and nothing else", ({ edit, onlyOurs }) => {
      const hooked = sources(texts, { awk, layout, hook: true, interfaces: "<;" });
      const edited = hooked.map((text) => edit(text ?? ""));
      const wanted = onlyOurs ? texts : texts.map((text) => edit(text));
      expect(sources(edited, { awk, layout, hook: false }).map((text) => text ?? "")).toEqual(wanted);
    });
  });
});

it("there is an awk to try", () => {
  expect(awks.length).toBeGreaterThan(0);
  writeFileSync(join(folder, "tried"), awks.join(" "));
});
