/** The catalogue as a person sees it, in one statement: whatever they may start, and how they did last. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { takesPart } from "./entitlement.ts";
import { startable, type EnvironmentRow } from "./environments.ts";

export interface Catalogue {
  readonly environments: (EnvironmentRow & { favourite: boolean })[];
  readonly experiments: CatalogueExperiment[];
  readonly last: LastStart | null;
}

export interface CatalogueExperiment {
  readonly code: string;
  readonly title: string;
  readonly beamline: { code: string; name: string };
  readonly startsAt: string;
  readonly endsAt: string;
}

export interface LastStart {
  /** A slug. */
  readonly environment: string;
  /** A version's tag; null: the newest, as it was then. */
  readonly version: string | null;
  readonly experiment: string | null;
  readonly screen: { width: number; height: number } | null;
  readonly at: string;
}

/** Who looks after a beamline may have thousands; nobody reads so many. */
const mostExperiments = 1000;
/** So many of a person's latest starts are looked at for one that they may repeat. */
const latestStarts = 50;

/**
 * What this person may start, by name; the experiments that they take part in or start something for,
 * newest first; and the latest of their starts that they may repeat as it was.
 */
export async function readCatalogue(db: Queryable, userId: string): Promise<Catalogue> {
  const [row] = await db.execute<Catalogue & Record<string, unknown>>(sql`
    with ${startable(userId)}, theirs as (
      select m.experiment_id as id from members m
      where m.user_id = ${userId} and (m.until is null or m.until > now())
      union select experiment_id from routes where experiment_id is not null
    ), known as (
      select x.id, x.starts_at, jsonb_build_object('code', x.code, 'title', x.title,
        'beamline', jsonb_build_object('code', b.code, 'name', b.name),
        'startsAt', iso(x.starts_at), 'endsAt', iso(x.ends_at)) as experiment
      from theirs join experiments x using (id) join beamlines b on b.id = x.beamline_id
      order by x.starts_at desc, x.id desc limit ${mostExperiments}
    ), latest as (
      select * from instances where owner_id = ${userId}
      order by created_at desc, id desc limit ${latestStarts}
    ), last as (
      select jsonb_build_object('environment', e.slug, 'experiment', x.code, 'at', iso(i.created_at),
        'version', case when exists (select from versions n where n.environment_id = e.id
          and n.created_at > v.created_at and n.created_at <= i.created_at) then v.tag end,
        'screen', case when i.geometry is not null then jsonb_build_object(
          'width', split_part(i.geometry, 'x', 1)::int, 'height', split_part(i.geometry, 'x', 2)::int) end) as start
      from latest i join startable e on e.id = i.environment_id
      join versions v on v.id = i.version_id
      left join experiments x on x.id = i.experiment_id
      where exists (select from routes r where r.environment_id = e.id
        and (r.experiment_id is not distinct from i.experiment_id
          or r.experiment_id is null and ${takesPart(userId)}))
      order by i.created_at desc, i.id desc limit 1
    )
    select (select coalesce(jsonb_agg(jsonb_build_object('slug', slug, 'name', name, 'kind', kind,
        'description', description, 'versions', versions, 'experiments', experiments,
        'needsExperiment', "needsExperiment", 'favourite', f.user_id is not null)
        order by lower(name), slug), '[]')
      from startable s left join favourites f on f.environment_id = s.id and f.user_id = ${userId}
      ) as environments,
      (select coalesce(jsonb_agg(experiment order by starts_at desc, id desc), '[]') from known) as experiments,
      (select start from last) as last`);
  if (!row) throw new Error("the catalogue was not read");
  return row;
}
