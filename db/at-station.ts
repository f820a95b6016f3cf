/** What there is at a station, as it sees it itself. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { StationEnding } from "./stations.ts";

export interface AtStation extends Record<string, unknown> {
  readonly id: string;
  readonly name: string;
  readonly beamline: { readonly code: string; readonly name: string };
  readonly ending: StationEnding;
  /** Those that run there now, newest first. */
  readonly experiments: {
    readonly id: string;
    readonly code: string;
    readonly title: string;
    readonly startsAt: string;
    readonly endsAt: string;
  }[];
  /** The one that begins next; null: none is known. */
  readonly next: { readonly code: string; readonly startsAt: string } | null;
}

/** @param userId of the station's account */
export async function getAtStation(db: Queryable, userId: string): Promise<AtStation | undefined> {
  const [row] = await db.execute<AtStation>(sql`
    select s.id, s.name, jsonb_build_object('code', b.code, 'name', b.name) as beamline,
      b.station_ending as ending, (
        select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'code', x.code, 'title', x.title,
          'startsAt', iso(x.starts_at), 'endsAt', iso(x.ends_at)) order by x.starts_at desc, x.id desc), '[]')
        from station_experiments(s.user_id) r join experiments x on x.id = r.experiment_id
      ) as experiments, (
        select jsonb_build_object('code', x.code, 'startsAt', iso(x.starts_at)) from experiments x
        where x.beamline_id = b.id and x.starts_at > now() order by x.starts_at, x.id limit 1
      ) as next
    from stations s join beamlines b on b.id = s.beamline_id
    where s.user_id = ${userId} and s.revoked_at is null`);
  return row;
}
