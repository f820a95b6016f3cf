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
