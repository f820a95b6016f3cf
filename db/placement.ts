/** The placer's queries: what waits, what there is, and what was decided. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { Placement } from "./instances.ts";
import { uuidArray } from "./work.ts";

/** Takes the placer's row lock for this transaction: only its holder places. */
export async function lockPlacer(db: Queryable): Promise<void> {
  await db.execute(sql`select 1 from placer_lock for update`);
}

export interface Placed {
  readonly instanceId: string;
  readonly nodeId: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** The slots it takes of GPUs of the node. */
  readonly gpus: readonly { uuid: string; slot: number; memoryBytes: number }[];
  /** How long it may live; null: for as long as its people like. */
  readonly maxMinutes: number | null;
  readonly placement: Placement;
  readonly vncControl: string;
  readonly vncView: string;
}

/**
 * Writes decisions: the instance's node and next incarnation, the allocation, and the node's work.
 * One statement for the whole batch.
 */
export async function writePlacements(db: Queryable, placed: readonly Placed[]): Promise<void> {
  if (placed.length === 0) return;
  const withGpus = placed.filter((it) => it.gpus.length > 0).map((it) => it.instanceId);
  // What waits holds nothing; a faulty row that says otherwise must not stop the whole queue.
  if (withGpus.length > 0)
    await db.execute(sql`
      delete from allocation_gpus where instance_id = any (${uuidArray(withGpus)})`);
  await db.execute(sql`
    with decided as (
      select * from jsonb_to_recordset(${JSON.stringify(placed)}::jsonb) as d(
        "instanceId" uuid, "nodeId" uuid, cpus real, "memoryBytes" bigint, gpus jsonb,
        "maxMinutes" integer, placement jsonb, "vncControl" text, "vncView" text)
    ), moved as (
      update instances i set state = 'starting', node_id = d."nodeId", placement = d.placement,
        incarnation = greatest(i.wanted_incarnation, i.incarnation + 1),
        wanted_incarnation = greatest(i.wanted_incarnation, i.incarnation + 1),
        started_at = null, reason_code = null, reason_text = null, max_minutes = d."maxMinutes",
        expires_at = now() + d."maxMinutes" * interval '1 min'
      from decided d where i.id = d."instanceId" and i.state = 'queued' and i.desired = 'running'
      returning i.id, i.incarnation, i.queued_at, d.*
    ), born as (
      insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at,
        placed_at, cpus, memory_bytes, gpus)
      -- The transaction may have begun before the request was there.
      select id, incarnation, "nodeId", "vncControl", "vncView", queued_at, clock_timestamp(), cpus,
        "memoryBytes",
        coalesce((select jsonb_agg(u) from (
          select g.uuid, sum(g."memoryBytes") as "memoryBytes"
          from jsonb_to_recordset(moved.gpus) as g(uuid text, slot integer, "memoryBytes" bigint)
          group by g.uuid) u), '[]')
      from moved
    ), taken as (
      insert into allocations (instance_id, node_id, cpus, memory_bytes)
      select id, "nodeId", cpus, "memoryBytes" from moved
      -- One faulty row must not stop the whole queue.
      on conflict (instance_id) do update set node_id = excluded.node_id, cpus = excluded.cpus,
        memory_bytes = excluded.memory_bytes, created_at = now()
    ), parts as (
      insert into allocation_gpus (instance_id, node_id, uuid, slot, memory_bytes)
      select m.id, m."nodeId", g.uuid, g.slot, g."memoryBytes" from moved m
      cross join lateral jsonb_to_recordset(m.gpus) as g(uuid text, slot integer, "memoryBytes" bigint)
    ), noted as (
      insert into instance_history (instance_id, from_state, to_state, actor)
      select id, 'queued', 'starting', 'placer' from moved
    )
    insert into work (subject_kind, subject_id, node_id)
    -- In the order in which all who take several work rows take them.
    select 'instance', id, "nodeId" from moved order by id
    on conflict (subject_kind, subject_id, node_id) do update
    set wanted = work.wanted + 1, attempts = 0, run_at = least(work.run_at, now())`);
}

/** Says why these still wait; rows whose reason is the same already are left alone. */
export async function writeQueueReasons(
  db: Queryable,
  reasons: readonly { instanceId: string; code: string; text: string }[],
): Promise<void> {
  if (reasons.length === 0) return;
  await db.execute(sql`
    update instances i set reason_code = r.code, reason_text = r.text
    from jsonb_to_recordset(${JSON.stringify(reasons)}::jsonb) as r("instanceId" uuid, code text, text text)
    where i.id = r."instanceId" and i.state = 'queued'
      and (i.reason_code, i.reason_text) is distinct from (r.code, r.text)`);
}

