/** Everybody's access tokens, as administrators see them. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface AdminTokenRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: string[];
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
  readonly owner: { id: string; username: string; displayName: string };
}

/** As the index `tokens_of_all` has it, and not over. */
const holds = sql`s.kind = 'token' and s.revoked_at is null and s.expires_at > now()`;

/** Those that hold, newest first. `search`: in their names, and in their people's. */
export async function listAllTokens(
  db: Queryable,
  page: { search: string; limit: number; cursor: string | null },
): Promise<AdminTokenRow[]> {
  return db.execute<AdminTokenRow & Record<string, unknown>>(sql`
    select s.id, coalesce(s.name, '') as name, to_jsonb(s.scopes) as scopes,
      iso(s.created_at) as "createdAt", iso(s.last_seen_at) as "lastSeenAt",
      iso(s.expires_at) as "expiresAt",
      jsonb_build_object('id', u.id, 'username', u.username, 'displayName', u.display_name) as owner
    from sign_ins s join users u on u.id = s.user_id
    where ${holds}
      and (${page.search} = '' or position(lower(${page.search}) in
        lower(concat_ws(' ', s.name, u.username, u.display_name))) > 0)
      and (${page.cursor}::uuid is null or (s.created_at, s.id) < (
        select created_at, id from sign_ins where id = ${page.cursor}::uuid))
    order by s.created_at desc, s.id desc limit ${page.limit}`);
}

/** @returns whose it was and its name; undefined where no such token held */
export async function revokeAnyToken(
  db: Queryable,
  id: string,
): Promise<{ name: string | null; username: string } | undefined> {
  const [row] = await db.execute<{ name: string | null; username: string }>(sql`
    update sign_ins s set revoked_at = now() from users u
    where s.id = ${id} and u.id = s.user_id and ${holds} returning s.name, u.username`);
  return row;
}
