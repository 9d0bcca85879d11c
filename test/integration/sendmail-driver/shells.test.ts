import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { newSubject, SendmailHost, sendmailLab } from "./sendmail-host.ts";

const shells = [["dash"], ["busybox", "ash"], ["ksh93"], ["mksh"], ["yash"], ["bash", "--posix"]];
const awks = [["mawk"], ["gawk", "--posix"], ["busybox", "awk"], ["original-awk"]];
/** Each shell once and each awk at least once. */
const pairs = shells.map((shell, index) => ({ shell, awk: awks[index % awks.length] ?? [] }));

describe("the driver on a real Sendmail under other shells and awks", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sendmailLab();
    for (const [name = "", ...words] of awks)
      await lab
        .host("cf")
        .shell(
          `mkdir -p /opt/${name} && printf '#!/bin/sh\\nexec ${name} ${words.join(" ")} "$@"\\n' >/opt/${name}/awk && chmod 755 /opt/${name}/awk`,
        );
  });
  afterAll(async () => await lab?.down());

  it.each(pairs)("$shell with $awk: discover, plan, brakes, status, hold and release, lift", async ({ shell, awk }) => {
    const own = await SendmailHost.on(lab, "cf", { shell, awkFolder: `/opt/${awk[0]}` });
    try {
      const untouched = await own.configuration();
      const hello = (await own.agent.ask("hello")).final;
      expect(hello.shell).toMatch({ ksh93: /93u/, mksh: /MIRBSD/ }[shell[0] ?? ""] ?? new RegExp(shell[0] ?? ""));
      expect((await own.agent.ask("discover")).final).toMatchObject({ instances: 1, points: 4 });
      const to = { recipients: ["someone@lab.example"] };
      const text = `50% "off" \\ $HOME`;
      await own.agent.ask("plan", own.request({ effect: "reject", cut: "1" }));
      const tempfail = await own.brake({ effect: "tempfail", match: "sender:a@b.example", text });
      expect(await own.said({ ...to, sender: "a@b.example" })).toContain(`... ${text} (ref ${tempfail})`);
      const throttle = await own.brake({ effect: "throttle", match: "client:2001:db8::/38", connections: "5" });
      const closed = await own.brake({ effect: "close", point: "listener:127.0.0.1.587" });
      const pause = await own.brake({ point: "delivery", effect: "pause", match: "recipient:partner.example" });
      const both = await own.brake({
        effect: "reject",
        match: "recipient:lab.example",
        match2: "client:192.0.2.0/25",
        cut: "1",
      });
      const hold = await own.brake({ effect: "hold", match: "client:0.0.0.0/0" });
      const { parts } = await own.agent.ask("status");
      const active = parts.flatMap((part) => ("application" in part ? [part.application] : []));
      expect(active.map(({ intact, drift }) => ({ intact, drift }))).toEqual(
        active.map(() => ({ intact: true, drift: [] })),
      );
      expect(active).toHaveLength(6);
      const subject = newSubject();
      await own.talk({ ...to, subject });
      expect(await own.inSink(subject)).toEqual([]);
      await own.agent.ask("plan", { op: "lift", app: hold });
      expect(await own.lift(hold)).toBe(1);
      for (const app of [closed, pause, both, throttle, tempfail]) await own.lift(app);
      expect(await own.arrived(subject)).toHaveLength(1);
      await own.expectClean(untouched);
    } finally {
      await own.liftAll();
      await own.agent.stop();
    }
  });
});
