import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost } from "../../lab/index.ts";
import { expectIntact, expectShell, putAwks, settingsOf, shellsAndAwks } from "../shells-and-awks.ts";
import { BrakedHost } from "./braked-host.ts";

describe("the driver on a real Postfix under other shells and awks", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labUp({
      hosts: [mxHost("mx1", 11, { submission: true }), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
    await putAwks(lab.host("mx1"));
  });
  afterAll(async () => await lab?.down());

  it.each(shellsAndAwks)("$shell with $awk: discover, plan, brake, status, hold and release, lift", async (one) => {
    await lab.sink.reset();
    const mx = await BrakedHost.on(lab.host("mx1"), settingsOf(one));
    try {
      const untouched = await mx.configuration();
      await expectShell(mx.agent, one.shell);
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
      await expectIntact(mx.agent, 7);
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
