import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, openPage } from "../stack/browser.ts";
import { RealStack } from "../stack/real-stack.ts";
import { signIn } from "../stack/sign-in.ts";

const screenshots = process.env.MAILBRAKE_SCREENSHOTS;

describe("in a real browser, on real mail servers", () => {
  let stack: RealStack;
  let browser: Browser;
  beforeAll(async () => {
    stack = await RealStack.up({ name: "e2e" });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.down();
  });

  async function keep(page: Page, name: string): Promise<void> {
    if (!screenshots) return;
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}-${page.viewportSize()?.width}.png`), fullPage: true });
  }

  const viewports = [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ];
  it.each(viewports)(
    "at $width px: Board → tempfail all inbound → proved by an SMTP dialogue → lift → open again",
    async (viewport) => {
      const { page, errors } = await openPage(browser, viewport);
      await signIn(page, stack.plane.url, stack.admin);
      await page.getByText("mx1", { exact: false }).first().waitFor();
      await keep(page, "board-open");
      await page.getByRole("button", { name: /Tempfail all inbound/ }).click();
      await page.getByLabel(/reason/i).fill("flood from outside, see ticket 4711");
      await page
        .getByText(/450 4\./)
        .first()
        .waitFor();
      await keep(page, "plan");
      await page.getByRole("button", { name: "Apply the brake" }).click();
      await page.getByText("In force, proved").nth(1).waitFor();
      await page
        .getByText(/450 4\.\d\.\d .*ref /)
        .first()
        .waitFor();
      await keep(page, "brake-proved");
      await page.goto(stack.plane.url);
      await page.getByRole("heading", { name: "Board" }).waitFor();
      await keep(page, "board-braked");
      await page
        .getByRole("button", { name: /^Lift\b/ })
        .first()
        .click();
      await page
        .getByRole("dialog")
        .getByLabel(/reason/i)
        .fill("flood is over");
      await page.getByRole("dialog").getByRole("button", { name: "Lift the brake" }).click();
      await page.getByText("Lifted, proved open").nth(1).waitFor();
      await keep(page, "brake-lifted");
      const wide = await page.evaluate<boolean>(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth",
      );
      expect(wide).toBe(false);
      expect(errors).toEqual([]);
      await page.context().close();
    },
  );
});
