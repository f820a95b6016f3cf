/** Nodes that experiments have to themselves during their beamtime. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { noteNode, takeBack } from "./notices.ts";

export interface Dedication {
  readonly nodeId: string;
  readonly experimentId: string;
  readonly ruleId: string;
  readonly ruleName: string;
}

/**
 * Gives a node to an experiment until its beamtime ends. Whoever else is there is asked to go elsewhere, and
 * left alone otherwise. @returns false where the node is another's already, or the beamtime is over
 */
export async function dedicateNode(db: Queryable, dedication: Dedication): Promise<boolean> {
  const { nodeId, experimentId, ruleId, ruleName } = dedication;
  const rows = await db.execute(sql`
    insert into dedications (node_id, experiment_id, rule_id, rule_name, until_at)
    select ${nodeId}, x.id, ${ruleId}, ${ruleName}, x.ends_at from experiments x
    where x.id = ${experimentId} and x.ends_at > now()
    on conflict (node_id) where ended_at is null do nothing
    returning 1`);
  if (rows.length > 0) await noteNode(db, nodeId);
  return rows.length > 0;
}

/**
 * Ends what is over, by the experiment's dates as they are now, and takes back what was asked of others there.
 * @returns how many
 */
export async function endDedications(db: Queryable): Promise<number> {
  const moved = await db.execute<{ node: string; ended: boolean }>(sql`
    update dedications d set until_at = x.ends_at,
      ended_at = case when x.ends_at <= now() or x.starts_at > now() then now() end
    from experiments x where x.id = d.experiment_id and d.ended_at is null
      and (x.ends_at <= now() or x.starts_at > now() or x.ends_at <> d.until_at)
    returning d.node_id as node, d.ended_at is not null as ended`);
  const ended = moved.filter((it) => it.ended);
  for (const { node } of ended) await takeBack(db, node, "node_needed_for_beamtime");
  return ended.length;
}

/** The experiments that are running now and have no node to themselves. */
export async function readUndedicated(db: Queryable): Promise<
  {
    readonly id: string;
    readonly code: string;
    readonly beamline: string;
    readonly beamlineId: string;
    readonly from: number;
    readonly until: number;
  }[]
> {
  return db.execute(sql`
    select x.id, x.code, b.code as beamline, b.id as "beamlineId",
      (extract(epoch from x.starts_at) * 1000)::float8 as from,
      (extract(epoch from x.ends_at) * 1000)::float8 as until
    from experiments x join beamlines b on b.id = x.beamline_id
    where x.starts_at <= now() and x.ends_at > now()
      and not exists (select from dedications d where d.experiment_id = x.id and d.ended_at is null)
    order by x.starts_at, x.id limit 1000`);
}
