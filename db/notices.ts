/**
 * What an instance's people are asked because of the node that it stands on: to go elsewhere, as the node is drained or
 * a beamtime needs it. Always as node and dedication are now, so that no notice can be lost behind another one.
 */
import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "./client.ts";

/** Of an instance `i` that stands there. */
const stands = sql`i.state in ('starting', 'running', 'paused', 'lost')`;
/** That its end is near comes first: it is all that cannot wait. Whoever extends it is asked the other thing then. */
const endsSoon = sql`i.notice_code is not distinct from 'ends_soon'`;

/**
 * Gives these instances the notice that is due, or none.
 * @param which a condition on instances `i`
 * @returns how many had another one
 */
async function renew(db: Queryable, which: SQL, locking: SQL): Promise<number> {
  const rows = await db.execute(sql`
    with due as (
      select i.id, m.code, m.text from instances i
      left join nodes n on n.id = i.node_id and ${stands}
      left join dedications d on d.node_id = n.id and d.ended_at is null
        and d.experiment_id is distinct from i.experiment_id
      cross join lateral (select
        case when n.draining then 'node_draining'
          when d.id is not null then 'node_needed_for_beamtime' end as code,
        case when n.draining then n.name || ' is being emptied'
            || coalesce(': ' || nullif(n.hold_reason, ''), '')
            || '. Restart on another node when it suits you; nothing is stopped without you.'
          when d.id is not null then 'until ' || iso(d.until_at)
            || ' its node is needed for a beamtime; restart it elsewhere when it suits you'
          end as text) m
      where ${which} and (i.notice_code, i.notice_text) is distinct from (m.code, m.text)
      -- In one order, as whoever changes several instances takes them.
      order by i.id ${locking}
    )
    update instances i set notice_code = due.code, notice_text = due.text,
      notice_at = case when due.code is not null then now() end
    from due where i.id = due.id returning 1`);
  return rows.length;
}

const wait = sql`for update of i`;

/** Asks whoever stands on a node what there is to be asked now. */
export const noteNode = (db: Queryable, nodeId: string): Promise<number> =>
  renew(db, sql`i.node_id = ${nodeId} and ${stands} and not ${endsSoon}`, wait);

/** Takes back what was asked because of this; where there is something else to be asked, that is. */
export const takeBack = (
  db: Queryable,
  nodeId: string,
  code: "node_draining" | "node_needed_for_beamtime",
): Promise<number> => renew(db, sql`i.node_id = ${nodeId} and i.notice_code = ${code}`, wait);

export const noteInstance = (db: Queryable, instanceId: string): Promise<number> =>
  renew(db, sql`i.id = ${instanceId} and ${stands} and not ${endsSoon}`, wait);

/**
 * All of them: what was placed while its node began to be drained has not been asked yet. What somebody
 * changes right now is left for the next time.
 */
export const noteAll = (db: Queryable): Promise<number> =>
  renew(db, sql`${stands} and not ${endsSoon}`, sql`for update of i skip locked`);
