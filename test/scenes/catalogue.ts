/** The catalogue of people with experiments: a few, one, two hundred, and such with long names. */
import type { Page } from "playwright-core";
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";
import type { Scene } from "./scene.ts";

interface ExperimentProp {
  readonly code: string;
  readonly title: string;
  readonly beamline: string;
  /** From now, in days; three days long. */
  readonly startsInDays: number;
}

const longTitle =
  "Untersuchung der Röntgenabsorptionsspektroskopiedatenreduktion an gealterten Elektroden unter Last, zweiter Teil";

const own: readonly ExperimentProp[] = [
  { code: "19001", title: "Ptychography of bone", beamline: "XFM", startsInDays: 24 },
  { code: "18342", title: "Lungs at rest", beamline: "MX2", startsInDays: -1 },
  { code: "17999", title: "Rotating foam, scan series", beamline: "MX2", startsInDays: -240 },
].map((it) => ({ ...it, code: `G${it.code}` }));

const long: readonly ExperimentProp[] = [
  { code: "L-2026-Electrodes-under-load-2", title: longTitle, beamline: "XFM", startsInDays: -1 },
  { code: "L1", title: "x".repeat(120), beamline: "SAXS", startsInDays: -40 },
];

const topics = [
  "Lungs at rest",
  "Röntgen tomography of foam",
  "Membrane proteins",
  "Batteries",
  "",
];
const twoHundred = Array.from({ length: 200 }, (_, at): ExperimentProp => ({
  code: `P${20_000 - at * 13}`,
  title: topics[at % topics.length] ?? "",
  beamline: ["MX2", "XFM", "SAXS"][at % 3] ?? "MX2",
  startsInDays: 30 - at * 15 + (at === 2 ? -1 : 0),
}));

async function addExperiments(
  stage: Stage,
  userId: string,
  props: readonly ExperimentProp[],
): Promise<void> {
  const rows = JSON.stringify(props);
  const named = sql`jsonb_to_recordset(${rows}::jsonb) as p
    (code text, title text, beamline text, "startsInDays" int)`;
  await stage.db.execute(sql`
    insert into experiments (code, title, beamline_id, starts_at, ends_at)
    select p.code, p.title, b.id, now() + p."startsInDays" * interval '1 day',
      now() + (p."startsInDays" + 3) * interval '1 day'
    from ${named} join beamlines b on b.code = p.beamline on conflict do nothing`);
  await stage.db.execute(sql`
    insert into members (user_id, experiment_id)
    select ${userId}, x.id from ${named} join experiments x on x.code = p.code`);
}

/** Beamlines with what they open, and those who have experiments there. */
export async function setCatalogue(stage: Stage): Promise<void> {
  await stage.db.execute(sql`
    insert into beamlines (code, name) values ('MX2', 'Micro Crystallography'),
      ('XFM', 'X-ray Fluorescence Microscopy'), ('SAXS', 'Small Angle Scattering')`);
  for (const [slug, name, codes] of [
    ["indexing", "Indexing and refinement", ["MX2"]],
    ["ptycho", "Ptychography", ["XFM"]],
    ["segmentation", "Segmentation", ["MX2", "XFM"]],
    ["reduction", "Kleinwinkelstreuungsdatenreduktionsarbeitsumgebung", ["SAXS", "XFM"]],
  ] as const) {
    // To nobody yet: there is no such experiment.
    await stage.addEnvironment({ slug, name, versions: ["2026.11", "2026.06"] });
    await stage.db.execute(sql`
      with e as (select id from environments where slug = ${slug}),
        closed as (delete from entitlements where environment_id = (select id from e))
      insert into entitlements (environment_id, kind, beamline_id)
      select e.id, 'beamline', b.id from e, beamlines b where b.code = any (${`{${codes.join(",")}}`}::text[])`);
  }
  for (const [username, props] of Object.entries({
    grouped: own,
    professor: twoHundred,
    lengthy: long,
    single: own.slice(2),
  }))
    await addExperiments(
      stage,
      await stage.addPerson(username, { displayName: "Maria Kovač" }),
      props,
    );
  await favour(stage, "grouped", ["segmentation", "tomography"]);
  await favour(stage, "lengthy", ["reduction", "long"]);
  for (const [username, slug, code] of [
    ["grouped", "segmentation", "G18342"],
    ["professor", "ptycho", "P19987"],
    ["lengthy", "reduction", "L-2026-Electrodes-under-load-2"],
  ] as const)
    await stage.db.execute(sql`
      insert into instances (owner_id, environment_id, version_id, name, experiment_id, state, desired,
        created_at, ended_at)
      select u.id, e.id, v.id, e.name, x.id, 'stopped', 'stopped', now() - interval '20 hours', now() - interval '12 hours'
      from users u, environments e join versions v on v.environment_id = e.id, experiments x
      where u.username = ${username} and e.slug = ${slug} and x.code = ${code}
      order by v.created_at desc limit 1`);
}

const favour = (stage: Stage, username: string, slugs: readonly string[]) =>
  stage.db.execute(sql`
    insert into favourites (user_id, environment_id)
    select u.id, e.id from users u, environments e
    where u.username = ${username} and e.slug = any (${`{${slugs.join(",")}}`}::text[])`);

async function home(page: Page): Promise<void> {
  await page.goto("/");
  await page.getByRole("heading", { name: "Start something" }).waitFor();
  await page.getByRole("button", { name: "Start", exact: true }).first().waitFor();
}

async function search(page: Page, text: string): Promise<void> {
  await home(page);
  await page.getByRole("searchbox").fill(text);
}

export const catalogue: readonly Scene[] = [
  {
    name: "catalogue-none",
    as: "zero",
    async open(page) {
      await search(page, "nothing like it");
      await page.getByText("Nothing matches").waitFor();
    },
  },
  { name: "catalogue-single", as: "single", open: home },
  {
    name: "catalogue-experiments",
    as: "member",
    async open(page) {
      await home(page);
      await page.getByRole("combobox", { name: "Start for" }).selectOption("17999");
      await page.getByRole("heading", { name: "2025-LUNG-7" }).waitFor();
    },
  },
  {
    name: "catalogue-grouped",
    as: "grouped",
    async open(page) {
      await home(page);
      await page.getByRole("button", { name: "Start like last time" }).waitFor();
      await page.getByRole("heading", { name: "Favourites" }).waitFor();
    },
  },
  {
    name: "catalogue-favourite",
    as: "single",
    async open(page) {
      await home(page);
      const star = page.getByRole("button", { name: "Notebook as a favourite" });
      await star.focus();
      await page.keyboard.press("Enter");
      await page.locator('[aria-pressed="true"]').waitFor();
    },
    close: async (stage) =>
      void (await stage.db.execute(sql`
        delete from favourites using users where id = user_id and username = 'single'`)),
  },
  {
    name: "catalogue-200",
    as: "professor",
    async open(page) {
      await home(page);
      await page.getByRole("button", { name: "Show all 200 experiments" }).waitFor();
    },
  },
  {
    name: "catalogue-search",
    as: "professor",
    async open(page) {
      await search(page, "rontgen mx2 index");
      await page.getByText("13 found").waitFor();
    },
  },
  {
    name: "catalogue-search-none",
    as: "professor",
    async open(page) {
      await search(page, "nothing like it");
      await page.getByText("Nothing matches").waitFor();
    },
  },
  { name: "catalogue-long", as: "lengthy", open: home },
];
