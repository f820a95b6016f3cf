import { sql } from "drizzle-orm";
import { within, type Reach } from "./beamlines.ts";
import type { Queryable } from "./client.ts";

export type DataAccess = "none" | "read" | "write";

export interface ExperimentRow {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  readonly beamline: { id: string; code: string; name: string };
  readonly startsAt: string;
  readonly endsAt: string;
  readonly running: boolean;
  readonly dataPath: string | null;
  readonly dataAccess: DataAccess;
  readonly memberCount: number;
  readonly createdAt: string;
}

const columns = sql`x.id, x.code, x.title, x.data_path as "dataPath", x.data_access as "dataAccess",
  jsonb_build_object('id', b.id, 'code', b.code, 'name', b.name) as beamline,
  iso(x.starts_at) as "startsAt", iso(x.ends_at) as "endsAt", iso(x.created_at) as "createdAt",
  x.starts_at <= now() and x.ends_at > now() as running,
  (select count(*)::int from members m where m.experiment_id = x.id) as "memberCount"`;

type Row = ExperimentRow & Record<string, unknown>;

/** The last one seen, which may have moved or gone since. */
export interface StartCursor {
  /** ISO 8601. */
  readonly startsAt: string;
  readonly id: string;
}

/** By start, from after `cursor`. */
export async function listExperiments(
  db: Queryable,
  reach: Reach,
  page: {
    search: string;
    /** Its code; null: of all. */
    beamline: string | null;
    limit: number;
    cursor: StartCursor | null;
    descending: boolean;
  },
): Promise<ExperimentRow[]> {
  const order = page.descending ? sql`desc` : sql`asc`;
  const compare = page.descending ? sql`<` : sql`>`;
  const { startsAt: since = null, id: after = null } = page.cursor ?? {};
  const ofBeamline =
    page.beamline === null
      ? sql`true`
      : sql`x.beamline_id = (select id from beamlines where lower(code) = lower(${page.beamline}))`;
  // What is not on the page is not counted.
  return db.execute<Row>(sql`
    with x as (
      select x.* from experiments x join beamlines b on b.id = x.beamline_id
      where ${within(reach, sql`x.beamline_id`)} and ${ofBeamline}
        and (${page.search} = '' or position(lower(${page.search}) in
          lower(x.code || ' ' || x.title || ' ' || b.code || ' ' || b.name)) > 0)
        and (${after}::uuid is null or (x.starts_at, x.id) ${compare} (${since}::timestamptz, ${after}::uuid))
      order by x.starts_at ${order}, x.id ${order} limit ${page.limit}
    )
    select ${columns} from x join beamlines b on b.id = x.beamline_id
    order by x.starts_at ${order}, x.id ${order}`);
}

export interface MemberRow extends Record<string, unknown> {
  readonly username: string;
  readonly displayName: string;
  readonly until: string | null;
}

export async function getExperiment(
  db: Queryable,
  reach: Reach,
  id: string,
): Promise<(ExperimentRow & { readonly members: MemberRow[] }) | undefined> {
  const [row] = await db.execute<Row & { members: MemberRow[] }>(sql`
    select ${columns}, (
      select coalesce(jsonb_agg(jsonb_build_object('username', u.username,
        'displayName', u.display_name, 'until', iso(m.until)) order by u.username), '[]')
      from members m join users u on u.id = m.user_id where m.experiment_id = x.id) as members
    from experiments x join beamlines b on b.id = x.beamline_id
    where x.id = ${id} and ${within(reach, sql`x.beamline_id`)}`);
  return row;
}

export interface NewExperiment {
  readonly code: string;
  /** Its code. */
  readonly beamline: string;
  readonly title: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly dataPath: string | null;
  readonly dataAccess: DataAccess;
}

/**
 * @returns its id; undefined where there is no such beamline within reach
 * @throws a unique violation where the code is taken
 */
export async function insertExperiment(
  db: Queryable,
  reach: Reach,
  it: NewExperiment,
): Promise<string | undefined> {
  const [row] = await db.execute<{ id: string }>(sql`
    insert into experiments (code, beamline_id, title, starts_at, ends_at, data_path, data_access)
    select ${it.code}, b.id, ${it.title}, ${it.startsAt}::timestamptz, ${it.endsAt}::timestamptz,
      ${it.dataPath}, ${it.dataAccess}
    from beamlines b where lower(b.code) = lower(${it.beamline}) and ${within(reach, sql`b.id`)}
    returning id`);
  return row?.id;
}

export type ExperimentPatch = {
  readonly [K in "title" | "startsAt" | "endsAt" | "dataPath" | "dataAccess"]?:
    | NewExperiment[K]
    | undefined;
};

/**
 * @returns whether there is such an experiment within reach
 * @throws a check violation where it would end before it begins
 */
export async function updateExperiment(
  db: Queryable,
  reach: Reach,
  id: string,
  it: ExperimentPatch,
): Promise<boolean> {
  const rows = await db.execute(sql`
    update experiments x set title = coalesce(${it.title ?? null}, title),
      starts_at = coalesce(${it.startsAt ?? null}::timestamptz, starts_at),
      ends_at = coalesce(${it.endsAt ?? null}::timestamptz, ends_at),
      data_path = case when ${it.dataPath !== undefined} then ${it.dataPath ?? null} else data_path end,
      data_access = coalesce(${it.dataAccess ?? null}, data_access)
    where x.id = ${id} and ${within(reach, sql`x.beamline_id`)} returning 1`);
  return rows.length > 0;
}

/**
 * @returns whether there was such an experiment within reach
 * @throws a foreign key violation where instances were started for it
 */
export async function deleteExperiment(db: Queryable, reach: Reach, id: string): Promise<boolean> {
  const rows = await db.execute(sql`
    delete from experiments x where x.id = ${id} and ${within(reach, sql`x.beamline_id`)} returning 1`);
  return rows.length > 0;
}
