/** Everybody's access tokens, as administrators see them. */
import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { keyText, readOrdered, type Order, type OrderedPage, type Placed } from "./ordered.ts";

export interface AdminTokenRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: string[];
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly expiresAt: string;
  readonly owner: { id: string; username: string; displayName: string };
}

/** As the indexes of tokens have it, and not over. */
const holds = sql`s.kind = 'token' and s.revoked_at is null and s.expires_at > now()`;

export type TokenOrder = "createdAt" | "expiresAt" | "lastUsedAt" | "person";

const id = sql`s.id`;
const orders: Readonly<Record<TokenOrder, Order>> = {
  createdAt: { key: sql`s.created_at`, id, type: "timestamptz" },
  expiresAt: { key: sql`s.expires_at`, id, type: "timestamptz" },
  // Set when it is made, as a browser's is: one that was never used has none.
  lastUsedAt: {
    key: sql`nullif(s.last_seen_at, s.created_at)`,
    id,
    type: "timestamptz",
    nullable: true,
  },
  person: { key: sql`u.username`, id, type: "text" },
};

/** What a search looks at: the people are looked through once, and not with every token. */
function found(search: string) {
  if (search === "") return sql`true`;
  const has = (text: SQL) => sql`position(lower(${search}) in lower(${text})) > 0`;
  return sql`(${has(sql`coalesce(s.name, '')`)}
    or s.user_id in (select id from users where ${has(sql`username || ' ' || display_name`)}))`;
}

/** Those that hold. `search`: in their names, and in their people's. */
export async function listAllTokens(
  db: Queryable,
  page: OrderedPage<TokenOrder>,
): Promise<(AdminTokenRow & Placed)[]> {
  const order = orders[page.by];
  return readOrdered(page, order, ({ where, order: by, limit }) =>
    db.execute<AdminTokenRow & Placed & Record<string, unknown>>(sql`
      select s.id, coalesce(s.name, '') as name, to_jsonb(s.scopes) as scopes,
        iso(s.created_at) as "createdAt", iso(nullif(s.last_seen_at, s.created_at)) as "lastUsedAt",
        iso(s.expires_at) as "expiresAt",
        jsonb_build_object('id', u.id, 'username', u.username, 'displayName', u.display_name) as owner,
        ${keyText(order)} as at
      from sign_ins s join users u on u.id = s.user_id
      where ${holds}
        and ${found(page.search)}
        and ${where}
      order by ${by} limit ${limit}`),
  );
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
