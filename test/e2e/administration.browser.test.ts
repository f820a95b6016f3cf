/** The administration at work: from a beamline to who may start what, for administrators and for staff. */
import { sql } from "drizzle-orm";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchShell, visit, type VisitOptions } from "../browser.ts";
import { button, table } from "../scenes/admin-steps.ts";
import { clippedOf, overflowOf } from "../scenes/checks.ts";
import { setCluster } from "../scenes/cluster.ts";
import { cookieOf, setScenes, type Person } from "../scenes/people.ts";
import { phone, tablet } from "../scenes/scene.ts";
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

async function as(username: Person, options: VisitOptions = {}): Promise<Page> {
  const cookie = await cookieOf(stage, username);
  return (await visit(browser, stage.installation.url, { ...options, cookie })).page;
}

const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });
const rows = (page: Page) => page.locator("tbody tr");

async function addBeamline(page: Page): Promise<void> {
  await table(page, "/admin/beamlines");
  await button(page, "Add a beamline").click();
  await page.getByLabel("Code", { exact: true }).fill("WAXS");
  await page.getByLabel("Name", { exact: true }).fill("Small angles");
  await page.getByRole("combobox", { name: "Staff" }).fill("person-5");
  await page.keyboard.press("Enter");
  await button(page, "Create").click();
  await page.getByText("WAXS: created.").waitFor();
}

async function addExperiment(page: Page): Promise<void> {
  await page.getByRole("link", { name: "0 experiments of WAXS" }).click();
  await page.getByText("Nothing matches these filters.").waitFor();
  await button(page, "Add an experiment").click();
  await page.getByLabel("Code", { exact: true }).fill("77001");
  expect(await page.getByRole("dialog").getByLabel("Beamline").inputValue()).toBe("WAXS");
  await page.getByLabel("Starts").fill("2026-11-01T08:00");
  await page.getByLabel("Ends").fill("2026-11-04T08:00");
  // A name that was typed and not added counts as well.
  await page.getByRole("combobox", { name: "Members" }).fill("person-7, person-8");
  await button(page, "Create").click();
  await heading(page, "Experiment 77001").waitFor();
  await page.getByRole("row").filter({ hasText: "person-8" }).waitFor();
}

describe("an administrator", () => {
  it("adds a beamline and an experiment, opens an environment to it, and learns who may start it", async () => {
    const page = await as("admin");
    await addBeamline(page);
    await addExperiment(page);
    const [made] = await stage.db.execute<{ at: string }>(sql`
      select to_char(starts_at at time zone 'utc', 'YYYY-MM-DD') as at from experiments where code = '77001'`);
    expect(made?.at).toMatch(/^2026-(10-31|11-0[12])$/);

    await page.getByRole("link", { name: "Catalogue" }).click();
    await page.getByRole("link", { name: "Phase retrieval" }).click();
    await button(page, "Open it to somebody").click();
    await page.getByLabel("Code of the experiment").fill("77001");
    await button(page, "Open it").click();
    await page.getByRole("row").filter({ hasText: "Experiment 77001" }).waitFor();
    await page.getByLabel("Username").fill("person-7");
    await button(page, "Ask").click();
    await page.getByText("person-7 may start phase.").waitFor();
    await page.getByLabel("Username").fill("person-9");
    await button(page, "Ask").click();
    await page.getByText("person-9 may not start phase.").waitFor();

    await button(page, "Take back: Experiment 77001").click();
    await button(page, "Take back").click();
    await page.getByText("Taken back: Experiment 77001.").waitFor();
    await page.context().close();
  });

  it("is asked before what was typed is lost, also by the way back", async () => {
    const page = await as("admin");
    await table(page, "/admin/beamlines");
    await page.getByRole("link", { name: "People" }).click();
    await page.getByRole("link", { name: "Groups" }).click();
    await button(page, "Edit group-3").click();
    await page.getByLabel("Description").fill("Another text");
    await page.goBack();
    await button(page, "Keep editing").click();
    expect(await page.getByLabel("Description").inputValue()).toBe("Another text");
    expect(new URL(page.url()).pathname).toBe("/admin/groups");
    await button(page, "Cancel").click();
    await button(page, "Discard").click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await button(page, "Edit group-3").click();
    expect(await page.getByLabel("Description").inputValue()).toBe("Who works on project 3");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.context().close();
  });

  it("pages, sorts and searches on the server, and the address holds the view", async () => {
    const page = await as("admin");
    await table(page, "/admin/experiments");
    expect(await rows(page).count()).toBe(100);
    await button(page, "Show more").click();
    await expect.poll(() => rows(page).count()).toBeGreaterThan(150);
    await button(page, "Starts").click();
    await page.waitForURL(/sort=startsAt/);
    await page.getByRole("searchbox").fill("series 14");
    await page.waitForURL(/search=series\+14/);
    await page.reload();
    await expect.poll(() => rows(page).count()).toBe(8);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^Experiment 20/ }).waitFor();
    await page.context().close();
  });

  it("sorts people and tokens by whichever head is pressed, which says so", async () => {
    const page = await as("admin");
    await table(page, "/admin/users");
    const head = (name: string) => page.getByRole("columnheader", { name, exact: true });
    const sortOf = (name: string) => head(name).getAttribute("aria-sort");
    const is = (name: string, order: string | null) =>
      expect.poll(() => sortOf(name), { message: `${name} is ${order}` }).toBe(order);
    const first = () => rows(page).first().locator("code").first().textContent();
    await is("Username", "ascending");
    await is("Last sign-in", null);

    const [newest] = await stage.db.execute<{ username: string }>(
      sql`select username from users where kind = 'person' order by created_at desc, id desc limit 1`,
    );
    const [oldest] = await stage.db.execute<{ username: string }>(
      sql`select username from users where kind = 'person' order by created_at, id limit 1`,
    );
    await head("Made").getByRole("button").press("Enter");
    await is("Made", "descending");
    await is("Username", null);
    await expect.poll(first).toBe(newest?.username);
    expect(new URL(page.url()).searchParams.get("sort")).toBe("-createdAt");
    // The focus is where it was: once more is one key.
    await page.keyboard.press("Enter");
    await is("Made", "ascending");
    await expect.poll(first).toBe(oldest?.username);
    await page.reload();
    await rows(page).first().waitFor();
    await is("Made", "ascending");
    await head("Username").getByRole("button").click();
    await is("Username", "ascending");
    expect(new URL(page.url()).searchParams.has("sort")).toBe(false);

    await table(page, "/admin/tokens");
    await is("Made", "descending");
    for (const [name, order, sort] of [
      ["Person", "ascending", "person"],
      ["Expires", "ascending", "expiresAt"],
      ["Last used", "descending", "-lastUsedAt"],
    ] as const) {
      await head(name).getByRole("button").click();
      await is(name, order);
      expect(new URL(page.url()).searchParams.get("sort")).toBe(sort);
    }
    await page.goto("/admin/tokens?sort=nonsense");
    await is("Made", "descending");
    await page.context().close();
  });

  it("sorts on a phone as well, where rows are cards", async () => {
    const { viewport, touch } = phone;
    const page = await as("admin", { viewport, touch });
    await table(page, "/admin/users");
    const first = () => rows(page).first().locator("code").first().textContent();
    const before = await first();
    const head = button(page, "Username");
    const box = await head.boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(44);
    await head.tap();
    await page.waitForURL(/sort=-name/);
    await expect.poll(first).not.toBe(before);
    expect(await overflowOf(page)).toBe(0);
    await page.context().close();
  });

  it("finds in the trail what was done, by person and kind, and takes it away as CSV", async () => {
    const page = await as("admin");
    await table(page, "/admin/audit");
    await page.getByLabel("Person", { exact: true }).fill("admin");
    await page.getByLabel("Action", { exact: true }).fill("beamline");
    await page.keyboard.press("Enter");
    await page.waitForURL(/actor=admin&action=beamline/);
    await page.getByRole("button", { name: /^Details of beamline.create/ }).click();
    await page.getByText("Small angles").waitFor();
    const coming = page.waitForEvent("download");
    await page.getByRole("link", { name: "Export as CSV" }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toBe("asci-audit.csv");
    expect(download.url()).toContain("action=beamline");
    await page.context().close();
  });
});

