/** The catalogue at work: by experiment, with favourites, a search, and the last start once more. */
import { sql } from "drizzle-orm";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchShell, until, visit, type VisitOptions } from "../browser.ts";
import { cookieOf, setScenes, type Person } from "../scenes/people.ts";
import { phone } from "../scenes/scene.ts";
import { openStage, type Stage } from "../stage.ts";

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await openStage();
  await setScenes(stage);
  browser = await launchShell();
});
afterAll(async () => {
  await browser?.close();
  await stage?.remove();
});

async function atHome(username: Person, options: VisitOptions = {}): Promise<Page> {
  const cookie = await cookieOf(stage, username);
  const { page } = await visit(browser, stage.installation.url, { ...options, cookie });
  await page.goto("/");
  await page.getByRole("button", { name: "Start", exact: true }).first().waitFor();
  return page;
}

const section = (page: Page, name: string | RegExp): Locator => page.getByRole("region", { name });
const card = (within: Locator, name: string): Locator =>
  within.getByRole("listitem").filter({ has: within.page().getByRole("heading", { name }) });
const start = (within: Locator): Locator =>
  within.getByRole("button", { name: "Start", exact: true });
const star = (within: Locator, name: string): Locator =>
  within.getByRole("button", { name: `${name} as a favourite` });
const heads = (page: Page): Promise<string[]> =>
  page.locator("main h3").filter({ visible: true }).allInnerTexts();

/** What a page asks of the API from now on, as `METHOD /path`. */
function watchCalls(page: Page): string[] {
  const calls: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/")) calls.push(`${request.method()} ${pathname}`);
  });
  return calls;
}

describe("by experiment", () => {
  it("what goes on comes first, then the newest, then what is open without one", async () => {
    const page = await atHome("grouped");
    expect((await heads(page)).slice(0, 6)).toEqual([
      "Like last time",
      "Favourites",
      "G18342 Lungs at rest",
      "G19001 Ptychography of bone",
      "G17999 Rotating foam, scan series",
      "Open without an experiment",
    ]);
    await section(page, "G18342").getByText("Now").waitFor();
    await section(page, "G19001").getByText("Upcoming").waitFor();
    await section(page, "G17999").getByText("Ended").waitFor();
    await page.context().close();
  });

  it("a start is for the experiment that it stands under, and asks for nothing more", async () => {
    const page = await atHome("grouped");
    const calls = watchCalls(page);
    const asked = page.waitForRequest((it) => it.method() === "POST");
    await start(card(section(page, "G17999"), "Indexing and refinement")).click();
    expect((await asked).postDataJSON()).toMatchObject({
      environment: "indexing",
      experiment: "G17999",
    });
    await page.getByRole("heading", { name: /waits for a place|is starting/ }).waitFor();
    expect(calls.filter((it) => !it.startsWith("GET /api/instances/"))).toEqual([
      "POST /api/instances",
    ]);
    await page.context().close();
  });

  it("what is open without one is started for one, where that is chosen", async () => {
    const page = await atHome("grouped");
    const free = section(page, "Open without an experiment");
    await free.getByRole("combobox", { name: "Start for" }).selectOption("G18342");
    const asked = page.waitForRequest((it) => it.method() === "POST");
    await start(card(free, "Volume viewer")).click();
    expect((await asked).postDataJSON()).toMatchObject({
      environment: "volume",
      experiment: "G18342",
    });
    await page.context().close();
  });

  it("a section closes and opens by keyboard", async () => {
    const page = await atHome("grouped");
    const toggle = section(page, "G18342").getByRole("button", { name: /^G18342/ });
    await toggle.focus();
    await page.keyboard.press("Enter");
    expect(await toggle.getAttribute("aria-expanded")).toBe("false");
    expect(await start(section(page, "G18342")).count()).toBe(0);
    await page.keyboard.press("Enter");
    expect(await start(section(page, "G18342")).count()).toBe(2);
    await page.context().close();
  });

  it("of two hundred a few are there at first, the others after one click", async () => {
    const page = await atHome("professor");
    const toggles = page.locator("main h3 > button");
    expect(await toggles.count()).toBe(12);
    expect(await page.locator('main h3 > button[aria-expanded="true"]').count()).toBe(4);
    await page.getByRole("button", { name: "Show all 200 experiments" }).click();
    expect(await toggles.count()).toBe(200);
    const focused = await page.locator(":focus").innerText();
    expect(focused).toBe(await toggles.nth(12).innerText());
    await page.context().close();
  });

  it("with one experiment or none there is one list", async () => {
    for (const who of ["zero", "single"] as const) {
      const page = await atHome(who);
      expect(await page.locator("main h3 > button").count()).toBe(0);
      expect(await heads(page)).toContain("MATE desktop");
      expect(await page.getByRole("combobox").count()).toBe(who === "zero" ? 0 : 1);
      await page.context().close();
    }
  });
});

