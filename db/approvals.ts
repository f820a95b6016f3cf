/**
 * What a station has asked somebody to agree to on their phone: one desktop of their own, for a code that is good for
 * minutes and once. Only the database's clock judges.
 */
import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "./client.ts";

/** A code holds while the browser that asked for it is the station, and nobody has answered. */
const open = (
  a: SQL,
) => sql`${a}.answered_at is null and ${a}.withdrawn_at is null and ${a}.expires_at > now()
  and exists (
    select from sign_ins i join stations s on s.id = ${a}.station_id
    where i.id = ${a}.sign_in_id and i.user_id = s.user_id and s.revoked_at is null
      and i.revoked_at is null and i.expires_at > now())`;

export interface NewApproval {
  readonly stationId: string;
  readonly signInId: string;
  readonly codeHash: Uint8Array;
  readonly environmentId: string;
  readonly versionId: string;
  readonly experimentId: string;
  readonly name: string | null;
  /** Of the first picture, e.g. `1440x900`. */
  readonly geometry: string | null;
}

/** Within a transaction. What the station had asked before is void: nobody is before it any more. */
export async function insertApproval(
  db: Queryable,
  it: NewApproval,
  lifeSeconds: number,
): Promise<{ id: string; expiresAt: string }> {
  // Of two at once the later one stays.
  await db.execute(sql`select from stations where id = ${it.stationId} for no key update`);
  await db.execute(sql`
    update approvals set withdrawn_at = now()
    where station_id = ${it.stationId} and answered_at is null and withdrawn_at is null`);
  const [row] = await db.execute<{ id: string; expiresAt: string }>(sql`
    insert into approvals
      (station_id, sign_in_id, code_hash, environment_id, version_id, experiment_id, name, geometry, expires_at)
    values (${it.stationId}, ${it.signInId}, ${it.codeHash}, ${it.environmentId}, ${it.versionId},
      ${it.experimentId}, ${it.name}, ${it.geometry}, now() + ${lifeSeconds} * interval '1 s')
    returning id, iso(expires_at) as "expiresAt"`);
  if (!row) throw new Error("the new approval's row was not returned");
  return row;
}

export interface ApprovalState extends Record<string, unknown> {
  readonly id: string;
  /** `over`: it was neither confirmed nor declined, and can be no more. */
  readonly state: "open" | "confirmed" | "declined" | "over";
  readonly instance: string | null;
  readonly expiresAt: string;
}

/** What came of it. @returns undefined where this browser has not asked it */
export async function getApprovalState(
  db: Queryable,
  signInId: string,
  id: string,
): Promise<ApprovalState | undefined> {
  const [row] = await db.execute<ApprovalState>(sql`
    select a.id, a.instance_id as instance, iso(a.expires_at) as "expiresAt",
      case when a.instance_id is not null then 'confirmed' when a.answered_at is not null then 'declined'
        when ${open(sql`a`)} then 'open' else 'over' end as state
    from approvals a where a.id = ${id} and a.sign_in_id = ${signInId}`);
  return row;
}

/** Voids a code that nobody has answered. @returns whether this browser has asked it */
export async function withdrawApproval(
  db: Queryable,
  signInId: string,
  id: string,
): Promise<boolean> {
  const rows = await db.execute(sql`
    update approvals set withdrawn_at = case when answered_at is null then coalesce(withdrawn_at, now()) end
    where id = ${id} and sign_in_id = ${signInId} returning 1`);
  return rows.length > 0;
}

export interface FoundApproval extends Record<string, unknown> {
  readonly id: string;
  /** Of the station's account. */
  readonly accountId: string;
  readonly environment: { readonly slug: string; readonly name: string };
  readonly version: string;
  readonly experiment: { readonly code: string; readonly title: string; readonly endsAt: string };
  readonly name: string | null;
  readonly geometry: string | null;
  readonly expiresAt: string;
  /** What this person has started with it already; null: it is open. */
  readonly started: string | null;
}

/** What a code stands for, where it is open, or this person has confirmed it. */
export async function findApproval(
  db: Queryable,
  codeHash: Uint8Array,
  userId: string,
): Promise<FoundApproval | undefined> {
  const [row] = await db.execute<FoundApproval>(sql`
    select a.id, s.user_id as "accountId", jsonb_build_object('slug', e.slug, 'name', e.name) as environment,
      v.tag as version,
      jsonb_build_object('code', x.code, 'title', x.title, 'endsAt', iso(x.ends_at)) as experiment,
      a.name, a.geometry, iso(a.expires_at) as "expiresAt", a.instance_id as started
    from approvals a join stations s on s.id = a.station_id
    join environments e on e.id = a.environment_id join versions v on v.id = a.version_id
    join experiments x on x.id = a.experiment_id
    where a.code_hash = ${codeHash}
      and (${open(sql`a`)} or a.answered_by = ${userId} and a.instance_id is not null)`);
  return row;
}

/**
 * Answers it, once: of several who do at the same time, one.
 * @param instanceId made in the same transaction; null: declined
 * @returns whether it was open until now
 */
export async function answerApproval(
  db: Queryable,
  it: { readonly id: string; readonly userId: string; readonly instanceId: string | null },
): Promise<boolean> {
  const rows = await db.execute(sql`
    update approvals a set answered_at = now(), answered_by = ${it.userId}, instance_id = ${it.instanceId}::uuid
    where a.id = ${it.id} and ${open(sql`a`)} returning 1`);
  return rows.length > 0;
}
