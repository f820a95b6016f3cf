import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface EnvironmentRow {
  readonly slug: string;
  readonly name: string;
  readonly kind: "desktop" | "service";
  readonly description: string;
  readonly versions: { tag: string; digest: string }[];
  readonly experiments: string[];
  readonly needsExperiment: boolean;
}

/**
 * Common table expressions: `routes`, by which experiment or (null) without one this person may start
 * what, and `startable`, each of these environments with its versions and experiments, newest first.
 */
export const startable = (userId: string): SQL => sql`
    routes as (
      select distinct environment_id, experiment_id from entitled(${userId})
    ), mine as (
      select r.environment_id, bool_and(r.experiment_id is not null) as needs,
        coalesce(jsonb_agg(x.code order by x.starts_at desc, x.id desc) filter (where x.id is not null), '[]') as codes
      from routes r left join experiments x on x.id = r.experiment_id group by r.environment_id
    ), startable as (
      select e.id, e.slug, e.name, e.kind, e.description, m.codes as experiments,
        m.needs as "needsExperiment", v.versions
      from mine m join environments e on e.id = m.environment_id
      join lateral (
        select jsonb_agg(jsonb_build_object('tag', tag, 'digest', digest) order by created_at desc) as versions
        from versions where environment_id = e.id
      ) v on v.versions is not null
      where e.enabled
    )`;

/** What this person may start, by name, each with its versions and their experiments, newest first. */
export async function listEnvironments(
  db: Queryable,
  userId: string,
  page: { limit: number; cursor: string | null },
): Promise<EnvironmentRow[]> {
  return db.execute<EnvironmentRow & Record<string, unknown>>(sql`
    with ${startable(userId)}
    select slug, name, kind, description, experiments, "needsExperiment", versions
    from startable e where ${page.cursor}::text is null or e.slug > ${page.cursor}
    order by e.slug limit ${page.limit}`);
}
