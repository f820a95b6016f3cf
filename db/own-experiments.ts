import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { StartCursor } from "./experiments.ts";

export interface OwnExperimentRow {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  readonly beamline: { code: string; name: string };
  readonly startsAt: string;
  readonly endsAt: string;
  readonly running: boolean;
  readonly environments: string[];
}

/** The experiments this person takes part in, newest first, each with the environments it opens to them. */
export async function listOwnExperiments(
  db: Queryable,
  userId: string,
  page: { search: string; limit: number; cursor: StartCursor | null },
): Promise<OwnExperimentRow[]> {
  const { startsAt: since = null, id: after = null } = page.cursor ?? {};
  return db.execute<OwnExperimentRow & Record<string, unknown>>(sql`
    with page as materialized (
      select x.*, b.code as beamline_code, b.name as beamline_name
      from members m join experiments x on x.id = m.experiment_id
      join beamlines b on b.id = x.beamline_id
      where m.user_id = ${userId} and (m.until is null or m.until > now())
        and (${page.search} = '' or position(lower(${page.search}) in
          lower(x.code || ' ' || x.title || ' ' || b.code || ' ' || b.name)) > 0)
        and (${after}::uuid is null or (x.starts_at, x.id) < (${since}::timestamptz, ${after}::uuid))
      order by x.starts_at desc, x.id desc limit ${page.limit}
    ), opened as materialized (
      select r.experiment_id, jsonb_agg(distinct e.slug) as slugs
      from entitled(${userId}) r join environments e on e.id = r.environment_id
      where r.experiment_id in (select id from page) and e.enabled
        and exists (select from versions v where v.environment_id = e.id)
      group by r.experiment_id
    )
    select x.id, x.code, x.title, iso(x.starts_at) as "startsAt", iso(x.ends_at) as "endsAt",
      jsonb_build_object('code', x.beamline_code, 'name', x.beamline_name) as beamline,
      x.starts_at <= now() and x.ends_at > now() as running, coalesce(o.slugs, '[]') as environments
    from page x left join opened o on o.experiment_id = x.id
    order by x.starts_at desc, x.id desc`);
}
