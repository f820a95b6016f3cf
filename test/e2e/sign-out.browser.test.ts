import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchShell, signIn, visit } from "../browser.ts";
import { startInstallation, type TestInstallation } from "../installation.ts";
import { faultsOf } from "../scenes/checks.ts";

let installation: TestInstallation;
let browser: Browser;

beforeAll(async () => {
  installation = await startInstallation();
  browser = await launchShell();
});
afterAll(async () => {
  await browser?.close();
  await installation?.remove();
});

const ask = async (page: Page) => {
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out on all devices", exact: true }).click();
  return page.getByRole("alertdialog", { name: "Sign out on all devices?" });
};

describe("signing out on all devices", () => {
  it("asks first, and leads every window to the sign-in page by itself", async () => {
    const here = await visit(browser, installation.url);
    const phone = { viewport: { width: 390, height: 844 }, touch: true };
    const elsewhere = await visit(browser, installation.url, phone);
    for (const { page } of [here, elsewhere]) await signIn(page, installation);

    const dialog = await ask(here.page);
    const keep = dialog.getByRole("button", { name: "Cancel", exact: true });
    await expect.poll(() => keep.evaluate((it) => it === document.activeElement)).toBe(true);
    expect(await faultsOf(here.page)).toEqual([]);
    await keep.click();
    await dialog.waitFor({ state: "detached" });
    expect(await here.page.evaluate(async () => (await fetch("/api/me")).status)).toBe(200);

    await ask(here.page);
    await dialog.getByRole("button", { name: "Sign out everywhere", exact: true }).click();
    await here.page.getByText("You are signed out.", { exact: true }).waitFor();
    // Nobody touches this one.
    await elsewhere.page.getByLabel("Password", { exact: true }).waitFor({ timeout: 15_000 });
    for (const { page } of [here, elsewhere]) {
      expect(await page.evaluate(async () => (await fetch("/api/me")).status)).toBe(401);
      await signIn(page, installation);
    }
    for (const { complaints } of [here, elsewhere]) expect(complaints).toEqual([]);
  });
});
