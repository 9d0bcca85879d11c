import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { expectIntact, expectShell, putAwks, settingsOf, shellsAndAwks } from "../shells-and-awks.ts";
import { newSubject, SendmailHost, sendmailLab } from "./sendmail-host.ts";

describe("the driver on a real Sendmail under other shells and awks", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sendmailLab();
    await putAwks(lab.host("cf"));
  });
  afterAll(async () => await lab?.down());

  it.each(shellsAndAwks)("$shell with $awk: discover, plan, brakes, status, hold and release, lift", async (one) => {
    const own = await SendmailHost.on(lab, "cf", settingsOf(one));
    try {
      const untouched = await own.configuration();
      await expectShell(own.agent, one.shell);
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
      await expectIntact(own.agent, 6);
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
