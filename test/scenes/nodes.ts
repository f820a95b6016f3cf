/** Nodes, use over time, and everybody's instances with why they are where they are. */
import type { Page } from "playwright-core";
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";
import { button, table } from "./admin-steps.ts";
import { setCluster } from "./cluster.ts";
import type { Scene } from "./scene.ts";

const list =
  (query = "") =>
  async (page: Page, stage: Stage): Promise<void> => {
    await setCluster(stage);
    await table(page, `/admin/nodes${query}`);
  };

async function node(page: Page, stage: Stage, name: string): Promise<void> {
  await setCluster(stage);
  const [row] = await stage.db.execute<{ id: string }>(
    sql`select id from nodes where name = ${name}`,
  );
  await page.goto(`/admin/nodes/${row?.id}`);
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await page
    .getByRole("img", { name: `${name}:` })
    .locator("canvas")
    .waitFor({ state: "attached" });
}

const one = (name: string, of: string, act?: (page: Page) => Promise<void>): Scene => ({
  name,
  as: "admin",
  async open(page, stage) {
    await node(page, stage, of);
    await act?.(page);
  },
});

const lists: readonly Scene[] = [
  { name: "nodes-40", as: "admin", open: list() },
  { name: "nodes-filtered", as: "admin", open: list("?state=draining&sort=-cpus") },
  { name: "nodes-1", as: "admin", open: list("?search=cluster-05") },
  {
    name: "nodes-none",
    as: "admin",
    async open(page) {
      await page.goto("/admin/nodes?search=nothing+like+it");
      await page.getByText("Nothing matches these filters.").waitFor();
    },
  },
  {
    name: "nodes-0",
    as: "admin",
    async open(page) {
      // A site before its first node; this stage has some.
      await page.route("**/api/admin/nodes?*", (route) =>
        route.fulfill({ json: { items: [], nextCursor: null } }),
      );
      await page.goto("/admin/nodes");
      await page.getByText("No node has registered yet").waitFor();
    },
  },
];

const nodes: readonly Scene[] = [
  one("node", "cluster-01"),
  one("node-many", "cluster-03"),
  one("node-bare", "cluster-12"),
  one("node-draining", "cluster-05"),
  one("node-lost", "cluster-10"),
  one("node-gone", "cluster-10", async (page) => {
    await button(page, "It is gone for good").click();
    await page.getByRole("alertdialog").waitFor();
  }),
  {
    name: "node-gathering",
    as: "admin",
    async open(page, stage) {
      await setCluster(stage);
      await stage.db.execute(sql`
        insert into gatherings (instance_id, node_id, until_at)
        select i.id, n.id, now() + interval '47 minutes' from nodes n, instances i join users u on u.id = i.owner_id
        where n.name = 'cluster-03' and u.username = 'crowd-large' and i.state = 'queued'`);
      await node(page, stage, "cluster-03");
      await page.getByText("Room is gathered here for").waitFor();
    },
    close: async (stage) => void (await stage.db.execute(sql`delete from gatherings`)),
  },
  one("node-drain", "cluster-01", async (page) => {
    await button(page, "Drain…").click();
    await page.getByText("are asked to restart elsewhere").waitFor();
  }),
  one("node-close", "cluster-01", async (page) => {
    await page.getByRole("switch", { name: "cluster-01 takes new desktops" }).click();
    await page.getByRole("dialog").waitFor();
  }),
  one("node-label-wrong", "cluster-01", async (page) => {
    await page.getByLabel("Add a label").fill("-x=ä");
    await button(page, "Add").click();
    await page.getByText("The name has to be").waitFor();
    await button(page, "Change zone=hall-1").click();
    await page.getByLabel("Label zone=hall-1").waitFor();
  }),
  one("node-slots-wrong", "cluster-01", async (page) => {
    const field = page.getByLabel(/^Slots/).first();
    await field.fill("65");
    await field.press("Enter");
    await page.getByText("A whole number from 1 to 64.").waitFor();
  }),
  {
    name: "node-gone",
    as: "admin",
    complaints: /404/,
    async open(page) {
      await page.goto("/admin/nodes/00000000-0000-4000-8000-000000000000");
      await page.getByText("It does not exist any more").waitFor();
    },
  },
];

async function charts(page: Page, stage: Stage, query: string): Promise<void> {
  await setCluster(stage);
  await page.goto(`/admin/use${query}`);
  await page.locator("canvas").first().waitFor({ state: "attached" });
}

const use: readonly Scene[] = [
  { name: "use", as: "admin", open: (page, stage) => charts(page, stage, "") },
  {
    name: "use-gpus",
    as: "admin",
    open: (page, stage) => charts(page, stage, "?by=gpu&span=7d"),
  },
  {
    name: "use-beamlines",
    as: "admin",
    open: (page, stage) => charts(page, stage, "?by=beamline&span=30d&measure=instances"),
  },
  {
    name: "use-table",
    as: "admin",
    async open(page, stage) {
      await charts(page, stage, "?search=cluster-01&span=6h");
      await page.getByText("As a table").click();
      await page.getByRole("table").waitFor();
    },
  },
  {
    name: "use-none",
    as: "admin",
    async open(page) {
      await page.goto("/admin/use?search=nothing+like+it");
      await page.getByText("Nothing matches").waitFor();
    },
  },
];

const instances: readonly Scene[] = [
  {
    name: "instances-why",
    as: "admin",
    async open(page, stage) {
      await setCluster(stage);
      await table(page, "/admin/instances?node=cluster-01");
      await page
        .getByRole("button", { name: /^Why .* is where it is$/ })
        .first()
        .click();
      await page.getByText("The best nodes").waitFor();
    },
  },
  {
    name: "instances-waits",
    as: "admin",
    async open(page) {
      await table(page, "/admin/instances?state=queued&owner=waiter");
      await page
        .getByRole("button", { name: /^Why .* is where it is$/ })
        .first()
        .click();
      await page.getByText("It has not been placed yet.").waitFor();
    },
  },
  {
    name: "instances-filtered-none",
    as: "admin",
    async open(page) {
      await page.goto("/admin/instances?node=nothing-like-it*");
      await page.getByText("Nothing matches these filters.").waitFor();
    },
  },
];

export const nodeScenes: readonly Scene[] = [...lists, ...nodes, ...use, ...instances];
