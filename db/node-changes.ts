/** What administrators change of a node. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { noteNode, takeBack } from "./notices.ts";

export interface NodePatch {
  readonly schedulable?: boolean | undefined;
  readonly draining?: boolean | undefined;
  /** All of an administrator's labels. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** By a GPU's UUID how many may share it; null: as the node says. */
  readonly gpuSlots?: Readonly<Record<string, number | null>> | undefined;
  readonly reason?: string | undefined;
}

export interface NodeChanger {
  readonly id: string;
  readonly name: string;
}

interface Changed extends Record<string, unknown> {
  readonly draining: boolean;
}

/**
 * Writes flags and labels. Who keeps new instances away is whoever last said so, or gave a reason for it;
 * since when: since there was nobody who did.
 */
async function changeNode(
  db: Queryable,
  nodeId: string,
  by: NodeChanger,
  it: NodePatch,
): Promise<Changed | undefined> {
  const labels = it.labels ? JSON.stringify(it.labels) : null;
  const names = it.schedulable !== undefined || it.draining !== undefined;
  const [row] = await db.execute<Changed>(sql`
    with before as (
      select id, schedulable, draining, schedulable and not draining as open from nodes
      where id = ${nodeId} for no key update
    ), after as (
      select id, open, coalesce(${it.schedulable ?? null}, schedulable) as schedulable,
        coalesce(${it.draining ?? null}, draining) as draining,
        schedulable and ${it.schedulable === false} or not draining and ${it.draining === true}
          or ${names && it.reason !== undefined} as said
      from before
    ), said as (
      select *, said and not (schedulable and not draining) as holds,
        schedulable and not draining as opens from after
    )
    update nodes n set schedulable = s.schedulable, draining = s.draining,
      set_labels = coalesce(${labels}::jsonb, n.set_labels),
      hold_by = case when s.opens then null when s.holds then ${by.id}::uuid else n.hold_by end,
      hold_by_name = case when s.opens then null when s.holds then ${by.name} else n.hold_by_name end,
      hold_reason = case when s.opens then null when s.holds then ${it.reason ?? null}
        else n.hold_reason end,
      hold_at = case when s.opens then null when s.holds and s.open then now()
        when s.holds then coalesce(n.hold_at, now()) else n.hold_at end
    from said s where n.id = s.id
    returning n.draining`);
  return row;
}

/** @returns the first UUID of which the node has no GPU */
async function setSlots(
  db: Queryable,
  nodeId: string,
  slots: Readonly<Record<string, number | null>>,
): Promise<string | undefined> {
  const set = sql`(select key as uuid, (value #>> '{}')::int as slots from jsonb_each(${JSON.stringify(slots)}::jsonb))`;
  const [unknown] = await db.execute<{ uuid: string }>(sql`
    select s.uuid from ${set} s
    where not exists (select from node_gpus g where g.node_id = ${nodeId} and g.uuid = s.uuid) limit 1`);
  if (unknown) return unknown.uuid;
  await db.execute(sql`
    update node_gpus g set set_slots = s.slots from ${set} s
    where g.node_id = ${nodeId} and g.uuid = s.uuid and g.set_slots is distinct from s.slots`);
  return undefined;
}

/**
 * A lost machine is gone for good: ends what stands there as failed and frees what it holds.
 * @returns how many it ended; null where the node is not lost
 */
export async function endGoneNode(
  db: Queryable,
  nodeId: string,
  byId: string,
): Promise<number | null> {
  const [row] = await db.execute<{ ended: number | null }>(
    sql`select end_gone_node(${nodeId}, ${byId}) as ended`,
  );
  return row?.ended ?? null;
}

export type NodeOutcome =
  | { readonly kind: "changed" }
  | { readonly kind: "unknown" }
  | { readonly kind: "unknown_gpu"; readonly uuid: string };

/** Changes a node; the caller's transaction undoes it where a GPU is not known. */
export async function updateNode(
  db: Queryable,
  nodeId: string,
  by: NodeChanger,
  patch: NodePatch,
): Promise<NodeOutcome> {
  const node = await changeNode(db, nodeId, by, patch);
  if (!node) return { kind: "unknown" };
  if (patch.draining !== undefined)
    await (node.draining ? noteNode(db, nodeId) : takeBack(db, nodeId, "node_draining"));
  const uuid = patch.gpuSlots && (await setSlots(db, nodeId, patch.gpuSlots));
  return uuid === undefined ? { kind: "changed" } : { kind: "unknown_gpu", uuid };
}