/** Refuses what no node could ever hold, with the reason. */
export async function refuseQueued(
  db: Queryable,
  refusals: readonly { instanceId: string; code: string; text: string }[],
): Promise<void> {
  if (refusals.length === 0) return;
  await db.execute(sql`
    with moved as (
      update instances i set state = 'failed', ended_at = now(), reason_code = r.code, reason_text = r.text
      from jsonb_to_recordset(${JSON.stringify(refusals)}::jsonb) as r("instanceId" uuid, code text, text text)
      where i.id = r."instanceId" and i.state = 'queued'
      returning i.id, r.code, r.text
    )
    insert into instance_history (instance_id, from_state, to_state, actor, reason_code, reason_text)
    select id, 'queued', 'failed', 'placer', code, text from moved`);
}

/** Ends what was stopped while it waited: it has no node, so no controller will. @returns how many */
export async function endUnplaced(db: Queryable): Promise<number> {
  const rows = await db.execute(sql`
    with ended as (
      update instances set state = 'stopped', ended_at = now()
      where id in (
        select id from instances where state = 'stopping' and node_id is null
        limit 100 for update skip locked)
      returning id, reason_code, reason_text
    ), noted as (
      insert into instance_history (instance_id, from_state, to_state, actor, reason_code, reason_text)
      select id, 'stopping', 'stopped', 'placer', reason_code, reason_text from ended
    )
    select id from ended`);
  return rows.length;
}

/** The control addresses of nodes, for poking. */
export async function controllerUrls(
  db: Queryable,
  nodeIds: readonly string[],
): Promise<{ id: string; url: string }[]> {
  if (nodeIds.length === 0) return [];
  return db.execute<{ id: string; url: string }>(sql`
    select id, controller_url as url from nodes
    where id = any (${uuidArray(nodeIds)}) and controller_url is not null`);
}

/**
 * Marks as lost what stands on nodes that have been silent for `silentMs`, and has each node look at
 * it as soon as it is back. The caller must have been
 * watching for at least that long itself: after an outage of the database every node looks silent.
 * Looks again under the rows' locks. @returns how many instances
 */
export async function judgeLost(db: Queryable, silentMs: number): Promise<number> {
  const rows = await db.execute(sql`
    with silent as (
      select id, name from nodes where last_seen_at < now() - ${silentMs} * interval '1 ms'
    ), p as (
      select i.id, i.state, s.name from instances i join silent s on s.id = i.node_id
      where i.state in ('starting', 'running', 'paused') for update of i skip locked
    ), moved as (
      update instances i set state = 'lost', reason_code = 'node_lost',
        reason_text = 'node ' || p.name || ' has not been heard of; the desktop is kept in case it returns'
      from p where i.id = p.id
      returning i.id, i.node_id, p.state as before, i.reason_code, i.reason_text
    ), noted as (
      insert into instance_history (instance_id, from_state, to_state, actor, reason_code, reason_text)
      select id, before, 'lost', 'judge', reason_code, reason_text from moved
    ), wished as (
      -- Its controller may not have noticed anything: this is what it finds to do once it is back.
      insert into work (subject_kind, subject_id, node_id)
      select 'instance', id, node_id from moved order by id
      on conflict (subject_kind, subject_id, node_id) do update
      set wanted = work.wanted + 1, attempts = 0, run_at = least(work.run_at, now())
    )
    select id from moved`);
  return rows.length;
}

/** Removes what nobody can use any more: old tickets, keys of repeated requests, read changes. */
export async function sweep(db: Queryable): Promise<void> {
  await db.execute(sql`delete from tickets where (used_at is null and expires_at < now() - interval '1 hour')
    or created_at < now() - interval '60 days'`);
  await db.execute(sql`delete from idempotency_keys where created_at < now() - interval '1 day'`);
  await db.execute(
    sql`delete from sign_in_failures where window_started_at < now() - interval '1 day'`,
  );
  await db.execute(sql`delete from oidc_attempts where expires_at < now()`);
  await db.execute(sql`delete from logout_tokens where expires_at < now()`);
  await db.execute(sql`delete from approvals where expires_at < now() - interval '1 hour'`);
  await db.execute(sql`delete from gatherings where until_at < now() - interval '1 day'`);
  await db.execute(sql`select forget_old_id_tokens()`);
  await db.execute(sql`delete from changes where at < now() - interval '1 day'`);
}
