import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface NodeReport {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly labels: Record<string, string>;
}

/**
 * A controller's start: takes the node's next epoch, which voids every lease of earlier ones.
 *
 * @returns the epoch and the installation's id
 * @throws Error where the login's node does not exist
 */
export async function registerNode(
  db: Queryable,
  nodeId: string,
  report: NodeReport,
): Promise<{ epoch: number; name: string; installationId: string }> {
  const [row] = await db.execute<{ epoch: number; name: string; installation: string }>(sql`
    update nodes set epoch = epoch + 1, cpus = ${report.cpus}, memory_bytes = ${report.memoryBytes},
      reported_labels = ${JSON.stringify(report.labels)}::jsonb, last_seen_at = now()
    where id = ${nodeId}
    returning epoch, name, (select id from installation) as installation`);
  if (!row) throw new Error(`Node ${nodeId} is not registered in this database.`);
  return { epoch: Number(row.epoch), name: row.name, installationId: row.installation };
}

/** A node counts as ready while it says so and was heard of within this time. */
export const nodeSilenceMs = 10_000;
