/** Those who wait for a place, and those who are asked to give one up. */
import type { Page } from "playwright-core";
import { sql } from "drizzle-orm";
import type { Queryable } from "../../db/client.ts";
import { noteAll } from "../../db/notices.ts";
import type { Stage } from "../stage.ts";
import type { Scene } from "./scene.ts";
import { idOf } from "./viewer.ts";

async function home(page: Page): Promise<void> {
  await page.goto("/");
  await page.getByRole("button", { name: "Cancel", exact: true }).first().waitFor();
  await page
    .getByText(/Place \d+ in the queue/)
    .first()
    .waitFor();
}

/**
 * Two nodes with a reason to go elsewhere; the controller takes back whatever has none. Neither is ready: a node that
 * is has images pulled for it, and its work would outlive it.
 */
const makeReasons = (db: Queryable) =>
  db.execute(sql`
    with made as (
      insert into nodes (name, reported_labels, cpus, memory_bytes, ready, schedulable, draining, hold_reason, last_seen_at)
      select name, '{}'::jsonb, 1, 1073741824, false, false, drained,
        case when drained then 'new kernel, back on Tuesday' end, now() + interval '100 years'
      from (values ('asked-drained', true), ('asked-beamtime', false)) as n (name, drained)
      returning id, name
    ), x as (
      insert into experiments (code, beamline_id, starts_at, ends_at)
      select 'asked', id, now() - interval '1 hour', '2099-11-22T14:30:00Z' from beamlines limit 1
      returning id, ends_at
    ), r as (
      insert into rules (name, priority, conditions, effects)
      values ('asked', 1, '{"experiment": "asked"}', '{"dedicate": true}') returning id, name
    )
    insert into dedications (node_id, experiment_id, rule_id, rule_name, until_at)
    select made.id, x.id, r.id, r.name, x.ends_at from made, x, r where made.name = 'asked-beamtime'`);

/** What the waiter is asked, of each of three desktops. */
const ask = (stage: Stage) =>
  stage.db.transaction(async (tx) => {
    await makeReasons(tx);
    await tx.execute(sql`
      update instances i set node_id = coalesce(n.id, i.node_id),
        notice_code = case when n.id is null then 'ends_soon' end,
        notice_text = case when n.id is null then 'it ends by its limit; whoever needs longer can extend it' end,
        expires_at = now() + a.minutes * interval '1 minute', max_minutes = 480
      from (values ('tomography', 'asked-drained', 380), ('crystallography', null, 22),
        ('volume', 'asked-beamtime', null)) as a (slug, node, minutes)
      join environments e on e.slug = a.slug left join nodes n on n.name = a.node, users u
      where u.id = i.owner_id and u.username = 'waiter' and e.id = i.environment_id and i.state = 'running'`);
    await noteAll(tx);
    await tx.execute(sql`
      update instances set notice_at = now() - interval '9 minutes'
      where owner_id = (select id from users where username = 'waiter') and state = 'running'`);
  });

/** As it was before: everybody is asked nothing. */
const askNothing = (stage: Stage) =>
  stage.db.transaction(async (tx) => {
    await tx.execute(sql`
      update instances set notice_code = null, notice_text = null, notice_at = null, expires_at = null,
        node_id = case when owner_id = (select id from users where username = 'waiter') and state = 'running'
          then (select id from nodes where name = 'gpu-04') else node_id end
      where owner_id in (select id from users where username in ('waiter', 'live'))`);
    await tx.execute(sql`delete from experiments where code = 'asked'`);
    await tx.execute(sql`delete from rules where name = 'asked'`);
    await tx.execute(sql`delete from nodes where name like 'asked-%'`);
    await tx.execute(
      sql`update nodes set draining = false, hold_reason = null where id in (${liveNode})`,
    );
  });

const liveNode = sql`
  select i.node_id from instances i join users u on u.id = i.owner_id
  where u.username = 'live' and i.state = 'running'`;

export const waiting: readonly Scene[] = [
  { name: "desktops-waiting", as: "waiter", open: home },
  {
    name: "desktops-asked",
    as: "waiter",
    async open(page, stage) {
      await ask(stage);
      await home(page);
      await page.getByRole("button", { name: "Restart elsewhere" }).first().waitFor();
      await page.getByText("It ends in").waitFor();
    },
    close: askNothing,
  },
  {
    name: "desktops-move",
    as: "waiter",
    async open(page, stage) {
      await ask(stage);
      await home(page);
      await page.getByRole("button", { name: "Restart elsewhere" }).first().click();
      await page.getByRole("alertdialog").waitFor();
    },
    close: askNothing,
  },
  ...(["node_draining", "ends_soon"] as const).map((code): Scene => ({
    name: `viewer-asked-${code === "ends_soon" ? "end" : "move"}`,
    as: "live",
    async open(page, stage) {
      if (code === "node_draining")
        await stage.db.execute(sql`
          update nodes set draining = true, hold_reason = 'new kernel' where id in (${liveNode})`);
      else
        await stage.db.execute(sql`
          update instances i set notice_code = ${code}, notice_text = 'soon', notice_at = now(),
            expires_at = now() + interval '22 minutes'
          from users u where u.id = i.owner_id and u.username = 'live' and i.state = 'running'`);
      await noteAll(stage.db);
      await page.goto(`/desktops/${await idOf(stage, "live", "running")}`);
      await page.locator('[data-painted="true"]').waitFor({ timeout: 60_000 });
      await page.keyboard.press("Control+Alt+Shift");
      await page.getByRole("button", { name: "Leave" }).waitFor();
      await page.getByRole("group", { name: /^What is asked of/ }).waitFor();
    },
    close: askNothing,
  })),
  {
    name: "desktops-room",
    as: "one",
    async open(page) {
      await page.goto("/");
      await page.getByRole("button", { name: "Is there room?" }).first().click();
      await page.getByText(/There is (no )?room|Next free/).waitFor();
    },
  },
];
