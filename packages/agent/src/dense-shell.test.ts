/** The build may only take out what changes nothing: bash and gawk, which print what they have read, must print the same of both. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { moduleNames, moduleText, queueModuleNames } from "./build-agent.ts";
import { awkTokens, denseAwk } from "./dense-awk.ts";
import { denseShell } from "./dense-shell.ts";
import { awks, shells } from "./scratch-host.ts";

const folder = mkdtempSync(`${tmpdir()}/mailbrake-dense-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modules = [...moduleNames(), ...queueModuleNames()];

/** What the words, with a file of this text as their last, print. */
function printed(words: readonly string[], text: string): string {
  const path = `${folder}/script`;
  writeFileSync(path, text);
  const [command = "", ...rest] = words;
  const done = spawnSync(command, [...rest, path], { encoding: "utf8", env: { PATH: process.env.PATH ?? "" } });
  expect([done.status, done.stderr], `${words.join(" ")}: ${text}`).toEqual([0, ""]);
  return done.stdout;
}

/** All variables and functions, as bash prints what it has read. */
const readByBash = (text: string) =>
  printed(["bash"], `shopt -s extglob\n${text}\nset -o posix; set; declare -f`)
    .replace(/^(?:BASH_|LINENO=|PPID=|_=).*\n/gm, "")
    // bash keeps the spaces of an arithmetic expression as they were written
    .replace(/\$\(\(.*?\)\)/g, (arithmetic) => arithmetic.replaceAll(" ", ""));

/** The program without comments, as gawk prints what it has read. */
const readByGawk = (program: string) =>
  printed(["gawk", "-o-", "-f"], program.replace(/^\s*#.*$/gm, "")).replace(/\n+/g, "\n");

/** The awk programs in shell text that are whole by themselves. */
function programsIn(text: string): string[] {
  const found: string[] = [];
  denseShell(text, (program) => {
    found.push(program);
    return program;
  });
  return found.filter((program) => program.split("{").length > 1 && denseAwk(program) !== program);
}

test.for(modules)("bash reads %s as it was written", (name) => {
  const text = moduleText(name);
  expect(readByBash(denseShell(text, null))).toBe(readByBash(text));
});

test("bash reads the probe's program as it was written", () => {
  const program = /^PROBE_BASH='\n([^']*)'$/m.exec(moduleText("probe-programs.sh"))?.[1] ?? "";
  expect(denseShell(program).length).toBeLessThan(program.length);
  expect(readByBash(`f() {\n${denseShell(program)}}`)).toBe(readByBash(`f() {\n${program}}`));
});

test("gawk reads every awk program as it was written", () => {
  let programs = 0;
  for (const program of modules.flatMap((name) => programsIn(moduleText(name)))) {
    programs += 1;
    expect(readByGawk(denseAwk(program)), program).toBe(readByGawk(program));
  }
  expect(programs).toBeGreaterThan(30);
});

test("original-awk, which reads the least, can read every awk program", () => {
  const refused = modules.flatMap((name) =>
    programsIn(moduleText(name)).flatMap((program) => {
      // nothing of it runs: with this brace it is no program, which must be all that is complained of
      writeFileSync(`${folder}/program`, `${program}\n}\n`);
      const { stderr } = spawnSync("original-awk", ["-f", `${folder}/program`], { input: "", encoding: "utf8" });
      return stderr.startsWith("original-awk: extra } at ") ? [] : [`${name}: ${stderr}`];
    }),
  );
  expect(refused).toEqual([]);
});