describe("staff of a beamline", () => {
  it("find their experiments and nothing else", async () => {
    const page = await as("keeper");
    await page.goto("/");
    await page.getByRole("link", { name: "Admin" }).click();
    await page.getByRole("table").waitFor();
    const codes = await page.locator("tbody tr td:nth-child(3)").allInnerTexts();
    expect([...new Set(codes)]).toEqual(["IMBL"]);
    const links = page.getByRole("navigation", { name: "Administration" }).getByRole("link");
    const [groups, pages] = [
      ["Operation", "Scheduling", "Catalogue", "Experiments"],
      ["Experiments", "Beamlines", "Stations", "Import"],
    ];
    expect(await links.allInnerTexts()).toEqual([groups, pages].flat());
    const [other] = await stage.db.execute<{ id: string }>(sql`
      select x.id from experiments x join beamlines b on b.id = x.beamline_id where b.code = 'XFM' limit 1`);
    await page.goto(`/admin/experiments/${other?.id}`);
    await page.getByText("not within your reach").waitFor();
    await page.goto("/admin/audit");
    await page.getByText("This page is for administrators.").waitFor();
    await page.context().close();
  });

  it("change the members of an experiment, on a phone", async () => {
    const { viewport, touch } = phone;
    const page = await as("keeper", { viewport, touch });
    await page.goto("/admin/experiments?search=20006");
    await page.getByRole("link", { name: "20006" }).click();
    await button(page, "Edit").click();
    await page.getByRole("combobox", { name: "Members" }).fill("person-9");
    await button(page, "Save").click();
    await page.getByText("20006: saved.").waitFor();
    await page.getByRole("row").filter({ hasText: "person-9" }).waitFor();
    await page.getByRole("button", { name: /^Administration/ }).click();
    await page.getByRole("menuitem", { name: "Beamlines" }).click();
    await heading(page, "Beamlines").waitFor();
    await page.context().close();
  });
});

describe("a list of many nodes", () => {
  it("shows all of its columns at once on a laptop", async () => {
    await setCluster(stage);
    const page = await as("admin");
    await table(page, "/admin/nodes");
    await rows(page).nth(16).waitFor();
    const list = page.getByRole("region", { name: "Nodes", exact: true });
    await expect.poll(() => list.evaluate((it) => it.scrollWidth - it.clientWidth)).toBe(0);
    await page.context().close();
  });
});

describe("in German", () => {
  it.each([
    ["/admin/experiments", "Experimente"],
    ["/admin/audit", "Protokoll"],
    ["/admin/providers", "Anmeldedienste"],
  ])("%s has its texts and room for them", async (path, title) => {
    const page = await as("admin", { locale: "de-DE" });
    await page.goto(path);
    await heading(page, title).waitFor();
    for (const viewport of [{ width: 1440, height: 900 }, tablet.viewport, phone.viewport]) {
      await page.setViewportSize(viewport);
      await expect.poll(() => overflowOf(page)).toBe(0);
      expect(await clippedOf(page)).toEqual([]);
    }
    await page.context().close();
  });
});
