/** Nodes as administrators see and change them. */
import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { stillGathers } from "./gatherings.ts";
import { nodeSilenceMs } from "./nodes.ts";
import type { NamePage } from "./users.ts";

/** A node that has been silent for so long is lost; what stands on it is judged so by the placer's judge. */
export const nodeLostMs = 60_000;
/** A clock that is further off than this is told of: times in that node's logs mislead. */
const clockSkewToldMs = 30_000;

export type NodeState = "ready" | "not_ready" | "unschedulable" | "draining" | "lost";

export interface AdminNodeRow {
  readonly id: string;
  readonly name: string;
  readonly state: NodeState;
  readonly reason: { readonly code: string; readonly text: string } | null;
  readonly schedulable: boolean;
  readonly draining: boolean;
  /** Who keeps new instances away, why and since when. */
  readonly hold: {
    readonly by: string | null;
    readonly reason: string | null;
    readonly at: string;
  } | null;
  readonly labels: Record<string, string>;
  readonly setLabels: Record<string, string>;
  readonly capacity: {
    readonly cpus: number;
    readonly memoryBytes: number;
    readonly gpus: number;
    readonly gpuMemoryBytes: number;
  };
  readonly allocated: {
    readonly cpus: number;
    readonly memoryBytes: number;
    readonly gpus: number;
    readonly gpuMemoryBytes: number;
    readonly instances: number;
  };
  /** How many people have instances here. */
  readonly people: number;
  readonly dedicatedTo: { readonly experiment: string; readonly until: string } | null;
  /** What waits for room here, against which nothing behind it is placed here. */
  readonly gatheredFor: {
    readonly owner: string;
    readonly name: string;
    readonly until: string;
  } | null;
  readonly images: {
    readonly present: number;
    readonly wanted: number;
    readonly pulling: number;
    readonly failed: number;
  };
  readonly disk: { readonly totalBytes: number; readonly freeBytes: number } | null;
  readonly clockSkewMs: number | null;
  readonly lastSeenAt: string | null;
  readonly createdAt: string;
}

const silentFor = (ms: number) => sql`n.last_seen_at <= now() - ${ms} * interval '1 ms'`;

/** The worst comes first: a node that is gone is gone, whoever drains it. */
const state = sql`case
  when ${silentFor(nodeLostMs)} then 'lost'
  when n.last_seen_at is null or not n.ready or ${silentFor(nodeSilenceMs)} then 'not_ready'
  when n.draining then 'draining'
  when not n.schedulable then 'unschedulable'
  else 'ready' end`;

const held = (text: SQL) =>
  sql`${text} || coalesce(' by ' || n.hold_by_name, '') || coalesce(': ' || nullif(n.hold_reason, ''), '')`;

/** The code and the words of the state; null where it is ready and nothing is wrong with it. */
const reasons = sql`lateral (select
    case
      when n.last_seen_at is null then 'node_never_seen'
      when s.state = 'lost' then 'node_lost'
      when ${silentFor(nodeSilenceMs)} then 'node_silent'
      when not n.ready then coalesce(n.reason_code, 'not_ready')
      when n.draining then 'node_draining'
      when not n.schedulable then 'node_unschedulable'
      -- It takes instances, and something of it is amiss all the same, e.g. its GPUs.
      when n.reason_code is not null then n.reason_code
      when k.off then 'clock_skew'
    end as code,
    case
      when n.last_seen_at is null then 'its controller has never reported'
      when ${silentFor(nodeSilenceMs)} then 'its controller has not reported since ' || iso(n.last_seen_at)
      when not n.ready then coalesce(n.reason_text, 'not ready yet')
      when n.draining then ${held(sql`'it is drained'`)}
      when not n.schedulable then ${held(sql`'closed for new instances'`)}
      when n.reason_code is not null then n.reason_text
    end as text,
    case when k.off then 'its clock is ' || round(abs(n.clock_skew_ms) / 1000.0) || ' s '
      || case when n.clock_skew_ms > 0 then 'ahead of' else 'behind' end || ' the database''s' end as clock
  from (select abs(n.clock_skew_ms) > ${clockSkewToldMs} as off) k)`;

