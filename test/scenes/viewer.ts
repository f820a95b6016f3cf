/** The viewer, from the wish to every way in which it can end. */
import type { Page } from "playwright-core";
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";
import type { Person } from "./people.ts";
import type { Scene } from "./scene.ts";

const painted = '[data-testid="desktop"][data-painted="true"]';

export async function idOf(stage: Stage, username: Person, state: string): Promise<string> {
  const [row] = await stage.db.execute<{ id: string }>(sql`
    select i.id from instances i join users u on u.id = i.owner_id
    where u.username = ${username} and i.state = ${state} order by i.created_at desc limit 1`);
  if (!row) throw new Error(`${username} has no desktop that is ${state}`);
  return row.id;
}

async function openLive(page: Page, stage: Stage): Promise<void> {
  await page.goto(`/desktops/${await idOf(stage, "live", "running")}`);
  await page.locator(painted).waitFor({ timeout: 60_000 });
}

async function openBar(page: Page, stage: Stage): Promise<void> {
  await openLive(page, stage);
  await page.keyboard.press("Control+Alt+Shift");
  await page.getByRole("button", { name: "Leave" }).waitFor();
}

/** A desktop of the person with one of each state. */
function resting(state: string, text: string | RegExp): Scene {
  return {
    name: `viewer-${state}`,
    as: "mixed",
    async open(page, stage) {
      await page.goto(`/desktops/${await idOf(stage, "mixed", state)}`);
      await page.getByText(text).first().waitFor();
    },
  };
}

const inside: readonly Scene[] = [
  { name: "viewer", as: "live", open: openLive },
  { name: "viewer-bar", as: "live", open: openBar },
  {
    name: "viewer-clipboard",
    as: "live",
    async open(page, stage) {
      await openBar(page, stage);
      await page.getByRole("button", { name: "Clipboard" }).click();
      await page.getByLabel("Text to and from the desktop").waitFor();
    },
  },
  ...(["Keys", "Picture"] as const).map((name): Scene => ({
    name: `viewer-${name.toLowerCase()}`,
    as: "live",
    async open(page, stage) {
      await openBar(page, stage);
      await page.getByRole("button", { name, exact: true }).click();
      await page.getByRole("menu").waitFor();
    },
  })),
  {
    name: "viewer-functions",
    as: "live",
    touch: true,
    async open(page, stage) {
      await openLive(page, stage);
      await page.getByRole("button", { name: "F1–F12" }).click();
      await page.getByRole("button", { name: "F7", exact: true }).waitFor();
    },
  },
  {
    name: "viewer-offline",
    as: "live",
    complaints: /ERR_INTERNET_DISCONNECTED|WebSocket|1006|Disconnection timed out/,
    async open(page, stage) {
      await openLive(page, stage);
      await page.context().setOffline(true);
      await page.evaluate(() => window.dispatchEvent(new Event("offline")));
      await page.getByText("No network.").waitFor({ timeout: 60_000 });
    },
  },
];

const outside: readonly Scene[] = [
  resting("queued", "waits for a place"),
  resting("starting", "Container"),
  resting("paused", "is paused"),
  resting("stopping", "is stopping"),
  resting("stopped", "is stopped"),
  resting("failed", "has failed"),
  resting("lost", "is out of reach"),
  resting("shelved", "is shelved"),
  {
    name: "viewer-unreachable",
    as: "one",
    complaints: /503|409|WebSocket|1006/,
    async open(page, stage) {
      await page.goto(`/desktops/${await idOf(stage, "one", "running")}`);
      await page.getByText("does not answer").first().waitFor({ timeout: 60_000 });
    },
  },
  {
    name: "viewer-gone",
    as: "zero",
    complaints: /404/,
    async open(page) {
      await page.goto("/desktops/00000000-0000-4000-8000-000000000000");
      await page.getByText("There is no such desktop").waitFor();
    },
  },
];

export const viewer: readonly Scene[] = [...inside, ...outside];
