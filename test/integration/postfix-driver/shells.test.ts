import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../../lab/index.ts";
import { BrakedHost } from "./braked-host.ts";

const folder = "/opt/shells";
const shells = [["dash"], ["busybox", "ash"], ["ksh93"], ["mksh"], ["yash"], ["bash", "--posix"]];
const awks = [["mawk"], ["gawk", "--posix"], ["busybox", "awk"], ["original-awk"]];
/** Each shell once and each awk at least once. */
const pairs = shells.map((shell, index) => ({ shell, awk: awks[index % awks.length] ?? [] }));

describe("the driver on a real Postfix under other shells and awks", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labUp({
      hosts: [mxHost("mx1", 11, { submission: true }), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    for (const program of new Set([...shells, ...awks].map(([name = ""]) => name))) await copyProgram(program);
    for (const [name = "", ...args] of awks) {
      const awkFolder = `${folder}/${name}-awk`;
      const wrapper = `#!/bin/sh\nexec ${folder}/bin/${name} ${args.join(" ")} "$@"\n`;
      await lab.host("mx1").exec(["mkdir", "-p", awkFolder]);
      await lab.host("mx1").writeFile(`${awkFolder}/awk`, wrapper);
      await lab.host("mx1").exec(["chmod", "755", `${awkFolder}/awk`]);
    }
  });
  afterAll(async () => await lab?.down());

  /** This machine's program with the libraries that the host lacks, both being Debian 12. */
  async function copyProgram(name: string): Promise<void> {
    const host = lab.host("mx1");
    const path = realpathSync(
      execFileSync("/bin/sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim(),
    );
    await host.exec(["mkdir", "-p", `${folder}/bin`]);
    await host.writeFile(`${folder}/bin/${name}`, readFileSync(path));
    await host.exec(["chmod", "755", `${folder}/bin/${name}`]);
    for (const [, library = ""] of execFileSync("ldd", [path], { encoding: "utf8" }).matchAll(/=> (\/\S+)/g)) {
      const target = `/usr/lib/x86_64-linux-gnu/${basename(library)}`;
      if ((await host.exec(["test", "-e", target], { check: false })).exitCode === 0) continue;
      await host.writeFile(target, readFileSync(realpathSync(library)));
    }
  }

  it.each(pairs)("$shell with $awk: discover, plan, brake, status, hold and release, lift", async ({ shell, awk }) => {
    await lab.sink.reset();
    const [program = "", ...args] = shell;
    const under = { shell: [`${folder}/bin/${program}`, ...args], awkFolder: `${folder}/${awk[0]}-awk` };
    const mx = await BrakedHost.on(lab.host("mx1"), under);
    try {
      const untouched = await mx.configuration();
      const hello = (await mx.agent.ask("hello")).final;
      expect(hello.shell).toMatch({ ksh93: /93u/, mksh: /MIRBSD/ }[program] ?? new RegExp(program));
      const { final } = await mx.agent.ask("discover");
      expect(final).toMatchObject({ instances: 1, points: 4 });
      const talk = { recipients: ["someone@lab.example"] };
      const tempfail = await mx.brake({ effect: "tempfail", match: "sender:a@b.example", text: `50% "off" \\ $HOME` });
      await mx.settles({ ...talk, sender: "a@b.example" }, new RegExp(`50% "off" \\\\ \\$HOME \\(ref ${tempfail}\\)`));
      const hold = await mx.brake({
        point: "listener:submission/inet",
        effect: "throttle",
        match: "client:2001:db8::/32",
        messages: "5",
      });
      const pause = await mx.brake({ point: "delivery", effect: "pause", match: "all" });
      const both = await mx.brake({
        effect: "reject",
        match: "recipient:lab.example",
        match2: "sender:<>",
        cut: "1",
      });
      await mx.settles({ ...talk, sender: "" }, new RegExp(`^554 .*\\(ref ${both}\\)`));
      const domain = await mx.brake({ point: "delivery", effect: "pause", match: "recipient:lab.example" });
      const slow = await mx.brake({ point: "delivery", effect: "throttle", match: "all", messages: "60" });
      const held = await mx.brake({ effect: "hold", match: "client:0.0.0.0/0" });
      const { parts } = await mx.agent.ask("status");
      const active = parts.flatMap((part) => ("application" in part ? [part.application] : []));
      expect(active.map(({ intact, drift }) => ({ intact, drift }))).toEqual(
        active.map(() => ({ intact: true, drift: [] })),
      );
      expect(active).toHaveLength(7);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await mx.talk({ ...talk, subject: "numbered message 1" });
      await mx.agent.ask("plan", { op: "lift", app: held });
      expect(await mx.lift(held)).toBe(1);
      for (const app of [pause, both, domain, slow, hold, tempfail]) await mx.lift(app);
      expect([...(await lab.sink.waitFor(1, 30)).values()]).toEqual([1]);
      await mx.expectClean(untouched);
    } finally {
      await mx.liftAll();
      await mx.stop();
    }
  });
});
