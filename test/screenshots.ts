/** Makes the pictures of the README from a real installation: `npm run screenshots`. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { installTestPrograms } from "../cli/test-programs.ts";
import { launchBrowser, readCanvas, signIn, until, visit } from "./browser.ts";
import { containersOf, execIn } from "./containers.ts";
import { startInstallation, type TestInstallation } from "./installation.ts";

const folder = join(import.meta.dirname, "../docs/images");
const phone = { width: 390, height: 844 };
const tablet = { width: 820, height: 1180 };

/** Opens what a person would have open, so that the desktop looks used. */
async function useDesktop(page: Page): Promise<void> {
  const [container] = await containersOf(page.url().slice(-36));
  if (!container) throw new Error("the desktop has no container");
  const open = (command: string) =>
    execIn(container.Id, ["sh", "-c", `setsid ${command} >/dev/null 2>&1 &`], ["DISPLAY=:1"]);
  await until("the panel", async () => {
    const files = await execIn(container.Id, ["ls", "/run/asci"]);
    return files.toString().includes("panel");
  });
  await open("mate-terminal --geometry 84x20+60+90");
  await until("the terminal", async () => {
    const search = ["xdotool", "search", "--onlyvisible", "--class", "mate-terminal"];
    return (await execIn(container.Id, search, ["DISPLAY=:1"])).length > 0;
  });
  await page.keyboard.type("glxinfo -B | head -12", { delay: 10 });
  await page.keyboard.press("Enter");
  await page.waitForTimeout(3000);
}

async function startShown(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Start", exact: true }).first().click();
  await page.locator('[data-testid="desktop"] canvas').waitFor();
  await until("a picture", () => readCanvas(page));
  await page.waitForTimeout(4000);
}

async function take(browser: Browser, installation: TestInstallation): Promise<void> {
  const shoot = (page: Page, name: string) =>
    page.screenshot({ path: join(folder, `${name}.png`) });
  const laptop = await visit(browser, installation.url);
  await shoot(laptop.page, "sign-in");
  await signIn(laptop.page, installation);
  await startShown(laptop.page);
  await useDesktop(laptop.page);
  await shoot(laptop.page, "viewer");
  await laptop.page.goto("/");
  await laptop.page.getByRole("button", { name: "Connect", exact: true }).waitFor();
  await laptop.page.waitForTimeout(500);
  await shoot(laptop.page, "desktops");

  const small = await visit(browser, installation.url, {
    viewport: phone,
    dark: true,
    touch: true,
  });
  await signIn(small.page, installation);
  await small.page.waitForTimeout(500);
  await shoot(small.page, "phone");

  const middle = await visit(browser, installation.url, { viewport: tablet, touch: true });
  await signIn(middle.page, installation);
  await middle.page.getByRole("button", { name: "Connect", exact: true }).click();
  await until("a picture", () => readCanvas(middle.page));
  await middle.page.waitForTimeout(4000);
  await shoot(middle.page, "tablet");
}

/** Writes the README's pictures. */
export async function takeScreenshots(): Promise<number> {
  await installTestPrograms();
  await mkdir(folder, { recursive: true });
  const installation = await startInstallation();
  const browser = await launchBrowser();
  try {
    await take(browser, installation);
    return 0;
  } finally {
    await browser.close();
    await installation.remove();
  }
}
