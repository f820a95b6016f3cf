import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

/** Who is behind a sign-in: a person, or a station's account. */
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

/** How somebody came through a provider. */
export interface Through {
  readonly providerId: string;
  readonly subject: string;
  /** The provider's name for their session there, where it tells one. */
  readonly sid: string | null;
  readonly sealedIdToken: Uint8Array | null;
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
    /** Default: made here. */
    id?: string;
    through?: Through;
  },
): Promise<PersonRow | undefined> {
  const { providerId = null, subject = null, sid = null, sealedIdToken = null } = it.through ?? {};
  const [row] = await db.execute<PersonRow & Record<string, unknown>>(sql`
    with u as (
      update users set last_sign_in_at = now() where id = ${it.userId} and disabled_at is null returning *
    ), made as (
      insert into sign_ins (id, user_id, token_hash, expires_at, address, user_agent, provider_id,
        provider_subject, provider_sid, sealed_id_token)
      select coalesce(${it.id ?? null}::uuid, gen_random_uuid()), id, ${it.tokenHash},
        now() + ${it.lifeSeconds} * interval '1 s', ${it.address}, ${it.userAgent}, ${providerId}::uuid,
        ${subject}, ${sid}, ${sealedIdToken}::bytea
      from u
    )
    select ${person} from u`);
  return row;
}

/** What carries a request: a browser's cookie or a personal access token. */
export type SignInKind = "browser" | "token";

export interface FoundSignIn {
  readonly id: string;
  readonly kind: SignInKind;
  /** Of a token: what it may be used for. */
  readonly scopes: string[];
  readonly person: PersonRow;
}

/** The person behind a cookie's or a token's hash, where the sign-in still holds. */
export async function findSignIn(
  db: Queryable,
  kind: SignInKind,
  tokenHash: Uint8Array,
): Promise<FoundSignIn | undefined> {
  const [row] = await db.execute<
    PersonRow & { signInId: string; scopes: string[]; stale: boolean } & Record<string, unknown>
  >(sql`
    select s.id as "signInId", to_jsonb(s.scopes) as scopes,
      s.last_seen_at < now() - interval '1 minute' or s.kind = 'token' and s.last_seen_at = s.created_at as stale,
      ${person}
    from sign_ins s join users u on u.id = s.user_id
    where s.token_hash = ${tokenHash} and s.kind = ${kind} and s.revoked_at is null
      and s.expires_at > now() and u.disabled_at is null`);
  if (!row) return undefined;
  const { id, username, displayName, email, roles, createdAt, signInId, scopes } = row;
  if (row.stale)
    await db.execute(sql`update sign_ins set last_seen_at = now() where id = ${signInId}`);
  const found = { id, username, displayName, email, roles, createdAt };
  return { id: signInId, kind, scopes, person: found };
}

/** Ends a sign-in; its cookie's value is dead with this statement. @returns whether it was not before */
export async function revokeSignIn(db: Queryable, signInId: string): Promise<boolean> {
  const rows = await db.execute(sql`
    update sign_ins set revoked_at = now() where id = ${signInId} and revoked_at is null returning 1`);
  return rows.length > 0;
}

/**
 * Ends every sign-in of a person.
 * @param kinds `browser` leaves their tokens
 * @returns how many held until now; undefined for nobody
 */
export async function revokeSignIns(
  db: Queryable,
  userId: string,
  kinds: "browser" | "all",
): Promise<number | undefined> {
  const [row] = await db.execute<{ ended: number }>(sql`
    with ended as (
      update sign_ins set revoked_at = now()
      where user_id = (select id from users where id = ${userId} and kind = 'person')
        and revoked_at is null and (${kinds} = 'all' or kind = 'browser')
      returning expires_at > now() as held
    )
    select (select count(*) filter (where held)::int from ended) as ended
    from users where id = ${userId} and kind = 'person'`);
  return row?.ended;
}

/** Ends what a station's account has. @returns how many held until now */
export async function revokeStationSignIns(db: Queryable, userId: string): Promise<number> {
  const rows = await db.execute<{ held: boolean }>(sql`
    update sign_ins set revoked_at = now() where user_id = ${userId} and revoked_at is null
    returning expires_at > now() as held`);
  return rows.filter((it) => it.held).length;
}

/** A person who is not disabled. */
export async function findPerson(db: Queryable, userId: string): Promise<PersonRow | undefined> {
  const [row] = await db.execute<PersonRow & Record<string, unknown>>(sql`
    select ${person} from users u where u.id = ${userId} and u.kind = 'person' and u.disabled_at is null`);
  return row;
}