describe("awk", () => {
  const program = `# comment
    function twice(a,   b) { b = a a; return b }  # another
    function sign(n) {
      if (n < 0) {
        return "-"
      } else if (n > 0) return "+"
      else
        return "0"
    }
    BEGIN {
      x = 6; y = 2
      print x / y / 3, x - -y, x + +y, x -y, "a" "b", x " " y
      print twice ("q"), (x) (y), x (y), !x, x++ + ++y, x-- - --y
      n = split("a/b#c", part, /[\\/#]/)
      for (i = 1; i <= n; i++)
        out = out part[i] (i < n ? "," : "")
      print out; print sign(-1) sign(0) sign(1)
      while ((getline line < "/dev/null") > 0) ;
      if (out ~ /a,/ && out !~ /#x/ ||
          x == 1) { print "#"; }
      do { i-- } while (i > 0)
      k["a"] = 1; for (one in k) print one in k, 1 " " 2, -1 " " -1
      delete k["a"]; if (!("a" in k)) print "gone" }
    END { printf("%s\\n", "end") }
  `.replace('twice ("q")', 'twice("q")');
  test.for(Object.entries(awks))("%s does the same with fewer bytes", ([, command]) => {
    const words = [...command.split(" "), "-f"];
    const dense = denseAwk(program);
    expect(dense.length).toBeLessThan(program.length * 0.8);
    const run = (text: string) => {
      writeFileSync(`${folder}/program`, text);
      return spawnSync(words[0] ?? "", [...words.slice(1), `${folder}/program`], { input: "", encoding: "utf8" })
        .stdout;
    };
    expect(run(dense)).toBe(run(program));
    expect(run(dense)).toContain("1 8 8 4 ab 6 2\n");
  });

  test("tokens stay in their order, strings and regular expressions as they are", () => {
    const kept = (text: string) =>
      awkTokens(text)
        .filter(({ kind, text: token }) => kind !== "newline" && token !== ";")
        .map((token) => token.text);
    expect(kept(denseAwk(program))).toEqual(kept(program));
    expect(denseAwk('{ print "a  # b", /c  \\/ d/ }')).toBe('{print"a  # b",/c  \\/ d/}');
    expect(denseAwk('{ a (b); length($1); c - -d; 1 " " .5 }')).toBe('{a (b);length($1);c- -d;1" ".5}');
  });

  test("what is only a piece of a program stays as it is", () => {
    expect(denseAwk("{ a ( b )")).toBe("{ a ( b )");
    expect(() => denseAwk('{ print "a }')).toThrow(/does not end/);
  });
});

describe("shell", () => {
  const script = `
    f() {  # a comment
      case $1 in
      a | b) echo "  $(case x in x) echo 'in  side' ;; esac)  " ;;
      (c)
        ( ( echo sub ) ; echo "\${1#"c"}" ) | cat ;;
      *) { echo 2 >&2 ; } 2>/dev/null || : ;;
      esac
    }
    for w in a c d ; do f "$w" ; done
    cat <<'END' ; echo "after # it"
  kept   as  it ; is || # here
END
    x=$( (echo one ; echo two) | while read -r l ; do echo "$l;" ; done ) && echo "$x" 1 >/dev/null
    echo a#b \\; \\# 'q  q'\\''r' $((1 + 2 * (3 - 1))) $(( (7 - 2) * 2 )) $((5 - -3)) >/dev/null 2>&1 && echo "$((1 + 2))" &
    wait
    if ! false ; then echo yes ; elif true ; then echo no ; else echo neither ; fi
    n2=3; echo n2 >/dev/null; echo $n2 2>/dev/null; [ -z "" ] && { echo brace ; }
    awk 'BEGIN { printf "%s %s\\n", "a  b", 1 + 1 }   # prints
      END { }' </dev/null
  `.replace(/^ {4}/gm, "");
  test.for(Object.entries(shells))("%s does the same with fewer bytes", ([, words]) => {
    const dense = denseShell(script);
    expect(dense.length).toBeLessThan(script.length * 0.9);
    expect(printed(words, dense)).toBe(printed(words, script));
    expect(printed(words, dense)).toContain("kept   as  it ; is || # here");
  });

  test("what can't be read is an error, not a guess", () => {
    expect(() => denseShell("echo 'a\n")).toThrow(/can't read/);
    expect(() => denseShell("x=$(echo a\n")).toThrow(/does not end/);
    expect(() => denseShell("x=`id`\n")).toThrow(/\$\( \)/);
    expect(() => denseShell("echo a )\n")).toThrow();
  });
});
