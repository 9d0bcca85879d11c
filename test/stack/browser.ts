import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's Chromium, with what it needs to run as root and without any network of its own. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface WatchedPage {
  page: Page;
  /** Errors that the page threw or wrote on its console, policy violations included. */
  errors: string[];
}

/** A page of its own browser context; what goes wrong in it is kept. */
export async function openPage(browser: Browser, viewport: { width: number; height: number }): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  // Other labs may run beside this one.
  page.setDefaultTimeout(60_000);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    // A 401 before signing in is an answer, not an error of the page; and another lab that comes up beside this one changes the machine's links.
    if (message.type() === "error" && !/status of 401|ERR_NETWORK_CHANGED/.test(message.text()))
      errors.push(message.text());
  });
  return { page, errors };
}
