import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentOnHost } from "../integration/postfix-driver/agent-on-host.ts";
import { type Lab, labUp } from "../lab/index.ts";
import { BrakeSequences } from "./brake-sequences.ts";
import { enduranceSeed, enduranceSize } from "./endurance-size.ts";
import { mailUnderBrakes } from "./mail-under-brakes.ts";
import type { Subject } from "./subject.ts";

/** The endurance of one mail server: a lab of its own with a sender that retries and a sink that counts. */
export function describeEndurance(subject: Subject): void {
  describe(`${subject.name}: endurance`, () => {
    let lab: Lab;
    let agent: AgentOnHost;
    beforeAll(async () => {
      lab = await labUp({
        hosts: [
          subject.host,
          { name: "sink", role: "sink", layer: "postfix", octet: 50 },
          { name: "sender", role: "sender", layer: "postfix", octet: 101 },
        ],
      });
      agent = await AgentOnHost.start(lab.host(subject.host.name));
    });
    afterAll(async () => {
      try {
        await agent?.stop();
      } finally {
        await lab?.down();
      }
    });

    it(`${enduranceSize.sequences} random sequences of brakes, lifts and expiries: only the admin's edits remain`, {
      timeout: 60 * 60_000,
    }, async () => {
      const sequences = new BrakeSequences(lab, subject, agent);
      await sequences.prepare();
      const seed = enduranceSeed(`${subject.name}, sequences`);
      for (let number = 0; number < enduranceSize.sequences; number += 1) {
        const { acts, expected, found } = await sequences.run(seed + number).catch(async (error: unknown) => {
          const logs = await lab
            .host(subject.host.name)
            .shell("tail -n 60 /var/log/mail.log /var/log/exim4/mainlog", { check: false });
          throw new Error(`sequence ${number} of seed ${seed}: ${String(error)}\n${logs.stdout}`, { cause: error });
        });
        expect(found, `sequence ${number} of seed ${seed}:\n${acts.join("\n")}`).toEqual(expected);
        if (number % 50 === 49) process.stdout.write(`${subject.name}: ${number + 1} sequences\n`);
      }
    });

    it(`${enduranceSize.messages} numbered messages through random brakes: all arrive, none twice`, {
      timeout: 60 * 60_000,
    }, async () => {
      const seed = enduranceSeed(`${subject.name}, mail`);
      const counted = await mailUnderBrakes(lab, subject, agent, enduranceSize.messages, seed);
      process.stdout.write(
        `${subject.name}: ${counted.sent} sent, ${counted.arrived} arrived, ${counted.twice.length} twice; ${JSON.stringify(counted.acts)}\n`,
      );
      process.stdout.write(counted.told);
      expect(counted.refused).toEqual([]);
      if (enduranceSize.everyKind) expect(counted.notDone).toEqual([]);
      expect(counted.missing).toEqual([]);
      expect(counted.twice).toEqual([]);
      expect(counted.arrived).toBe(enduranceSize.messages);
    });
  });
}
