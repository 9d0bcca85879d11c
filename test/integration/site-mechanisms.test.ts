import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AgentArguments, DiscoveredPoint } from "@mailbrake/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, type LabHost, labUp, sendmailHost } from "../lab/index.ts";
import { AgentOnHost, type AgentSettings } from "./postfix-driver/agent-on-host.ts";
import { smtpTalk } from "./postfix-driver/smtp-talk.ts";

const instance = "site:/etc/mailbrake/mechanisms.d";
const folder = "/etc/mailbrake/mechanisms.d";
const example = readFileSync(
  fileURLToPath(new URL("../../docs/examples/mechanisms.d/tcp-wrappers", import.meta.url)),
  "utf8",
);

/** Says what it was given, and keeps that it was told to apply in a file of each brake. */
const witness = `#!/bin/sh
case $1 in
describe) printf '%s\\n' 'label=A witness' kind=external volatile=yes 'cell=tempfail all,sender,sender+recipient keeps 450 later' 'cell=discard all loses 250 Ok' 'cell=throttle all keeps later' ;;
plan) env | sort; echo "arguments: $*"; [ "$MAILBRAKE_TEXT" != refuse ] || { echo 'not today'; exit 1; } ;;
apply) [ "$MAILBRAKE_TEXT" != fail ] || { echo 'the disk is gone' >&2; exit 3; }; [ "$MAILBRAKE_TEXT" != hang ] || sleep 60
  [ "$MAILBRAKE_TEXT" != shout ] || yes '"\\\\ \\$(id)' | head -c 3000000; env | sort > "/run/witness.$MAILBRAKE_APP" ;;
lift) rm -f "/run/witness.$MAILBRAKE_APP" ;;
status) [ -f "/run/witness.$MAILBRAKE_APP" ] ;;
esac
`;

