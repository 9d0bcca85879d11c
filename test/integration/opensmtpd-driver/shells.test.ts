import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { expectIntact, expectShell, putAwks, settingsOf, someOtherPairs } from "../shells-and-awks.ts";
import { OpensmtpdLabHost, opensmtpdLab } from "./opensmtpd-lab-host.ts";

describe("the driver on a real OpenSMTPD under other shells and awks", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await opensmtpdLab();
    await putAwks(lab.host("mx"));
  });
  afterAll(async () => await lab?.down());

  it.each(someOtherPairs)("$shell with $awk: discover, plan, brakes, status, pause and lift", async (one) => {
    const mx = await OpensmtpdLabHost.on(lab, settingsOf(one));
    try {
      const untouched = await mx.configuration();
      await expectShell(mx.agent, one.shell);
      expect((await mx.agent.ask("discover")).final).toMatchObject({ instances: 1, points: 6 });
      const to = { recipients: ["someone@lab.example"] };
      const text = `50% "off" \\ $HOME`;
      await mx.agent.ask("plan", mx.request({ effect: "reject" }));
      const tempfail = await mx.brake({ effect: "tempfail", match: "sender:a@b.example", text });
      const both = await mx.brake({ effect: "reject", match: "recipient:lab.example", match2: "sender:<>" });
      expect(await mx.said({ ...to, sender: "a@b.example" })).toBe(`450 4.7.1 ${text} (ref ${tempfail})`);
      expect(await mx.said({ ...to, sender: "" })).toMatch(new RegExp(`^554 .*\\(ref ${both}\\)$`));
      const pause = await mx.brake({ point: "delivery", effect: "pause" });
      await expectIntact(mx.agent, 3);
      const subject = await mx.send(to);
      const { final } = await mx.agent.ask("queue", { instance: mx.instance, op: "count", match: "all" });
      expect(final).toMatchObject({ messages: 1, complete: true });
      await mx.agent.ask("plan", { op: "lift", app: pause });
      await mx.lift(pause);
      for (const app of [both, tempfail]) await mx.lift(app);
      expect(await mx.arrived(subject)).toHaveLength(1);
      await mx.expectClean(untouched);
    } finally {
      await mx.liftAll();
      await mx.agent.stop();
    }
  });
});
