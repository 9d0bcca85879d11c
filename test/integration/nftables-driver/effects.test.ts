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
  // the other host's agent under another shell and awk
  await lab.host("ex").shell("mkdir /opt/awk; ln -s /usr/bin/original-awk /opt/awk/awk");
  firewalls = {
    pf: await FirewallHost.on(lab, "pf"),
    ex: await FirewallHost.on(lab, "ex", { shell: ["mksh"], awkFolder: "/opt/awk" }),
  };
});
afterAll(async () => {
  try {
    for (const firewall of Object.values(firewalls ?? {})) await firewall.agent.stop();
  } finally {
    await lab?.down();
  }
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
    expect(await firewall.from("other")).toBe("220");
    await firewall.lift(app);
    expect(await firewall.banner(near)).toBe("220");
    await clean();
  });

  it("close × client over IPv6: refused there and nowhere else, and by a network", async () => {
    const own = `fd00::${firewall.host.spec.octet}`;
    for (const [host, address] of [
      [firewall.host, own],
      [lab.host("other"), "fd00::20"],
    ] as const) {
      const device = `"$(ip -o route get ${lab.machineAddress} | sed 's/.*dev //; s/ .*//')"`;
      await host.shell(`ip -6 addr add ${address}/64 dev ${device} nodad`, { check: false });
    }
    await firewall.listen(2525, "perl", "AF_INET6");
    const port = (await firewall.points()).find(({ point }) => point === "listener:2525");
    // no driver tells of what listens there: the firewall's point is the door
    expect(port).toMatchObject({
      role: "submission",
      label: "Port 2525 at the firewall (perl)",
      listens: [{ address: "::", port: 2525 }],
    });
    expect(await firewall.from("other", own, 2525)).toBe("220");
    for (const match of ["client:fd00::20", "client:fd00::/64"]) {
      const app = await firewall.brake({ effect: "close", match, point: "listener:2525" });
      expect(await firewall.from("other", own, 2525)).toBe("refused");
      expect(await firewall.from("other", firewall.host.address, 2525)).toBe("220");
      await firewall.lift(app);
      expect(await firewall.from("other", own, 2525)).toBe("220");
    }
    await firewall.stopListening();
    await clean();
  });

  /** When each of the connections, begun together, had its banner; all must get one. */
  const banners = async (...from: string[]): Promise<number[]> => {
    const started = Date.now();
    const times = from.map(async (address) => {
      expect(await firewall.banner(address)).toBe("220");
      return (Date.now() - started) / 1000;
    });
    return (await Promise.all(times)).sort((one, other) => one - other);
  };

  it("throttle × all: all clients together, the later ones wait and are taken", async () => {
    const app = await firewall.brake({ effect: "throttle", connections: "60" });
    const [first = 9, second = 0, third = 0] = await banners(near, far, far);
    expect(first).toBeLessThan(0.8);
    expect(second).toBeGreaterThan(0.8);
    expect(third).toBeGreaterThan(1.8);
    expect(await firewall.banner(near, 587)).toBe("220");
    await firewall.lift(app);
    expect((await banners(near, far, far)).at(-1)).toBeLessThan(0.8);
    await clean();
  });

  it("trap: a set whose elements time out can not count connections, it can count their rate: throttle × client: each address of the network by itself, others not at all", async () => {
    const app = await firewall.brake({
      effect: "throttle",
      connections: "60",
      match: `client:${near.replace(/\d+$/, "96/27")}`,
    });
    const [, second = 9, third = 0] = await banners(near, far, far);
    expect(second).toBeLessThan(0.8);
    expect(third).toBeGreaterThan(0.8);
    expect((await banners(lab.machineAddress, lab.machineAddress)).at(-1)).toBeLessThan(0.8);
    expect(await firewall.status(app)).toMatchObject({ intact: true, drift: [] });
    await firewall.lift(app);
    expect((await banners(near, far, far)).at(-1)).toBeLessThan(0.8);
    await clean();
  });

  const flush = name === "pf" ? "postqueue -f" : "exim -qff";
  const send = async (subject: string): Promise<void> => {
    const seen = await firewall.talk({ recipients: ["someone@lab.example"], subject });
    expect(seen.answers.DATA).toMatch(/^250/);
  };
  const arrived = async (subject: string, waitMs: number): Promise<number> => {
    for (const started = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const found = (await lab.sink.messages()).filter((message) => message.subject === subject).length;
      if (found > 0 || Date.now() - started > waitMs) return found;
    }
  };

  it("trap: a rule on port 25 out shuts loopback too: pause × delivery: taken and kept, a flush lets nothing out, loopback is spared; delivered after the lift", async () => {
    const app = await firewall.brake({ effect: "pause", point: "delivery" });
    await send(`paused ${name}`);
    await firewall.shell(flush);
    expect(await arrived(`paused ${name}`, 1_500)).toBe(0);
    expect(await firewall.from(name, "127.0.0.1")).toBe("220");
    expect(await firewall.from(name)).toBe("220");
    expect(await firewall.from(name, lab.host("sink").address)).toBe("refused");
    expect(await firewall.status(app)).toMatchObject({ intact: true, drift: [] });
    await firewall.lift(app);
    await firewall.shell(flush);
    expect(await arrived(`paused ${name}`, 15_000)).toBe(1);
    await clean();
  });

  it("throttle × delivery: connections out at that rate, none refused, and mail arrives", async () => {
    const app = await firewall.brake({ effect: "throttle", point: "delivery", connections: "60" });
    const started = Date.now();
    for (let count = 0; count < 3; count += 1) expect(await firewall.from(name, lab.host("sink").address)).toBe("220");
    expect(Date.now() - started).toBeGreaterThan(1_800);
    await send(`throttled ${name}`);
    expect(await arrived(`throttled ${name}`, 15_000)).toBe(1);
    await firewall.lift(app);
    await clean();
  });

  it("trap: a reset tells the client alone, and the mail server waits on for minutes: with cut=1 a session is cut at both ends, without it goes on; one that is not meant never", async () => {
    const recipients = ["someone@lab.example"];
    let app = "";
    const pause = async () => {
      app = await firewall.brake({ effect: "close" });
    };
    const goesOn = await firewall.talk({ from: near, recipients, subject: "open", pause });
    expect(goesOn.answers.DATA).toMatch(/^250/);
    await firewall.lift(app);
    const pauseAndCut = async () => {
      app = await firewall.brake({ effect: "close", match: `client:${near}`, cut: "1" });
      expect(await firewall.shell(`ss -Htn state established sport = :25 dst ${near}`)).toBe("");
    };
    const talkThatIsCut = async () => {
      const cut = firewall.talk({ from: near, recipients, subject: "cut", pause: pauseAndCut });
      expect(await cut.then(({ answers }) => answers.DATA).catch((error: unknown) => String(error))).toMatch(
        /closed|RESET/,
      );
    };
    const spared = await firewall.talk({ from: far, recipients, subject: "spared", pause: talkThatIsCut });
    expect(spared.answers.DATA).toMatch(/^250/);
    expect(await firewall.banner(near)).toBe("refused");
    expect(await firewall.status(app)).toMatchObject({ intact: true, drift: [], cut: true });
    await firewall.lift(app);
    await clean();
  });

  it("a plan shows the very file that nft gets, what stays open and what a sender sees, and changes nothing", async () => {
    const plan = await firewall.plan({ effect: "close", match: `client:${near}`, text: "not told" });
    expect(plan.steps.map(({ kind, text }) => [kind, text.replace(/N-\d+_x/g, "APP")])).toEqual([
      ["file", "/var/lib/mailbrake/tables/nftables/APP.nft is made"],
      ["command", "nft -f /var/lib/mailbrake/tables/nftables/APP.nft"],
    ]);
    const rule = `tcp dport 25 ip saddr ${near} tcp flags & (fin|syn|rst|ack) == syn counter reject with tcp reset`;
    expect(plan.steps[0]?.diff).toContain(`+${rule}`);
    expect(plan.reply).toBe("connection refused");
    const opens = [/^Port 587$/, /^local of .*submit without a connection/, /open now go on/];
    expect(plan.opens).toEqual(expect.arrayContaining(opens.map((words) => expect.stringMatching(words))));
    expect(plan.notes.join(" ")).toMatch(/next MX host.*tells the sender no text.*minute sweep/);
    expect(await firewall.plan({ effect: "close", cut: "1" })).toMatchObject({ cutsSessions: true });
    await clean();
  });

  it("what a firewall can't do exactly is refused by name, with the nearest, and nothing is changed", async () => {
    const refused = async (keys: Record<string, string>, field: string, words: RegExp): Promise<void> => {
      const refusal = await firewall.agent.refusal("apply", firewall.request(keys));
      expect(refusal).toMatchObject({ error: "cannot", field, message: expect.stringMatching(words) });
    };
    const mta = name === "pf" ? "postfix:/etc/postfix" : "exim:/var/lib/exim4/config.autogenerated";
    const delivery = { effect: "pause", point: "delivery" };
    for (const effect of ["tempfail", "reject", "discard", "hold"])
      await refused({ effect }, "effect", new RegExp(`close or throttle here, or ${effect} at listener:.* of ${mta}`));
    await refused({ effect: "pause" }, "effect", /close or throttle here/);
    await refused({ ...delivery, effect: "close" }, "effect", /nearest is pause, or close at listener/);
    await refused({ effect: "close", match: "sender:<>" }, "match", new RegExp(`client here, .* of ${mta}`));
    await refused({ effect: "close", match: `client:${near}`, match2: "sender:<>" }, "match2", /the client alone/);
    await refused({ ...delivery, match: "recipient:a.example" }, "match", new RegExp(`all, .* at delivery of ${mta}`));
    await refused({ effect: "throttle", messages: "5" }, "messages", /connections here/);
    await refused({ ...delivery, effect: "throttle", recipients: "5" }, "messages", /connections here/);
    await refused({ effect: "throttle", connections: "5", cut: "1" }, "cut", /close or pause/);
    await clean();
  });
});
