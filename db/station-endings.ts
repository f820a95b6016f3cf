/** What becomes of the desktops on a station when its experiment ends, or the station itself: the placer's part. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { sourcesOf } from "./states.ts";

/**
 * Desktops of a station's own account end. Those of people leave the station, and end as well where the
 * beamline wants it so; of a station that is no more they stay their owners'. By the database's clock, and
 * as often as it likes: what is done is not found again.
 *
 * @returns how many were ended or left, at most 100
 */
export async function endAtStations(db: Queryable): Promise<number> {
  const live = `{${sourcesOf("stopping", "judge").join(",")}}`;
  const rows = await db.execute(sql`
    with over as (
      -- The instance before its work, as all who take both.
      select i.id, i.state, i.owner_id = s.user_id as own,
        -- A restart that is under way would bring it back.
        i.state = any (${live}::text[]) or i.state = 'stopping' and i.desired = 'running' as lives,
        s.revoked_at is not null as revoked, b.station_ending as ending
      from instances i join stations s on s.id = i.station_id
      left join beamlines b on b.id = s.beamline_id
      left join experiments x on x.id = i.experiment_id
      where (s.revoked_at is not null or x.id is null or x.beamline_id <> s.beamline_id
          or x.starts_at > now() or x.ends_at <= now())
        and (i.owner_id <> s.user_id or i.state = any (${live}::text[])
          or i.state = 'stopping' and i.desired = 'running')
      order by i.id limit 100 for update of i skip locked
    ), told as (
      select *, lives and (own or not revoked and ending = 'end') as ends,
        case when revoked then 'station_revoked' else 'experiment_ended' end as code,
        case when revoked then 'the station on which it was started is no more'
          else 'the experiment for which it ran on the station has ended' end as text
      from over
    ), moved as (
      update instances i set station_id = case when t.own then i.station_id end,
        generation = i.generation + t.ends::integer,
        desired = case when t.ends then 'stopped' else i.desired end,
        state = case when t.ends then 'stopping' else i.state end,
        reason_code = case when t.ends then t.code else i.reason_code end,
        reason_text = case when t.ends then t.text else i.reason_text end,
        node_id = case when t.ends and t.state = 'queued' then null else i.node_id end
      from told t where i.id = t.id
      returning i.id, i.node_id, t.state as before, t.ends, t.code, t.text
    ), noted as (
      insert into instance_history (instance_id, from_state, to_state, actor, reason_code, reason_text)
      select id, before, 'stopping', 'judge', code, text from moved where ends
    ), raised as (
      insert into work (subject_kind, subject_id, node_id)
      select 'instance', id, node_id from moved where ends and node_id is not null order by id
      on conflict (subject_kind, subject_id, node_id) do update
      set wanted = work.wanted + 1, attempts = 0, run_at = least(work.run_at, now())
    )
    select id from moved`);
  return rows.length;
}
