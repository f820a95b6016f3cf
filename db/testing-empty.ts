import type { Sql } from "postgres";

/** By the tables that are named: what goes with them. It is the same in every database of a run. */
const reached = new Map<string, Promise<string>>();

/**
 * Empties these tables and all that refer to them, as `truncate … cascade` does, which makes each of them and each
 * of their indexes anew: for a few rows that takes longer than most tests.
 * @param sql as the owner, a superuser
 * @param tables such as `"users, audit"`
 */
export async function emptyTables(sql: Sql, tables: string): Promise<void> {
  let statements = reached.get(tables);
  if (statements === undefined) reached.set(tables, (statements = deletesFor(sql, tables)));
  const all = `set local session_replication_role = replica; ${await statements}`;
  await sql.begin((tx) => tx.unsafe(all));
}

async function deletesFor(sql: Sql, tables: string): Promise<string> {
  const rows = await sql<{ name: string }[]>`
    with recursive reached (id) as (
      select name::regclass::oid from unnest(string_to_array(${tables}, ', ')) name
      union
      select c.conrelid from pg_constraint c join reached r on c.confrelid = r.id where c.contype = 'f')
    select id::regclass::text as name from reached`;
  return rows.map(({ name }) => `delete from ${name};`).join(" ");
}
