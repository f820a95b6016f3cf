/** Everybody's instances, as administrators see them, and as staff see those of their beamlines. */
import { sql } from "drizzle-orm";
import { within, type Reach } from "./beamlines.ts";
import type { Queryable } from "./client.ts";
import type { InstanceRow, Placement } from "./instances.ts";
import type { State } from "./states.ts";

export interface AdminInstanceRow {
  readonly id: string;
  readonly name: string;
  readonly state: State;
  readonly reason: { readonly code: string; readonly text: string } | null;
  readonly owner: { readonly username: string; readonly displayName: string };
  readonly environment: { readonly slug: string; readonly name: string };
  readonly version: string;
  readonly experiment: { readonly code: string; readonly beamline: string } | null;
  readonly node: string | null;
  /** Where it stands, while it waits. */
  readonly queue: InstanceRow["queue"];
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly lastActiveAt: string | null;
}
export type AdminInstanceDetail = AdminInstanceRow & { readonly placement: Placement | null };

const columns = sql`i.id, i.name, i.state,
  case when i.reason_code is not null
    then jsonb_build_object('code', i.reason_code, 'text', coalesce(i.reason_text, '')) end as reason,
  jsonb_build_object('username', o.username, 'displayName', o.display_name) as owner,
  jsonb_build_object('slug', e.slug, 'name', e.name) as environment, v.tag as version,
  case when x.id is not null
    then jsonb_build_object('code', x.code, 'beamline', b.code) end as experiment,
  n.name as node, case when i.state = 'queued' then jsonb_build_object('position', q.position,
    'estimate', iso(i.queue_estimate), 'basis', i.queue_basis) end as queue, iso(i.created_at) as "createdAt", iso(i.started_at) as "startedAt",
  iso(i.ended_at) as "endedAt", iso(i.last_active_at) as "lastActiveAt"`;

const joined = sql`join users o on o.id = i.owner_id
  join environments e on e.id = i.environment_id
  join versions v on v.id = i.version_id
  left join experiments x on x.id = i.experiment_id
  left join beamlines b on b.id = x.beamline_id
  left join nodes n on n.id = i.node_id
  left join (
    select id, row_number() over (order by queue_priority desc, coalesce(queue_at, queued_at), id) as position
    from instances where state = 'queued'
  ) q on q.id = i.id`;

type Row = AdminInstanceRow & Record<string, unknown>;

/** Of staff: those that were started for an experiment at a beamline of theirs. */
const seenBy = (reach: Reach) =>
  reach === "all"
    ? sql`true`
    : sql`i.experiment_id in (select id from experiments own where ${within(reach, sql`own.beamline_id`)})`;

/** The last one seen, which may be gone since. */
export interface CreationCursor {
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly id: string;
}

export interface InstancePage {
  readonly search: string;
  readonly state: State | null;
  /** A node's id or name. */
  readonly node: string | null;
  /** An environment's slug. */
  readonly environment: string | null;
  /** A user name. */
  readonly owner: string | null;
  readonly limit: number;
  readonly cursor: CreationCursor | null;
}

/** What a search looks at: each of these is looked through once, and not with every instance. */
function found(search: string) {
  if (search === "") return sql`true`;
  const has = (text: ReturnType<typeof sql>) =>
    sql`position(lower(${search}) in lower(${text})) > 0`;
  return sql`(${has(sql`i.name`)}
    or i.owner_id in (select id from users where ${has(sql`username || ' ' || display_name`)})
    or i.environment_id in (select id from environments where ${has(sql`slug || ' ' || name`)})
    or i.experiment_id in (
      select x.id from experiments x join beamlines b on b.id = x.beamline_id
      where ${has(sql`x.code || ' ' || b.code`)})
    or i.node_id in (select id from nodes where ${has(sql`name`)}))`;
}

/** Those of one node, environment or owner. */
function chosen({ node, environment, owner }: InstancePage) {
  return sql`(${node}::text is null or i.node_id in (select id from nodes where ${node} in (name, id::text)))
    and (${environment}::text is null or i.environment_id = (select id from environments where slug = ${environment}))
    and (${owner}::text is null or i.owner_id = (select id from users where username = ${owner}))`;
}

/** The newest first. `at` is exact, for the next page's cursor. */
export async function listAllInstances(
  db: Queryable,
  reach: Reach,
  page: InstancePage,
): Promise<(AdminInstanceRow & { readonly at: string })[]> {
  const { createdAt: since = null, id: after = null } = page.cursor ?? {};
  const later =
    after === null
      ? sql`true`
      : sql`(i.created_at, i.id) < (${since}::timestamptz, ${after}::uuid)`;
  return db.execute<Row & { at: string }>(sql`
    with i as (
      select i.* from instances i
      where ${seenBy(reach)} and (${page.state}::text is null or i.state = ${page.state})
        and ${chosen(page)} and ${found(page.search)} and ${later}
      order by i.created_at desc, i.id desc limit ${page.limit}
    )
    select ${columns}, to_char(i.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
    from i ${joined} order by i.created_at desc, i.id desc`);
}

export async function getAnyInstance(
  db: Queryable,
  reach: Reach,
  id: string,
): Promise<AdminInstanceDetail | undefined> {
  const [row] = await db.execute<AdminInstanceDetail & Record<string, unknown>>(sql`
    select ${columns}, case when i.state <> 'queued' then i.placement end as placement from instances i ${joined} where i.id = ${id} and ${seenBy(reach)}`);
  return row;
}
