/**
 * The work table. A row says "look at this subject" and nothing more; the wish stands on the subject.
 *
 * A wish raises `wanted`; finishing sets `done` to the `wanted` that the claim read, so a wish that
 * arrives during a run makes the row due again, and one subject never has two holders at once.
 * Every claim raises `fence`; every later write of the holder names it, so a late holder writes nothing.
 * Leases are judged by the database's clock alone.
 */
import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { LeaseLostError, SupersededError } from "./errors.ts";

/** What a row says to look at: an instance, or a version whose image this node is to have. */
export type SubjectKind = "instance" | "image";

export interface Lease {
  readonly kind: SubjectKind;
  readonly subjectId: string;
  readonly nodeId: string;
  readonly fence: number;
  /** The `wanted` that this claim answers. */
  readonly wanted: number;
  readonly attempts: number;
}

export interface Beat {
  readonly ready: boolean;
  readonly reasonCode: string | null;
  readonly reasonText: string | null;
  /** The node's own clock, ms since 1970: only noted, nothing is judged by it. */
  readonly clockMs?: number;
}

/** The claim that a node's clock differs from the database's is made in steps of this. */
const skewStepMs = 100;

type Row = Record<string, unknown>;

export interface Claim {
  readonly nodeId: string;
  readonly epoch: number;
  /** Of instances at most. */
  readonly limit: number;
  /** Of images at most; default none. */
  readonly imageLimit?: number;
  readonly leaseMs: number;
  readonly beat: Beat;
}

const due = (kind: SubjectKind, { epoch, limit, imageLimit = 0 }: Claim) => sql`
  select subject_kind, subject_id, node_id from work
  where node_id = (select id from beat) and subject_kind = ${kind} and wanted > done and run_at <= now()
    and (lease_until is null or lease_until < now() or lease_epoch < ${epoch})
  order by run_at
  limit ${kind === "instance" ? limit : imageLimit}
  for update skip locked`;

/**
 * One statement for the heartbeat and the claim: the node's row is refreshed, and up to `limit` due
 * rows are leased to this epoch. Rows that another claimer is looking at are skipped, not waited for.
 *
 * @throws SupersededError where a newer controller of this node has started
 */
export async function claimWork(db: Queryable, claim: Claim): Promise<Lease[]> {
  const clockMs = claim.beat.clockMs ?? null;
  const rows = await db.execute<Row & { alive: boolean; subject: string | null }>(sql`
    with beat as (
      update nodes
      set last_seen_at = now(), ready = ${claim.beat.ready},
        reason_code = ${claim.beat.reasonCode}, reason_text = ${claim.beat.reasonText},
        clock_skew_ms = coalesce(
          round((${clockMs}::numeric - extract(epoch from now()) * 1000) / ${skewStepMs}) * ${skewStepMs},
          clock_skew_ms)
      where id = ${claim.nodeId} and epoch = ${claim.epoch}
      returning id
    ), instances_due as (${due("instance", claim)}
    ), images_due as (${due("image", claim)}
    ), due as (
      select * from instances_due union all select * from images_due
    ), claimed as (
      update work w
      set fence = w.fence + 1, lease_epoch = ${claim.epoch},
        lease_until = now() + ${claim.leaseMs} * interval '1 ms'
      from due
      where w.subject_kind = due.subject_kind and w.subject_id = due.subject_id
        and w.node_id = due.node_id
      returning w.subject_kind, w.subject_id, w.fence, w.wanted, w.attempts
    )
    select c.subject_kind as kind, c.subject_id as subject, c.fence, c.wanted, c.attempts, b.id is not null as alive
    from (select 1) one left join beat b on true left join claimed c on true`);
  if (!rows[0]?.alive) throw new SupersededError(claim.nodeId, claim.epoch);
  return rows
    .filter((row) => row.subject !== null)
    .map((row) => ({
      kind: row["kind"] === "image" ? "image" : "instance",
      subjectId: String(row.subject),
      nodeId: claim.nodeId,
      fence: Number(row["fence"]),
      wanted: Number(row["wanted"]),
      attempts: Number(row["attempts"]),
    }));
}

