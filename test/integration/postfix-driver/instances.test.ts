import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labUp, mxHost, secondInstancePort } from "../../lab/index.ts";
import { BrakedHost } from "./braked-host.ts";
import type { SmtpTalk } from "./smtp-talk.ts";

const second = "postfix:/etc/postfix-out";
const open = /^250 2\.1\.5/;
const toSomeone: Partial<SmtpTalk> = { recipients: ["someone@lab.example"] };

describe("a host with two Postfix instances", () => {
  let lab: Lab;
  let relay: BrakedHost;
  let untouched: string[];
  const point = (): string => `listener:${relay.host.address}:${secondInstancePort}/inet`;
  const toSecond: Partial<SmtpTalk> = { ...toSomeone, port: secondInstancePort };
  beforeAll(async () => {
    lab = await labUp({
      hosts: [
        { name: "relay", role: "relay", layer: "postfix", octet: 13 },
        { name: "sink", role: "sink", layer: "postfix", octet: 50 },
      ],
    });
    relay = await BrakedHost.on(lab.host("relay"));
    untouched = await relay.configuration();
  });
  afterEach(async () => await relay.liftAll());
  afterAll(async () => {
    try {
      await relay?.stop();
    } finally {
      await lab?.down();
    }
  });

  it("discover finds both, with their listeners, roles and where to probe them", async () => {
    const { parts } = await relay.agent.ask("discover");
    const instances = parts.flatMap((part) => ("instance" in part ? [part.instance] : []));
    expect(instances.map(({ instance, name, running }) => ({ instance, name, running }))).toEqual([
      { instance: "postfix:/etc/postfix", name: "postfix", running: true },
      { instance: second, name: "postfix-out", running: true },
    ]);
    const points = parts.flatMap((part) => ("point" in part ? [part.point] : []));
    expect(points.map((one) => `${one.instance} ${one.point} ${one.role}`)).toEqual([
      "postfix:/etc/postfix listener:smtp/inet relay",
      "postfix:/etc/postfix local local",
      "postfix:/etc/postfix delivery null",
      `${second} ${point()} submission`,
      // sendmail -C /etc/postfix-out
      `${second} local local`,
      `${second} delivery null`,
    ]);
    const listener = points.find((one) => one.point === point());
    expect(listener?.listens).toEqual([{ address: relay.host.address, port: secondInstancePort }]);
    expect(listener?.probe).toMatchObject({ address: relay.host.address, port: secondInstancePort });
    for (const one of points.filter(({ kind }) => kind === "listener")) {
      expect(one.cells.map(({ effect }) => effect)).toEqual([
        "tempfail",
        "reject",
        "discard",
        "hold",
        "throttle",
        "close",
      ]);
    }
  });

  it.each([
    { effect: "tempfail", match: "all", seen: /^450 / },
    { effect: "reject", match: "recipient:someone@lab.example", seen: /^554 / },
    { effect: "throttle", match: "all", messages: "1", seen: /^450 4\.7\.1 Error: too much mail/ },
    { effect: "close", match: "all", seen: /^refused/ },
  ])("$effect at the second leaves the first alone", async ({ seen, ...brake }) => {
    const app = await relay.brake({ instance: second, point: point(), ...brake });
    await relay.settles(toSecond, seen);
    expect((await relay.talk(toSomeone)).recipients[0]).toMatch(open);
    await relay.lift(app);
    await relay.settles(toSecond, open);
    await relay.expectClean(untouched);
  });

  it("both at once: each keeps its own brake when the other's is lifted", async () => {
    const one = await relay.brake({ effect: "tempfail", match: "all" });
    const two = await relay.brake({ instance: second, point: point(), effect: "reject", match: "all" });
    await relay.settles(toSomeone, new RegExp(`^450 .*\\(ref ${one}\\)`));
    await relay.settles(toSecond, new RegExp(`^554 .*\\(ref ${two}\\)`));
    await relay.lift(one);
    await relay.settles(toSomeone, open);
    await relay.settles(toSecond, new RegExp(`^554 .*\\(ref ${two}\\)`));
    await relay.lift(two);
    await relay.settles(toSecond, open);
    await relay.expectClean(untouched);
  });

  it("trap: a plain reload is one of all instances: a brake at the second reloads the second alone", async () => {
    const reloads = async (): Promise<number[]> => {
      const { stdout } = await relay.host.shell(
        'for name in postfix postfix-out; do grep -c " $name/master\\[[0-9]*\\]: reload" /var/log/mail.log || :; done',
      );
      return stdout.trim().split("\n").map(Number);
    };
    const [first = 0, own = 0] = await reloads();
    const app = await relay.brake({ instance: second, point: point(), effect: "tempfail", match: "all" });
    await relay.settles(toSecond, /^450 /);
    await expect.poll(async () => (await reloads())[1], { timeout: 20_000 }).toBeGreaterThan(own);
    expect((await reloads())[0]).toBe(first);
    await relay.lift(app);
    await relay.expectClean(untouched);
  });

  it("hold and pause at the second count and deliver the second's own mail", async () => {
    await lab.sink.reset();
    const hold = await relay.brake({ instance: second, point: point(), effect: "hold", match: "all" });
    const pause = await relay.brake({ instance: second, point: "delivery", effect: "pause", match: "all" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await relay.talk({ ...toSecond, subject: "numbered message 1" });
    expect(await relay.lift(hold)).toBe(1);
    await relay.talk({ ...toSecond, subject: "numbered message 2" });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await lab.sink.received()).size).toBe(0);
    await relay.lift(pause);
    expect([...(await lab.sink.waitFor(2, 30)).values()]).toEqual([1, 1]);
    await relay.expectClean(untouched);
  });
});

