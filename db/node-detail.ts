/** What one node has and holds, as administrators see it. */
import { sql } from "drizzle-orm";
import { getNode, type AdminNodeRow } from "./admin-nodes.ts";
import type { Queryable } from "./client.ts";
import type { State } from "./states.ts";

export interface NodeGpuRow {
  readonly uuid: string;
  readonly model: string;
  readonly memoryBytes: number;
  readonly slots: number;
  readonly setSlots: number | null;
  readonly present: boolean;
  readonly allocated: { readonly slots: number; readonly memoryBytes: number };
  readonly instances: { id: string; name: string; owner: string; memoryBytes: number }[];
}
interface NodeInstanceRow {
  readonly id: string;
  readonly name: string;
  readonly state: State;
  readonly owner: string;
  readonly environment: string;
  readonly experiment: string | null;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly gpus: { uuid: string; memoryBytes: number }[];
  readonly placedAt: string;
}
interface NodeImageRow {
  readonly environment: string;
  readonly version: string;
  readonly state: "absent" | "pulling" | "present" | "failed";
  readonly wanted: boolean;
  readonly because: string | null;
  readonly doneBytes: number | null;
  readonly totalBytes: number | null;
  readonly sizeBytes: number | null;
  readonly reason: { code: string; text: string } | null;
  readonly changedAt: string;
}
interface NodeEventRow {
  readonly at: string;
  readonly kind: "instance" | "change";
  readonly actor: string | null;
  /** A state, or an action of the audit trail. */
  readonly text: string;
  readonly reason: string | null;
  readonly instance: { id: string; name: string } | null;
}
export interface NodeDetailRow extends AdminNodeRow {
  readonly gpus: NodeGpuRow[];
  readonly instances: NodeInstanceRow[];
  readonly imageList: NodeImageRow[];
  readonly events: NodeEventRow[];
}

const gpus = (nodeId: string) => sql`(
  select coalesce(jsonb_agg(jsonb_build_object('uuid', g.uuid, 'model', g.model,
      'memoryBytes', g.memory_bytes, 'slots', coalesce(g.set_slots, g.slots), 'setSlots', g.set_slots,
      'present', g.present, 'allocated', jsonb_build_object('slots', t.slots, 'memoryBytes', t.memory),
      'instances', t.instances) order by g.uuid), '[]')
  from node_gpus g cross join lateral (
    select coalesce(sum(o.slots), 0) as slots, coalesce(sum(o.memory), 0) as memory,
      coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'name', i.name, 'owner', u.username,
        'memoryBytes', o.memory) order by i.id), '[]') as instances
    from (
      select instance_id, count(*) as slots, sum(memory_bytes) as memory from allocation_gpus
      where node_id = g.node_id and uuid = g.uuid group by instance_id
    ) o join instances i on i.id = o.instance_id join users u on u.id = i.owner_id
  ) t
  where g.node_id = ${nodeId})`;

const instances = (nodeId: string) => sql`(
  select coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'name', i.name, 'state', i.state,
      'owner', u.username, 'environment', e.slug, 'experiment', x.code, 'cpus', a.cpus,
      'memoryBytes', a.memory_bytes, 'placedAt', iso(a.created_at), 'gpus', (
        select coalesce(jsonb_agg(jsonb_build_object('uuid', t.uuid, 'memoryBytes', t.memory) order by t.uuid), '[]')
        from (select uuid, sum(memory_bytes) as memory from allocation_gpus
          where instance_id = i.id group by uuid) t))
    order by a.created_at, i.id), '[]')
  from allocations a join instances i on i.id = a.instance_id join users u on u.id = i.owner_id
  join environments e on e.id = i.environment_id left join experiments x on x.id = i.experiment_id
  where a.node_id = ${nodeId})`;

const images = (nodeId: string) => sql`(
  select coalesce(jsonb_agg(jsonb_build_object('environment', e.slug, 'version', v.tag,
      'state', m.state, 'wanted', m.wanted, 'because', m.wanted_because, 'doneBytes', m.done_bytes,
      'totalBytes', m.total_bytes, 'sizeBytes', m.size_bytes, 'changedAt', iso(m.changed_at),
      'reason', case when m.reason_code is not null
        then jsonb_build_object('code', m.reason_code, 'text', coalesce(m.reason_text, '')) end)
    order by e.slug, v.created_at desc), '[]')
  from node_images m join versions v on v.id = m.version_id join environments e on e.id = v.environment_id
  where m.node_id = ${nodeId})`;

/** What its latest incarnations went through while they were here, and what was done to the node itself. */
const events = (nodeId: string) => sql`(
  with latest as (
    select instance_id, placed_at, ended_at from incarnations
    where node_id = ${nodeId} order by placed_at desc limit 50
  ), all_events as (
    (select h.at, 'instance' as kind, coalesce(u.username, h.actor) as actor, h.to_state as text,
      h.reason_text as reason, jsonb_build_object('id', i.id, 'name', i.name) as instance
    from latest l join instance_history h on h.instance_id = l.instance_id
      and h.at >= l.placed_at and (l.ended_at is null or h.at <= l.ended_at)
    join instances i on i.id = l.instance_id left join users u on u.id = h.actor_id
    order by h.at desc, h.id desc limit 50)
    union all
    (select a.at, 'change', a.actor_name, a.action, a.detail ->> 'reason', null
    from audit a where a.subject_kind = 'node' and a.subject_id = ${nodeId} and a.outcome = 'allowed'
    order by a.id desc limit 50)
  )
  select coalesce(jsonb_agg(jsonb_build_object('at', iso(at), 'kind', kind, 'actor', actor,
    'text', text, 'reason', reason, 'instance', instance) order by at desc), '[]')
  from (select * from all_events order by at desc limit 50) newest)`;

/** One node with its GPUs, its instances, its images, and its last 50 events. */
export async function getNodeDetail(
  db: Queryable,
  nodeId: string,
): Promise<NodeDetailRow | undefined> {
  const node = await getNode(db, nodeId);
  if (!node) return undefined;
  const [row] = await db.execute<Omit<NodeDetailRow, keyof AdminNodeRow> & Record<string, unknown>>(
    sql`select ${gpus(nodeId)} as gpus, ${instances(nodeId)} as instances,
      ${images(nodeId)} as "imageList", ${events(nodeId)} as events`,
  );
  if (!row) throw new Error("the node's detail was not returned");
  return { ...node, ...row };
}
