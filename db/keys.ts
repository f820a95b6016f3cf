import { sql, type SQL } from "drizzle-orm";
import { writeAudit } from "./audit.ts";
import type { Queryable } from "./client.ts";
import type { KeySchedule, KeyState } from "./key-schedule.ts";

export interface NewKey {
  readonly kid: string;
  readonly publicJwk: object;
  readonly sealedPrivate: Uint8Array;
}

export interface SigningKeyRow {
  readonly kid: string;
  readonly publicJwk: Record<string, string>;
  readonly sealedPrivate: Uint8Array;
  readonly state: KeyState;
}

/** By the database's clock. Of keys whose time to sign overlaps, the newest one signs. */
const state = sql`case
  when retired_at <= now() then 'retired'
  when sign_from > now() then 'published'
  when sign_until <= now() then 'accepted'
  else 'signing' end`;
const live = sql`(retired_at is null or retired_at > now())`;
const after = (at: SQL, seconds: number) => sql`${at} + ${seconds} * interval '1 s'`;

/** Keys that are not retired, newest first. */
export async function listSigningKeys(db: Queryable): Promise<SigningKeyRow[]> {
  return db.execute<SigningKeyRow & Record<string, unknown>>(sql`
    select kid, public_jwk as "publicJwk", sealed_private as "sealedPrivate", ${state} as state
    from signing_keys where ${live} order by sign_from desc, kid`);
}

export interface KeyTimes {
  readonly kid: string;
  readonly state: KeyState;
  /** ISO 8601, UTC. */
  readonly publishedAt: string;
  readonly signFrom: string;
  readonly signUntil: string | null;
  readonly retiredAt: string | null;
}

/** Every key there ever was, newest first. */
export async function listKeyTimes(db: Queryable): Promise<KeyTimes[]> {
  return db.execute<KeyTimes & Record<string, unknown>>(sql`
    select kid, ${state} as state, iso(created_at) as "publishedAt", iso(sign_from) as "signFrom",
      iso(sign_until) as "signUntil", iso(retired_at) as "retiredAt"
    from signing_keys order by sign_from desc, kid`);
}

/** Public keys for checking tickets, as a relay's login may read them. */
export async function verificationKeys(
  db: Queryable,
): Promise<{ kid: string; publicJwk: Record<string, string> }[]> {
  return db.execute<{ kid: string; publicJwk: Record<string, string> }>(sql`
    select kid, public_jwk as "publicJwk" from verification_keys()`);
}

/**
 * One change of the keys after the other: each goes by what the one before has left. By the table's own
 * lock, which readers do not wait for: poolers promise nothing of advisory ones.
 */
async function changingKeys<T>(db: Queryable, change: (tx: Queryable) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`lock table signing_keys in share row exclusive mode`);
    return change(tx);
  });
}

async function insertKey(tx: Queryable, key: NewKey, signFrom: SQL): Promise<void> {
  await tx.execute(sql`
    insert into signing_keys (kid, public_jwk, sealed_private, sign_from)
    values (${key.kid}, ${JSON.stringify(key.publicJwk)}::jsonb, ${key.sealedPrivate}, ${signFrom})`);
}

/**
 * Publishes a key that signs at once, where there is none that is not retired. Of several gateways
 * that start together one wins.
 *
 * @returns whether it was this one
 */
export async function insertFirstKey(db: Queryable, key: NewKey, by: string): Promise<boolean> {
  return changingKeys(db, async (tx) => {
    const [found] = await tx.execute(sql`select from signing_keys where ${live} limit 1`);
    if (found) return false;
    await insertKey(tx, key, sql`now()`);
    await note(tx, { kid: key.kid, action: "key.publish", by, detail: { signs: "at once" } });
    return true;
  });
}

/**
 * Whether the newest key was to begin signing so long ago, or earlier.
 *
 * @param olderThanSeconds 0: unless one is published already that does not sign yet
 */
export async function rotationIsDue(db: Queryable, olderThanSeconds: number): Promise<boolean> {
  const [row] = await db.execute<{ due: boolean }>(sql`
    select not exists (
      select from signing_keys
      where ${live} and ${after(sql`sign_from`, olderThanSeconds)} > now()
    ) as due`);
  return row?.due ?? false;
}

export interface Rotation {
  readonly published: KeyTimes;
  /** The keys that make room, with what the rotation has set. */
  readonly replaced: readonly KeyTimes[];
}

