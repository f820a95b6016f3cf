/** Groups, beamlines, experiments and environments, as those see them who look after them. */
import type { Page } from "playwright-core";
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";
import { button, dialog, table } from "./admin-steps.ts";
import type { Scene } from "./scene.ts";

async function idOf(stage: Stage, tableName: "experiments" | "environments", key: string) {
  const [row] = await stage.db.execute<{ id: string }>(
    tableName === "experiments"
      ? sql`select id from experiments where code = ${key}`
      : sql`select id from environments where slug = ${key}`,
  );
  if (!row) throw new Error(`there is no ${key}`);
  return row.id;
}

async function experiment(page: Page, stage: Stage, code = "20003"): Promise<void> {
  await page.goto(`/admin/experiments/${await idOf(stage, "experiments", code)}`);
  await page.getByRole("heading", { name: `Experiment ${code}` }).waitFor();
}

async function environment(page: Page, stage: Stage, slug = "lungs"): Promise<void> {
  await page.goto(`/admin/environments/${await idOf(stage, "environments", slug)}`);
  await page.getByRole("heading", { name: "Open to" }).waitFor();
}

const experiments: readonly Scene[] = [
  { name: "experiments", as: "admin", open: (page) => table(page, "/admin/experiments") },
  {
    name: "experiments-of-beamline",
    as: "keeper",
    async open(page) {
      await table(page, "/admin/experiments?beamline=IMBL&sort=startsAt");
      if ((await page.getByRole("link", { name: "People", exact: true }).count()) > 0)
        throw new Error("the navigation shows to staff what is not theirs");
    },
  },
  {
    name: "experiments-none",
    as: "admin",
    async open(page) {
      await page.goto("/admin/experiments?beamline=HARD-XRAY-NANOPROBE-OF-THE-EAST");
      await page.getByText("Nothing matches these filters.").waitFor();
    },
  },
  {
    name: "experiment-add-wrong",
    as: "admin",
    complaints: /400/,
    async open(page) {
      await dialog(page, "/admin/experiments", "Add an experiment");
      await page.getByLabel("Code", { exact: true }).fill("-");
      await button(page, "Create").click();
      await page.getByText("It has to end after it starts.").waitFor();
    },
  },
  { name: "experiment", as: "admin", open: (page, stage) => experiment(page, stage) },
  {
    name: "experiment-bare",
    as: "keeper",
    open: (page, stage) => experiment(page, stage, "20006"),
  },
  {
    name: "experiment-edit",
    as: "admin",
    complaints: /400/,
    async open(page, stage) {
      await experiment(page, stage);
      await button(page, "Edit").click();
      await page.getByRole("combobox", { name: "Members" }).fill("nobody-like-this, person-1");
      await button(page, "Add").click();
      await button(page, "Save").click();
      await page.getByText("Nobody has this user name: nobody-like-this.").waitFor();
    },
  },
  {
    name: "experiment-discard",
    as: "admin",
    async open(page, stage) {
      await experiment(page, stage);
      await button(page, "Edit").click();
      await page.getByLabel("Title").fill("Another");
      await page.keyboard.press("Escape");
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "experiment-delete",
    as: "admin",
    async open(page, stage) {
      await experiment(page, stage);
      await button(page, "Delete").click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "experiment-gone",
    as: "admin",
    complaints: /404/,
    async open(page) {
      await page.goto("/admin/experiments/00000000-0000-4000-8000-000000000000");
      await page.getByText("It does not exist any more").waitFor();
    },
  },
];

const beamlines: readonly Scene[] = [
  { name: "beamlines", as: "admin", open: (page) => table(page, "/admin/beamlines") },
  { name: "beamlines-of-staff", as: "keeper", open: (page) => table(page, "/admin/beamlines") },
  {
    name: "beamline-edit",
    as: "admin",
    open: (page) => dialog(page, "/admin/beamlines", "Edit IMBL"),
  },
  {
    name: "beamline-in-use",
    as: "admin",
    complaints: /409/,
    async open(page) {
      await table(page, "/admin/beamlines");
      await button(page, "Delete IMBL").click();
      await button(page, "Delete").click();
      await page.getByText("This beamline has experiments.").waitFor();
    },
  },
];

const groups: readonly Scene[] = [
  { name: "groups", as: "admin", open: (page) => table(page, "/admin/groups") },
  {
    name: "group-add-taken",
    as: "admin",
    complaints: /409/,
    async open(page) {
      await dialog(page, "/admin/groups", "Add a group");
      await page.getByLabel("Name", { exact: true }).fill("group-1");
      await button(page, "Create").click();
      await page.getByText("Another group has this name already.").waitFor();
    },
  },
];

const environments: readonly Scene[] = [
  { name: "environments", as: "admin", open: (page) => table(page, "/admin/environments") },
  { name: "environment", as: "admin", open: (page, stage) => environment(page, stage) },
  {
    name: "environment-long",
    as: "admin",
    open: (page, stage) => environment(page, stage, "long"),
  },
  {
    name: "environment-open",
    as: "admin",
    complaints: /400/,
    async open(page, stage) {
      await environment(page, stage);
      await button(page, "Open it to somebody").click();
      await page.getByLabel("Code of the experiment").fill("nothing");
      await button(page, "Open it").click();
      await page.getByText("There is no experiment with this code.").waitFor();
    },
  },
  {
    name: "environment-why",
    as: "admin",
    async open(page, stage) {
      await environment(page, stage);
      await page.getByLabel("Username").fill("member");
      await button(page, "Ask").click();
      await page.getByText("one has to be named").waitFor();
    },
  },
  {
    name: "may-start",
    as: "keeper",
    async open(page) {
      await page.goto("/admin/may-start?user=member&environment=lungs&experiment=18342");
      await page.getByText("member may start lungs.").waitFor();
    },
  },
];

export const catalogueScenes: readonly Scene[] = [
  ...experiments,
  ...beamlines,
  ...groups,
  ...environments,
];
