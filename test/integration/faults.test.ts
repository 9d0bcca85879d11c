/** What goes wrong on a mail host, on each mail server: every time the right state, or a clear refusal with nothing changed. */
import type { AgentArguments, DiscoveredPoint, PartialAnswer, ReportedApplication } from "@mailbrake/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { liftEverything } from "../endurance/mail-under-brakes.ts";
import { type Subject, subjects } from "../endurance/subject.ts";
import { type Lab, type LabHost, labUp } from "../lab/index.ts";
import { AgentOnHost } from "./postfix-driver/agent-on-host.ts";
import { smtpTalk } from "./postfix-driver/smtp-talk.ts";

const named = [subjects.postfix, subjects.exim, subjects.sendmail, subjects.opensmtpd].map(
  (subject: Subject, index) => ({
    subject,
    host: { ...subject.host, name: subject.name, octet: 21 + index },
  }),
);
const settleLimitMs = 15_000;

function active(parts: readonly PartialAnswer[]): ReportedApplication[] {
  return parts.flatMap((part) => ("application" in part ? [part.application] : []));
}

describe("when things go wrong on the host", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labUp({
      hosts: [...named.map(({ host }) => host), { name: "sink", role: "sink", layer: "postfix", octet: 50 }],
    });
  });
  afterAll(async () => await lab?.down());

  describe.each(named)("$subject.name", ({ subject, host: { name } }) => {
    let host: LabHost;
    let door: DiscoveredPoint;
    let untouched: string[];
    let count = 0;
    const order = (): AgentArguments & { app: string } => {
      count += 1;
      const app = `F${count}`;
      const { instance, point } = door;
      return {
        app,
        brake: app,
        instance,
        point,
        effect: "tempfail",
        match: "all",
        ttl: "0",
        by: "test",
        reason: "fault",
      };
    };
    const tree = async (): Promise<string[]> =>
      (await host.checksumTree(subject.folder)).filter((line) => !subject.derived.test(line));
    const said = async (): Promise<string> => {
      const seen = await smtpTalk({ address: host.address, recipients: ["someone@lab.example"] });
      return seen.recipients.at(-1) ?? seen.answers.MAIL ?? seen.banner;
    };
    const settles = async (pattern: RegExp): Promise<void> => {
      let seen = "";
      for (const started = Date.now(); Date.now() - started < settleLimitMs; ) {
        seen = await said();
        if (pattern.test(seen)) return;
      }
      expect(seen).toMatch(pattern);
    };
    const withAgent = async <T>(work: (agent: AgentOnHost) => Promise<T>): Promise<T> => {
      const agent = await AgentOnHost.start(host);
      try {
        return await work(agent);
      } finally {
        await agent.stop();
      }
    };
    const lift = async (agent: AgentOnHost, app: string): Promise<void> => {
      await agent.ask("lift", { app, by: "test", reason: "fault" });
    };
    const nothingLeft = async (): Promise<void> => {
      await settles(/^250/);
      expect(await tree()).toEqual(untouched);
    };

    beforeAll(async () => {
      host = lab.host(name);
      untouched = await tree();
      const { parts } = await withAgent(async (agent) => await agent.ask("discover"));
      const found = parts
        .flatMap((part) => ("point" in part ? [part.point] : []))
        .find(
          ({ instance, listens }) =>
            instance.startsWith(`${subject.mta}:`) &&
            listens.some(({ address, port }) => port === 25 && [host.address, "0.0.0.0", "::"].includes(address)),
        );
      if (!found) throw new Error(`${name} has no listener on port 25 of ${host.address}`);
      door = found;
    });

    // What a failed test left must not fail the next.
    afterEach(async () => await withAgent(liftEverything));

    it.each(["after-journal", "after-render", "after-reload"])(
      "an agent killed at %s: the next one ends what was begun",
      async (crashAt) => {
        const request = order();
        const first = await AgentOnHost.start(host, { crashAt });
        await expect(first.ask("apply", request)).rejects.toThrow("the agent ended");
        await withAgent(async (agent) => {
          const { parts, final } = await agent.ask("status");
          expect(final.dirty).toBe(false);
          expect(active(parts)).toMatchObject([{ app: request.app, intact: true, drift: [] }]);
          await settles(new RegExp(`^4.*\\(ref ${request.brake}\\)`));
          await lift(agent, request.app);
        });
        await nothingLeft();
      },
    );

    it("a mail server killed under a brake: told, in force when it is back, and lifted without a trace", async () => {
      const request = order();
      await withAgent(async (agent) => {
        await agent.ask("apply", request);
        await host.shell(subject.kill);
        const { parts } = await agent.ask("status", { app: request.app });
        expect(active(parts)).toMatchObject([{ app: request.app }]);
        await host.shell(subject.start, { check: false });
        await settles(new RegExp(`^4.*\\(ref ${request.brake}\\)`));
        await lift(agent, request.app);
      });
      await nothingLeft();
    });

    it("a full disk where the configuration is: refused, nothing changed", async () => {
      await host.shell(
        "cp -a /etc /root/etc-copy && mount -t tmpfs -o size=16m,mode=755 none /etc && cp -a /root/etc-copy/. /etc/ && { cat /dev/zero >/etc/fills 2>/dev/null || :; }",
      );
      try {
        await withAgent(async (agent) => {
          expect(await agent.refusal("apply", order())).toMatchObject({ error: "no-space" });
          expect(active((await agent.ask("status")).parts)).toEqual([]);
        });
        await host.shell("rm -f /etc/fills");
        await nothingLeft();
      } finally {
        await host.shell("umount -l /etc; rm -rf /root/etc-copy");
      }
      await nothingLeft();
    });

    it("a full disk where the agent keeps its journal: refused, nothing changed", async () => {
      await host.shell(
        "mkdir -p /var/lib/mailbrake && mount -t tmpfs -o size=64k none /var/lib/mailbrake && { cat /dev/zero >/var/lib/mailbrake/fills 2>/dev/null || :; }",
      );
      try {
        const agent = await AgentOnHost.start(host);
        const refusal = await agent.refusal("apply", order());
        expect(refusal.error, refusal.message).toBe("no-space");
        await agent.stop();
      } finally {
        await host.shell("umount -l /var/lib/mailbrake");
      }
      await nothingLeft();
    });

    it("a read-only /etc: refused, nothing changed", async () => {
      await host.shell("mount --bind /etc /etc && mount -o remount,bind,ro /etc");
      try {
        await withAgent(async (agent) => {
          expect(["no-space", "read-only"]).toContain((await agent.refusal("apply", order())).error);
          expect(active((await agent.ask("status")).parts)).toEqual([]);
        });
      } finally {
        await host.shell("umount -l /etc");
      }
      await nothingLeft();
    });

    it("a port that the firewall has closed: a brake of the mail server there is applied all the same, and lifted", async () => {
      const request = order();
      const atFirewall = { ...order(), instance: "nftables:/etc/nftables.conf", point: "listener:25", effect: "close" };
      await withAgent(async (agent) => {
        await agent.ask("apply", atFirewall);
        expect(await said()).toBe("refused");
        expect((await agent.ask("apply", request)).final.outcome).toBe("applied");
        await lift(agent, atFirewall.app);
        await settles(new RegExp(`^4.*\\(ref ${request.brake}\\)`));
        await agent.ask("apply", { ...atFirewall, app: `${atFirewall.app}B` });
        await lift(agent, request.app);
        await lift(agent, `${atFirewall.app}B`);
      });
      await nothingLeft();
    });

    it("a lock held by a dead process: taken over", async () => {
      const request = order();
      await host.shell("rm -f /var/lib/mailbrake/lock; ln -s 999999:1:1 /var/lib/mailbrake/lock");
      await withAgent(async (agent) => {
        await agent.ask("apply", request);
        await lift(agent, request.app);
      });
      await nothingLeft();
    });

    it("two servers at once: each order is answered truly, and at the end nothing is left", async () => {
      // Each order restarts OpenSMTPD.
      const rounds = subject.mta === "opensmtpd" ? 2 : 4;
      await withAgent(async (one) => {
        // Starting the other one writes the agent's file anew: this one must have read it.
        await one.ask("hello");
        await withAgent(async (other) => {
          const work = async (agent: AgentOnHost, sender: string): Promise<void> => {
            for (let round = 0; round < rounds; round += 1) {
              const request = { ...order(), match: `sender:${sender}` };
              expect((await agent.ask("apply", request)).final.outcome).toBe("applied");
              const { parts } = await agent.ask("status", { app: request.app });
              expect(active(parts)).toMatchObject([{ app: request.app, intact: true }]);
              await lift(agent, request.app);
            }
          };
          await Promise.all([work(one, "one@outside.example"), work(other, "other@outside.example")]);
          expect(active((await one.ask("status")).parts)).toEqual([]);
        });
      });
      await nothingLeft();
    });
  });
});