export interface RotationOptions {
  /** `at once`: it signs now, and every other key is retired now. */
  readonly schedule: KeySchedule | "at once";
  /** Nothing is done where the newest key is younger: somebody else has rotated. */
  readonly olderThanSeconds?: number;
  /** For the audit trail. */
  readonly by: string;
}

/** Publishes a key and sets when it signs, and when the others stop and are retired. */
export async function rotateKeys(
  db: Queryable,
  key: NewKey,
  { schedule, olderThanSeconds, by }: RotationOptions,
): Promise<Rotation | undefined> {
  return changingKeys(db, async (tx) => {
    if (olderThanSeconds !== undefined && !(await rotationIsDue(tx, olderThanSeconds)))
      return undefined;
    const before = await listSigningKeys(tx);
    const signs = before.some((it) => it.state === "signing");
    const { publishedAheadSeconds, acceptedAfterSeconds } =
      schedule === "at once" || !signs
        ? { publishedAheadSeconds: 0, acceptedAfterSeconds: 0 }
        : schedule;
    const signFrom = after(sql`now()`, publishedAheadSeconds);
    await tx.execute(sql`
      update signing_keys
      set sign_until = least(sign_until, ${signFrom}),
        retired_at = least(retired_at, ${after(signFrom, acceptedAfterSeconds)})
      where ${live}`);
    await insertKey(tx, key, signFrom);
    return noteRotation(tx, key.kid, new Set(before.map((it) => it.kid)), by);
  });
}

async function noteRotation(
  tx: Queryable,
  kid: string,
  others: ReadonlySet<string>,
  by: string,
): Promise<Rotation> {
  const times = await listKeyTimes(tx);
  const published = times.find((it) => it.kid === kid);
  if (!published) throw new Error("the key that was published is not there");
  const replaced = times.filter((it) => others.has(it.kid));
  await note(tx, { kid, action: "key.publish", by, detail: { signFrom: published.signFrom } });
  for (const { kid, signUntil, retiredAt } of replaced)
    await note(tx, { kid, action: "key.retire", by, detail: { signUntil, retiredAt } });
  return { published, replaced };
}

export type Retirement =
  /** `restored`: the key that signs on, where the retired one was to follow it. */
  | { readonly kind: "retired"; readonly was: KeyState; readonly restored: string | undefined }
  | { readonly kind: "unknown" }
  | { readonly kind: "retired_before" }
  /** It signs now, and no other does. */
  | { readonly kind: "needed" };

/**
 * Retires one key at once. The only one that signs is not: tickets would have to wait for another.
 *
 * @param options.needless that one too; the next ticket makes the gateway publish a key
 */
export async function retireKey(
  db: Queryable,
  kid: string,
  options: { readonly by: string; readonly needless?: boolean },
): Promise<Retirement> {
  return changingKeys(db, async (tx) => {
    const keys = await listKeyTimes(tx);
    const key = keys.find((it) => it.kid === kid);
    if (!key) return { kind: "unknown" };
    if (key.state === "retired") return { kind: "retired_before" };
    const others = keys.filter((it) => it.kid !== kid && it.state === "signing");
    if (key.state === "signing" && others.length === 0 && !options.needless)
      return { kind: "needed" };
    // Whose end was set because this one was to begin then.
    const [restored] =
      key.state === "published"
        ? await tx.execute<{ kid: string }>(sql`
            update signing_keys set sign_until = null, retired_at = null
            where ${live} and kid <> ${kid}
              and sign_until = (select sign_from from signing_keys where kid = ${kid})
            returning kid`)
        : [];
    await tx.execute(sql`
      update signing_keys set sign_until = least(sign_until, now()), retired_at = now()
      where kid = ${kid}`);
    const detail = { was: key.state, ...(restored ? { restored: restored.kid } : {}) };
    await note(tx, { kid, action: "key.retire", by: options.by, detail });
    return { kind: "retired", was: key.state, restored: restored?.kid };
  });
}

async function note(
  tx: Queryable,
  { kid, action, by, detail }: { kid: string; action: string; by: string; detail: object },
): Promise<void> {
  await writeAudit(tx, {
    actorName: by,
    action,
    outcome: "allowed",
    subjectKind: "key",
    subjectId: kid,
    detail: { ...detail },
  });
}
