import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { NamePage } from "./users.ts";

export interface BeamlineRow {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly experiments: number;
  /** User names of who looks after it. */
  readonly staff: string[];
  readonly createdAt: string;
}

/** Whose view it is: of all, or of the beamlines that this person looks after. */
export type Reach = { readonly staff: string } | "all";

/** Of a beamline's id in `column`, for a `where`. */
export const within = (reach: Reach, column: ReturnType<typeof sql>) =>
  reach === "all"
    ? sql`true`
    : sql`${column} in (select beamline_id from beamline_staff where user_id = ${reach.staff})`;

const columns = sql`b.id, b.code, b.name, iso(b.created_at) as "createdAt",
  (select count(*)::int from experiments x where x.beamline_id = b.id) as experiments,
  (select coalesce(jsonb_agg(u.username order by u.username), '[]')
    from beamline_staff s join users u on u.id = s.user_id where s.beamline_id = b.id) as staff`;

type Row = BeamlineRow & Record<string, unknown>;

export async function listBeamlines(
  db: Queryable,
  reach: Reach,
  page: NamePage,
): Promise<BeamlineRow[]> {
  const order = page.descending ? sql`desc` : sql`asc`;
  const key = sql`lower(b.code)`;
  const after = page.descending ? sql`${key} < ${page.cursor}` : sql`${key} > ${page.cursor}`;
  return db.execute<Row>(sql`
    select ${columns} from beamlines b
    where ${within(reach, sql`b.id`)}
      and (${page.search} = '' or position(lower(${page.search}) in lower(b.code || ' ' || b.name)) > 0)
      and (${page.cursor}::text is null or ${after})
    order by ${key} ${order} limit ${page.limit}`);
}

export async function getBeamline(
  db: Queryable,
  reach: Reach,
  id: string,
): Promise<BeamlineRow | undefined> {
  const [row] = await db.execute<Row>(sql`
    select ${columns} from beamlines b where b.id = ${id} and ${within(reach, sql`b.id`)}`);
  return row;
}

/** @throws a unique violation where the code is taken */
export async function insertBeamline(
  db: Queryable,
  it: { readonly code: string; readonly name: string },
): Promise<string> {
  const [row] = await db.execute<{ id: string }>(sql`
    insert into beamlines (code, name) values (${it.code}, ${it.name}) returning id`);
  if (!row) throw new Error("the new beamline's row was not returned");
  return row.id;
}

/** @returns whether there is such a beamline */
export async function updateBeamline(
  db: Queryable,
  id: string,
  { name }: { readonly name?: string | undefined },
): Promise<boolean> {
  const rows = await db.execute(sql`
    update beamlines set name = coalesce(${name ?? null}, name) where id = ${id} returning 1`);
  return rows.length > 0;
}

/** @throws a foreign key violation where it has experiments. @returns whether there was such a beamline */
export async function deleteBeamline(db: Queryable, id: string): Promise<boolean> {
  return (await db.execute(sql`delete from beamlines where id = ${id} returning 1`)).length > 0;
}
