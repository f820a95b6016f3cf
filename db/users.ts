import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { keyText, readOrdered, type Order, type OrderedPage, type Placed } from "./ordered.ts";

export interface AdminUserRow {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly roles: string[];
  readonly disabled: boolean;
  readonly uid: number;
  readonly createdAt: string;
  readonly lastSignInAt: string | null;
}

const columns = sql`id, username, display_name as "displayName", email, to_jsonb(roles) as roles,
  disabled_at is not null as disabled, uid, iso(created_at) as "createdAt",
  iso(last_sign_in_at) as "lastSignInAt"`;

/** A page of what is listed by name, from after `cursor` (a name). */
export interface NamePage {
  readonly search: string;
  readonly limit: number;
  readonly cursor: string | null;
  readonly descending: boolean;
}

export type UserOrder = "name" | "createdAt" | "lastSignInAt";

const orders: Readonly<Record<UserOrder, Order>> = {
  name: { key: sql`username`, id: sql`id`, type: "text" },
  createdAt: { key: sql`created_at`, id: sql`id`, type: "timestamptz" },
  lastSignInAt: { key: sql`last_sign_in_at`, id: sql`id`, type: "timestamptz", nullable: true },
};

/** A page of people, in whatever order. */
export async function listUsers(
  db: Queryable,
  page: OrderedPage<UserOrder>,
): Promise<(AdminUserRow & Placed)[]> {
  const order = orders[page.by];
  return readOrdered(page, order, ({ where, order: by, limit }) =>
    db.execute<AdminUserRow & Placed & Record<string, unknown>>(sql`
      select ${columns}, ${keyText(order)} as at from users
      where kind = 'person' and (${page.search} = '' or position(lower(${page.search}) in
          lower(username || ' ' || display_name || ' ' || coalesce(email, ''))) > 0)
        and ${where}
      order by ${by} limit ${limit}`),
  );
}

export async function getUser(db: Queryable, userId: string): Promise<AdminUserRow | undefined> {
  const [row] = await db.execute<AdminUserRow & Record<string, unknown>>(sql`
    select ${columns} from users where id = ${userId} and kind = 'person'`);
  return row;
}

export interface NewUser {
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly roles: readonly string[];
  readonly passwordHash: string;
}

/** @throws a unique violation where the name or the e-mail address is taken */
export async function insertUser(db: Queryable, user: NewUser): Promise<AdminUserRow> {
  const [row] = await db.execute<AdminUserRow & Record<string, unknown>>(sql`
    insert into users (username, display_name, email, roles, password_hash)
    values (${user.username}, ${user.displayName}, ${user.email}, ${`{${user.roles.join(",")}}`}::text[],
      ${user.passwordHash})
    returning ${columns}`);
  if (!row) throw new Error("the new user's row was not returned");
  return row;
}

export interface UserPatch {
  readonly displayName?: string | undefined;
  readonly email?: string | null | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
  readonly passwordHash?: string | undefined;
}

/**
 * Changes a person. Disabling, or a new password, ends their sign-ins in the same statement.
 *
 * @returns `last_admin` where nobody able to administer would be left
 */
export async function updateUser(
  db: Queryable,
  userId: string,
  patch: UserPatch,
): Promise<AdminUserRow | "unknown" | "last_admin"> {
  return db.transaction(async (tx) => {
    // Two admins who demote each other at once must not both succeed.
    const admins = await tx.execute<{ id: string }>(sql`
      select id from users where 'admin' = any (roles) and disabled_at is null order by id for update`);
    const drops = patch.disabled === true || (patch.roles && !patch.roles.includes("admin"));
    if (drops && admins.length === 1 && admins[0]?.id === userId) return "last_admin";
    const [row] = await tx.execute<AdminUserRow & Record<string, unknown>>(sql`
      update users set
        display_name = coalesce(${patch.displayName ?? null}, display_name),
        email = case when ${patch.email !== undefined} then ${patch.email ?? null} else email end,
        roles = coalesce(${patch.roles ? `{${patch.roles.join(",")}}` : null}::text[], roles),
        password_hash = coalesce(${patch.passwordHash ?? null}, password_hash),
        disabled_at = case when ${patch.disabled ?? null}::boolean is null then disabled_at
          when ${patch.disabled ?? null}::boolean then coalesce(disabled_at, now()) end
      where id = ${userId} and kind = 'person' returning ${columns}`);
    if (!row) return "unknown";
    if (patch.disabled === true || patch.passwordHash !== undefined)
      await tx.execute(sql`
        update sign_ins set revoked_at = now() where user_id = ${userId} and revoked_at is null`);
    return row;
  });
}
