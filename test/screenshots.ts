/**
 * Makes the pictures of the README from a real installation, `npm run screenshots`, or pictures of
 * everything that a person can come to see, `npm run screenshots -- scenes FOLDER [NAME…]`.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { installTestPrograms } from "../cli/test-programs.ts";
import { launchBrowser, readCanvas, signIn, until, visit } from "./browser.ts";
import { containersOf, execIn } from "./containers.ts";
import { startInstallation, type TestInstallation } from "./installation.ts";
import { failures } from "./scenes/failures.ts";
import { pages } from "./scenes/pages.ts";
import { setScenes } from "./scenes/people.ts";
import { laptop, phone, play, tablet, type Device, type Scene } from "./scenes/scene.ts";
import { viewer } from "./scenes/viewer.ts";
import { openStage, type Stage } from "./stage.ts";

const folder = join(import.meta.dirname, "../docs/images");
const scenes = [...pages, ...viewer, ...failures];

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
  // What is typed before its prompt is there stands before it.
  await page.waitForTimeout(1500);
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
  const wide = await visit(browser, installation.url);
  await shoot(wide.page, "sign-in");
  await signIn(wide.page, installation);
  await startShown(wide.page);
  await useDesktop(wide.page);
  await shoot(wide.page, "viewer");
  await wide.page.goto("/");
  await wide.page.getByRole("button", { name: "Connect", exact: true }).waitFor();
  await wide.page.waitForTimeout(500);
  await shoot(wide.page, "desktops");

  const small = await visit(browser, installation.url, {
    viewport: phone.viewport,
    dark: true,
    touch: true,
  });
  await signIn(small.page, installation);
  await small.page.waitForTimeout(500);
  await shoot(small.page, "phone");

  const middle = await visit(browser, installation.url, { viewport: tablet.viewport, touch: true });
  await signIn(middle.page, installation);
  await middle.page.getByRole("button", { name: "Connect", exact: true }).click();
  await until("a picture", () => readCanvas(middle.page));
  await middle.page.waitForTimeout(4000);
  await shoot(middle.page, "tablet");
}

/** One scene on one device, in light and dark. */
async function takeScene(
  browser: Browser,
  stage: Stage,
  target: string,
  [scene, device]: [Scene, Device],
): Promise<void> {
  const { page, close } = await play(browser, stage, scene, device, {
    scale: device.touch ? 2 : 1,
  });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const path = join(target, `${scene.name}-${device.name}-${colorScheme}.png`);
    await page.screenshot({ path, fullPage: !scene.name.startsWith("viewer") });
  }
  await close();
}

/** Each scene whose name begins with one of `names`, on each device. @returns how many were missed */
async function takeScenes(target: string, names: readonly string[]): Promise<number> {
  await mkdir(target, { recursive: true });
  const wanted = scenes.filter(
    (it) => names.length === 0 || names.some((name) => it.name.startsWith(name)),
  );
  const stage = await openStage();
  const browser = await launchBrowser();
  let missed = 0;
  try {
    await setScenes(stage);
    for (const device of [phone, tablet, laptop])
      for (const scene of wanted.filter((it) => device.touch || it.touch !== true))
        await takeScene(browser, stage, target, [scene, device]).catch((error: unknown) => {
          console.error(error);
          missed += 1;
        });
    return missed;
  } finally {
    await browser.close();
    await stage.remove();
  }
}

/** Writes the README's pictures, or those of all scenes. @param args of the command */
export async function takeScreenshots(args: readonly string[]): Promise<number> {
  await installTestPrograms();
  const [mode, target, ...names] = args;
  if (mode === "scenes" && target !== undefined) {
    return (await takeScenes(target, names)) === 0 ? 0 : 1;
  }
  if (mode !== undefined) {
    console.error("Usage: screenshots [scenes FOLDER [NAME…]]");
    return 2;
  }
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
