import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, openPage } from "../stack/browser.ts";
import { RealStack } from "../stack/real-stack.ts";

const screenshots = process.env.MAILBRAKE_SCREENSHOTS;
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
    places = [
      { name: "board", path: "/", says: /2 of 9 entry points braked/ },
      { name: "brakes", path: "/brakes", says: new RegExp(brake.ref) },
      { name: "brake", path: `/brakes/${brake.id}`, says: /In force, proved/ },
      { name: "entry-point", path: `/block-points/${point.id}`, says: /postfix reload/ },
      { name: "hosts", path: "/hosts", says: /Connected/ },
      { name: "host", path: `/hosts/${stack.hostId("mx1")}`, says: /SHA256:/ },
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

  async function signIn(page: Page): Promise<void> {
    await page.goto(stack.plane.url);
    await page.getByLabel(/e-?mail/i).fill(stack.admin.email);
    await page.getByRole("textbox", { name: "Password" }).fill(stack.admin.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Board" }).waitFor();
  }

  it.each(viewports)("fits $width px, shows what is, and breaks no rule of its own page", async (viewport) => {
    const { page, errors } = await openPage(browser, viewport);
    await signIn(page);
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