/** Attempts that are counted together, and how many may be wrong within 15 min. */
export interface Bucket {
  readonly name: string;
  readonly allowed: number;
}

/** Whoever takes several buckets takes them in this order: two orders would deadlock. */
const inOrder = (buckets: readonly Bucket[]) =>
  buckets.toSorted((a, b) => (a.name < b.name ? -1 : 1));
const namesOf = (buckets: readonly Bucket[]) =>
  sql.join(
    buckets.map((it) => sql`${it.name}`),
    sql`, `,
  );
const allowedIn = (buckets: readonly Bucket[]) =>
  sql`case f.bucket ${sql.join(
    buckets.map((it) => sql`when ${it.name} then ${it.allowed}::integer`),
    sql` `,
  )} end`;

/** One of an attempt's buckets has to wait, so none is to count it. */
class StillBlocked extends Error {}

/** Seconds until all of these may try again. */
async function blockedSeconds(db: Queryable, buckets: readonly Bucket[]): Promise<number> {
  const [row] = await db.execute<{ seconds: number }>(sql`
    select ceil(extract(epoch from max(blocked_until) - now()))::float8 as seconds
    from sign_in_failures where bucket in (${namesOf(buckets)})`);
  // The wait may have ended since.
  return Math.max(1, row?.seconds ?? 0);
}

/**
 * Admits an attempt and counts it, before its password is looked at: of many at once, on whatever
 * gateways, none slips by. The last allowed one within the window (15 min), and each one after it,
 * blocks its bucket, twice as long each time, from 2 s to 15 min. What is refused is not counted.
 *
 * @returns 0, or the seconds to wait where it is refused
 */
export async function countAttempt(db: Queryable, buckets: readonly Bucket[]): Promise<number> {
  const rows = inOrder(buckets).map((it) => sql`(${it.name}, 1)`);
  const over = sql`f.window_started_at < now() - interval '15 minutes'`;
  const allowed = allowedIn(buckets);
  try {
    await db.transaction(async (tx) => {
      const counted = await tx.execute(sql`
        insert into sign_in_failures as f (bucket, failures) values ${sql.join(rows, sql`, `)}
        on conflict (bucket) do update set
          failures = case when ${over} then 1 else f.failures + 1 end,
          window_started_at = case when ${over} then now() else f.window_started_at end,
          blocked_until = case when ${over} or f.failures + 1 < ${allowed} then null
            else now() + least(900, power(2, least(f.failures + 2 - ${allowed}, 12))) * interval '1 s' end
        where f.blocked_until is null or f.blocked_until <= now()
        returning 1`);
      if (counted.length < buckets.length) throw new StillBlocked();
    });
    return 0;
  } catch (error) {
    if (!(error instanceof StillBlocked)) throw error;
    return blockedSeconds(db, buckets);
  }
}

/** Takes back an attempt whose password nobody got to look at. */
export async function uncountAttempt(db: Queryable, buckets: readonly Bucket[]): Promise<void> {
  await db.execute(sql`
    with locked as (
      select bucket from sign_in_failures where bucket in (${namesOf(buckets)})
      order by bucket collate "C" for update
    )
    update sign_in_failures f set failures = greatest(0, f.failures - 1),
      blocked_until = case when f.failures > ${allowedIn(buckets)} then f.blocked_until end
    from locked where f.bucket = locked.bucket`);
}

/**
 * Takes back what someone who now gave the right password had counted, in every bucket; what others
 * counted in the shared ones stays.
 *
 * @param own the bucket in which only this person's attempts from there are
 */
export async function forgiveAttempts(
  db: Queryable,
  own: Bucket,
  shared: readonly Bucket[],
): Promise<void> {
  const allowed = allowedIn(shared);
  await db.execute(sql`
    with locked as (
      select bucket, failures from sign_in_failures where bucket in (${namesOf([own, ...shared])})
      order by bucket collate "C" for update
    ), mine as (
      delete from sign_in_failures f using locked
      where f.bucket = locked.bucket and f.bucket = ${own.name}
      returning f.failures
    )
    update sign_in_failures f set failures = greatest(0, f.failures - mine.failures),
      blocked_until = case when f.failures - mine.failures >= ${allowed} then f.blocked_until end
    from mine, locked where f.bucket = locked.bucket and f.bucket in (${namesOf(shared)})`);
}

/** Whether a sign-in still holds. */
export async function signInHolds(db: Queryable, signInId: string): Promise<boolean> {
  const rows = await db.execute(sql`
    select 1 from sign_ins s join users u on u.id = s.user_id
    where s.id = ${signInId} and s.revoked_at is null and s.expires_at > now() and u.disabled_at is null`);
  return rows.length > 0;
}
