/** Lists of people that are set as a whole: an experiment's members, a group's, a beamline's staff. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

const rosters = {
  experiment: { table: sql`members`, key: sql`experiment_id` },
  group: { table: sql`group_members`, key: sql`group_id` },
  beamline: { table: sql`beamline_staff`, key: sql`beamline_id` },
};

/**
 * Makes these the people on it, and nobody else.
 * @returns the names that nobody has; then nothing was changed
 */
export async function setRoster(
  db: Queryable,
  kind: keyof typeof rosters,
  id: string,
  usernames: readonly string[],
): Promise<string[]> {
  const { table, key } = rosters[kind];
  const names = sql`jsonb_array_elements_text(${JSON.stringify(usernames)}::jsonb) as n(name)`;
  const unknown = await db.execute<{ name: string }>(sql`
    select n.name from ${names} where not exists (select from users u where u.username = n.name and u.kind = 'person')`);
  if (unknown.length > 0) return unknown.map((it) => it.name);
  await db.execute(sql`
    delete from ${table} t using users u
    where t.${key} = ${id} and u.id = t.user_id
      and u.username not in (select name from ${names})`);
  await db.execute(sql`
    insert into ${table} (${key}, user_id)
    select distinct ${id}::uuid, u.id from ${names} join users u on u.username = n.name
    on conflict ${kind === "experiment" ? sql`(user_id, experiment_id) do update set until = null` : sql`do nothing`}`);
  return [];
}
