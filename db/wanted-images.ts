/** Which images nodes are to have before anybody starts from them: the placer's part. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { nodeSilenceMs } from "./nodes.ts";

/** A version that somebody may start, and how often its environment was started lately. */
export interface LikelyVersion {
  readonly id: string;
  readonly environment: string;
  readonly kind: "desktop" | "service";
  readonly tag: string;
  /** Of the version itself, in the last 14 days. */
  readonly starts: number;
  /** What starts where no version is named. */
  readonly newest: boolean;
}

/** The newest version of every environment that is enabled, and older ones that are still started. */
export async function readLikelyVersions(db: Queryable): Promise<LikelyVersion[]> {
  return db.execute<LikelyVersion & Record<string, unknown>>(sql`
    with used as (
      select i.version_id, count(*)::int as starts from incarnations c join instances i on i.id = c.instance_id
      where c.placed_at > now() - interval '14 days' group by i.version_id
    )
    select v.id, e.slug as environment, e.kind, v.tag, coalesce(u.starts, 0) as starts,
      v.id = (select n.id from versions n where n.environment_id = e.id
        order by n.created_at desc limit 1) as newest
    from versions v join environments e on e.id = v.environment_id and e.enabled
    left join used u on u.version_id = v.id
    where u.starts > 0 or v.id = (select n.id from versions n where n.environment_id = e.id
      order by n.created_at desc limit 1)
    order by starts desc, e.slug, v.created_at desc`);
}

export interface WantedImage {
  readonly nodeId: string;
  readonly versionId: string;
  readonly because: string;
}

/**
 * Says which images are wanted where, and takes back the others. The controllers of nodes that are ready are asked to
 * pull what is absent, at most `atOnce` in the whole site at any time: the registry and the network are everybody's.
 * What has failed and waits for its next try does not count, nor does a node that is away: either may be so for good.
 * @returns how many pulls were asked for
 */
export async function writeWantedImages(
  db: Queryable,
  wanted: readonly WantedImage[],
  atOnce: number,
): Promise<number> {
  await db.execute(sql`
    with told as (
      select * from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb)
        as w("nodeId" uuid, "versionId" uuid, because text)
    ), dropped as (
      update node_images p set wanted = false, wanted_because = null
      where p.wanted and not exists (
        select from told t where t."nodeId" = p.node_id and t."versionId" = p.version_id)
    )
    insert into node_images (node_id, version_id, wanted, wanted_because)
    select "nodeId", "versionId", true, because from told
    on conflict (node_id, version_id) do update
    set wanted = true, wanted_because = excluded.wanted_because
    where (node_images.wanted, node_images.wanted_because) is distinct from (true, excluded.wanted_because)`);
  const rows = await db.execute(sql`
    with usable as (
      select id from nodes where ready and last_seen_at > now() - ${nodeSilenceMs} * interval '1 ms'
    ), under_way as (
      select count(*) as n from work w join usable u on u.id = w.node_id
      join node_images p on p.node_id = w.node_id and p.version_id = w.subject_id
      where w.subject_kind = 'image' and w.wanted > w.done and p.state <> 'failed'
    )
    insert into work (subject_kind, subject_id, node_id)
    select 'image', p.version_id, p.node_id from node_images p join usable u on u.id = p.node_id
    where p.wanted and p.state = 'absent'
      and not exists (select from work w where w.subject_kind = 'image'
        and w.subject_id = p.version_id and w.node_id = p.node_id and w.wanted > w.done)
    order by p.version_id, p.node_id
    limit greatest(0, ${atOnce} - (select n from under_way))
    on conflict (subject_kind, subject_id, node_id) do update
    set wanted = work.wanted + 1, attempts = 0, run_at = now()
    returning 1`);
  return rows.length;
}
