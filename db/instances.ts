/** Instances as people see them and wish for them: the gateway's side. */
import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { statesAllowing, type Desire, type State } from "./states.ts";

export interface InstanceRow {
  readonly id: string;
  readonly name: string;
  readonly kind: "desktop" | "service";
  readonly environment: string;
  readonly environmentName: string;
  readonly version: string;
  readonly digest: string;
  readonly owner: string;
  readonly experiment: string | null;
  /** The name of the one that it is on; null: none. */
  readonly station: string | null;
  readonly state: State;
  readonly desired: Desire;
  readonly reason: { code: string; text: string } | null;
  readonly node: { id: string; name: string } | null;
  readonly placement: Placement | null;
  readonly timeline: { phase: PhaseName; at: string | null; usualMs: number | null }[];
  readonly queue: {
    position: number;
    estimate: string | null;
    /** What the estimate rests on: limits of what runs, or how long its like usually lasts. */
    basis: "limit" | "usual" | null;
  } | null;
  /** What its people are asked, e.g. to move off a node that is drained. */
  readonly notice: { code: string; text: string; at: string } | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly lastActiveAt: string | null;
  readonly expiresAt: string | null;
}
export type PhaseName = "queued" | "placed" | "container" | "desktop" | "panel";

/** Why an instance is where it is. */
export interface Placement {
  readonly node: string;
  readonly strategy: string;
  readonly at: string;
  /** Names of the rules that matched, in the order in which they were asked. */
  readonly rules?: string[];
  /** What it has of the node's GPUs. */
  readonly gpus?: { uuid: string; memoryBytes: number }[];
  /** How many nodes each filter refused. */
  readonly filtered: Record<string, number>;
  /** The best five, with their score line by line. */
  readonly best: {
    readonly node: string;
    readonly score: number;
    readonly lines: { readonly rule: string; readonly points: number }[];
  }[];
}

/**
 * What each phase usually takes: medians, by environment, over the site's last 200 starts that got as
 * far as a panel. Taken once per statement, not once per row.
 */
const usual = sql`(
  select environment_id,
    percentile_cont(0.5) within group (order by extract(epoch from placed_at - queued_at)) * 1000 as placed,
    percentile_cont(0.5) within group (order by extract(epoch from container_at - queued_at)) * 1000 as container,
    percentile_cont(0.5) within group (order by extract(epoch from ready_at - queued_at)) * 1000 as desktop,
    percentile_cont(0.5) within group (order by extract(epoch from panel_at - queued_at)) * 1000 as panel
  from (
    select r.environment_id, l.queued_at, l.placed_at, l.container_at, l.ready_at, l.panel_at
    from incarnations l join instances r on r.id = l.instance_id
    where l.panel_at is not null order by l.placed_at desc limit 200
  ) recent
  group by environment_id)`;

const phase = (name: PhaseName, at: SQL, usualMs: SQL) =>
  sql`jsonb_build_object('phase', ${name}::text, 'at', iso(${at}), 'usualMs', round((${usualMs})::numeric, 1))`;

const columns = sql`jsonb_build_object(
  'id', i.id, 'name', i.name, 'kind', e.kind, 'environment', e.slug, 'environmentName', e.name,
  'version', v.tag, 'digest', v.digest, 'owner', o.username,
  'experiment', (select x.code from experiments x where x.id = i.experiment_id),
  'station', (select s.name from stations s where s.id = i.station_id),
  'state', i.state, 'desired', i.desired,
  'reason', case when i.reason_code is not null
    then jsonb_build_object('code', i.reason_code, 'text', i.reason_text) end,
  'node', case when i.state <> 'queued' then (
    select jsonb_build_object('id', n.id, 'name', n.name) from nodes n where n.id = i.node_id) end,
  'placement', case when i.state <> 'queued' then i.placement end,
  'timeline', jsonb_build_array(
    ${phase("queued", sql`i.queued_at`, sql`0`)},
    ${phase("placed", sql`c.placed_at`, sql`us.placed`)},
    ${phase("container", sql`c.container_at`, sql`us.container`)},
    ${phase("desktop", sql`c.ready_at`, sql`us.desktop`)},
    ${phase("panel", sql`c.panel_at`, sql`us.panel`)}),
  'queue', case when i.state = 'queued' then jsonb_build_object(
    'position', (select count(*) from instances q where q.state = 'queued'
      and (-q.queue_priority, coalesce(q.queue_at, q.queued_at), q.id)
        <= (-i.queue_priority, coalesce(i.queue_at, i.queued_at), i.id)),
    'estimate', iso(i.queue_estimate), 'basis', i.queue_basis) end,
  'notice', case when i.notice_code is not null then jsonb_build_object(
    'code', i.notice_code, 'text', i.notice_text, 'at', iso(i.notice_at)) end,
  'createdAt', iso(i.created_at), 'startedAt', iso(i.started_at), 'endedAt', iso(i.ended_at),
  'lastActiveAt', iso(i.last_active_at), 'expiresAt', iso(case when exists (
      select from stations s left join beamlines b on b.id = s.beamline_id
      where s.id = i.station_id and (s.user_id = i.owner_id or b.station_ending = 'end'))
    then least(i.expires_at, (select x.ends_at from experiments x where x.id = i.experiment_id))
    else i.expires_at end))`;

