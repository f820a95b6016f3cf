/** Ways through the pages of the administration. */
import type { Locator, Page } from "playwright-core";

export const button = (page: Page, name: string | RegExp): Locator =>
  page.getByRole("button", { name, exact: true }).filter({ visible: true });

export async function table(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.getByRole("table").first().waitFor();
}

/** Opens a dialog from a page with a list. */
export async function dialog(page: Page, path: string, opener: string): Promise<void> {
  await table(page, path);
  await button(page, opener).first().click();
  await page.getByRole("dialog").waitFor();
}
