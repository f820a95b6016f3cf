/** The desktops' page at work: many of them, by keyboard, in large text, in German, and the way to a picture. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { chromium, type Browser, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserOptions, launchBrowser, until, visit, type VisitOptions } from "../browser.ts";
import { clippedOf, overflowOf } from "../scenes/checks.ts";
import { cookieOf, setScenes, type Person } from "../scenes/people.ts";
import { laptop, phone, tablet } from "../scenes/scene.ts";
import { openStage, type Stage } from "../stage.ts";

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await openStage();
  await setScenes(stage);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await stage?.remove();
});

const rows = (page: Page): Locator => page.locator("[data-instance]");
const names = (page: Page): Promise<string[]> => rows(page).locator("h3").allInnerTexts();
const button = (page: Page, name: string): Locator =>
  page.getByRole("button", { name, exact: true }).filter({ visible: true });

async function as(username: Person, options: VisitOptions = {}): Promise<Page> {
  const cookie = await cookieOf(stage, username);
  const { page } = await visit(browser, stage.installation.url, { ...options, cookie });
  return page;
}

async function atHome(username: Person, options: VisitOptions = {}): Promise<Page> {
  const page = await as(username, options);
  await page.goto("/");
  await page.getByRole("button", { name: "Start", exact: true }).first().waitFor();
  return page;
}

describe("forty desktops", () => {
  it("are a short list first, to search, to sift by state and to sort", async () => {
    const page = await atHome("forty");
    expect(await rows(page).count()).toBe(8);
    await button(page, "Queued 4").click();
    expect(await rows(page).locator('[data-state="queued"]').count()).toBe(4);
    expect(await rows(page).count()).toBe(4);
    await button(page, "All 40").click();
    await button(page, "Show all 40").click();
    expect(await rows(page).count()).toBe(40);
    await page.getByLabel("Order").selectOption("By name");
    const sorted = await names(page);
    expect(sorted.slice(-2)).toEqual(["Volume viewer", "Volume viewer"]);
    expect(sorted.indexOf("Sample 002")).toBeLessThan(sorted.indexOf("Sample 010"));
    await page.getByLabel("Search your desktops").fill("sample 01");
    const found = ["01", "10", "11", "13", "14", "16", "17", "19"].map((it) => `Sample 0${it}`);
    expect(await names(page)).toEqual(found);
    await page.context().close();
  });

  it("do not cost the browser a layout each", async () => {
    const page = await atHome("forty");
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const layouts = async (): Promise<number> => {
      const { metrics } = await session.send("Performance.getMetrics");
      return metrics.find((it) => it.name === "LayoutCount")?.value ?? NaN;
    };
    const shown = await rows(page).count();
    const before = await layouts();
    await button(page, "Show all 40").evaluate((it) => (it as HTMLElement).click());
    await until("all are there", async () => (await rows(page).count()) === 40);
    // A list that asks for its size while it is built costs one a row; each frame may cost one besides.
    expect((await layouts()) - before).toBeLessThan((40 - shown) / 2);
    await page.context().close();
  });

  it("are all there, even older than hundreds that have ended", async () => {
    const id = await stage.addPerson("veteran");
    await stage.addDesktop(id, {
      environment: "Tomography",
      name: "The old one",
      state: "running",
      minutesAgo: 100_000,
    });
    await stage.db.execute(sql`
      insert into instances (owner_id, environment_id, version_id, name, state, desired, ended_at)
      select owner_id, environment_id, version_id, 'Ended', 'stopped', 'stopped', now()
      from instances, generate_series(1, 250) where name = 'The old one'`);
    const cookie = await cookieOf(stage, "veteran");
    const { page } = await visit(browser, stage.installation.url, { cookie });
    await page.goto("/");
    await rows(page).getByText("The old one").waitFor();
    await page.context().close();
  });

  it("are stopped from their menu, and that can be undone by keyboard", async () => {
    const page = await atHome("forty");
    const id = await rows(page).first().getAttribute("data-instance");
    const row = page.locator(`[data-instance="${id}"]`);
    await row.getByRole("button", { name: /^More for/ }).click();
    await page.getByRole("menuitem", { name: "Stop" }).click();
    await button(page, "Undo").waitFor();
    await page.keyboard.press("Enter");
    const connect = row.getByRole("button", { name: "Connect", exact: true });
    await connect.waitFor();
    expect(await connect.getAttribute("aria-disabled")).toBeNull();
    await page.context().close();
  });
});

describe("by keyboard", () => {
  it("everything is reached in the order in which it is read, and the focus is seen", async () => {
    const page = await atHome("one");
    const seen: string[] = [];
    for (let steps = 0; steps < 9; steps += 1) {
      await page.keyboard.press("Tab");
      const focus = page.locator(":focus");
      const { name, outlined } = await focus.evaluate((it) => ({
        name: it.getAttribute("aria-label") ?? (it as HTMLElement).innerText,
        outlined: getComputedStyle(it).outlineStyle,
      }));
      seen.push(`${name.trim()}: ${outlined}`);
    }
    expect(seen).toEqual([
      "Skip to the content: solid",
      "ASCI: solid",
      "Desktops: solid",
      "Account of Maria Kovač: solid",
      "Tomography: solid",
      "Connect: solid",
      "Stop: solid",
      "More for Tomography: solid",
      "Search what can be started: solid",
    ]);
    await page.context().close();
  });

  it("a question that is called off gives the focus back", async () => {
    const page = await atHome("one");
    await page.getByRole("button", { name: "More for Tomography" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Restart" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog").waitFor();
    await page.keyboard.press("Escape");
    await until("the focus is back", () =>
      page
        .locator(":focus")
        .evaluate((it) => it.getAttribute("aria-label") === "More for Tomography"),
    );
    await page.context().close();
  });
});

const paths: [Person, string][] = [
  ["mixed", "/"],
  ["forty", "/"],
  ["long", "/"],
  ["lengthy", "/"],
  ["admin", "/admin/nodes"],
  ["admin", "/admin/users"],
];

describe("nothing sticks out of the window", () => {
  it.each([phone, tablet, laptop])("in German, on a $name", async ({ viewport, touch }) => {
    for (const [who, path] of paths) {
      const page = await as(who, { viewport, touch, locale: "de-DE" });
      await page.goto(path);
      await page.locator("main h3, main table").first().waitFor();
      const found = { path, over: await overflowOf(page), clipped: await clippedOf(page) };
      expect(found).toEqual({ path, over: 0, clipped: [] });
      await page.context().close();
    }
  });

  it.each([phone, tablet, laptop])("with text twice as large, on a $name", async (device) => {
    const folder = await mkdtemp(join(tmpdir(), "asci-profile-"));
    await mkdir(join(folder, "Default"));
    const preferences = { webkit: { webprefs: { default_font_size: 32 } } };
    await writeFile(join(folder, "Default/Preferences"), JSON.stringify(preferences));
    const { viewport, touch: hasTouch } = device;
    const options = { ...browserOptions, viewport, hasTouch };
    const context = await chromium.launchPersistentContext(folder, options);
    const { url } = stage.installation;
    for (const [who, path] of paths) {
      const [name = "", value = ""] = (await cookieOf(stage, who)).split("=");
      await context.addCookies([{ name, value, url }]);
      const page = await context.newPage();
      await page.goto(url + path);
      await page.locator("main h3, main table").first().waitFor();
      const size = await page.evaluate(() => getComputedStyle(document.documentElement).fontSize);
      const found = { path, size, over: await overflowOf(page), clipped: await clippedOf(page) };
      expect(found).toEqual({ path, size: "32px", over: 0, clipped: [] });
      await page.close();
    }
    await context.close();
    await rm(folder, { recursive: true, force: true });
  });
});

/** Notes, for each frame from now on, whether there is something to be read, and whether a page covers the window. */
async function watchFrames(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const blank: string[] = [];
    Object.assign(window, { blank });
    const look = (): void => {
      const main = document.querySelector("main");
      const painted = document.querySelector('[data-painted="true"]') !== null;
      if (!painted && (main?.innerText ?? "").trim() === "")
        blank.push(`${location.pathname}: ${main?.querySelector("section") ? "covered" : "bare"}`);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  return () => page.evaluate(() => (window as unknown as { blank: string[] }).blank);
}

describe("from page to page", () => {
  it("no frame is blank from a click on Start to the first picture", async () => {
    const page = await atHome("zero");
    const blank = await watchFrames(page);
    const mate = page.getByRole("listitem").filter({ hasText: "MATE desktop" });
    await mate.getByRole("button", { name: "Start", exact: true }).click();
    await page.locator('[data-painted="true"]').waitFor({ timeout: 60_000 });
    expect(await blank()).toEqual([]);
    await page.getByRole("button", { name: "Leave" }).click();
    await page.getByRole("heading", { name: "Your desktops" }).waitFor();
    expect(await blank()).toEqual([]);
    await page.context().close();
  });

  it("a desktop that runs comes without a box that flashes up, and never on bare black", async () => {
    const page = await atHome("live");
    const blank = await watchFrames(page);
    await button(page, "Connect").click();
    await page.locator('[data-painted="true"]').waitFor({ timeout: 60_000 });
    expect((await blank()).filter((it) => it.endsWith("bare"))).toEqual([]);
    await page.context().close();
  });

  it("administration is there without a blank frame", async () => {
    const page = await atHome("admin");
    const blank = await watchFrames(page);
    await page.getByRole("link", { name: "Admin" }).click();
    await page.getByRole("table").waitFor();
    await page.getByRole("link", { name: "People" }).click();
    await page.getByRole("row").filter({ hasText: "person-1" }).first().waitFor();
    expect(await blank()).toEqual([]);
    await page.context().close();
  });

  it("on a touch screen a desktop starts in the size that the keys leave it", async () => {
    const { viewport, touch } = phone;
    const page = await atHome("zero", { viewport, touch });
    const mate = page.getByRole("listitem").filter({ hasText: "MATE desktop" }).last();
    await mate.getByRole("button", { name: "Start", exact: true }).click();
    await page.locator('[data-painted="true"]').waitFor({ timeout: 60_000 });
    const place = await page
      .getByTestId("desktop")
      .evaluate((it) => `${it.clientWidth}x${it.clientHeight}`);
    const [row] = await stage.db.execute<{ geometry: string }>(sql`
      select geometry from instances where id = ${page.url().slice(-36)}`);
    expect(row?.geometry).toBe(place);
    await page.context().close();
  });
});
