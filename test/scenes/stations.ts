/** Shared computers at beamlines, and those who look after them. */
import type { Page } from "playwright-core";
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";
import { longName } from "./people.ts";
import type { Scene } from "./scene.ts";

export const stationToken = "station".padEnd(43, "0");

interface StationProp {
  /** Minutes until the experiment that runs there ends; null: none runs. */
  readonly endsIn: number | null;
  readonly ending?: "end" | "owner";
  readonly experiments?: number;
}

/** A beamline of its own for each scene, with what its station may start and what is open on it. */
export async function setStation(
  stage: Stage,
  { endsIn, ending = "end", experiments = 1 }: StationProp,
) {
  await clear(stage);
  await stage.db.execute(sql`
    with b as (
      insert into beamlines (code, name, station_ending) values ('MX9', 'Macromolecular Crystallography', ${ending})
      returning id
    ), u as (
      insert into users (username, display_name, kind, roles)
      values ('station-mx9-1', 'MX9 · Hutch 1', 'station', '{station}') returning id
    ), s as (
      insert into stations (beamline_id, name, user_id, enrolled_at) select b.id, 'Hutch 1', u.id, now() from b, u
    ), i as (
      insert into sign_ins (user_id, token_hash, expires_at, address, user_agent)
      select id, sha256(${stationToken}), now() + interval '1 year', '10.3.0.7', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0' from u
    )
    insert into experiments (code, beamline_id, title, starts_at, ends_at)
    select '2026-' || n, b.id, case n when 1 then ${longName} else 'Lysozyme' end, now() - n * interval '1 hour',
      now() + ${endsIn ?? 60} * n * interval '1 minute'
    from b, generate_series(1, ${endsIn === null ? 0 : experiments}) n`);
  await stage.db.execute(sql`
    insert into experiments (code, beamline_id, starts_at, ends_at)
    select '2027-1', id, now() + interval '3 hours', now() + interval '9 hours' from beamlines where code = 'MX9'`);
}

export async function clear(stage: Stage): Promise<void> {
  for (const statement of [
    sql`delete from approvals`,
    sql`delete from instances where station_id is not null`,
    sql`delete from experiments where beamline_id in (select id from beamlines where code = 'MX9')`,
    sql`delete from stations`,
    sql`delete from users where kind = 'station'`,
    sql`delete from beamlines where code = 'MX9'`,
  ])
    await stage.db.execute(statement);
}

/** As a station, with a desktop of its own and one of somebody's open on it. */
export async function atStation(
  page: Page,
  stage: Stage,
  prop: StationProp,
  open = true,
): Promise<void> {
  await setStation(stage, prop);
  if (open)
    for (const [owner, minutesAgo] of [
      ["station-mx9-1", 42],
      ["one", 7],
    ] as const) {
      const [user] = await stage.db.execute<{ id: string }>(
        sql`select id from users where username = ${owner}`,
      );
      const desktop = { environment: "Crystallography", state: "running", minutesAgo } as const;
      const id = await stage.addDesktop(user?.id ?? "", desktop);
      await stage.db.execute(sql`
        update instances set station_id = (select id from stations),
          experiment_id = (select id from experiments where code = '2026-1') where id = ${id}`);
    }
  const { url } = stage.installation;
  await page.context().addCookies([{ name: "asci_session", value: stationToken, url }]);
  await page.goto("/");
  await page.getByRole("heading", { name: "Hutch 1" }).waitFor();
}

export const startable = (page: Page) =>
  page.getByRole("button", { name: "Start", exact: true }).first().waitFor();

export async function ownHome(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Use my own home" }).click();
  await page.getByRole("dialog").waitFor();
  await page.getByRole("combobox", { name: "What to start" }).waitFor();
}

export const stations: readonly Scene[] = [
  {
    name: "station-enrol",
    as: null,
    async open(page) {
      await page.goto("/station");
      await page.getByRole("button", { name: "Make it a station" }).waitFor();
    },
  },
  {
    name: "station-enrol-wrong",
    as: null,
    complaints: /401/,
    async open(page) {
      await page.goto("/station");
      await page.getByLabel("Code", { exact: true }).fill("7KQ2-M4XD");
      await page.getByRole("button", { name: "Make it a station" }).click();
      await page.getByText("This code does not work.").waitFor();
    },
    close: async (stage) => void (await stage.db.execute(sql`delete from sign_in_failures`)),
  },
  {
    name: "station-home",
    as: null,
    async open(page, stage) {
      await atStation(page, stage, { endsIn: 400, experiments: 2 });
      await startable(page);
      await page.getByText("Home of").waitFor();
      if ((await page.getByRole("link", { name: "Account" }).count()) > 0)
        throw new Error("the navigation leads to an account");
    },
    close: clear,
  },
  {
    name: "station-first",
    as: null,
    async open(page, stage) {
      await atStation(page, stage, { endsIn: 400 }, false);
      await startable(page);
    },
    close: clear,
  },
  {
    name: "station-ending",
    as: null,
    async open(page, stage) {
      await atStation(page, stage, { endsIn: 12, ending: "owner" });
      await page.getByText(/Experiment 2026-1 ends in/).waitFor();
      await startable(page);
    },
    close: clear,
  },
  {
    name: "station-nothing",
    as: null,
    async open(page, stage) {
      await atStation(page, stage, { endsIn: null }, false);
      await page.getByText("No experiment is running here now.").waitFor();
    },
    close: clear,
  },
  {
    name: "station-own",
    as: null,
    async open(page, stage) {
      await atStation(page, stage, { endsIn: 400, experiments: 2 });
      await startable(page);
      await ownHome(page);
    },
    close: clear,
  },
  {
    name: "station-own-wrong",
    as: null,
    complaints: /401/,
    async open(page, stage) {
      await atStation(page, stage, { endsIn: 400 }, false);
      await startable(page);
      await ownHome(page);
      await page.getByLabel("Username", { exact: true }).fill("one");
      await page.getByLabel("Password", { exact: true }).fill("not this one");
      await page.getByRole("button", { name: "Start with my home" }).click();
      await page.getByRole("alert").waitFor();
    },
    close: clear,
  },
  {
    name: "stations-list",
    as: "admin",
    async open(page, stage) {
      await setStation(stage, { endsIn: 400 });
      await page.goto("/admin/stations");
      await page.getByRole("combobox", { name: "Beamline" }).selectOption({ label: "MX9" });
      await page.getByText("station-mx9-1").waitFor();
    },
    close: clear,
  },
  {
    name: "stations-none",
    as: "admin",
    async open(page) {
      await page.goto("/admin/stations");
      await page.getByText("There are no stations yet.").waitFor();
    },
  },
  {
    name: "stations-code",
    as: "admin",
    async open(page, stage) {
      await setStation(stage, { endsIn: 400 });
      await page.goto("/admin/stations");
      await page.getByRole("combobox", { name: "Beamline" }).selectOption({ label: "MX9" });
      await page.getByRole("button", { name: "New code for Hutch 1" }).click();
      await page.getByRole("dialog").waitFor();
    },
    close: clear,
  },
  {
    name: "stations-revoke",
    as: "admin",
    async open(page, stage) {
      await setStation(stage, { endsIn: 400 });
      await page.goto("/admin/stations");
      await page.getByRole("combobox", { name: "Beamline" }).selectOption({ label: "MX9" });
      await page.getByRole("button", { name: "Revoke Hutch 1" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
    close: clear,
  },
];
