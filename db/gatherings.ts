/** Nodes that take nothing else until a request that has waited long has room there. */
import { sql } from "drizzle-orm";
import type { Begun } from "../scheduler/gather.ts";
import type { Standing } from "../scheduler/queue-order.ts";
import type { Gathered } from "../scheduler/types.ts";
import type { Queryable } from "./client.ts";

/** With where its request stands in the queue. */
export type Gathering = Gathered & { readonly standing: Standing };

/**
 * Of a gathering `t` and its instance `w`: whether that still waits for room, since before it began. What waits for
 * something else, a limit say, keeps no node from anybody.
 */
export const stillGathers = sql`w.state = 'queued' and w.desired = 'running' and w.queued_at <= t.from_at
  and (w.reason_code is null
    or w.reason_code in ('no_capacity', 'node_dedicated', 'reserved', 'room_gathered'))`;

/** Of those that still wait, since before it began; also what is over. */
export async function readGatherings(db: Queryable): Promise<Gathering[]> {
  const rows = await db.execute<
    Gathered & { priority: number; at: number } & Record<string, unknown>
  >(sql`
    select t.instance_id as "requestId", w.owner_id as "userId",
      w.experiment_id as "experimentId", t.node_id as "nodeId",
      (extract(epoch from t.until_at) * 1000)::float8 as until, w.queue_priority as priority,
      (extract(epoch from coalesce(w.queue_at, w.queued_at)) * 1000)::float8 as at
    from gatherings t join instances w on w.id = t.instance_id
    where ${stillGathers}
    order by t.from_at, t.instance_id`);
  return rows.map(({ priority, at, until, ...it }) => ({
    ...it,
    until: Number(until),
    standing: { priority, at: Number(at) },
  }));
}

export async function writeGatherings(
  db: Queryable,
  begun: readonly (Begun & { readonly instanceId: string })[],
): Promise<void> {
  if (begun.length === 0) return;
  await db.execute(sql`
    insert into gatherings (instance_id, node_id, until_at)
    select b."instanceId", b."nodeId", to_timestamp(b.until / 1000)
    from jsonb_to_recordset(${JSON.stringify(begun)}::jsonb) as b("instanceId" uuid, "nodeId" uuid, until float8)
    on conflict (instance_id) do update
    set node_id = excluded.node_id, from_at = now(), until_at = excluded.until_at`);
}
