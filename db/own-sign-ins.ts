/** What a person sees and does of their own sign-ins: browsers and personal access tokens. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { SignInKind } from "./sign-ins.ts";

export interface OwnSignInRow {
  readonly id: string;
  readonly name: string | null;
  readonly scopes: string[];
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
  readonly address: string | null;
  readonly userAgent: string | null;
}

const columns = sql`id, name, to_jsonb(scopes) as scopes, iso(created_at) as "createdAt",
  iso(last_seen_at) as "lastSeenAt", iso(expires_at) as "expiresAt", address, user_agent as "userAgent"`;

const holds = sql`revoked_at is null and expires_at > now()`;

/** Those that hold, newest first. */
export async function listOwnSignIns(
  db: Queryable,
  { userId, kind }: { userId: string; kind: SignInKind },
  page: { limit: number; cursor: string | null },
): Promise<OwnSignInRow[]> {
  return db.execute<OwnSignInRow & Record<string, unknown>>(sql`
    select ${columns} from sign_ins
    where user_id = ${userId} and kind = ${kind} and ${holds}
      and (${page.cursor}::uuid is null or (created_at, id) < (
        select created_at, id from sign_ins where id = ${page.cursor}::uuid and user_id = ${userId}))
    order by created_at desc, id desc limit ${page.limit}`);
}

/** @returns whether it was this person's and held until now */
export async function revokeOwnSignIn(
  db: Queryable,
  { userId, kind, id }: { userId: string; kind: SignInKind; id: string },
): Promise<boolean> {
  const rows = await db.execute(sql`
    update sign_ins set revoked_at = now()
    where id = ${id} and user_id = ${userId} and kind = ${kind} and ${holds} returning 1`);
  return rows.length > 0;
}

export interface NewToken {
  readonly userId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly tokenHash: Uint8Array;
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly address: string | null;
  readonly userAgent: string | null;
}

/**
 * Records a token, where the person has less than `allowed` that hold.
 * @returns undefined where they have that many
 */
export async function insertToken(
  db: Queryable,
  it: NewToken,
  allowed: number,
): Promise<OwnSignInRow | undefined> {
  return db.transaction(async (tx) => {
    // Of two at once only one may be the last.
    await tx.execute(sql`select 1 from users where id = ${it.userId} for no key update`);
    const [row] = await tx.execute<OwnSignInRow & Record<string, unknown>>(sql`
      insert into sign_ins (user_id, kind, name, scopes, token_hash, expires_at, address, user_agent)
      select ${it.userId}, 'token', ${it.name}, ${`{${it.scopes.join(",")}}`}::text[], ${it.tokenHash},
        ${it.expiresAt}::timestamptz, ${it.address}, ${it.userAgent}
      where (select count(*) from sign_ins
        where user_id = ${it.userId} and kind = 'token' and ${holds}) < ${allowed}
      returning ${columns}`);
    return row;
  });
}
