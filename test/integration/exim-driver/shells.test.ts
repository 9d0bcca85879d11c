import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { expectIntact, expectShell, putAwks, settingsOf, someOtherPairs } from "../shells-and-awks.ts";
import { EximHost, eximLab } from "./exim-host.ts";

describe("the driver on a real Exim under other shells and awks", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await eximLab(["upstream"]);
    await putAwks(lab.host("upstream"));
  });
  afterAll(async () => await lab?.down());

  it.each(someOtherPairs)("$shell with $awk: discover, plan, brakes, status, hold and release, lift", async (one) => {
    const exim = await EximHost.on(lab, "upstream", settingsOf(one));
    try {
      const untouched = await exim.configuration();
      await expectShell(exim.agent, one.shell);
      expect((await exim.agent.ask("discover")).final).toMatchObject({ instances: 1, points: 4 });
      const to = { recipients: ["someone@lab.example"] };
      const text = `50% "off" \\ $HOME \${run{/bin/id}}`;
      await exim.agent.ask("plan", exim.request({ effect: "reject", cut: "1" }));
      const tempfail = await exim.brake({ effect: "tempfail", match: "sender:a@b.example", text });
      expect(await exim.said({ ...to, sender: "a@b.example" })).toContain(`${text} (ref ${tempfail})`);
      const pause = await exim.brake({ point: "delivery", effect: "pause", match: "recipient:partner.example" });
      const both = await exim.brake({
        effect: "reject",
        match: "recipient:lab.example",
        match2: "client:192.0.2.0/25",
      });
      const hold = await exim.brake({ effect: "hold", match: "client:0.0.0.0/0" });
      await expectIntact(exim.agent, 4);
      const subject = await exim.send(to);
      expect(await exim.held()).toBe(`mailbrake+${hold}=1`);
      const { final } = await exim.agent.ask("queue", { instance: exim.instance, op: "count", app: hold });
      expect(final).toMatchObject({ messages: 1, complete: true });
      await exim.agent.ask("plan", { op: "lift", app: hold });
      expect(await exim.lift(hold)).toBe(1);
      for (const app of [pause, both, tempfail]) await exim.lift(app);
      expect(await exim.arrived(subject)).toHaveLength(1);
      await exim.expectClean(untouched);
    } finally {
      await exim.liftAll();
      await exim.agent.stop();
    }
  });
});