/**
 * What can be looked up by its key is looked up: each further join doubles the orders that the planner tries, which
 * on a connection that is new, as every one of a Worker's is, takes longer than all the rest.
 */
const from = sql`instances i
  join environments e on e.id = i.environment_id
  join versions v on v.id = i.version_id
  join users o on o.id = i.owner_id
  left join incarnations c on c.instance_id = i.id and c.number = i.wanted_incarnation
  left join ${usual} us on us.environment_id = i.environment_id`;

/** Of an instance's id, for a `where`: whether this account may know of it. */
const reached = (userId: string) =>
  sql`i.id in (select instance_id from reachable_instances(${userId}))`;

/** One instance, where this person may know of it. */
export async function getInstance(
  db: Queryable,
  userId: string,
  instanceId: string,
): Promise<InstanceRow | undefined> {
  const [row] = await db.execute<{ instance: InstanceRow }>(sql`
    select ${columns} as instance from ${from} where i.id = ${instanceId} and ${reached(userId)}`);
  return row?.instance;
}

/** Several of this person's, e.g. those that changed; in no order. */
export async function getInstances(
  db: Queryable,
  userId: string,
  ids: readonly string[],
): Promise<InstanceRow[]> {
  const rows = await db.execute<{ instance: InstanceRow }>(sql`
    select ${columns} as instance from ${from}
    where ${reached(userId)} and i.id = any (${`{${ids.join(",")}}`}::uuid[])`);
  return rows.map((row) => row.instance);
}

/** This person's instances, newest first, from after `cursor` (the id of the last one seen). */
export async function listInstances(
  db: Queryable,
  userId: string,
  page: { limit: number; cursor: string | null },
): Promise<InstanceRow[]> {
  const rows = await db.execute<{ instance: InstanceRow }>(sql`
    select ${columns} as instance from ${from}
    where ${reached(userId)} and (${page.cursor}::uuid is null or (i.created_at, i.id) < (
      select i.created_at, i.id from instances i where i.id = ${page.cursor}::uuid and ${reached(userId)}))
    order by i.created_at desc, i.id desc limit ${page.limit}`);
  return rows.map((row) => row.instance);
}

export interface StartWish {
  /** Where the caller writes more of it without waiting for its row. */
  readonly id?: string;
  readonly userId: string;
  readonly environmentId: string;
  readonly versionId: string;
  readonly name: string;
  readonly experimentId: string | null;
  /** On which it is started, if on any. */
  readonly stationId?: string | null;
  /** `WIDTHxHEIGHT` of the first screen; the image's own where there is none. */
  readonly geometry?: string | null;
}

/** Wishes a new instance into the queue. @returns its id */
export async function insertInstance(db: Queryable, wish: StartWish): Promise<string> {
  const [row] = await db.execute<{ id: string }>(sql`
    with made as (
      insert into instances (id, owner_id, environment_id, version_id, name, experiment_id, station_id, geometry)
      values (${wish.id ?? crypto.randomUUID()}, ${wish.userId}, ${wish.environmentId}, ${wish.versionId}, ${wish.name}, ${wish.experimentId},
        ${wish.stationId ?? null}, ${wish.geometry ?? null})
      returning id, owner_id
    ), noted as (
      insert into instance_history (instance_id, to_state, actor, actor_id)
      select id, 'queued', 'person', owner_id from made
    )
    select id from made`);
  if (!row) throw new Error("the new instance's row was not returned");
  return row.id;
}