describe("a search", () => {
  it("goes over all experiments, whatever case and accents, and says how much it found", async () => {
    const page = await atHome("professor");
    const said = page.getByRole("status").filter({ hasText: "found" });
    await page.keyboard.press("/");
    await page.keyboard.type("RONTGEN mx2 index");
    await said.getByText("13 found").waitFor();
    const found = await heads(page);
    expect(found.filter((it) => it.endsWith("Röntgen tomography of foam"))).toHaveLength(13);
    await page.getByRole("searchbox").fill("p17413");
    await section(page, "P17413").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Show all 200 experiments" }).waitFor();
    await page.context().close();
  });

  it("that finds nothing says so and is cleared", async () => {
    const page = await atHome("grouped");
    await page.getByRole("searchbox").fill("nothing like it");
    await page.getByRole("status").getByText("Nothing matches “nothing like it”.").waitFor();
    expect(await start(page.locator("main")).count()).toBe(0);
    await page.getByRole("button", { name: "Clear the search" }).click();
    await section(page, "G18342").waitFor();
    await page.context().close();
  });
});

describe("favourites", () => {
  it("stand on top, also after a reload, until they are taken back; the focus stays on a star", async () => {
    const page = await atHome("grouped", { viewport: phone.viewport, touch: true });
    const favourites = section(page, "Favourites");
    const names = (): Promise<string[]> => favourites.locator("h4").allInnerTexts();
    expect(await names()).toEqual(["Segmentation", "Tomography"]);
    const ours = star(section(page, "G18342"), "Indexing and refinement");
    await ours.focus();
    const put = page.waitForResponse((it) => it.request().method() === "PUT");
    await page.keyboard.press("Space");
    expect((await put).status()).toBe(204);
    await until("it is on top", async () => (await names())[0] === "Indexing and refinement");
    expect(await ours.getAttribute("aria-pressed")).toBe("true");
    expect(await page.locator(":focus").getAttribute("data-star")).toBe("indexing");
    await page.reload();
    await until("it is on top still", async () => (await names())[0] === "Indexing and refinement");
    await star(favourites, "Indexing and refinement").focus();
    const dropped = page.waitForResponse((it) => it.request().method() === "DELETE");
    await page.keyboard.press("Space");
    expect((await dropped).status()).toBe(204);
    await until("it is gone from there", async () => (await names())[0] === "Segmentation");
    expect(await page.locator(":focus").getAttribute("data-star")).toBe("indexing");
    await page.context().close();
  });

  it("one that the server refuses goes back, and it is said why", async () => {
    const page = await atHome("grouped");
    const { length } = await heads(page);
    const ours = star(section(page, "Open without"), "Volume viewer");
    await stage.db.execute(sql`update environments set enabled = false where slug = 'volume'`);
    await ours.click();
    await page.getByRole("alert").waitFor();
    expect(await ours.getAttribute("aria-pressed")).toBe("false");
    expect(await heads(page)).toHaveLength(length);
    await stage.db.execute(sql`update environments set enabled = true where slug = 'volume'`);
    await page.context().close();
  });
});

describe("like last time", () => {
  it("says what it starts, starts that with one click, and is not offered while it runs", async () => {
    const page = await atHome("lengthy");
    const offer = section(page, "Like last time");
    const words = await offer.innerText();
    expect(words).toContain("Kleinwinkelstreuungsdatenreduktionsarbeitsumgebung 2026.11");
    expect(words).toContain("Experiment L-2026-Electrodes-under-load-2 · Untersuchung");
    const asked = page.waitForRequest((it) => it.method() === "POST");
    await offer.getByRole("button", { name: "Start like last time" }).click();
    const body = (await asked).postDataJSON() as Record<string, unknown>;
    expect(body).toMatchObject({
      environment: "reduction",
      experiment: "L-2026-Electrodes-under-load-2",
    });
    // The newest then, so the newest now.
    expect(body).not.toHaveProperty("version");
    await page.getByRole("heading", { name: /waits for a place|is starting/ }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Your desktops" }).waitFor();
    await section(page, /^L1/).waitFor();
    expect(await offer.count()).toBe(0);
    await page.context().close();
  });
});
