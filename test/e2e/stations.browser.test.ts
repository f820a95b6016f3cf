/** A shared computer at a beamline, from its code to the end of an experiment, in real browsers. */
import type { Browser, Page } from "playwright-core";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, readCanvas, signIn, until, visit } from "../browser.ts";
import { containersOf, execIn } from "../containers.ts";
import { openStage, type Stage } from "../stage.ts";

let stage: Stage;
let browser: Browser;
let station: Page;
let code: string;

beforeAll(async () => {
  stage = await openStage();
  await stage.addPerson("ada", { displayName: "Ada L." });
  await stage.db.execute(sql`
    with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging') returning id), x as (
      insert into experiments (code, beamline_id, title, starts_at, ends_at)
      select '18342', id, 'Lungs at rest', now() - interval '1 hour', now() + interval '8 hours' from b
      returning id
    )
    insert into members (experiment_id, user_id) select x.id, u.id from x, users u where u.username = 'ada'`);
  browser = await launchBrowser();
  station = (await visit(browser, stage.installation.url)).page;
});
afterAll(async () => {
  await browser?.close();
  await stage?.remove();
});

const inside = async (id: string, script: string) => {
  const [container] = await containersOf(id);
  return (await execIn(container?.Id ?? "", ["sh", "-c", script])).toString().trim();
};

/** Waits for the picture of the desktop that was just started. @returns its id */
async function shown(page: Page): Promise<string> {
  await page.waitForURL(/\/desktops\/[0-9a-f-]{36}$/);
  await page.locator('[data-testid="desktop"] canvas').waitFor({ timeout: 60_000 });
  await until("a picture", () => readCanvas(page));
  return page.url().slice(-36);
}

describe("a station", () => {
  let shared: string;
  let own: string;

  it("is added by who looks after the beamline, who gets a code", async () => {
    const { page, context } = await visit(browser, stage.installation.url);
    await signIn(page, stage.installation);
    await page.goto("/admin/stations");
    await page.getByRole("button", { name: "Add a station" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Hutch 1");
    await page.getByRole("dialog").getByRole("button", { name: "Add a station" }).click();
    const text = page.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await text.waitFor();
    code = (await text.textContent()) ?? "";
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("station-imbl-1").waitFor();
    await context.close();
  });

  it("is the browser in which the code is typed", async () => {
    await station.goto("/station");
    await station.getByLabel("Code", { exact: true }).fill(code.toLowerCase().replace("-", " "));
    await station.getByRole("button", { name: "Make it a station" }).click();
    await station.getByRole("heading", { name: "Hutch 1" }).waitFor();
    await station.getByText("Lungs at rest").waitFor();
  });

  it("starts a desktop with the experiment's data", async () => {
    await station.getByRole("button", { name: "Start", exact: true }).first().click();
    shared = await shown(station);
    expect(await inside(shared, "id -un; ls /data/IMBL")).toBe("station-imbl-1\n18342");
  });

  it("is where a person starts one of their own", async () => {
    await station.goto("/");
    await station.getByRole("button", { name: "Use my own home" }).click();
    await station.getByLabel("Username", { exact: true }).fill("Ada");
    await station.getByLabel("Password", { exact: true }).fill(stage.installation.password);
    await station.getByRole("button", { name: "Start with my home" }).click();
    own = await shown(station);
    expect(own).not.toBe(shared);
    expect(await inside(own, "id -un; echo ~; ls /data/IMBL")).toBe("ada\n/home/ada\n18342");
  });

  it("has nothing of it any more when the experiment ends", async () => {
    await stage.db.execute(sql`update experiments set ends_at = now()`);
    // The picture goes without anybody's doing.
    await station.locator('[data-testid="desktop"] canvas').waitFor({ state: "detached" });
    await station.goto("/");
    await station.getByText("No experiment is running here now.").waitFor();
    expect(await station.getByRole("button", { name: "Connect", exact: true }).count()).toBe(0);
    for (const id of [shared, own])
      await until("its container is gone", async () => (await containersOf(id)).length === 0);
  });
});