export type WishOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly state: State; readonly reason: string | null };

/** Whose wish it is: the owner's, or the station's that it is on, or that of staff whose right to it was looked at before. */
export type Wisher = { readonly owner: string } | { readonly staff: string };

/** What a wish writes: an ended instance is queued anew, a queued one has no container to wait for. */
const wishes: Record<"stop" | "restart", (by: Wisher) => SQL> = {
  stop: (by) => sql`desired = 'stopped', state = 'stopping',
    reason_code = case when not p.own then 'stopped_at_station'
      else ${"owner" in by ? "stopped_by_person" : "stopped_by_staff"} end,
    reason_text = case when not p.own then 'stopped at the station'
      else ${"owner" in by ? "stopped by its owner" : "stopped by the staff"} end,
    node_id = case when p.state = 'queued' then null else i.node_id end`,
  // What its owner starts anew, wherever they are, is on no station any more.
  restart: () => sql`desired = 'running', wanted_incarnation = i.incarnation + 1,
    station_id = (select id from stations where user_id = i.owner_id),
    reason_code = case when p.ended then null else 'restarting' end,
    reason_text = case when p.ended then null else 'restarted by its owner' end,
    state = case when p.ended then 'queued' else 'stopping' end,
    queued_at = case when p.ended then now() else i.queued_at end,
    ended_at = null`,
};

/**
 * Records a person's wish in one statement: the instance's row, its history, and the node's work.
 * The state is judged under the row's lock, so of two opposite wishes the later one sees the first.
 */
export async function wishInstance(
  db: Queryable,
  wish: { by: Wisher; instanceId: string; action: "stop" | "restart" },
): Promise<WishOutcome> {
  const { by } = wish;
  const actor = "owner" in by ? by.owner : by.staff;
  const own = "owner" in by ? sql`i.owner_id = ${by.owner}` : sql`true`;
  // A station stops whatever is open on it, and starts anew what is its own.
  const allowedTo =
    "owner" in by ? sql`${reached(by.owner)} and (${wish.action === "stop"} or ${own})` : sql`true`;
  const allowed = `{${statesAllowing(wish.action).join(",")}}`;
  const ask = sql`
    with p as (
      -- The instance before its work, as placer and controllers lock them: two orders would deadlock.
      select i.id, i.state, i.reason_text, i.state in ('stopped', 'shelved', 'failed') as ended,
        ${own} as own
      from instances i
      where i.id = ${wish.instanceId} and ${allowedTo} for update of i
    ), wished as (
      update instances i set generation = i.generation + 1, ${wishes[wish.action](by)}
      from p where i.id = p.id and p.state = any (${allowed}::text[])
      returning i.id, i.state, i.node_id, i.reason_code, i.reason_text, p.state as before
    ), noted as (
      insert into instance_history (instance_id, from_state, to_state, actor, actor_id, reason_code, reason_text)
      select id, before, state, 'person', ${actor}, reason_code, reason_text from wished
      where before <> state
    ), raised as (
      insert into work (subject_kind, subject_id, node_id)
      select 'instance', id, node_id from wished where node_id is not null and state <> 'queued'
      on conflict (subject_kind, subject_id, node_id) do update
      set wanted = work.wanted + 1, attempts = 0, run_at = least(work.run_at, now())
    )
    select p.state, p.reason_text as reason, w.id is not null as accepted
    from p left join wished w on w.id = p.id`;
  type Row = { state: State; reason: string | null; accepted: boolean };
  const [row] = await db.execute<Row>(ask);
  if (!row) return { kind: "unknown" };
  if (row.accepted) return { kind: "accepted" };
  return { kind: "refused", state: row.state, reason: row.reason };
}

/** What a ticket needs of an instance that this person may connect to. */
export interface Connectable {
  readonly state: State;
  readonly reason: string | null;
  readonly incarnation: number;
  readonly nodeId: string | null;
}

export async function findConnectable(
  db: Queryable,
  userId: string,
  instanceId: string,
): Promise<Connectable | undefined> {
  const [row] = await db.execute<Connectable & Record<string, unknown>>(sql`
    select i.state, i.reason_text as reason, i.incarnation, i.node_id as "nodeId" from instances i
    where i.id = ${instanceId} and ${reached(userId)}`);
  return row;
}
