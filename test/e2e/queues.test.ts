import type { QueueInstance } from "@mailbrake/contract";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultFleet } from "../lab/index.ts";
import { launchBrowser, openPage } from "../stack/browser.ts";
import { RealStack } from "../stack/real-stack.ts";
import { signIn } from "../stack/sign-in.ts";
import { waitUntil } from "../stack/wait-until.ts";

const loud = 150;
const quiet = 900;
const sender = "loud@spam.example";

describe("queued mail of a Postfix, in a real browser", () => {
  let stack: RealStack;
  let browser: Browser;
  let instance: QueueInstance;
  const viewer = { name: "Vera Viewer", email: "vera@lab.example", password: "a-viewers-pass-1", role: "viewer" };
  const inQueue = async (queue: string) => {
    const { stdout } = await stack.lab.host("mx1").shell(`find /var/spool/postfix/${queue} -type f | wc -l`);
    return Number(stdout.trim());
  };

  beforeAll(async () => {
    const hosts = defaultFleet().filter(({ name }) => name === "mx1");
    [stack, browser] = await Promise.all([RealStack.up({ name: "e2equeue", hosts, enrol: ["mx1"] }), launchBrowser()]);
    const { shell } = stack.lab.host("mx1");
    // Deferred once, and then left alone: what is counted doesn't move under the reader.
    await shell("postconf -e defer_transports=smtp queue_run_delay=1h minimal_backoff_time=1h && postfix reload");
    await shell(
      `smtp-source -s 5 -m ${loud} -f ${sender} -t bob@nowhere.example 127.0.0.1:25 && smtp-source -s 5 -m ${quiet} -f news@good.example -t amy@lab.example 127.0.0.1:25`,
    );
    await waitUntil("all to be deferred", async () => (await inQueue("deferred")) === loud + quiet, 60_000);
    const { instances } = await stack.plane.call<{ instances: QueueInstance[] }>("GET", "/api/queue-instances");
    [instance] = instances as [QueueInstance];
    await stack.plane.call("POST", "/api/users", viewer);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.down();
  });

  /** On the page of what it would take: gives the reason, types the word where one is asked, orders, and waits for the end. */
  async function order(page: Page, button: string, word?: string): Promise<void> {
    await page.getByRole("button", { name: button }).waitFor();
    await page.getByRole("textbox", { name: "Reason" }).fill("flood, ticket 4711");
    if (word !== undefined) {
      await page.getByRole("button", { name: button }).click();
      await page.getByText(`The word ${word} is missing.`).waitFor();
      await page.getByRole("textbox", { name: `Type ${word} to confirm` }).fill(word);
    }
    await page.getByRole("button", { name: button }).click();
    await done(page);
  }
  const done = (page: Page) => page.getByText(`Done, ${loud} of ${loud} messages`).waitFor();

  it("is surveyed and followed; a sender's mail is held, released, deleted and restored, each counted before", async () => {
    const { page, errors } = await openPage(browser, { width: 1440, height: 900 });
    await signIn(page, stack.plane.url, stack.admin);
    await page.getByRole("link", { name: "Queues" }).click();
    await page
      .getByRole("article", { name: /on mx1/ })
      .getByRole("link", { name: "mx1" })
      .click();
    await page.getByText("Live, each second").waitFor();
    await page.getByRole("region", { name: "How long they wait" }).getByText("1,050").first().waitFor();
    await page.getByRole("link", { name: `Brake this: sender ${sender}` }).click();
    const value = page.getByRole("textbox", { name: "Address, domain, or <>" });
    await value.waitFor();
    expect(await value.inputValue()).toBe(sender);
    await page.getByRole("checkbox", { name: "Cut sessions that are open now" }).waitFor();
    await page.goBack();

    await page.getByRole("navigation", { name: "What of the queue" }).getByRole("link", { name: "Messages" }).click();
    await page.getByRole("button", { name: "Show 1,000 more" }).click();
    await page.getByText("1,050 shown, no more were found").waitFor();
    const rows = page.getByRole("list", { name: "Messages" }).getByRole("button");
    expect(await rows.count()).toBe(loud + quiet);
    await rows.last().click();
    await page.getByLabel("Headers").getByText("Message-Id").waitFor();

    await page.getByRole("combobox", { name: "Match" }).selectOption({ label: "Sender" });
    await value.fill("spam.example");
    await page.getByRole("button", { name: "Show these messages" }).click();
    await page.getByText("From anyone at spam.example").waitFor();
    const selected = page.url();

    await page.getByRole("link", { name: "Hold…" }).click();
    await order(page, `Hold ${loud} messages`);
    expect(await inQueue("hold")).toBe(loud);
    await page.goto(selected);
    await page.getByRole("link", { name: "Release…" }).click();
    await order(page, `Release ${loud} messages`);
    expect(await inQueue("hold")).toBe(0);
    await page.goto(selected);
    await page.getByRole("link", { name: "Delete…" }).click();
    await order(page, `Delete ${loud} messages`, "delete");
    expect(await inQueue("deferred")).toBe(quiet);
    await page.getByRole("button", { name: "Restore" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("wrong mail");
    await page.getByRole("button", { name: "Restore the messages" }).click();
    await page.getByRole("heading", { name: /^Restore queued mail/ }).waitFor();
    await done(page);
    expect(await inQueue("hold")).toBe(loud);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("leads from a hold brake to what it holds, and to its release", async () => {
    const point = await stack.point("mx1", "listener:smtp/inet");
    const match = [{ kind: "sender" as const, value: "held@spam.example" }];
    const brake = await stack.brake({ effect: "hold", match, blockPointIds: [point.id] });
    await stack.reach(brake.id, ["applied", "proved"], 60_000);
    await stack.lab.host("mx1").shell("smtp-source -m 3 -f held@spam.example -t bob@nowhere.example 127.0.0.1:25");
    const { page, errors } = await openPage(browser, { width: 390, height: 844 });
    await signIn(page, stack.plane.url, stack.admin);
    await page.goto(`${stack.plane.url}/brakes/${brake.id}`);
    await page.getByRole("link", { name: "What it holds" }).click();
    await page.getByText("3 shown, no more were found").waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "Release it…" }).click();
    await page.getByRole("button", { name: "Release 3 messages" }).waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("shows a viewer everything but the messages' content, and offers no action", async () => {
    const running = await stack.plane.call<{ id: string }>("POST", "/api/queue-actions", {
      action: "release",
      selection: { match: [{ kind: "sender", value: "news@good.example" }] },
      instanceIds: [instance.id],
      ratePerMinute: 1,
      reason: "so slowly that it runs",
    });
    const { page, errors } = await openPage(browser, { width: 390, height: 844 });
    await signIn(page, stack.plane.url, viewer);
    const places = [
      ["/queues", "Recent queue actions"],
      [`/queues/${instance.id}`, "How long they wait"],
      [`/queues/${instance.id}?view=messages`, "You are a viewer"],
      ["/queues/actions", "so slowly that it runs"],
      [`/queues/actions/${running.id}`, `Running, `],
      ["/queues/act", "this needs the role operator"],
    ] as const;
    for (const [path, says] of places) {
      await page.goto(`${stack.plane.url}${path}`);
      await page.getByText(says).first().waitFor();
      const main = page.getByRole("main");
      for (const role of ["link", "button"] as const)
        expect([
          path,
          await main.getByRole(role, { name: /…$|^Stop$|^Restore$|^Brake this/ }).allTextContents(),
        ]).toEqual([path, []]);
      if (path.endsWith("messages")) {
        await main.getByRole("list", { name: "Messages" }).getByRole("button").first().click();
        await page.getByText("Its headers are for operators.").waitFor();
      }
    }
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
