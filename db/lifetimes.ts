/** Instances that a rule lets live for so long: their end, the warning before it, and more time. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { WishOutcome } from "./instances.ts";
import { noteInstance } from "./notices.ts";
import { sourcesOf, statesAllowing, type State } from "./states.ts";

/** How long before its end an instance's people are told; a quarter of a shorter life. */
const warnMinutes = 30;

export type ExtendOutcome = WishOutcome | { readonly kind: "endless" };

/**
 * Gives an instance as much time again as its rule gave it, from now. Only its owner may: others can use it
 * for as long as it is there.
 */
export async function extendInstance(
  db: Queryable,
  userId: string,
  instanceId: string,
): Promise<ExtendOutcome> {
  const allowed = `{${statesAllowing("extend").join(",")}}`;
  const [row] = await db.execute<{
    state: State;
    reason: string | null;
    ends: boolean;
    accepted: boolean;
  }>(sql`
    with p as (
      select i.id, i.state, i.reason_text, i.expires_at is not null as ends from instances i
      where i.id = ${instanceId} and i.owner_id = ${userId} for update
    ), extended as (
      update instances i set generation = i.generation + 1,
        expires_at = greatest(i.expires_at, now() + i.max_minutes * interval '1 min'),
        notice_code = case when i.notice_code = 'ends_soon' then null else i.notice_code end,
        notice_text = case when i.notice_code = 'ends_soon' then null else i.notice_text end,
        notice_at = case when i.notice_code = 'ends_soon' then null else i.notice_at end
      from p where i.id = p.id and p.ends and p.state = any (${allowed}::text[]) returning i.id
    )
    select p.state, p.reason_text as reason, p.ends, e.id is not null as accepted
    from p left join extended e on e.id = p.id`);
  if (!row) return { kind: "unknown" };
  if (row.accepted) {
    // What the warning stood in front of.
    await noteInstance(db, instanceId);
    return { kind: "accepted" };
  }
  const { state, reason } = row;
  const allows = statesAllowing("extend").includes(state);
  return allows ? { kind: "endless" } : { kind: "refused", state, reason };
}

/** Tells those whose end is near, once. @returns how many */
export async function warnOfEnds(db: Queryable): Promise<number> {
  const rows = await db.execute(sql`
    with near as (
      select id from instances
      where expires_at is not null and state in ('starting', 'running', 'paused', 'lost')
        and expires_at < now() + least(${warnMinutes}, max_minutes / 4.0) * interval '1 min'
        and notice_code is distinct from 'ends_soon'
      order by id limit 100 for update skip locked
    )
    update instances i set notice_code = 'ends_soon', notice_at = now(),
      notice_text = 'it ends by its limit; whoever needs longer can extend it'
    from near where i.id = near.id returning 1`);
  return rows.length;
}

/** Ends those whose time is over, by the database's clock. @returns how many, at most 100 */
export async function endExpired(db: Queryable): Promise<number> {
  const live = `{${sourcesOf("stopping", "judge").join(",")}}`;
  const rows = await db.execute(sql`
    with over as (
      select id, state from instances
      where expires_at <= now() and state in ('starting', 'running', 'paused', 'lost')
        and state = any (${live}::text[])
      -- The instance before its work, as all who take both.
      order by id limit 100 for update skip locked
    ), moved as (
      update instances i set state = 'stopping', desired = 'stopped', generation = i.generation + 1,
        reason_code = 'lifetime_over',
        reason_text = 'its time of ' || i.max_minutes || ' minutes was over, and nobody extended it'
      from over where i.id = over.id
      returning i.id, i.node_id, over.state as before, i.reason_code, i.reason_text
    ), noted as (
      insert into instance_history (instance_id, from_state, to_state, actor, reason_code, reason_text)
      select id, before, 'stopping', 'judge', reason_code, reason_text from moved
    )
    insert into work (subject_kind, subject_id, node_id)
    select 'instance', id, node_id from moved where node_id is not null order by id
    on conflict (subject_kind, subject_id, node_id) do update
    set wanted = work.wanted + 1, attempts = 0, run_at = least(work.run_at, now())
    returning 1`);
  return rows.length;
}