describe("site mechanisms", () => {
  let lab: Lab;
  let host: LabHost;
  let agent: AgentOnHost;
  let near = "";
  let count = 0;
  const start = async (settings: AgentSettings = {}) =>
    await AgentOnHost.start(host, { drivers: ["sendmail", "site"], shell: ["yash"], ...settings });
  const put = async (name: string, text: string): Promise<void> => {
    await host.writeFile(`${folder}/${name}`, text);
    await host.shell(`chown 0:0 ${folder}/${name}; chmod 755 ${folder}/${name}`);
  };
  const shell = async (script: string) => (await host.shell(script)).stdout.trim();
  const request = (brake: AgentArguments): AgentArguments & { app: string } => {
    count += 1;
    const app = `S${count}`;
    const order = { point: "external:witness", effect: "tempfail", match: "all", ttl: "0", by: "test", reason: "test" };
    return { app, brake: app, instance, ...order, ...brake };
  };
  /** Of an application, what a plan takes. */
  const planned = ({ ttl, by, reason, ...keys }: AgentArguments): AgentArguments => keys;
  const brake = async (keys: AgentArguments): Promise<string> => {
    const asked = request(keys);
    expect((await agent.ask("apply", asked)).final).toMatchObject({ outcome: "applied", checked: [{ ok: true }] });
    return asked.app;
  };
  const lift = async (app: string): Promise<void> => {
    const { final } = await agent.ask("lift", { app, by: "test", reason: "test" });
    expect(final).toMatchObject({ outcome: "lifted", checked: [{ ok: true }] });
  };
  const active = async () => {
    const { parts } = await agent.ask("status");
    return parts.flatMap((part) => ("application" in part ? [part.application] : []));
  };
  const points = async (): Promise<DiscoveredPoint[]> => {
    const { parts } = await agent.ask("discover");
    return parts.flatMap((part) => ("point" in part && part.point.instance === instance ? [part.point] : []));
  };
  beforeAll(async () => {
    lab = await labUp({
      name: `nf-site-${process.pid}`,
      hosts: [sendmailHost("sm", 11), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    host = lab.host("sm");
    [near = ""] = lab.clientAddresses;
    agent = await start();
    expect(await points()).toEqual([]);
    await host.shell(`mkdir -p ${folder}; chmod 755 /etc/mailbrake ${folder}`);
    await put("tcp-wrappers", example);
    await put("witness", witness);
    await points();
  });
  afterEach(async () => {
    for (const { app } of await active()) await agent.ask("lift", { app, by: "test", reason: "left" });
    expect(await shell("ls /run/witness.* /var/lib/mailbrake/tables/site /etc/cron.d/mailbrake 2>/dev/null || :")).toBe(
      "",
    );
  });
  afterAll(async () => {
    try {
      await agent?.stop();
    } finally {
      await lab?.down();
    }
  });

  it("each executable is a block point as it describes itself", async () => {
    expect(await points()).toMatchObject([
      {
        point: "listener:tcp-wrappers",
        kind: "listener",
        role: "inbound-mx",
        label: "TCP wrappers of sendmail (tcp-wrappers)",
        cells: [{ effect: "reject", matches: ["all", "client"], loses: false, reply: "550 5.0.0 Access denied" }],
      },
      {
        point: "external:witness",
        kind: "external",
        role: null,
        cells: [
          { effect: "tempfail", matches: ["all", "sender"], pairs: [["sender", "recipient"]], loses: false },
          { effect: "discard", loses: true },
          { effect: "throttle" },
        ],
      },
    ]);
  });

  it("the example: a client is refused by Sendmail and others are not; the file is what it was after the last lift", async () => {
    await host.writeFile("/etc/hosts.allow", "# the admin's\nsendmail: all\n");
    await host.shell("chmod 664 /etc/hosts.allow; chgrp mail /etc/hosts.allow");
    const before = await host.checksumTree("/etc/hosts.allow");
    const answer = async (from?: string): Promise<string> => {
      const seen = await smtpTalk({
        address: host.address,
        recipients: ["someone@lab.example"],
        ...(from ? { from } : {}),
      });
      return seen.recipients[0] ?? seen.answers.MAIL ?? seen.answers.EHLO ?? seen.banner;
    };
    const keys = { effect: "reject", point: "listener:tcp-wrappers" };
    for (const match of [`client:${near}`, `client:${near.replace(/\d+$/, "96/27")}`]) {
      const one = await brake({ ...keys, match });
      expect(await answer(near)).toBe("550 5.0.0 Access denied");
      expect(await answer()).toMatch(/^250/);
      const all = await brake({ ...keys, match: "all" });
      expect(await answer()).toBe("550 5.0.0 Access denied");
      await lift(all);
      expect(await answer()).toMatch(/^250/);
      expect(await active()).toMatchObject([{ app: one, intact: true, drift: [] }]);
      await host.shell("sed -i /DENY/d /etc/hosts.allow");
      expect(await active()).toMatchObject([
        { app: one, intact: false, drift: [expect.stringContaining("has no rule")] },
      ]);
      await lift(one);
      expect(await host.checksumTree("/etc/hosts.allow")).toEqual(before);
      expect(await answer(near)).toMatch(/^250/);
    }
    const last = await brake({ ...keys, match: "all" });
    await lift(last);
    expect(await host.checksumTree("/etc/hosts.allow")).toEqual(before);
    const ipv6 = planned(request({ ...keys, match: "client:2001:db8::/32" }));
    const { parts } = await agent.ask("plan", ipv6);
    expect(parts).toContainEqual(
      expect.objectContaining({
        step: { kind: "note", text: "/etc/hosts.allow gets: sendmail: [2001:db8::]/32: DENY" },
      }),
    );
  });

  it("values come by the environment alone, a clean one, and no shell reads them", async () => {
    const text = "$(touch /run/owned) `touch /run/owned` ;touch /run/owned; ' \" \\ %s -x = <>|&*";
    const sender = "a$b`c'{}|!#%&*/?^~+=@x.example";
    const app = await brake({ text, match: `sender:${sender}`, match2: "recipient:y.example" });
    expect(
      (await shell(`cat /run/witness.${app}`)).split("\n").filter((line) => !/^(OLDPWD|PWD|SHLVL|_)=/.test(line)),
    ).toEqual([
      "LC_ALL=C",
      `MAILBRAKE_APP=${app}`,
      "MAILBRAKE_CONNECTIONS=0",
      "MAILBRAKE_EFFECT=tempfail",
      "MAILBRAKE_EXPIRES=0",
      "MAILBRAKE_MATCH2=recipient:y.example",
      `MAILBRAKE_MATCH=sender:${sender}`,
      "MAILBRAKE_MESSAGES=0",
      "MAILBRAKE_POINT=external:witness",
      "MAILBRAKE_RECIPIENTS=0",
      `MAILBRAKE_REF=${app}`,
      `MAILBRAKE_TEXT=${text}`,
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ]);
    await lift(app);
    expect(await shell("ls /run/owned 2>&1 || :")).toContain("No such file");
    const keys = request({ text });
    const { parts } = await agent.ask("plan", planned(keys));
    const steps = parts.flatMap((part) => ("step" in part ? [part.step] : []));
    expect(steps.filter(({ kind }) => kind === "note").map((step) => step.text)).toContain("arguments: plan");
    // the very words, for a person to run by hand
    const command = steps.find(({ kind }) => kind === "command")?.text ?? "";
    await host.shell(command);
    expect(await shell(`grep ^MAILBRAKE_TEXT= /run/witness.${keys.app}; rm /run/witness.${keys.app}`)).toBe(
      `MAILBRAKE_TEXT=${text}`,
    );
  });

  it("what it does not do, or does not want to, is refused by name, and nothing is applied", async () => {
    const refused = async (keys: AgentArguments, field: string, words: RegExp) =>
      expect(await agent.refusal("apply", request(keys))).toMatchObject({
        error: "cannot",
        field,
        message: expect.stringMatching(words),
      });
    await refused({ effect: "close" }, "effect", /can't do close by all; it can: tempfail by all,sender/);
    await refused({ match: "client:192.0.2.1" }, "effect", /can't do tempfail by client/);
    await refused({ match: "sender:a.example", match2: "client:192.0.2.1" }, "effect", /tempfail by sender\+client/);
    await refused({ text: "refuse" }, "effect", /not today/);
    await refused({ cut: "1" }, "cut", /can't be cut/);
    expect(await agent.refusal("plan", planned(request({ point: "listener:witness" })))).toMatchObject({
      error: "no-such-point",
    });
  });

  it("one that fails, hangs or never stops talking: the apply is taken back in its own words, or goes well, within limits", async () => {
    expect((await agent.refusal("apply", request({ text: "fail" }))).message).toMatch(
      /witness apply ended with 3: the disk is gone .*\(taken back\)/,
    );
    const started = Date.now();
    expect((await agent.refusal("apply", request({ text: "hang" }))).message).toMatch(
      /longer than 20 s.*\(taken back\)/,
    );
    expect(Date.now() - started).toBeLessThan(30_000);
    await lift(await brake({ text: "shout" }));
    expect(await active()).toEqual([]);
  });

  it("one that someone else than root could change is not run, and named", async () => {
    const wrong = [
      ["chmod go+w", /not be writable for group or others/, "chmod go-w"],
      ["chown bob", /must be root's/, "chown root"],
      ["chmod a-x", /not executable/, "chmod 755"],
    ] as const;
    for (const [spoil, words, mend] of wrong) {
      await host.shell(`${spoil} ${folder}/witness`);
      const refusal = await agent.refusal("apply", request({}));
      expect(refusal).toMatchObject({ error: "cannot", field: "point", message: expect.stringMatching(words) });
      const found = (await points()).find(({ point }) => point === "external:witness");
      expect(found).toMatchObject({ cells: [], label: expect.stringContaining("of no use") });
      await host.shell(`${mend} ${folder}/witness`);
    }
    await host.shell(`chmod go+w ${folder}`);
    expect((await points()).flatMap(({ cells }) => cells)).toEqual([]);
    await host.shell(
      `chmod go-w ${folder}; ln -s /bin/true ${folder}/link; cp ${folder}/witness '${folder}/b;id'; echo '#!/bin/sh' >${folder}/mute; chmod 755 ${folder}/mute`,
    );
    const labels = (await points()).map(({ label }) => label.slice(0, 60));
    expect(labels.filter((label) => label.includes("of no use"))).toEqual([
      expect.stringMatching(/^link, of no use: .*link/),
      expect.stringMatching(/^mute, of no use: /),
    ]);
    await host.shell(`rm ${folder}/link '${folder}/b;id' ${folder}/mute`);
    await points();
  });

  it("one that says it is volatile is told again after a reboot, by the sweep, and not while it is in force", async () => {
    const app = await brake({});
    await agent.stop();
    await host.boot();
    agent = await start();
    expect(await active()).toMatchObject([{ app, intact: false }]);
    expect((await agent.ask("expire")).final.reasserted).toEqual([app]);
    expect(await active()).toMatchObject([{ app, intact: true, drift: [] }]);
    expect((await agent.ask("expire")).final.reasserted).toEqual([]);
    await lift(app);
  });

  it.each(["after-journal", "before-mechanism", "after-mechanism", "before-check"])(
    "killed at %s of an apply or a lift: the next agent finishes it",
    async (crashAt) => {
      const asked = request({});
      const killed = async (verb: "apply" | "lift", keys: AgentArguments): Promise<void> => {
        await agent.stop();
        const dying = await start({ crashAt });
        await expect(dying.ask(verb, keys)).rejects.toThrow("the agent ended");
        agent = await start();
      };
      await killed("apply", asked);
      expect(await active()).toMatchObject([{ app: asked.app, intact: true, drift: [] }]);
      await killed("lift", { app: asked.app, by: "t", reason: "t" });
      expect(await active()).toEqual([]);
      expect(await shell("ls /run/witness.* 2>/dev/null || :")).toBe("");
    },
  );
});