/**
 * The condition under which a holder may still write, as a CTE body: it locks the work row, so nobody
 * can claim it between the check and the write. A lease of an older epoch is void at once.
 *
 * @param seen the CTE that locks the instance, where the statement writes it too: the instance comes
 * before its work, and of several work rows the one with the lower subject first, for all who lock both
 */
export function held(lease: Lease, seen?: SQL): SQL {
  const after = seen ? sql`cross join (select count(*) from ${seen}) locked` : sql``;
  return sql`
    select w.subject_id from work w join nodes n on n.id = w.node_id and n.epoch = w.lease_epoch ${after}
    where w.subject_kind = ${lease.kind} and w.subject_id = ${lease.subjectId}
      and w.node_id = ${lease.nodeId} and w.fence = ${lease.fence} and w.lease_until is not null
    for update of w`;
}

async function writeHeld(db: Queryable, lease: Lease, set: SQL): Promise<void> {
  const rows = await db.execute(sql`
    with held as (${held(lease)})
    update work w set ${set} from held
    where w.subject_kind = ${lease.kind} and w.subject_id = held.subject_id
      and w.node_id = ${lease.nodeId}
    returning 1`);
  if (rows.length === 0) throw new LeaseLostError(lease.subjectId);
}

/** Prolongs a lease from now. @throws LeaseLostError */
export async function renewLease(db: Queryable, lease: Lease, leaseMs: number): Promise<void> {
  await writeHeld(db, lease, sql`lease_until = now() + ${leaseMs} * interval '1 ms'`);
}

/** Says that the wishes up to the claim's are fulfilled. @throws LeaseLostError */
export async function finishWork(db: Queryable, lease: Lease): Promise<void> {
  await writeHeld(
    db,
    lease,
    sql`done = ${lease.wanted}, attempts = 0, last_error = null, lease_until = null, run_at = now()`,
  );
}

/**
 * Gives a lease back with its error. The row is due again after an exponential pause with jitter
 * (0.5 to 1.5 × 2^attempts s, at most 60 s). An outage counts as no attempt.
 * @throws LeaseLostError
 */
export async function failWork(
  db: Queryable,
  lease: Lease,
  error: string,
  counts = true,
): Promise<void> {
  await writeHeld(
    db,
    lease,
    sql`attempts = w.attempts + ${counts ? 1 : 0}, last_error = ${error.slice(0, 2000)}, lease_until = null,
      run_at = now() + least(60, power(2, least(w.attempts, 10))) * (0.5 + random()) * interval '1 s'`,
  );
}

/** Gives a lease back unfinished, due at once: at shutdown. A lost lease is no error here. */
export async function releaseWork(db: Queryable, lease: Lease): Promise<void> {
  await writeHeld(db, lease, sql`lease_until = null`).catch((error: unknown) => {
    if (!(error instanceof LeaseLostError)) throw error;
  });
}

/** Raises the wish on a node's existing work rows, e.g. after the engine reported a change. */
export async function wishAgain(
  db: Queryable,
  nodeId: string,
  subjectIds: readonly string[],
  kind: SubjectKind = "instance",
): Promise<void> {
  if (subjectIds.length === 0) return;
  await db.execute(sql`
    with rows as (
      select subject_id from work
      where subject_kind = ${kind} and node_id = ${nodeId}
        and subject_id = any (${uuidArray(subjectIds)})
      order by subject_id for update
    )
    update work w set wanted = w.wanted + 1, run_at = least(w.run_at, now())
    from rows where w.subject_kind = ${kind} and w.subject_id = rows.subject_id
      and w.node_id = ${nodeId}`);
}

/** A list of ids as one parameter. */
export function uuidArray(ids: readonly string[]): SQL {
  return sql`${`{${ids.join(",")}}`}::uuid[]`;
}
