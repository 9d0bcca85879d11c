import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, openPage } from "../stack/browser.ts";
import { ControlPlane } from "../stack/control-plane.ts";
import { signIn } from "../stack/sign-in.ts";

const screenshots = process.env.MAILBRAKE_SCREENSHOTS;

describe("a door that no agent reaches, in a real browser", () => {
  let plane: ControlPlane;
  let browser: Browser;
  let admin: { email: string; password: string };
  beforeAll(async () => {
    [plane, browser] = await Promise.all([ControlPlane.start(), launchBrowser()]);
    admin = await plane.makeFirstAdmin();
  });
  afterAll(async () => {
    await browser?.close();
    await plane?.discard();
  });

  async function keep(page: Page, name: string): Promise<void> {
    if (!screenshots) return;
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({
      path: join(screenshots, `manual-${name}-${page.viewportSize()?.width}.png`),
      fullPage: true,
    });
  }

  it("is added with its steps, said to be on, seen elsewhere without a reload, undone, and stands in history and audit", async () => {
    const { page, errors } = await openPage(browser, { width: 390, height: 844 });
    await signIn(page, plane.url, admin);
    await page.getByText("No door by hand yet.").waitFor();
    await page.getByRole("button", { name: "Add a door by hand" }).click();
    await page.getByRole("button", { name: "Add the door" }).click();
    await page.getByText("This is missing.").waitFor();
    await page.getByRole("textbox", { name: "Name" }).fill("Hosted filter");
    await page.getByRole("combobox", { name: "Role" }).selectOption("inbound-mx");
    await page.getByRole("button", { name: "Add the door" }).click();
    await page.getByRole("heading", { name: "Hosted filter" }).waitFor();

    await page.getByRole("button", { name: "Add a mechanism" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("Close the inbound connector");
    await page.getByRole("textbox", { name: "What a sender sees" }).fill("451 4.7.1 try again later");
    await page.getByRole("textbox", { name: "Apply, step 1" }).fill("Switch the inbound connector off");
    await page.getByRole("button", { name: "Apply, add a step" }).click();
    await page.getByRole("textbox", { name: "Apply, step 2" }).fill("Sign in to the filter's console");
    await page.getByRole("button", { name: "Apply, move step 2 up" }).click();
    await page.getByRole("textbox", { name: "Undo, step 1" }).fill("Switch the inbound connector on");
    await keep(page, "editor");
    await page.getByRole("button", { name: "Save the mechanism" }).click();
    const card = page.getByRole("article", { name: "Close the inbound connector" });
    await card.waitFor();
    await keep(page, "calm");

    await card.getByRole("button", { name: "Start the steps…" }).click();
    await page.getByRole("button", { name: "Start the steps", exact: true }).click();
    await page.getByText("Say why, in a few words.").waitFor();
    await page.getByRole("dialog").getByLabel("Reason").fill("flood, ticket 4711");
    await page.getByRole("button", { name: "Start the steps", exact: true }).click();
    await card.getByText("Being put on by hand: 0 of 2 steps ticked").waitFor();

    const elsewhere = await openPage(browser, { width: 1440, height: 900 });
    await signIn(elsewhere.page, plane.url, admin);
    await elsewhere.page.getByText("By hand: 1 being put on").waitFor();
    const step = (text: string) => card.getByRole("checkbox", { name: text });
    await step("Step 1: Sign in to the filter's console").click();
    await card.getByText("Being put on by hand: 1 of 2 steps ticked").waitFor();
    await keep(page, "ticking");
    await step("Step 2: Switch the inbound connector off").click();
    await card.getByText("Said to be on, by Lab Admin").waitFor();
    await elsewhere.page.getByText("By hand: 1 said to be on").waitFor();
    await elsewhere.page.getByText("Said to be on, by Lab Admin").waitFor();
    const main = elsewhere.page.getByRole("main");
    expect(await main.textContent()).not.toMatch(/in force|proved|braked/i);
    await keep(page, "said-on");
    await keep(elsewhere.page, "board-said-on");
    await elsewhere.page.getByRole("link", { name: "Hosted filter" }).click();
    await elsewhere.page.getByText("Ticked by Lab Admin").nth(1).waitFor();
    await keep(elsewhere.page, "said-on");

    await card.getByRole("button", { name: "Undo…" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("flood is over");
    await page.getByRole("button", { name: "Begin the undo" }).click();
    await card.getByText("Being undone by hand: 0 of 1 steps ticked").waitFor();
    await keep(page, "undoing");
    await step("Step 1: Switch the inbound connector on").click();
    await page.getByRole("button", { name: "It is lifted" }).click();
    const ended = elsewhere.page.getByText("Said to be lifted, by Lab Admin");
    await ended.waitFor();
    await ended.click();
    await elsewhere.page.getByText("Undo begun by Lab Admin").waitFor();
    await keep(elsewhere.page, "history");

    await page.getByRole("link", { name: "All about this door in the audit trail" }).click();
    for (const said of [/began to put it on by hand \(tempfail\): flood, ticket 4711/, /said that it is lifted/])
      await page.getByText(said).first().waitFor();
    expect([...errors, ...elsewhere.errors]).toEqual([]);
    await Promise.all([page.context().close(), elsewhere.page.context().close()]);
  });
});
