/** Reserved capacity: the calendar and its form. */
import { sql } from "drizzle-orm";
import type { Page } from "playwright-core";
import type { Stage } from "../stage.ts";
import { button } from "./admin-steps.ts";
import type { Scene } from "./scene.ts";

/** So many reservations and no others, around today. */
export async function setReservations(stage: Stage, count: number): Promise<void> {
  await stage.db.execute(sql`delete from reservations`);
  await stage.db.execute(sql`
    insert into reservations (title, kind, experiment_id, group_id, beamline_id, from_at, until_at, seats,
      cpus, memory_bytes, gpus, selector, created_by_name)
    select case when n = 2 then 'IMBL beamtime: rotating foams under load, with phase retrieval after Paganin'
        when n % 3 = 0 then 'Winter school, day ' || n else 'Sample series ' || n end,
      k.kind, case k.kind when 'experiment' then (select id from experiments where code = '20003') end,
      case k.kind when 'group' then (select id from groups where name = 'group-1') end,
      case k.kind when 'beamline' then (select id from beamlines where code = 'IMBL') end,
      date_trunc('day', now()) + (n / 2) * interval '13 hours' + interval '8 hours',
      date_trunc('day', now()) + (n / 2) * interval '13 hours'
        + case n when 1 then interval '40 hours' when 2 then interval '3 days'
          else interval '16 hours' end,
      4 + n, 2, 8589934592, n % 2, '', 'keeper'
    from generate_series(1, ${count}::int) n, lateral (
      select (array['experiment', 'group', 'beamline'])[1 + n % 3] as kind) k`);
}

const loaded = (page: Page) => page.getByRole("heading", { name: "Reservations" }).waitFor();
const first = (page: Page) =>
  page.getByRole("button", { name: /^(Edit )?Sample series 1\b/ }).first();

function scene(
  name: string,
  count: number,
  act: (page: Page) => Promise<void>,
  as: Scene["as"] = "admin",
  view = "week",
): Scene {
  return {
    name: `reservations-${name}`,
    as,
    async open(page, stage) {
      await setReservations(stage, count);
      await page.goto(`/admin/reservations?view=${view}`);
      await loaded(page);
      await act(page);
    },
  };
}

const begin = async (page: Page): Promise<void> => {
  await button(page, "Reserve").click();
  await page.getByRole("dialog").waitFor();
};
const seen = (page: Page) => first(page).waitFor();
const none = (page: Page) => page.getByText(/^Nothing is reserved/).waitFor();

export const reservationScenes: readonly Scene[] = [
  scene("none", 0, none),
  scene("one", 1, seen),
  scene("week", 8, seen),
  scene("month", 40, seen, "admin", "month"),
  scene("list", 40, seen, "admin", "list"),
  // A group's is not theirs to see.
  scene(
    "staff",
    8,
    (page) =>
      page
        .getByText(/^IMBL beamtime/)
        .first()
        .waitFor(),
    "keeper",
  ),
  scene("new", 8, begin),
  scene("wrong", 8, async (page) => {
    await begin(page);
    await page.getByLabel("On nodes with these labels").fill("zone in (hall-1");
    await page.getByRole("dialog").getByRole("button", { name: "Reserve", exact: true }).click();
    await page.getByText("Choose whom it is for.").waitFor();
  }),
  scene("edit", 8, async (page) => {
    await first(page).click();
    await page.getByRole("dialog").waitFor();
  }),
  scene("cancel", 8, async (page) => {
    await first(page).click();
    await button(page, "Cancel the reservation…").click();
    await page.getByRole("alertdialog").waitFor();
  }),
  {
    name: "reservations-error",
    as: "admin",
    complaints: /ERR_FAILED/,
    async open(page) {
      await page.route("**/api/admin/reservations?*", (route) => route.abort());
      await page.goto("/admin/reservations");
      await button(page, "Try again").waitFor({ timeout: 60_000 });
    },
  },
];
