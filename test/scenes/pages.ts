/** The pages but the viewer, as people find them. */
import type { Locator, Page } from "playwright-core";
import { sql } from "drizzle-orm";
import { imports } from "./imports.ts";
import { account } from "./account.ts";
import { administration } from "./admin.ts";
import { catalogue } from "./catalogue.ts";
import { ruleScenes } from "./rules.ts";
import type { Scene } from "./scene.ts";
import { stationPhone } from "./station-phone.ts";
import { stations } from "./stations.ts";
import { waiting } from "./waiting.ts";
import type { Stage } from "../stage.ts";

const button = (page: Page, name: string | RegExp): Locator =>
  page.getByRole("button", { name, exact: true }).filter({ visible: true });

async function home(page: Page): Promise<void> {
  await page.goto("/");
  await page.getByRole("heading", { name: "Start something" }).waitFor();
}

async function live(page: Page): Promise<void> {
  await home(page);
  await button(page, "Connect").first().waitFor();
}

async function signInWith(page: Page, username: string, password: string): Promise<void> {
  await page.goto("/");
  await page.getByLabel("Username", { exact: true }).fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await button(page, "Sign in").click();
}

const enable = (stage: Stage, enabled: boolean) =>
  stage.db.execute(sql`update environments set enabled = ${enabled}`);

const signIns: readonly Scene[] = [
  {
    name: "sign-in",
    as: null,
    async open(page) {
      await page.goto("/");
      await button(page, "Sign in").waitFor();
    },
  },
  {
    name: "sign-in-empty",
    as: null,
    async open(page) {
      await signInWith(page, "", "");
      await page.getByText("Enter your username.").waitFor();
    },
  },
  {
    name: "sign-in-wrong",
    as: null,
    complaints: /401/,
    async open(page) {
      await signInWith(page, "one", "not this one");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "sign-in-providers",
    as: null,
    async open(page, stage) {
      await stage.db.execute(sql`insert into providers (slug, name, issuer, client_id) values
        ('facility', 'the facility''s account', 'https://id.facility.example', 'asci'),
        ('eduid', 'edu-ID', 'https://id.edu.example', 'asci'),
        ('fed', 'The Federation of Universities and Research Institutes of the Southern Hemisphere',
          'https://id.fed.example', 'asci')`);
      await page.goto("/sign-in?problem=username_taken&provider=eduid");
      await page.getByRole("alert").waitFor();
      await page.getByRole("link", { name: "Sign in with edu-ID" }).waitFor();
    },
    close: async (stage) => void (await stage.db.execute(sql`delete from providers`)),
  },
  {
    name: "sign-in-left",
    as: null,
    async open(page) {
      await page.goto("/sign-in?state=signed_out");
      await page.getByText("You are signed out.").waitFor();
    },
  },
  {
    name: "sign-in-again",
    as: "zero",
    async open(page) {
      await home(page);
      await page
        .getByRole("button", { name: /Account of/ })
        .filter({ visible: true })
        .click();
      await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
      await page.getByText("You are signed out.").waitFor();
    },
  },
];

const desktops: readonly Scene[] = [
  { name: "desktops-0", as: "zero", open: home },
  {
    name: "desktops-nothing",
    as: "zero",
    async open(page, stage) {
      await enable(stage, false);
      await page.goto("/");
      await page.getByText("Nothing can be started yet.").waitFor();
    },
    close: async (stage) => void (await enable(stage, true)),
  },
  { name: "desktops-1", as: "one", open: live },
  { name: "desktops-mixed", as: "mixed", open: live },
  { name: "desktops-40", as: "forty", open: live },
  {
    name: "desktops-40-none",
    as: "forty",
    async open(page) {
      await live(page);
      await page.getByRole("searchbox", { name: "Search your desktops" }).fill("nothing like it");
      await page.getByText("None of your desktops").waitFor();
    },
  },
  { name: "desktops-long", as: "long", open: live },
  ...catalogue,
  {
    name: "start-refused",
    as: "zero",
    complaints: /404/,
    async open(page, stage) {
      await home(page);
      await button(page, "Start").first().waitFor();
      await enable(stage, false);
      await button(page, "Start").first().click();
      await page.getByRole("alert").waitFor();
    },
    close: async (stage) => void (await enable(stage, true)),
  },
  {
    name: "account-menu",
    as: "one",
    async open(page) {
      await live(page);
      await page
        .getByRole("button", { name: /Account of/ })
        .filter({ visible: true })
        .click();
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "versions",
    as: "one",
    async open(page) {
      await live(page);
      await page.getByRole("button", { name: "Version of Tomography" }).click();
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "card-menu",
    as: "mixed",
    async open(page) {
      await live(page);
      await page.getByRole("button", { name: "More for Crystallography" }).last().click();
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "stop",
    as: "one",
    async open(page) {
      await live(page);
      // The seconds of grace would run out while it is looked at; axe needs the page's other timers.
      await page.evaluate(() => void Object.assign(window, { setInterval: () => 0 }));
      await button(page, "Stop").click();
      await button(page, "Undo").waitFor();
    },
    // Leaving the page would not undo it.
    close: (_, page) => button(page, "Undo").click(),
  },
  {
    name: "restart",
    as: "one",
    async open(page) {
      await live(page);
      await page.getByRole("button", { name: "More for Tomography" }).click();
      await page.getByRole("menuitem", { name: "Restart" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "not-found",
    as: "zero",
    async open(page) {
      await page.goto("/nothing/here");
      await page.getByRole("heading", { name: "There is nothing at this address" }).waitFor();
    },
  },
];

export const pages: readonly Scene[] = [
  ...signIns,
  ...desktops,
  ...waiting,
  ...account,
  ...administration,
  ...imports,
  ...ruleScenes,
  ...stations,
  ...stationPhone,
];
