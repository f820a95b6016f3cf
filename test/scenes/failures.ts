/** The pages while something they need is away. */
import type { Scene } from "./scene.ts";

const revive: NonNullable<Scene["close"]> = (stage) => stage.reviveDatabase();

export const failures: readonly Scene[] = [
  {
    name: "database-away",
    as: "one",
    complaints: /503|ERR_/,
    async open(page, stage) {
      await page.goto("/");
      await page.getByRole("button", { name: "Connect", exact: true }).waitFor();
      await stage.killDatabase();
      await page.getByText("Live updates are interrupted").waitFor({ timeout: 120_000 });
    },
    close: revive,
  },
  {
    name: "database-away-first",
    as: "one",
    complaints: /503|ERR_/,
    async open(page, stage) {
      await stage.killDatabase();
      await page.goto("/");
      await page.getByRole("alert").waitFor({ timeout: 120_000 });
    },
    close: revive,
  },
  {
    name: "offline",
    as: "one",
    complaints: /ERR_INTERNET_DISCONNECTED/,
    async open(page) {
      await page.goto("/");
      await page.getByRole("button", { name: "Connect", exact: true }).waitFor();
      await page.context().setOffline(true);
      await page.getByRole("button", { name: "Start", exact: true }).first().click();
      await page.getByRole("alert").waitFor({ timeout: 60_000 });
    },
  },
];
