/** The order of the queue, and when each may expect its turn: what the placer writes of them. */
import { sql } from "drizzle-orm";
import { sentAtOnce, type Queryable } from "./client.ts";

export interface Standing {
  readonly id: string;
  readonly priority: number;
  /** ms since 1970. */
  readonly at: number;
}

export async function writeStandings(db: Queryable, standings: readonly Standing[]): Promise<void> {
  if (standings.length === 0) return;
  await db.execute(sql`
    update instances i set queue_priority = s.priority, queue_at = to_timestamp(s.at / 1000)
    from jsonb_to_recordset(${JSON.stringify(standings)}::jsonb) as s(id uuid, priority integer, at float8)
    where i.id = s.id and i.state = 'queued'`);
}

/** How many of an account's wait. Locks the account's row: of several wishes at once each counts those before it. */
export async function countWaiting(db: Queryable, userId: string): Promise<number> {
  const [, rows] = await sentAtOnce([
    db.execute(sql`select 1 from users where id = ${userId} for no key update`),
    db.execute<{ n: number }>(sql`
      select count(*)::int as n from instances where owner_id = ${userId} and state = 'queued'`),
  ]);
  return rows[0]?.n ?? 0;
}

/**
 * Forgets everybody's place in the queue, so that all are put in their places anew.
 * @returns whether that was everybody: those that a person is changing right now keep theirs
 */
export async function forgetStandings(db: Queryable): Promise<boolean> {
  const [row] = await db.execute<{ all: boolean }>(sql`
    with open as (
      select id from instances where state = 'queued' and queue_at is not null for update skip locked
    ), forgotten as (
      update instances i set queue_at = null from open where i.id = open.id
    )
    select (select count(*) from open) = (
      select count(*) from instances where state = 'queued' and queue_at is not null) as all`);
  return row?.all ?? false;
}

export interface QueueEstimate {
  readonly id: string;
  /** ms since 1970; null: nothing is known. */
  readonly at: number | null;
  readonly basis: "limit" | "usual" | null;
}

/** A minute's difference is news; less is none, and would wake every page. */
export async function writeEstimates(
  db: Queryable,
  estimates: readonly QueueEstimate[],
): Promise<void> {
  if (estimates.length === 0) return;
  await db.execute(sql`
    with told as (
      select id, basis, date_trunc('minute', to_timestamp(at / 1000)) as at
      from jsonb_to_recordset(${JSON.stringify(estimates)}::jsonb) as e(id uuid, at float8, basis text)
    )
    update instances i set queue_estimate = t.at, queue_basis = t.basis from told t
    where i.id = t.id and i.state = 'queued'
      and (i.queue_estimate, i.queue_basis) is distinct from (t.at, t.basis)`);
}