describe("other ways to run Postfix", () => {
  let lab: Lab;
  let mx: BrakedHost;
  const reload = "touch -d '1 minute ago' /etc/postfix/main.cf; postfix reload";
  beforeAll(async () => {
    lab = await labUp({ hosts: [mxHost("mx1", 11)] });
    mx = await BrakedHost.on(lab.host("mx1"));
    await mx.agent.ask("discover");
    await mx.host.shell("cp -a /etc/postfix /root/original");
  });
  afterEach(async () => {
    await mx.liftAll();
    await mx.host.shell(`rm -rf /etc/postfix; cp -a /root/original /etc/postfix; ${reload}`);
  });
  afterAll(async () => {
    try {
      await mx?.stop();
    } finally {
      await lab?.down();
    }
  });

  const brakesHold = async (): Promise<void> => {
    const untouched = await mx.configuration();
    for (const brake of [
      { effect: "tempfail", match: "all", seen: /^450 / },
      { effect: "reject", match: "client:ADDRESS", seen: /^554 / },
      { effect: "tempfail", match: "sender:<>", seen: /^450 /, talk: { sender: "" } },
      { effect: "reject", match: "recipient:someone@lab.example", seen: /^554 / },
      { effect: "close", match: "all", seen: /^refused/ },
    ]) {
      const { seen, talk, ...order } = brake;
      const app = await mx.brake({ ...order, match: order.match.replace("ADDRESS", lab.machineAddress) });
      await mx.settles({ ...toSomeone, ...talk }, seen);
      await mx.lift(app);
      await mx.settles({ ...toSomeone, ...talk }, open);
      await mx.expectClean(untouched);
    }
  };

  it("behind postscreen", async () => {
    await mx.host.shell(`postconf -M 'smtp/inet=smtp inet n - y - 1 postscreen' 'smtpd/pass=smtpd pass - - y - - smtpd' 'dnsblog/unix=dnsblog unix - - y - 0 dnsblog' 'tlsproxy/unix=tlsproxy unix - - y - 0 tlsproxy'
postconf -e postscreen_greet_wait=1s postscreen_access_list=permit_mynetworks; ${reload}`);
    await mx.agent.ask("discover");
    await brakesHold();
  });

  it("trap: with smtpd_delay_reject off the client list is over before there is a recipient", async () => {
    await mx.host.shell(`postconf -e smtpd_delay_reject=no; ${reload}`);
    await brakesHold();
  });

  it("with smtpd_delay_reject off and an own recipient list in the service alone", async () => {
    await mx.host.shell(
      `postconf -P smtp/inet/smtpd_delay_reject=no smtp/inet/smtpd_recipient_restrictions=permit_mynetworks,reject; ${reload}`,
    );
    await brakesHold();
  });

  it("armed: the hooks stay after the last lift, empty, and go with disarm", async () => {
    const untouched = await mx.configuration();
    expect((await mx.agent.ask("arm", { instance: "postfix:/etc/postfix" })).final.outcome).toBe("armed");
    const armed = await mx.configuration();
    expect(armed).not.toEqual(untouched);
    expect((await mx.talk(toSomeone)).recipients[0]).toMatch(open);
    await brakesHold();
    expect(await mx.configuration()).toEqual(armed);
    expect((await mx.agent.ask("disarm", { instance: "postfix:/etc/postfix" })).final.outcome).toBe("disarmed");
    await mx.expectClean(untouched);
  });

  it("stopped: a brake is in the files, says that Postfix does not run, and holds once it is started", async () => {
    const untouched = await mx.configuration();
    await mx.host.shell("postfix stop");
    const app = await mx.brake({ effect: "tempfail", match: "all" });
    const { parts } = await mx.agent.ask("status", { app });
    expect(parts.flatMap((part) => ("application" in part ? part.application.drift : []))).toEqual([]);
    await mx.host.shell("postfix start");
    await mx.settles(toSomeone, /^450 /);
    await mx.host.shell("postfix stop");
    await mx.lift(app);
    await mx.host.shell("postfix start");
    await mx.settles(toSomeone, open);
    await mx.expectClean(untouched);
  });

  it("with smtpd_proxy_filter, neither hold nor discard is offered, and both are refused", async () => {
    await mx.host.shell(`postconf -P smtp/inet/smtpd_proxy_filter=127.0.0.1:10025; ${reload}`);
    const { parts } = await mx.agent.ask("discover");
    const listener = parts.flatMap((part) =>
      "point" in part && part.point.kind === "listener" ? [part.point] : [],
    )[0];
    expect(listener?.cells.map(({ effect }) => effect)).toEqual(["tempfail", "reject", "throttle", "close"]);
    const order = {
      app: "B95",
      brake: "B95",
      instance: "postfix:/etc/postfix",
      point: "listener:smtp/inet",
      match: "all",
      ttl: "0",
      by: "t",
      reason: "t",
    };
    expect((await mx.agent.refusal("apply", { ...order, effect: "hold" })).error).toBe("cannot");
  });

  it("plan writes what apply then does, and changes nothing", async () => {
    const untouched = await mx.configuration();
    const order = { instance: "postfix:/etc/postfix", point: "listener:smtp/inet", effect: "tempfail", match: "all" };
    const { parts, final } = await mx.agent.ask("plan", order);
    const steps = parts.flatMap((part) => ("step" in part ? [part.step] : []));
    expect(steps.filter(({ kind }) => kind === "file").map(({ path }) => path)).toEqual([
      expect.stringContaining("/var/lib/mailbrake/tables/"),
      "/etc/postfix/main.cf",
      "/etc/postfix/master.cf",
    ]);
    expect(steps.at(-1)).toMatchObject({ kind: "command", text: "postfix -c /etc/postfix reload" });
    expect(final.reply).toBe(
      "450 4.7.1 <CLIENT>: Client host rejected: Mail is paused here, please try again later (ref PLAN)",
    );
    expect(final.opens.length).toBeGreaterThan(0);
    await mx.expectClean(untouched);
  });
});