const columns = sql`jsonb_build_object(
  'id', n.id, 'name', n.name, 'state', s.state,
  'reason', case when r.code is not null
    then jsonb_build_object('code', r.code, 'text', concat_ws('; ', r.text, r.clock)) end,
  'schedulable', n.schedulable, 'draining', n.draining,
  'hold', case when n.hold_at is not null
    then jsonb_build_object('by', n.hold_by_name, 'reason', nullif(n.hold_reason, ''), 'at', iso(n.hold_at)) end,
  'labels', n.labels, 'setLabels', n.set_labels,
  'capacity', jsonb_build_object('cpus', n.cpus, 'memoryBytes', n.memory_bytes,
    'gpus', g.gpus, 'gpuMemoryBytes', g.memory),
  'allocated', jsonb_build_object('cpus', a.cpus, 'memoryBytes', a.memory, 'instances', a.instances,
    'gpus', t.gpus, 'gpuMemoryBytes', t.memory),
  'people', a.people,
  'dedicatedTo', (select jsonb_build_object('experiment', x.code, 'until', iso(d.until_at))
    from dedications d join experiments x on x.id = d.experiment_id
    where d.node_id = n.id and d.ended_at is null),
  'gatheredFor', (select jsonb_build_object('owner', u.username, 'name', w.name, 'until', iso(t.until_at))
    from gatherings t join instances w on w.id = t.instance_id join users u on u.id = w.owner_id
    where t.node_id = n.id and t.until_at > now() and ${stillGathers}
    order by t.from_at limit 1),
  'images', (select jsonb_build_object(
      'present', count(*) filter (where m.state = 'present'), 'wanted', count(*) filter (where m.wanted),
      'pulling', count(*) filter (where m.state = 'pulling'), 'failed', count(*) filter (where m.state = 'failed'))
    from node_images m where m.node_id = n.id),
  'disk', case when n.disk_total_bytes is not null and n.disk_free_bytes is not null
    then jsonb_build_object('totalBytes', n.disk_total_bytes, 'freeBytes', n.disk_free_bytes) end,
  'clockSkewMs', n.clock_skew_ms, 'lastSeenAt', iso(n.last_seen_at), 'createdAt', iso(n.created_at))`;

/** Of nodes `n`: what each takes and has. Sums of decimals, as 32-bit floats would drift. */
const beside = sql`
  cross join lateral (select ${state} as state) s
  cross join ${reasons} r
  cross join lateral (
    select coalesce(sum(a.cpus::numeric), 0)::float8 as cpus, coalesce(sum(a.memory_bytes), 0) as memory,
      count(*) as instances, count(distinct i.owner_id) as people
    from allocations a join instances i on i.id = a.instance_id where a.node_id = n.id
  ) a
  cross join lateral (
    select count(*) as gpus, coalesce(sum(memory_bytes), 0) as memory
    from node_gpus where node_id = n.id and present
  ) g
  cross join lateral (
    select count(distinct uuid) as gpus, coalesce(sum(memory_bytes), 0) as memory
    from allocation_gpus where node_id = n.id
  ) t`;

const has = (search: string, text: SQL) => sql`position(lower(${search}) in lower(${text})) > 0`;

/** Nodes in order of name, from after `cursor` (a name); a search looks at names and labels (`key=value`). */
export async function listNodes(db: Queryable, page: NamePage): Promise<AdminNodeRow[]> {
  const order = page.descending ? sql`desc` : sql`asc`;
  const after = page.descending ? sql`n.name < ${page.cursor}` : sql`n.name > ${page.cursor}`;
  const rows = await db.execute<{ node: AdminNodeRow }>(sql`
    with n as (
      select n.* from nodes n
      where (${page.search} = '' or ${has(page.search, sql`n.name`)} or exists (
          select from jsonb_each_text(n.labels) l where ${has(page.search, sql`l.key || '=' || l.value`)}))
        and (${page.cursor}::text is null or ${after})
      order by n.name ${order} limit ${page.limit}
    )
    select ${columns} as node from n ${beside} order by n.name ${order}`);
  return rows.map((row) => row.node);
}

export async function getNode(db: Queryable, nodeId: string): Promise<AdminNodeRow | undefined> {
  const [row] = await db.execute<{ node: AdminNodeRow }>(sql`
    select ${columns} as node from nodes n ${beside} where n.id = ${nodeId}`);
  return row?.node;
}

/** Ids of the nodes that are lost: a reboot is shorter. */
export async function listLostNodes(db: Queryable): Promise<Set<string>> {
  const rows = await db.execute<{ id: string }>(
    sql`select n.id from nodes n where ${silentFor(nodeLostMs)}`,
  );
  return new Set(rows.map((it) => it.id));
}

export interface LabelRow extends Record<string, unknown> {
  readonly key: string;
  readonly values: string[];
  readonly nodes: number;
}

/** So many values of one label are told. */
const mostValues = 200;

/** Every label that a node has, with its values, for completion. */
export async function listLabels(db: Queryable): Promise<LabelRow[]> {
  return db.execute<LabelRow>(sql`
    with l as (
      select l.key, l.value, count(*)::int as nodes from nodes n, jsonb_each_text(n.labels) l group by 1, 2
    ), ranked as (
      select *, row_number() over (partition by key order by value) as nth from l
    )
    select key, jsonb_agg(value order by value) filter (where nth <= ${mostValues}) as values,
      sum(nodes)::int as nodes
    from ranked group by key order by key limit 1000`);
}
