import type { BlockPointDetail, BlockPointView, BrakeView, EntryPointRole, PlanView } from "@mailbrake/contract";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eximHost, mixedFleet } from "../lab/index.ts";
import { launchBrowser, openPage } from "../stack/browser.ts";
import { RealStack } from "../stack/real-stack.ts";
import { signIn } from "../stack/sign-in.ts";
import { waitUntil } from "../stack/wait-until.ts";

/** The doors, by host: what brakes there, what the plan of a tempfail says that a sender sees, the files that must be as before, and how its mail system tries all that waits. */
const doors = {
  mx1: {
    mta: "postfix",
    sees: /^450 4\.7\.1 .*Client host rejected: TEXT/,
    files: "/etc/postfix",
    flush: "postqueue -f",
  },
  mx2: { mta: "exim", sees: /^450 4\.7\.1 TEXT/, files: "/etc/exim4", flush: "exim -qff" },
  relay: { mta: "sendmail", sees: /^450 4\.7\.1 <\S+>\.\.\. TEXT/, files: "/etc/mail", flush: "sendmail -q" },
  lists: {
    mta: "opensmtpd",
    sees: /^450 4\.7\.1 TEXT/,
    files: "/etc/smtpd.conf /etc/smtpd",
    flush: "smtpctl schedule all",
  },
  gate: { mta: "nftables", sees: /^connection refused$/, files: "/etc/exim4", flush: "exim -qff" },
} as const;
type HostName = keyof typeof doors;
const hostNames = Object.keys(doors) as HostName[];
const text = 'drill "quotes", $dollars and {braces}';
const count = 200;

