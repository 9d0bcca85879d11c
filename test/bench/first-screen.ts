/** JavaScript that a browser loads to show the first screen (sign-in) and the Board after it, gzipped as a server would send it. */
import { gzipSync } from "node:zlib";
import { launchBrowser, openPage } from "../stack/browser.ts";
import type { RealStack } from "../stack/real-stack.ts";

export async function benchFirstScreen(stack: RealStack): Promise<void> {
  const browser = await launchBrowser();
  try {
    const { page } = await openPage(browser, { width: 390, height: 844 });
    const sizes = new Map<string, number>();
    page.on("response", async (response) => {
      if (!/javascript/.test(response.headers()["content-type"] ?? "")) return;
      sizes.set(response.url(), gzipSync(await response.body()).length);
    });
    const total = () => [...sizes.values()].reduce((sum, size) => sum + size, 0) / 1000;
    await page.goto(stack.plane.url);
    await page.getByRole("textbox", { name: "Password" }).waitFor();
    await page.waitForLoadState("networkidle");
    const signIn = total();
    await page.getByLabel(/e-?mail/i).fill(stack.admin.email);
    await page.getByRole("textbox", { name: "Password" }).fill(stack.admin.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Board" }).waitFor();
    await page.waitForTimeout(1_000);
    const board = total();
    process.stdout.write(`First screen, JavaScript gzipped
  sign-in                                  ${signIn.toFixed(0)} kB   (limit 250 kB: ${signIn < 250 ? "met" : "NOT met"})
  sign-in and Board                        ${board.toFixed(0)} kB   (limit 250 kB: ${board < 250 ? "met" : "NOT met"})
`);
  } finally {
    await browser.close();
  }
}
