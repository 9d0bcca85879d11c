import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../../lab/index.ts";
import { BrakedHost } from "./braked-host.ts";

/** An edit made twice: once while a brake is on, and once on the same files with no brake at all; both must end alike. */
interface Edit {
  name: string;
  script: string;
  /** Whether the brake must hold right after the edit and a reload, before anything renders again. */
  holds?: boolean;
  /** Touches nothing but what is ours, so that nothing of it is to remain. */
  onlyOurs?: boolean;
}

const edits: Edit[] = [
  { name: "postconf -e of another setting", script: "postconf -e message_size_limit=1234", holds: true },
  {
    name: "postconf -e that adds to the list with our hook",
    script:
      'postconf -e "smtpd_client_restrictions=$(postconf -h smtpd_client_restrictions), reject_rbl_client bl.example"',
    holds: true,
  },
  { name: "postconf -e that sets the list anew", script: 'postconf -e "smtpd_client_restrictions=permit_mynetworks"' },
  { name: "postconf -X of the list", script: "postconf -X smtpd_client_restrictions" },
  { name: "postconf -# of the list", script: "postconf -# smtpd_client_restrictions" },
  { name: "postconf -P adds an argument", script: "postconf -P smtp/inet/smtpd_banner=hello", holds: true },
  { name: "postconf -F changes a column", script: "postconf -F smtp/inet/process_limit=50", holds: true },
  { name: "postconf -M adds a service", script: "postconf -M '10026/inet=10026 inet n - y - - smtpd'", holds: true },
  {
    name: "postconf -M writes the SMTP service anew",
    script: "postconf -M 'smtp/inet=smtp inet n - y - 20 smtpd'",
  },
  { name: "postconf -M# comments submission out", script: "postconf -M# submission/inet", holds: true },
  { name: "appended by echo", script: "echo 'default_process_limit = 77' >>/etc/postfix/main.cf", holds: true },
  {
    name: "a comment changed by sed",
    script: "sed -i 's/^# When you change something.*/# Ask first./' /etc/postfix/main.cf",
    holds: true,
  },
  {
    name: "owner and mode changed",
    script: "chown root:postfix /etc/postfix/main.cf; chmod 640 /etc/postfix/main.cf; chmod 600 /etc/postfix/master.cf",
    holds: true,
  },
  {
    name: "main.cf moved behind a symbolic link",
    script: "mv /etc/postfix/main.cf /etc/postfix/main.mx.cf; ln -s main.mx.cf /etc/postfix/main.cf",
    holds: true,
  },
  {
    name: "our hook taken out by hand",
    onlyOurs: true,
    script: "sed -i 's/[$]mailbrake_rules, //' /etc/postfix/main.cf",
  },
  {
    name: "our lines deleted",
    onlyOurs: true,
    script: "sed -i '/^mailbrake_/d; /-o mailbrake_/d' /etc/postfix/main.cf /etc/postfix/master.cf",
  },
  {
    name: "last newline cut off",
    script: `printf '%s' "$(cat /etc/postfix/main.cf)" >/etc/postfix/x; cat /etc/postfix/x >/etc/postfix/main.cf; rm /etc/postfix/x`,
    holds: true,
  },
  {
    name: "a table of the admin's changed",
    script: "echo 'more.example REJECT' >>/etc/postfix/sender_access; postmap hash:/etc/postfix/sender_access",
    holds: true,
  },
];

describe("an admin edits Postfix's configuration while a brake is on", () => {
  let lab: Lab;
  let mx: BrakedHost;
  beforeAll(async () => {
    lab = await labUp({ hosts: [mxHost("mx1", 11, { submission: true })] });
    mx = await BrakedHost.on(lab.host("mx1"));
    await mx.agent.ask("discover");
    await mx.host.shell("cp -a /etc/postfix /root/original");
  });
  afterEach(async () => await mx.liftAll());
  afterAll(async () => {
    try {
      await mx?.stop();
    } finally {
      await lab?.down();
    }
  });

  /** The files as at the start. postconf refuses to work right after a change, so all are dated back. */
  async function restore(): Promise<void> {
    await mx.host.shell(
      "rm -rf /etc/postfix && cp -a /root/original /etc/postfix && touch -d '1 minute ago' /etc/postfix/main.cf && postfix reload",
    );
  }
  const cold = "touch -d '1 minute ago' /etc/postfix/main.cf";
  /** Without the compiled tables, whose bytes hold the time. */
  const texts = async (): Promise<string[]> => (await mx.configuration()).filter((line) => !/\.db\t/.test(line));

  it.each(edits)(
    "trap: a copy put back at the lift undoes what the admin did meanwhile: $name: the edit remains and nothing of ours",
    async ({ script, onlyOurs, holds }) => {
      await restore();
      await mx.host.shell(`set -e; ${script}`);
      const wanted = await texts();
      await restore();
      const clean = await texts();
      const tempfail = await mx.brake({ effect: "tempfail", match: "all" });
      const submission = await mx.brake({
        point: "listener:submission/inet",
        effect: "reject",
        match: "sender:a@b.example",
      });
      const pause = await mx.brake({ point: "delivery", effect: "pause", match: "all" });
      await mx.host.shell(`set -e; ${cold}; ${script}; ${cold}; postfix reload`);
      const talk = { recipients: ["someone@lab.example"] };
      if (holds) await mx.settles(talk, /^450 /);
      // the next brake renders all: whatever the edit did to the brake is mended
      const hold = await mx.brake({ effect: "reject", match: "sender:x@y.example" });
      await mx.settles(talk, new RegExp(`^450 .*\\(ref ${tempfail}\\)`));
      for (const app of [pause, hold, submission, tempfail]) await mx.lift(app);
      await mx.settles(talk, /^250/);
      expect(await texts()).toEqual(wanted);
      if (onlyOurs) expect(wanted).toEqual(clean);
      else expect(wanted).not.toEqual(clean);
      expect((await mx.host.shell("grep -rl mailbrake /etc/postfix || :")).stdout).toBe("");
    },
  );

  it("drift is told by status: what was taken out of the files, by name", async () => {
    await restore();
    const app = await mx.brake({ effect: "tempfail", match: "all" });
    const drift = async (): Promise<string[]> => {
      const { parts } = await mx.agent.ask("status", { app });
      return parts.flatMap((part) => ("application" in part ? part.application.drift : []));
    };
    expect(await drift()).toEqual([]);
    await mx.host.shell("sed -i '/-o mailbrake_rules/d' /etc/postfix/master.cf");
    expect((await drift()).join("\n")).toContain("/etc/postfix/master.cf");
    await mx.lift(app);
  });

  it("trap: a configuration that Postfix can't read stops all mail once it is loaded: it is not reloaded, the brake is refused and taken back", async () => {
    await restore();
    await mx.host.shell("echo 'broken inet n - y' >>/etc/postfix/master.cf");
    const before = await texts();
    const refused = await mx.agent.refusal("apply", {
      app: "B96",
      brake: "B96",
      instance: "postfix:/etc/postfix",
      point: "listener:smtp/inet",
      effect: "tempfail",
      match: "all",
      ttl: "0",
      by: "t",
      reason: "t",
    });
    expect(refused.error).toBe("internal");
    expect(refused.message).toContain("was not reloaded");
    expect(refused.message).toContain("(taken back)");
    expect(await texts()).toEqual(before);
    expect((await mx.talk({ recipients: ["someone@lab.example"] })).recipients[0]).toMatch(/^250/);
    await restore();
    const { final } = await mx.agent.ask("status");
    expect(final.dirty).toBe(false);
  });
});
