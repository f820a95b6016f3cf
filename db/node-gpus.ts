/** A node's GPUs as its controller reports them. What instances hold of them is the placer's. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { NodeStart } from "./nodes.ts";

/** A GPU, or a slice of one. */
export interface ReportedGpu {
  /** `GPU-…` or `MIG-…`, as engines take it. */
  readonly uuid: string;
  readonly model: string;
  readonly memoryBytes: number;
  /** How many desktops may share it, by the node's settings. */
  readonly slots: number;
}

/** For so long what a node last had is taken for what it has, where that cannot be made out. */
export const gpusKeptMinutes = 10;

/** What the node was seen to have in the last minutes. */
export async function knownGpus(
  db: Queryable,
  nodeId: string,
): Promise<Omit<ReportedGpu, "slots">[]> {
  return db.execute<Omit<ReportedGpu, "slots"> & Record<string, unknown>>(sql`
    select uuid, model, memory_bytes::float8 as "memoryBytes" from node_gpus
    where node_id = ${nodeId} and present and seen_at > now() - ${gpusKeptMinutes} * interval '1 min'
    order by uuid`);
}

type Known = ReportedGpu & { readonly present: boolean };

/** Whether the two say the same: a write of what stands there already would still wake the placer. */
function sameGpus(known: readonly Known[], seen: readonly ReportedGpu[]): boolean {
  const line = (it: ReportedGpu) => [it.uuid, it.model, it.memoryBytes, it.slots].join("\n");
  const before = known.filter((it) => it.present).map(line);
  return JSON.stringify(before.sort()) === JSON.stringify(seen.map(line).sort());
}

/**
 * Writes what the node has now. What is not among it any more is kept, as not present: instances may
 * hold it. Nothing is written by a controller whose epoch is over.
 */
export async function reportGpus(
  db: Queryable,
  { nodeId, epoch }: NodeStart,
  gpus: readonly ReportedGpu[],
): Promise<void> {
  const rows = await db.execute<Known & Record<string, unknown>>(sql`
    select uuid, model, memory_bytes as "memoryBytes", slots, present from node_gpus
    where node_id = ${nodeId}`);
  if (sameGpus(rows, gpus)) {
    await db.execute(
      sql`update node_gpus set seen_at = now() where node_id = ${nodeId} and present`,
    );
    return;
  }
  await db.execute(sql`
    with current as (
      select id from nodes where id = ${nodeId} and epoch = ${epoch}
    ), seen as (
      select * from jsonb_to_recordset(${JSON.stringify(gpus)}::jsonb)
        as s(uuid text, model text, "memoryBytes" bigint, slots integer)
    ), gone as (
      update node_gpus g set present = false from current c
      where g.node_id = c.id and g.present and not exists (select from seen where seen.uuid = g.uuid)
    )
    insert into node_gpus (node_id, uuid, model, memory_bytes, slots)
    select c.id, s.uuid, s.model, s."memoryBytes", s.slots from current c, seen s
    on conflict (node_id, uuid) do update set model = excluded.model,
      memory_bytes = excluded.memory_bytes, slots = excluded.slots, present = true, seen_at = now()`);
}
