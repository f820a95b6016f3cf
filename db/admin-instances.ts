/** Everybody's instances, as administrators see them, and as staff see those of their beamlines. */
import { sql, type SQL } from "drizzle-orm";
import { within, type Reach } from "./beamlines.ts";
import type { Queryable } from "./client.ts";
import type { Placement } from "./instances.ts";
import { liveStates, type State } from "./states.ts";

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
  readonly queue: {
    readonly position: number;
    readonly estimate: string | null;
    readonly basis: "limit" | "usual" | null;
  } | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly lastActiveAt: string | null;
  readonly expiresAt: string | null;
}

/** With what a list would be too long for. */
export interface AdminInstanceDetailRow extends AdminInstanceRow {
  readonly placement: Placement | null;
  readonly notice: { readonly code: string; readonly text: string; readonly at: string } | null;
}

const columns = sql`i.id, i.name, i.state,
  case when i.reason_code is not null
    then jsonb_build_object('code', i.reason_code, 'text', coalesce(i.reason_text, '')) end as reason,
  jsonb_build_object('username', o.username, 'displayName', o.display_name) as owner,
  jsonb_build_object('slug', e.slug, 'name', e.name) as environment, v.tag as version,
  case when x.id is not null
    then jsonb_build_object('code', x.code, 'beamline', b.code) end as experiment,
  case when i.state <> 'queued' then n.name end as node,
  case when i.state = 'queued' then jsonb_build_object('position', q.position,
    'estimate', iso(i.queue_estimate), 'basis', i.queue_basis) end as queue,
  iso(i.created_at) as "createdAt", iso(i.started_at) as "startedAt",
  iso(i.ended_at) as "endedAt", iso(i.last_active_at) as "lastActiveAt",
  iso(i.expires_at) as "expiresAt"`;

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
type DetailRow = AdminInstanceDetailRow & Record<string, unknown>;

/** Of staff: those that were started for an experiment at a beamline of theirs. */
const seenBy = (reach: Reach) =>
  reach === "all"
    ? sql`true`
    : sql`i.experiment_id in (select id from experiments own where ${within(reach, sql`own.beamline_id`)})`;

/** The last one seen, which may be gone or have ended since. */
export interface CreationCursor {
  readonly live: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly id: string;
}

export interface InstanceFilter {
  readonly search: string;
  readonly state: State | null;
  /** Names as they are, without regard to capitals; a `*` at the end stands for any rest. Empty: any. */
  readonly node: string;
  /** The environment's slug. */
  readonly environment: string;
  /** The person's user name. */
  readonly owner: string;
}

export interface InstancePage extends InstanceFilter {
  readonly limit: number;
  readonly cursor: CreationCursor | null;
}

const named = (text: SQL, wanted: string): SQL =>
  wanted.endsWith("*")
    ? sql`starts_with(lower(${text}), lower(${wanted.slice(0, -1)}))`
    : sql`lower(${text}) = lower(${wanted})`;

/** What the filters let through; each looks once at what it names, and not at every instance's. */
function filtered(it: InstanceFilter): SQL {
  const parts = [found(it.search)];
  if (it.state !== null) parts.push(sql`i.state = ${it.state}`);
  if (it.node !== "")
    parts.push(sql`i.state <> 'queued'
      and i.node_id in (select id from nodes where ${named(sql`name`, it.node)} or id::text = ${it.node})`);
  if (it.environment !== "")
    parts.push(
      sql`i.environment_id in (select id from environments where ${named(sql`slug`, it.environment)})`,
    );
  if (it.owner !== "")
    parts.push(sql`i.owner_id in (select id from users where ${named(sql`username`, it.owner)})`);
  return sql.join(parts, sql` and `);
}

/** What a search looks at: each of these is looked through once, and not with every instance. */
function found(search: string): SQL {
  if (search === "") return sql`true`;
  const has = (text: SQL) => sql`position(lower(${search}) in lower(${text})) > 0`;
  return sql`(${has(sql`i.name`)}
    or i.owner_id in (select id from users where ${has(sql`username || ' ' || display_name`)})
    or i.environment_id in (select id from environments where ${has(sql`slug || ' ' || name`)})
    or i.experiment_id in (
      select x.id from experiments x join beamlines b on b.id = x.beamline_id
      where ${has(sql`x.code || ' ' || b.code`)})
    or i.node_id in (select id from nodes where ${has(sql`name`)}))`;
}

const isLive = sql`i.state in (${sql.raw(liveStates.map((it) => `'${it}'`).join(", "))})`;

/** What lives first, then what has ended, each the newest first. `at` is exact, for the next page's cursor. */
export async function listAllInstances(
  db: Queryable,
  reach: Reach,
  page: InstancePage,
): Promise<(AdminInstanceRow & { readonly at: string; readonly live: boolean })[]> {
  const { cursor } = page;
  /** Those that live, or the others, from after the cursor: each part by an index of its own. */
  const part = (live: boolean): SQL => {
    const after =
      cursor?.live === live
        ? sql`(i.created_at, i.id) < (${cursor.createdAt}::timestamptz, ${cursor.id}::uuid)`
        : sql`${cursor === null || cursor.live || !live}`;
    return sql`(select i.*, ${live}::boolean as live from instances i
      where ${live ? isLive : sql`not (${isLive})`} and ${seenBy(reach)} and ${filtered(page)} and ${after}
      order by i.created_at desc, i.id desc limit ${page.limit})`;
  };
  const order = sql`order by i.live desc, i.created_at desc, i.id desc`;
  return db.execute<Row & { at: string; live: boolean }>(sql`
    with i as (
      select * from (${part(true)} union all ${part(false)}) i ${order} limit ${page.limit}
    )
    select ${columns}, i.live,
      to_char(i.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
    from i ${joined} ${order}`);
}

export async function getAnyInstance(
  db: Queryable,
  reach: Reach,
  id: string,
): Promise<AdminInstanceDetailRow | undefined> {
  const [row] = await db.execute<DetailRow>(sql`
    select ${columns}, case when i.state <> 'queued' then i.placement end as placement,
      case when i.notice_code is not null then jsonb_build_object(
        'code', i.notice_code, 'text', i.notice_text, 'at', iso(i.notice_at)) end as notice
    from instances i ${joined} where i.id = ${id} and ${seenBy(reach)}`);
  return row;
}
