import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { NodeTakenError, SupersededError } from "./errors.ts";

export interface NodeReport {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly labels: Record<string, string>;
  /** Which machine reports; a second one under the same name is refused while this one is heard of. */
  readonly machineId?: string;
  /** Of the disk that images and containers lie on; null: it cannot be looked at. */
  readonly disk?: { readonly totalBytes: number; readonly freeBytes: number } | null;
}

/** A controller's start of a node: later writes name it, and find nothing once another has begun. */
export interface NodeStart {
  readonly nodeId: string;
  readonly epoch: number;
}

/** A node counts as ready while it says so and was heard of within this time. */
export const nodeSilenceMs = 10_000;

const silence = sql`${nodeSilenceMs} * interval '1 ms'`;

const reported = (report: NodeReport) => sql`
  cpus = ${report.cpus}, memory_bytes = ${report.memoryBytes},
  reported_labels = ${JSON.stringify(report.labels)}::jsonb,
  disk_total_bytes = ${report.disk?.totalBytes ?? null}, disk_free_bytes = ${report.disk?.freeBytes ?? null}`;

/**
 * A controller's start: takes the node's next epoch, which voids every lease of earlier ones.
 *
 * @returns the epoch and the installation's id
 * @throws NodeTakenError where another machine reports under this node's name
 * @throws Error where the login's node does not exist
 */
export async function registerNode(
  db: Queryable,
  nodeId: string,
  report: NodeReport,
): Promise<{ epoch: number; name: string; installationId: string }> {
  const machine = report.machineId ?? null;
  const [row] = await db.execute<{ epoch: number; name: string; installation: string }>(sql`
    update nodes set epoch = epoch + 1, ${reported(report)}, last_seen_at = now(),
      machine_id = coalesce(${machine}, machine_id)
    where id = ${nodeId} and (${machine}::text is null or machine_id is null or machine_id = ${machine}
      or last_seen_at is null or last_seen_at <= now() - ${silence})
    returning epoch, name, (select id from installation) as installation`);
  if (row) return { epoch: Number(row.epoch), name: row.name, installationId: row.installation };
  const [other] = await db.execute<{ name: string; at: string; ms: number }>(sql`
    select name, iso(last_seen_at) as at,
      extract(epoch from now() - last_seen_at)::float8 * 1000 as ms
    from nodes where id = ${nodeId}`);
  if (!other) throw new Error(`Node ${nodeId} is not registered in this database.`);
  throw new NodeTakenError(other.name, { lastSeenAt: other.at, silentMs: Number(other.ms) });
}

/** What a node has become since it was registered. @throws SupersededError */
export async function reportNode(
  db: Queryable,
  { nodeId, epoch }: NodeStart,
  report: NodeReport,
): Promise<void> {
  const rows = await db.execute(sql`
    update nodes set ${reported(report)} where id = ${nodeId} and epoch = ${epoch} returning 1`);
  if (rows.length === 0) throw new SupersededError(nodeId, epoch);
}

const ready = sql`(n.ready and n.last_seen_at > now() - ${silence})`;

const adminNode = sql`jsonb_build_object(
  'id', n.id, 'name', n.name,
  'state', case when ${ready} then 'ready' else 'not_ready' end,
  'reason', case
    -- It takes instances, and something of it is amiss all the same, e.g. its GPUs.
    when ${ready} then case when n.reason_code is not null then
      jsonb_build_object('code', n.reason_code, 'text', n.reason_text) end
    when n.last_seen_at is null then
      jsonb_build_object('code', 'node_never_seen', 'text', 'its controller has never reported')
    when n.last_seen_at <= now() - ${silence} then
      jsonb_build_object('code', 'node_silent', 'text', 'its controller has not reported since ' || iso(n.last_seen_at))
    else jsonb_build_object('code', coalesce(n.reason_code, 'not_ready'), 'text', coalesce(n.reason_text, 'not ready yet'))
  end,
  'schedulable', n.schedulable, 'labels', n.labels,
  'capacity', jsonb_build_object('cpus', n.cpus, 'memoryBytes', n.memory_bytes),
  'allocated', jsonb_build_object('cpus', coalesce(a.cpus, 0), 'memoryBytes', coalesce(a.memory, 0),
    'instances', coalesce(a.instances, 0)),
  'lastSeenAt', iso(n.last_seen_at), 'createdAt', iso(n.created_at))`;

const allocatedPerNode = sql`(
  select node_id, sum(cpus::numeric)::float8 as cpus, sum(memory_bytes) as memory, count(*) as instances
  from allocations group by node_id)`;

export interface AdminNodeRow {
  readonly id: string;
  readonly name: string;
  readonly state: "ready" | "not_ready";
  readonly reason: { code: string; text: string } | null;
  readonly schedulable: boolean;
  readonly labels: Record<string, string>;
  readonly capacity: { cpus: number; memoryBytes: number };
  readonly allocated: { cpus: number; memoryBytes: number; instances: number };
  readonly lastSeenAt: string | null;
  readonly createdAt: string;
}

/** Nodes in order of name, from after `cursor` (a name), with what is allocated on each. */
export async function listNodes(
  db: Queryable,
  page: { search: string; limit: number; cursor: string | null; descending: boolean },
): Promise<AdminNodeRow[]> {
  const order = page.descending ? sql`desc` : sql`asc`;
  const after = page.descending ? sql`n.name < ${page.cursor}` : sql`n.name > ${page.cursor}`;
  const rows = await db.execute<{ node: AdminNodeRow }>(sql`
    select ${adminNode} as node from nodes n left join ${allocatedPerNode} a on a.node_id = n.id
    where (${page.search} = '' or position(lower(${page.search}) in lower(n.name)) > 0)
      and (${page.cursor}::text is null or ${after})
    order by n.name ${order} limit ${page.limit}`);
  return rows.map((row) => row.node);
}

export async function getNode(db: Queryable, nodeId: string): Promise<AdminNodeRow | undefined> {
  const [row] = await db.execute<{ node: AdminNodeRow }>(sql`
    select ${adminNode} as node from nodes n left join ${allocatedPerNode} a on a.node_id = n.id
    where n.id = ${nodeId}`);
  return row?.node;
}

/** @returns whether the node exists */
export async function setSchedulable(
  db: Queryable,
  nodeId: string,
  schedulable: boolean,
): Promise<boolean> {
  const rows = await db.execute(sql`
    update nodes set schedulable = ${schedulable} where id = ${nodeId} returning 1`);
  return rows.length > 0;
}