describe("one brake over Postfix, Exim, Sendmail, OpenSMTPD and a firewall", () => {
  let stack: RealStack;
  let browser: Browser;
  let points: Map<HostName, BlockPointView>;
  let before: string[];
  beforeAll(async () => {
    stack = await RealStack.up({
      name: "whole",
      hosts: [...mixedFleet(), eximHost("gate", 15, "single")],
      enrol: hostNames,
    });
    browser = await launchBrowser();
    points = new Map(await Promise.all(hostNames.map(async (name) => [name, await door(name)] as const)));
    before = await hostsNow();
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.down();
  });

  /** The block point of a host by which mail comes from outside, of the mail system or firewall that the brake is to use there. */
  async function door(name: HostName, mta: string = doors[name].mta): Promise<BlockPointView> {
    const { blockPoints } = await stack.plane.call<{ blockPoints: BlockPointView[] }>(
      "GET",
      `/api/block-points?hostId=${stack.hostId(name)}`,
    );
    const inbound: EntryPointRole | null = mta === "nftables" ? null : "inbound-mx";
    const found = blockPoints.filter(
      (candidate) =>
        candidate.mta === mta && candidate.role === inbound && candidate.listens.some(({ port }) => port === 25),
    );
    expect(found.map(({ point }) => point)).toHaveLength(1);
    return found[0] as BlockPointView;
  }

  const point = (name: HostName): BlockPointView => points.get(name) as BlockPointView;

  /** Files and firewall of all hosts. */
  async function hostsNow(): Promise<string[]> {
    const each = hostNames.map(async (name) => {
      const host = stack.lab.host(name);
      const files = await host.checksumTree(...doors[name].files.split(" "));
      return [...files, (await host.exec(["nft", "list", "ruleset"])).stdout].map((line) => `${name} ${line}`);
    });
    return (await Promise.all(each)).flat();
  }

  /** What proved it at each door: the last answer of the newest dialogue that shows the brake. */
  function proofs(brake: BrakeView): Record<string, string> {
    return Object.fromEntries(
      brake.applications.map(({ hostName, evidence }) => {
        const proof = evidence.find(({ kind, verdict }) => kind === "dialogue" && verdict === "in-force");
        const said = proof?.dialogue.filter(({ from }) => from === "server").map((line) => line.text);
        const refusal = said?.findLast((line) => line.startsWith("450"));
        return [hostName, refusal ?? proof?.summary ?? "no proof"];
      }),
    );
  }

  it("by the API: each door by its own mechanism, proved by its own evidence; all mail waits, and comes once after the lift", async () => {
    const order = {
      effect: "tempfail" as const,
      match: [{ kind: "all" as const, value: "" }],
      blockPointIds: hostNames.map((name) => point(name).id),
      text,
    };
    const refused = await stack.plane.call<PlanView>("POST", "/api/plans", order);
    expect(refused.plans.filter(({ outcome }) => outcome === "refused").map(({ hostName }) => hostName)).toEqual([
      "gate",
    ]);
    const wall = { otherEffects: [{ blockPointId: point("gate").id, effect: "close" as const }] };
    const { plans } = await stack.plane.call<PlanView>("POST", "/api/plans", { ...order, ...wall });
    for (const name of hostNames) {
      const plan = plans.find(({ hostName }) => hostName === name);
      expect(plan).toMatchObject({ outcome: "planned", mta: doors[name].mta });
      expect(plan?.effect).toBe(name === "gate" ? "close" : "tempfail");
      expect(plan?.reply.replace(text, "TEXT")).toMatch(doors[name].sees);
      expect(plan?.steps.length).toBeGreaterThan(0);
    }
    expect(await hostsNow()).toEqual(before);

    const brake = await stack.brake({ ...order, ...wall });
    const proved = await stack.reach(brake.id, ["proved"], 60_000);
    const seen = proofs(proved);
    for (const name of hostNames) if (name !== "gate") expect(seen[name]).toContain(`${text} (ref ${brake.ref})`);
    const { evidence = [] } = proved.applications.find(({ hostName }) => hostName === "gate") ?? {};
    expect(evidence.find(({ kind }) => kind === "dialogue")?.verdict).toBe("in-force");
    expect(JSON.stringify(evidence.flatMap(({ readback }) => readback))).toContain("tcp dport 25");

    await stack.lab.sender.inject({ from: "writer@outside.example", to: "someone@lab.example", count });
    await stack.lab.sender.flush();
    await waitUntil("the sender was turned away at each door", async () => (await turnedAway()).length === 5, 60_000);
    await waitUntil("every message waits", async () => (await stack.lab.sender.queueCount()) === count, 60_000);
    expect(await stack.lab.sink.messages()).toEqual([]);
    await stack.lift(brake.id);
    await stack.reach(brake.id, ["open"], 60_000);
    const received = await waitUntil("every message is in the sink", everyMessage, 120_000, 1_000);
    expect([...received.values()].filter((times) => times !== 1)).toEqual([]);
    await waitUntil("nothing is left at the sender", async () => (await stack.lab.sender.queueCount()) === 0, 60_000);
    expect(await hostsNow()).toEqual(before);
  });

  /** What has come, once every message has. On the way mail waits here and there, for many in one connection or a busy machine: that is tried too. */
  async function everyMessage(): Promise<Map<number, number> | false> {
    const received = await stack.lab.sink.received();
    if (received.size === count) return received;
    await stack.lab.sender.flush();
    await Promise.all(hostNames.map((name) => stack.lab.host(name).shell(doors[name].flush, { check: false })));
    return false;
  }

  /** The hosts that the sender says it was refused by, or could not connect to. */
  async function turnedAway(): Promise<HostName[]> {
    const { stdout } = await stack.lab.sender.host.shell("grep -E ' 450 4|Connection refused' /var/log/mail.log", {
      check: false,
    });
    return hostNames.filter((name) => stdout.includes(`[${stack.lab.host(name).address}]`));
  }

  it("by the dashboard: the starter, the firewall's effect beside it, the plan, proof at five doors, one lift", async () => {
    const { page, errors } = await openPage(browser, { width: 390, height: 844 });
    await signIn(page, stack.plane.url, stack.admin);
    await page.getByRole("button", { name: /Tempfail all inbound/ }).click();
    await page.getByText("Tempfail by exim").nth(1).waitFor();
    await page.getByRole("button", { name: "Change" }).click();
    const behind = await door("gate", "exim");
    await page.getByRole("checkbox", { name: `${behind.label} on gate`, exact: true }).uncheck();
    await page.getByText(/block points can't do this/).click();
    await page
      .getByRole("combobox", { name: `Instead, at ${point("gate").label} on gate`, exact: true })
      .selectOption("close");
    await page.getByRole("button", { name: "Show the plan" }).click();
    const words = (name: HostName) => `${name === "gate" ? "Close" : "Tempfail"} by ${doors[name].mta}`;
    const region = (name: HostName, before = "") =>
      page.getByRole("region", { name: `${before}${point(name).label} on ${name}`, exact: true });
    for (const name of hostNames) await region(name, "Plan for ").getByText(words(name)).waitFor();
    await region("gate", "Plan for ").getByText("instead of tempfail").waitFor();
    await page.getByLabel(/reason/i).fill("flood from outside, see ticket 4711");
    await page.getByRole("button", { name: "Apply the brake" }).click();
    for (const name of hostNames) {
      await region(name).getByText("In force, proved").first().waitFor();
      await region(name).getByText(words(name)).waitFor();
      const proof = name === "gate" ? /A probe got no connection: refused/ : /450 4\.7\.1 .*ref /;
      await region(name).getByText(proof).first().waitFor();
    }
    const wide = await page.evaluate<boolean>(
      "document.documentElement.scrollWidth > document.documentElement.clientWidth",
    );
    expect(wide).toBe(false);
    await page
      .getByRole("button", { name: /^Lift\b/ })
      .first()
      .click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/reason/i).fill("flood is over");
    await dialog.getByRole("button", { name: "Lift the brake" }).click();
    for (const name of hostNames) await region(name).getByText("Lifted, proved open").first().waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
    expect(await hostsNow()).toEqual(before);
  });

  it("each door's page has the commands of all that can be done there to all mail, whatever its throttle counts", async () => {
    for (const name of hostNames) {
      const { mechanisms } = await waitUntil(
        `${name} is planned`,
        async () => {
          const found = await stack.plane.call<BlockPointDetail>("GET", `/api/block-points/${point(name).id}`);
          return found.mechanisms.every(({ plannedAt }) => plannedAt !== null) && found;
        },
        60_000,
      );
      expect(mechanisms.length).toBeGreaterThan(1);
      const without = mechanisms.filter(({ steps, planError }) => planError !== null || steps.length === 0);
      expect(without.map(({ cell, planError }) => `${name} ${cell.effect}: ${planError}`)).toEqual([]);
    }
  });
});
