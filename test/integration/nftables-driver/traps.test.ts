import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { AgentOnHost } from "../postfix-driver/agent-on-host.ts";
import { FirewallHost, firewallLab, instance } from "./firewall-host.ts";

/** What breaks naive ways of braking at a firewall, each with what comes of it here. */
describe("traps of nftables", () => {
  let lab: Lab;
  let firewall: FirewallHost;
  let near = "";
  let far = "";
  beforeAll(async () => {
    lab = await firewallLab();
    firewall = await FirewallHost.on(lab, "pf");
    [near = "", far = ""] = lab.clientAddresses;
  });
  afterEach(async () => {
    await firewall.liftAll();
    await firewall.shell("nft flush ruleset");
    expect(await firewall.leftOver()).toBe("");
  });
  afterAll(async () => {
    try {
      await firewall?.agent.stop();
    } finally {
      await lab?.down();
    }
  });

  /** Stops the agent, does that, and has a new agent on the host, which is asked nothing yet. */
  const meanwhile = async (act: () => Promise<unknown>): Promise<void> => {
    await firewall.agent.stop();
    await act();
    firewall.agent = await AgentOnHost.start(firewall.host, { drivers: ["postfix", "nftables"] });
  };
  const sweep = async (): Promise<string[]> => (await firewall.agent.ask("expire")).final.reasserted;

  it("trap: a dropped connection leaves its client waiting for minutes: it is refused at once", async () => {
    await firewall.brake({ effect: "close" });
    const started = Date.now();
    expect(await firewall.banner(near)).toBe("refused");
    expect(Date.now() - started).toBeLessThan(500);
  });

  it("trap: one address inside a braked network can't be taken out of a set of intervals: each brake has its own table", async () => {
    const network = await firewall.brake({ effect: "close", match: `client:${near.replace(/\d+$/, "96/27")}` });
    const address = await firewall.brake({ effect: "close", match: `client:${near}` });
    const wider = await firewall.brake({ effect: "close", match: `client:${near.replace(/\d+$/, "0/24")}` });
    await firewall.lift(wider);
    expect([await firewall.banner(near), await firewall.banner(far), await firewall.banner()]).toEqual([
      "refused",
      "refused",
      "220",
    ]);
    await firewall.lift(address);
    expect([await firewall.banner(near), await firewall.banner(far)]).toEqual(["refused", "refused"]);
    const again = await firewall.brake({ effect: "close", match: `client:${near}` });
    await firewall.lift(network);
    expect([await firewall.banner(near), await firewall.banner(far)]).toEqual(["refused", "220"]);
    await firewall.lift(again);
    expect(await firewall.ruleset()).toBe("");
  });

  it.each(["nft flush ruleset", "nft -f /etc/nftables.conf"])(
    "trap: %s takes our table with it: drift is shown, the sweep puts it back, and the lift stays exact",
    async (command) => {
      const app = await firewall.brake({ effect: "close" });
      const made = await firewall.ruleset();
      await firewall.shell(command);
      const admins = await firewall.ruleset();
      expect(await firewall.banner(near)).toBe("220");
      const lost = await firewall.status(app);
      expect(lost.intact).toBe(false);
      expect(lost.drift.join()).toContain(`inet mailbrake_${app}: is not in the kernel`);
      expect(await sweep()).toEqual([app]);
      expect(await firewall.banner(near)).toBe("refused");
      expect(await firewall.status(app)).toMatchObject({ intact: true, drift: [] });
      expect(await firewall.ruleset()).toContain(made);
      expect(await sweep()).toEqual([]);
      await firewall.lift(app);
      expect(await firewall.ruleset()).toBe(admins);
    },
  );

  it("trap: a reboot forgets the table: the host's own minute sweep has it back, with no server and no expiry", async () => {
    const app = await firewall.brake({ effect: "close" });
    await meanwhile(async () => {
      await firewall.host.boot();
      for (
        const started = Date.now();
        (await firewall.banner(near)) !== "refused";
        await new Promise((resolve) => setTimeout(resolve, 500))
      )
        expect(Date.now() - started).toBeLessThan(70_000);
    });
    expect(await firewall.status(app)).toMatchObject({ intact: true, drift: [] });
    await firewall.lift(app);
    expect(await firewall.banner(near)).toBe("220");
  });

  it("trap: an expiry that came while the table was lost leaves nothing to put back", async () => {
    const app = firewall.request({ effect: "close", ttl: "2" });
    await firewall.agent.ask("apply", app);
    expect(await firewall.banner(near)).toBe("refused");
    await meanwhile(async () => {
      for (
        const started = Date.now();
        (await firewall.banner(near)) !== "220";
        await new Promise((resolve) => setTimeout(resolve, 100))
      )
        expect(Date.now() - started).toBeLessThan(10_000);
    });
    expect(await firewall.ruleset()).toBe("");
    expect(await sweep()).toEqual([]);
    expect(await firewall.ruleset()).toBe("");
  });

  it("trap: deleting a table that someone else deleted fails: the lift is done all the same", async () => {
    const app = await firewall.brake({ effect: "close" });
    await firewall.shell(`nft delete table inet mailbrake_${app}`);
    await firewall.lift(app);
    expect(await firewall.ruleset()).toBe("");
  });

  it("trap: a rule of ours that someone changed is no brake: found, and made again", async () => {
    const app = await firewall.brake({ effect: "close" });
    await firewall.shell(`nft insert rule inet mailbrake_${app} brake accept`);
    expect(await firewall.banner(near)).toBe("220");
    expect((await firewall.status(app)).drift.join()).toContain("not as it was made");
    expect(await sweep()).toEqual([app]);
    expect(await firewall.banner(near)).toBe("refused");
  });

  it("trap: another expiry must not make the table anew: its counts go on", async () => {
    const request = firewall.request({ effect: "close", ttl: "500" });
    await firewall.agent.ask("apply", request);
    await firewall.banner(near);
    await firewall.agent.ask("apply", { ...request, ttl: "900" });
    expect(await firewall.shell(`nft list table inet mailbrake_${request.app}`)).toMatch(/counter packets [1-9]/);
  });

  it("trap: the admin's rules, before ours and after, can't let in what ours refuses, nor can untracked connections", async () => {
    const rules = `table inet admin { chain raw { type filter hook prerouting priority raw; tcp dport 25 notrack; }
      chain early { type filter hook input priority -200; tcp dport 25 accept; }
      chain late { type filter hook input priority 0; tcp dport 25 accept; }; }`;
    await firewall.host.exec(["nft", "-f", "-"], { input: rules });
    const before = await firewall.ruleset();
    const app = await firewall.brake({ effect: "close" });
    expect(await firewall.banner(near)).toBe("refused");
    await firewall.lift(app);
    expect(await firewall.ruleset()).toBe(before);
  });

  it("trap: connections that the host's own rules send elsewhere do not come by this port: the plan tells of them", async () => {
    expect((await firewall.plan({ effect: "close" })).opens.join()).not.toContain("redirect");
    await firewall.host.exec(["nft", "-f", "-"], {
      input:
        "table ip nat { chain pre { type nat hook prerouting priority dstnat; tcp dport 2626 redirect to :587; }; }",
    });
    expect((await firewall.plan({ effect: "close" })).opens.join()).toContain("(dnat, redirect)");
  });

  it("trap: a delivery on a connection that was open before goes on through a pause; with cut=1 it does not", async () => {
    const sink = lab.host("sink").address;
    const script = `exec 3<>/dev/tcp/${sink}/25; read -r -t 5 line <&3; touch /tmp/open
      while [ ! -e /tmp/go ]; do sleep 0.05; done; printf 'NOOP\\r\\n' >&3; read -r -t 5 line <&3 && echo "$line" || echo none`;
    for (const [cut, answer] of [
      ["0", /^[25]\d\d/],
      ["1", /^none/],
    ] as const) {
      await firewall.shell("rm -f /tmp/open /tmp/go");
      const session = firewall.host.exec(["bash", "-c", script], { check: false });
      await firewall.shell("until [ -e /tmp/open ]; do sleep 0.05; done");
      const app = await firewall.brake({ effect: "pause", point: "delivery", cut });
      await firewall.shell("touch /tmp/go");
      expect((await session).stdout.trim()).toMatch(answer);
      await firewall.lift(app);
    }
  });

  it("trap: a table of that name that is another's is not touched: the apply is refused and taken back, the table stays", async () => {
    const request = firewall.request({ effect: "close" });
    await firewall.shell(`nft add table inet mailbrake_${request.app}; nft add table inet mailbrake_other`);
    const before = await firewall.ruleset();
    const refusal = await firewall.agent.refusal("apply", request);
    expect(refusal).toMatchObject({ error: "conflict", message: expect.stringContaining("did not make") });
    expect(await firewall.ruleset()).toBe(before);
    const app = await firewall.brake({ effect: "close" });
    await firewall.lift(app);
    expect(await firewall.ruleset()).toBe(before);
  });

  it("trap: a port by which SSH comes in is never offered, nor braked when it became one, nor one passed on to a container", async () => {
    const offered = async () => (await firewall.points()).map(({ point }) => point);
    await firewall.listen(2525, "mta");
    expect(await offered()).toContain("listener:2525");
    await firewall.stopListening();
    await firewall.shell("/usr/sbin/sshd -p 2525 -o PidFile=/tmp/sshd.pid; sleep 0.2");
    const refusal = await firewall.agent.refusal(
      "apply",
      firewall.request({ effect: "close", point: "listener:2525" }),
    );
    expect(refusal).toMatchObject({ error: "cannot", field: "point", message: expect.stringContaining("SSH") });
    expect(await offered()).not.toContain("listener:2525");
    await firewall.shell("kill $(cat /tmp/sshd.pid)");
    await firewall.listen(2525, "docker-proxy");
    expect(await offered()).not.toContain("listener:2525");
    await firewall.stopListening();
  });

  it("trap: without the right to, some nft complain and end with 0: nothing is offered, and each brake refused with its words", async () => {
    const shell = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin", "sh"];
    const powerless = await FirewallHost.on(lab, "pf", { drivers: ["nftables"], shell });
    expect((await powerless.points()).map(({ point, cells }) => [point, cells])).toEqual([
      ["listener:25", []],
      ["listener:587", []],
      ["delivery", []],
    ]);
    const refusal = await powerless.agent.refusal("apply", powerless.request({ effect: "close" }));
    expect(refusal).toMatchObject({
      error: "cannot",
      field: "instance",
      message: expect.stringContaining("not permitted"),
    });
    await powerless.agent.stop();
    expect(await firewall.ruleset()).toBe("");
    await firewall.agent.ask("discover");
  });

  const points = ["before-journal", "after-journal", "before-load", "after-load", "before-cut", "before-check"];
  it.each(points)(
    "trap: rules that are made one by one are half a brake in between: killed at %s of an apply: the next agent finds it whole, or not begun",
    async (crashAt) => {
      const request = {
        ...firewall.request({ effect: "close", match: `client:${near}`, cut: "1" }),
        app: `K-${crashAt}`,
      };
      await meanwhile(async () => {
        const agent = await AgentOnHost.start(firewall.host, { crashAt, drivers: ["postfix", "nftables"] });
        await expect(agent.ask("apply", request)).rejects.toThrow("the agent ended");
      });
      const { parts, final } = await firewall.agent.ask("status");
      expect(final.dirty).toBe(false);
      const active = parts.flatMap((part) => ("application" in part ? [part.application] : []));
      if (crashAt === "before-journal") expect(active).toEqual([]);
      else expect(active).toMatchObject([{ app: request.app, intact: true, drift: [] }]);
      expect(await firewall.banner(near)).toBe(active.length > 0 ? "refused" : "220");
      await firewall.liftAll();
      expect(await firewall.ruleset()).toBe("");
    },
  );

  it.each(["after-journal", "after-render", "before-reload", "after-delete", "after-reload"])(
    "killed at %s of a lift: nothing of it stays",
    async (crashAt) => {
      const app = await firewall.brake({ effect: "throttle", connections: "60", match: `client:${near}` });
      const other = await firewall.brake({ effect: "close", match: `client:${far}` });
      await meanwhile(async () => {
        const agent = await AgentOnHost.start(firewall.host, { crashAt, drivers: ["postfix", "nftables"] });
        await expect(agent.ask("lift", { app, by: "t", reason: "t" })).rejects.toThrow("the agent ended");
      });
      const { parts, final } = await firewall.agent.ask("status");
      expect(final.dirty).toBe(false);
      expect(parts.flatMap((part) => ("application" in part ? [part.application.app] : []))).toEqual([other]);
      expect(await firewall.ruleset()).not.toContain(`mailbrake_${app}`);
      expect(await firewall.banner(far)).toBe("refused");
      expect((await firewall.agent.ask("lift", { app, by: "t", reason: "t" })).final.outcome).toBe("already");
      await firewall.lift(other);
      expect(await firewall.ruleset()).toBe("");
    },
  );

  it("the instance is that of the host's firewall, whatever its own file says: it is never changed", async () => {
    const before = await firewall.host.checksumTree("/etc/nftables.conf");
    await firewall.agent.ask("arm", { instance, by: "t", reason: "t" });
    const app = await firewall.brake({ effect: "close" });
    expect(await firewall.host.checksumTree("/etc/nftables.conf")).toEqual(before);
    await firewall.lift(app);
    await firewall.agent.ask("disarm", { instance, by: "t", reason: "t" });
    expect(await firewall.ruleset()).toBe("");
  });
});
