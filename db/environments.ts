import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface EnvironmentRow {
  readonly slug: string;
  readonly name: string;
  readonly kind: "desktop" | "service";
  readonly description: string;
  readonly versions: { tag: string; digest: string }[];
  readonly experiments: string[];
}

/** What may be started, by name, each with its versions, newest first. */
export async function listEnvironments(
  db: Queryable,
  page: { limit: number; cursor: string | null },
): Promise<EnvironmentRow[]> {
  return db.execute<EnvironmentRow & Record<string, unknown>>(sql`
    select e.slug, e.name, e.kind, e.description, '[]'::jsonb as experiments,
      jsonb_agg(jsonb_build_object('tag', v.tag, 'digest', v.digest) order by v.created_at desc) as versions
    from environments e join versions v on v.environment_id = e.id
    where e.enabled and (${page.cursor}::text is null or e.slug > ${page.cursor})
    group by e.id order by e.slug limit ${page.limit}`);
}

export interface Startable {
  readonly environmentId: string;
  readonly versionId: string;
  readonly name: string;
}

/** The environment's named version, or its newest where none is named. */
export async function findStartable(
  db: Queryable,
  slug: string,
  tag: string | null,
): Promise<{ environment: boolean; startable: Startable | undefined }> {
  const [row] = await db.execute<{ id: string; name: string; version: string | null }>(sql`
    select e.id, e.name, v.id as version from environments e
    left join lateral (
      select id from versions where environment_id = e.id and (${tag}::text is null or tag = ${tag})
      order by created_at desc limit 1
    ) v on true
    where e.slug = ${slug} and e.enabled`);
  if (!row) return { environment: false, startable: undefined };
  const startable = row.version
    ? { environmentId: row.id, versionId: row.version, name: row.name }
    : undefined;
  return { environment: true, startable };
}
