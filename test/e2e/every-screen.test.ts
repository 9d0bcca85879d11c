import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ExternalPointDetail, ManualRunView, QueueActionView, QueueInstance } from "@mailbrake/contract";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, openPage } from "../stack/browser.ts";
import { RealStack } from "../stack/real-stack.ts";
import { signIn } from "../stack/sign-in.ts";
import { waitUntil } from "../stack/wait-until.ts";

const screenshots = process.env.MAILBRAKE_SCREENSHOTS;
/** Six messages that wait at mx1, held by an action that has ended. */
async function queuedMail(stack: RealStack): Promise<{ instanceId: string; actionId: string }> {
  const mx1 = stack.lab.host("mx1");
  await mx1.shell("postconf -e defer_transports=smtp && postfix reload");
  await mx1.shell(
    'for n in 1 2 3 4 5 6; do echo "Subject: number $n" | sendmail -f "loud@spam.example" bob@nowhere.example; done',
  );
  const call = <T>(method: string, path: string, body?: unknown) => stack.plane.call<T>(method, path, body);
  const { instances } = await call<{ instances: QueueInstance[] }>("GET", "/api/queue-instances");
  const instanceId = instances.find(({ hostName }) => hostName === "mx1")?.id ?? "";
  const selection = { match: [{ kind: "all", value: "" }] };
  await waitUntil("the mail to wait", async () => {
    const page = await call<{ messages: unknown[] }>("POST", `/api/instances/${instanceId}/queue/search`, {
      selection,
    });
    return page.messages.length === 6;
  });
  const order = { action: "hold", selection, instanceIds: [instanceId], reason: "Flood from one sender" };
  const { id } = await call<QueueActionView>("POST", "/api/queue-actions", order);
  await waitUntil(
    "the hold to end",
    async () => (await call<QueueActionView>("GET", `/api/queue-actions/${id}`)).ended,
  );
  return { instanceId, actionId: id };
}

/** A door by hand with one of its two steps ticked. */
async function doorByHand(stack: RealStack): Promise<string> {
  const call = <T>(method: string, path: string, body: object) => stack.plane.call<T>(method, path, body);
  const note = "https://console.filter.example, contract 17; the provider's hotline is on the wall";
  const door = { name: "Hosted filter", role: "inbound-mx", note };
  const { id } = await call<ExternalPointDetail>("POST", "/api/external-points", door);
  const mechanism = {
    name: "Close the inbound connector",
    effect: "tempfail",
    senderSees: "451 4.7.1 try again later",
    losesMail: false,
    applySteps: ["Sign in to the console", "Connectors → inbound → switch off"],
    undoSteps: ["Connectors → inbound → switch on"],
    links: [{ title: "The filter's manual", url: "https://filter.example/manual/connectors" }],
  };
  const { mechanisms } = await call<ExternalPointDetail>("POST", `/api/external-points/${id}/mechanisms`, mechanism);
  const reason = { reason: "Flood of inbound mail, ticket 4711" };
  const run = await call<ManualRunView>("POST", `/api/manual-mechanisms/${mechanisms[0]?.id}/runs`, reason);
  await call("PUT", `/api/manual-runs/${run.id}/steps/${run.applySteps[0]?.id}`, { ticked: true });
  return id;
}

const viewports = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

describe("every screen, on real hosts with a brake on", () => {
  let stack: RealStack;
  let browser: Browser;
  let places: { name: string; path: string; says: RegExp }[];
  beforeAll(async () => {
    stack = await RealStack.up({ name: "screens" });
    browser = await launchBrowser();
    const point = await stack.point("mx1", "listener:smtp/inet");
    const brake = await stack.brake({
      effect: "tempfail",
      blockPointIds: [point.id, (await stack.point("mx2", "listener:smtp/inet")).id],
      reason: "Flood of inbound mail, ticket 4711",
      expiresInSeconds: 3_600,
    });
    await stack.reach(brake.id, ["proved"]);
    const queue = await queuedMail(stack);
    const byHand = await doorByHand(stack);
    places = [
      { name: "board", path: "/", says: /2 of 9 entry points braked/ },
      { name: "brakes", path: "/brakes", says: new RegExp(brake.ref) },
      { name: "brake", path: `/brakes/${brake.id}`, says: /In force, proved/ },
      { name: "entry-point", path: `/block-points/${point.id}`, says: /postfix reload/ },
      { name: "external-point", path: `/external-points/${byHand}`, says: /1 of 2 steps ticked/ },
      { name: "external-point-new", path: "/external-points/new", says: /Where and what it is/ },
      {
        name: "plan-and-by-hand",
        path: `/brake?step=plan&at=${encodeURIComponent(`["${point.id}"]`)}`,
        says: /Not reached by this: 1 door by hand/,
      },
      {
        name: "composer",
        path: `/brake?at=${encodeURIComponent(`["${point.id}"]`)}`,
        says: /Cut sessions that are open now/,
      },
      { name: "queues", path: "/queues", says: /Flood from one sender/ },
      { name: "queue", path: `/queues/${queue.instanceId}`, says: /How long they wait/ },
      { name: "queue-messages", path: `/queues/${queue.instanceId}?view=messages`, says: /6 shown/ },
      { name: "queue-act", path: "/queues/act?action=release", says: /Messages a minute/ },
      {
        name: "queue-preview",
        path: `/queues/act?step=preview&action=delete&at=${encodeURIComponent(`["${queue.instanceId}"]`)}`,
        says: /Delete 6 messages/,
      },
      { name: "queue-actions", path: "/queues/actions", says: /Flood from one sender/ },
      { name: "queue-action", path: `/queues/actions/${queue.actionId}`, says: /Done, 6 of 6 messages/ },
      { name: "hosts", path: "/hosts", says: /Connected/ },
      { name: "host", path: `/hosts/${stack.hostId("mx1")}`, says: /Who listens for mail/ },
      { name: "enrol", path: "/hosts/enrol", says: /Enrol/ },
      { name: "audit", path: "/audit", says: /ticket 4711|brake\.asked|asked/ },
      { name: "users", path: "/users", says: /admin@lab\.example/ },
      { name: "account", path: "/account", says: /password/i },
    ];
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.down();
  });

  it.each(viewports)("fits $width px, shows what is, and breaks no rule of its own page", async (viewport) => {
    const { page, errors } = await openPage(browser, viewport);
    await signIn(page, stack.plane.url, stack.admin);
    const tooWide: string[] = [];
    for (const { name, path, says } of places) {
      await page.goto(`${stack.plane.url}${path}`);
      await page.getByText(says).first().waitFor({ state: "attached" });
      await page.getByText("Live", { exact: true }).first().waitFor();
      const wide = await page.evaluate<boolean>(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth",
      );
      if (wide) tooWide.push(name);
      if (screenshots) {
        mkdirSync(screenshots, { recursive: true });
        await page.screenshot({
          path: join(screenshots, `${name}-${viewport.width}.png`),
          fullPage: viewport.width > 1000,
        });
      }
    }
    expect(tooWide).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
