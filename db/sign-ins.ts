import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface PersonRow {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly roles: string[];
  readonly createdAt: string;
}

const person = sql`u.id, u.username, u.display_name as "displayName", u.email, to_jsonb(u.roles) as roles,
  iso(u.created_at) as "createdAt"`;

/** The account to check a password against. Disabled ones are found too: they must answer alike. */
export async function findAccount(
  db: Queryable,
  username: string,
): Promise<{ id: string; passwordHash: string | null; disabled: boolean } | undefined> {
  const [row] = await db.execute<{
    id: string;
    passwordHash: string | null;
    disabled: boolean;
  }>(sql`
    select id, password_hash as "passwordHash", disabled_at is not null as disabled
    from users where username = ${username}`);
  return row;
}

/** Records a sign-in and gives the person back; a disabled person gets none. */
export async function insertSignIn(
  db: Queryable,
  it: {
    userId: string;
    tokenHash: Uint8Array;
    lifeSeconds: number;
    address: string | null;
    userAgent: string | null;
  },
): Promise<PersonRow | undefined> {
  const [row] = await db.execute<PersonRow & Record<string, unknown>>(sql`
    with u as (
      update users set last_sign_in_at = now() where id = ${it.userId} and disabled_at is null returning *
    ), made as (
      insert into sign_ins (user_id, token_hash, expires_at, address, user_agent)
      select id, ${it.tokenHash}, now() + ${it.lifeSeconds} * interval '1 s', ${it.address}, ${it.userAgent}
      from u
    )
    select ${person} from u`);
  return row;
}

/** The person behind a cookie's hash, where the sign-in still holds. */
export async function findSignIn(
  db: Queryable,
  tokenHash: Uint8Array,
): Promise<{ signInId: string; person: PersonRow } | undefined> {
  const [row] = await db.execute<
    PersonRow & { signInId: string; stale: boolean } & Record<string, unknown>
  >(sql`
    select s.id as "signInId", s.last_seen_at < now() - interval '1 minute' as stale, ${person}
    from sign_ins s join users u on u.id = s.user_id
    where s.token_hash = ${tokenHash} and s.revoked_at is null and s.expires_at > now()
      and u.disabled_at is null`);
  if (!row) return undefined;
  const { id, username, displayName, email, roles, createdAt, signInId } = row;
  if (row.stale)
    await db.execute(sql`update sign_ins set last_seen_at = now() where id = ${signInId}`);
  return { signInId, person: { id, username, displayName, email, roles, createdAt } };
}

/** Ends a sign-in; its cookie's value is dead with this statement. */
export async function revokeSignIn(db: Queryable, signInId: string): Promise<void> {
  await db.execute(
    sql`update sign_ins set revoked_at = now() where id = ${signInId} and revoked_at is null`,
  );
}

/** Seconds until this bucket may try again; 0 where it may now. */
export async function blockedSeconds(db: Queryable, buckets: readonly string[]): Promise<number> {
  const [row] = await db.execute<{ seconds: number }>(sql`
    select coalesce(ceil(extract(epoch from max(blocked_until) - now())), 0)::float8 as seconds
    from sign_in_failures
    where bucket in (${sql.join(
      buckets.map((it) => sql`${it}`),
      sql`, `,
    )}) and blocked_until > now()`);
  return row?.seconds ?? 0;
}

/**
 * Counts an attempt, before its password is looked at: of many at once none slips by. After `allowed` within the window (15 min) every further one blocks the
 * bucket, twice as long each time, from 2 s to 15 min.
 */
export async function countAttempt(db: Queryable, bucket: string, allowed: number): Promise<void> {
  await db.execute(sql`
    insert into sign_in_failures as f (bucket, failures) values (${bucket}, 1)
    on conflict (bucket) do update set
      failures = case when f.window_started_at < now() - interval '15 minutes' then 1 else f.failures + 1 end,
      window_started_at = case when f.window_started_at < now() - interval '15 minutes'
        then now() else f.window_started_at end,
      blocked_until = case
        when f.window_started_at < now() - interval '15 minutes' or f.failures + 1 < ${allowed} then null
        else now() + least(900, power(2, least(f.failures + 2 - ${allowed}, 12))) * interval '1 s' end`);
}

/** Takes back what the attempts of someone who knew the password had counted. */
export async function clearAttempts(db: Queryable, buckets: readonly string[]): Promise<void> {
  await db.execute(sql`
    delete from sign_in_failures where bucket in (${sql.join(
      buckets.map((it) => sql`${it}`),
      sql`, `,
    )})`);
}

/** Whether a sign-in still holds. */
export async function signInHolds(db: Queryable, signInId: string): Promise<boolean> {
  const rows = await db.execute(sql`
    select 1 from sign_ins s join users u on u.id = s.user_id
    where s.id = ${signInId} and s.revoked_at is null and s.expires_at > now() and u.disabled_at is null`);
  return rows.length > 0;
}
