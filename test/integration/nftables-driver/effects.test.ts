import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../lab/index.ts";
import { FirewallHost, firewallLab, instance } from "./firewall-host.ts";

const adminRules = `
table inet filter {
	set office { type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 198.51.100.7 }; }
	chain input { type filter hook input priority filter; policy accept; tcp dport 25 counter accept; ip saddr @office accept; }
}
`;

let lab: Lab;
let firewalls: Record<"pf" | "ex", FirewallHost>;
beforeAll(async () => {
  lab = await firewallLab();
  firewalls = { pf: await FirewallHost.on(lab, "pf"), ex: await FirewallHost.on(lab, "ex") };
});
afterAll(async () => {
  for (const firewall of Object.values(firewalls ?? {})) await firewall.agent.stop();
  await lab?.down();
});

describe.each(["pf", "ex"] as const)("brakes at the firewall of the host %s", (name) => {
  let firewall: FirewallHost;
  let before: string;
  let near = "";
  let far = "";
  beforeAll(async () => {
    firewall = firewalls[name];
    [near = "", far = ""] = lab.clientAddresses;
    await firewall.host.exec(["nft", "-f", "-"], { input: adminRules });
    before = await firewall.ruleset();
  });
  afterEach(async () => await firewall.liftAll());
  const clean = async (): Promise<void> => {
    expect(await firewall.ruleset()).toBe(before);
    expect(await firewall.leftOver()).toBe("");
  };

  it("discover: one instance, the ports of mail that something listens on, and the way out", async () => {
    const { parts } = await firewall.agent.ask("discover");
    const found = parts.flatMap((part) =>
      "instance" in part && part.instance.mta === "nftables" ? [part.instance] : [],
    );
    expect(found).toMatchObject([{ instance, running: true, version: expect.stringMatching(/^\d+\.\d+/) }]);
    const points = await firewall.points();
    expect(points.map(({ point }) => point)).toEqual(["listener:25", "listener:587", "delivery"]);
    expect(points[0]?.listens).toContainEqual({ address: "0.0.0.0", port: 25 });
    expect(points[0]?.probe).toMatchObject({ address: firewall.host.address, port: 25 });
    // the door's role is told by the mail system's own instance
    expect(points.map(({ role }) => role)).toEqual([null, null, null]);
    expect(points.map(({ cells }) => cells.map(({ effect, matches }) => [effect, ...matches].join(" ")))).toEqual([
      ["throttle all client", "close all client"],
      ["throttle all client", "close all client"],
      ["throttle all", "pause all"],
    ]);
  });

  it("close × all: every client is refused at this port, the other port answers; status says intact; lifted without a trace", async () => {
    const app = await firewall.brake({ effect: "close" });
    expect(await firewall.banner(near)).toBe("refused");
    expect(await firewall.banner(far)).toBe("refused");
    expect(await firewall.banner(near, 587)).toBe("220");
    const { final } = await firewall.agent.ask("probe", {
      instance,
      point: "listener:25",
      sender: "",
      recipient: "x@lab.example",
    });
    expect(final.code).toBe(0);
    const status = await firewall.status(app);
    expect(status).toMatchObject({ intact: true, drift: [] });
    const count = status.readback.find(({ what }) => what === `packets refused so far by inet mailbrake_${app}`);
    expect(Number(count?.value)).toBeGreaterThan(1);
    expect(
      (await firewall.agent.ask("apply", { ...firewall.request({ effect: "close" }), app, brake: status.brake })).final
        .outcome,
    ).toBe("already");
    await firewall.lift(app);
    expect(await firewall.banner(near)).toBe("220");
    await clean();
  });

  it.each(["address", "network"])("close × client, %s: refused there and nowhere else", async (kind) => {
    const app = await firewall.brake({
      effect: "close",
      match: `client:${kind === "address" ? near : near.replace(/\d+$/, "96/27")}`,
    });
    expect(await firewall.banner(near)).toBe("refused");
    expect(await firewall.banner(far)).toBe(kind === "address" ? "220" : "refused");
    expect(await firewall.banner()).toBe("220");
    expect(
      await lab.host("other").shell(`exec 3<>/dev/tcp/${firewall.host.address}/25`, { check: false }),
    ).toBeDefined();
    await firewall.lift(app);
    expect(await firewall.banner(near)).toBe("220");
    await clean();
  });
});
