import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { NamePage } from "./users.ts";

export interface GroupRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly gid: number | null;
  readonly members: string[];
  readonly createdAt: string;
}

const columns = sql`g.id, g.name, g.description, g.gid, iso(g.created_at) as "createdAt",
  (select coalesce(jsonb_agg(u.username order by u.username), '[]')
    from group_members m join users u on u.id = m.user_id where m.group_id = g.id) as members`;

type Row = GroupRow & Record<string, unknown>;

export async function listGroups(db: Queryable, page: NamePage): Promise<GroupRow[]> {
  const order = page.descending ? sql`desc` : sql`asc`;
  const after = page.descending ? sql`g.name < ${page.cursor}` : sql`g.name > ${page.cursor}`;
  return db.execute<Row>(sql`
    select ${columns} from groups g
    where (${page.search} = '' or position(lower(${page.search}) in lower(g.name || ' ' || g.description)) > 0)
      and (${page.cursor}::text is null or ${after})
    order by g.name ${order} limit ${page.limit}`);
}

export async function getGroup(db: Queryable, id: string): Promise<GroupRow | undefined> {
  const [row] = await db.execute<Row>(sql`select ${columns} from groups g where g.id = ${id}`);
  return row;
}

/** @throws a unique violation where the name or the gid is taken */
export async function insertGroup(
  db: Queryable,
  it: { readonly name: string; readonly description: string; readonly gid: number | null },
): Promise<string> {
  const [row] = await db.execute<{ id: string }>(sql`
    insert into groups (name, description, gid) values (${it.name}, ${it.description}, ${it.gid})
    returning id`);
  if (!row) throw new Error("the new group's row was not returned");
  return row.id;
}

/** @returns whether there is such a group */
export async function updateGroup(
  db: Queryable,
  id: string,
  { description }: { readonly description?: string | undefined },
): Promise<boolean> {
  const rows = await db.execute(sql`
    update groups set description = coalesce(${description ?? null}, description)
    where id = ${id} returning 1`);
  return rows.length > 0;
}

export async function deleteGroup(db: Queryable, id: string): Promise<boolean> {
  return (await db.execute(sql`delete from groups where id = ${id} returning 1`)).length > 0;
}
