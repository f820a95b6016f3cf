/** The catalogue as administrators see it: what there is, and to whom it is open. */
import { sql } from "drizzle-orm";
import { within, type Reach } from "./beamlines.ts";
import type { Queryable } from "./client.ts";
import type { NamePage } from "./users.ts";
import type { Size } from "../scheduler/types.ts";

export type EntitlementKind = "everyone" | "beamline" | "experiment" | "group" | "person";

export interface EntitlementRow {
  readonly id: string;
  readonly kind: EntitlementKind;
  /** The code or the name of whom it is open to; null: everyone. */
  readonly subject: string | null;
  readonly from: string | null;
  readonly until: string | null;
}
export interface AdminEnvironmentRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly kind: "desktop" | "service";
  readonly description: string;
  readonly enabled: boolean;
  readonly resources: Size;
  readonly versions: { tag: string; digest: string; createdAt: string }[];
  readonly entitlements: EntitlementRow[];
  readonly createdAt: string;
}

/** Of an entitlement, to whom staff may open and close. */
const opensWithin = (reach: Reach) => within(reach, sql`coalesce(t.beamline_id, x.beamline_id)`);

const columnsFor = (
  reach: Reach,
) => sql`e.id, e.slug, e.name, e.kind, e.description, e.enabled, iso(e.created_at) as "createdAt",
  jsonb_build_object('cpus', e.cpus, 'memoryBytes', e.memory_bytes, 'gpus', e.gpus,
    'gpuMemoryBytes', e.gpu_memory_bytes) as resources,
  (select coalesce(jsonb_agg(jsonb_build_object('tag', v.tag, 'digest', v.digest,
      'createdAt', iso(v.created_at)) order by v.created_at desc), '[]')
    from versions v where v.environment_id = e.id) as versions,
  (select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'kind', t.kind,
      'subject', coalesce(b.code, x.code, g.name, u.username),
      'from', iso(t.from_at), 'until', iso(t.until_at)) order by t.created_at, t.id), '[]')
    from entitlements t left join beamlines b on b.id = t.beamline_id
    left join experiments x on x.id = t.experiment_id left join groups g on g.id = t.group_id
    left join users u on u.id = t.user_id
    where t.environment_id = e.id and (t.kind = 'everyone' or ${opensWithin(reach)})) as entitlements`;

type Row = AdminEnvironmentRow & Record<string, unknown>;

export async function listAllEnvironments(
  db: Queryable,
  reach: Reach,
  page: NamePage,
): Promise<AdminEnvironmentRow[]> {
  const order = page.descending ? sql`desc` : sql`asc`;
  const after = page.descending ? sql`e.slug < ${page.cursor}` : sql`e.slug > ${page.cursor}`;
  return db.execute<Row>(sql`
    select ${columnsFor(reach)} from environments e
    where (${page.search} = '' or position(lower(${page.search}) in
        lower(e.slug || ' ' || e.name || ' ' || e.description)) > 0)
      and (${page.cursor}::text is null or ${after})
    order by e.slug ${order} limit ${page.limit}`);
}

/** Staff see every environment, and of to whom it is open: everyone, and what they may open it to. */
export async function getAnyEnvironment(
  db: Queryable,
  reach: Reach,
  id: string,
): Promise<AdminEnvironmentRow | undefined> {
  const [row] = await db.execute<Row>(
    sql`select ${columnsFor(reach)} from environments e where e.id = ${id}`,
  );
  return row;
}

export interface EnvironmentPatch {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly resources?: { readonly [Field in keyof Size]?: Size[Field] | undefined } | undefined;
}

/** @throws a check violation where it takes more than it may use. @returns whether there is such an environment */
export async function updateEnvironment(
  db: Queryable,
  id: string,
  it: EnvironmentPatch,
): Promise<boolean> {
  const { cpus, memoryBytes, gpus, gpuMemoryBytes } = it.resources ?? {};
  const rows = await db.execute(sql`
    update environments set cpus = coalesce(${cpus ?? null}, cpus),
      memory_bytes = coalesce(${memoryBytes ?? null}, memory_bytes), gpus = coalesce(${gpus ?? null}, gpus),
      gpu_memory_bytes = case when ${gpuMemoryBytes === undefined} then gpu_memory_bytes
        else ${gpuMemoryBytes ?? null}::bigint end,
      name = coalesce(${it.name ?? null}, name),
      description = coalesce(${it.description ?? null}, description),
      enabled = coalesce(${it.enabled ?? null}, enabled)
    where id = ${id} returning 1`);
  return rows.length > 0;
}

export interface NewEntitlement {
  readonly kind: EntitlementKind;
  /** A beamline's or an experiment's code, a group's or a person's name. */
  readonly subject: string | null;
  readonly from: string | null;
  readonly until: string | null;
}

/**
 * Staff open to beamlines of theirs, and to their experiments.
 * @returns undefined where the environment or the subject does not exist, for them
 */
export async function insertEntitlement(
  db: Queryable,
  reach: Reach,
  environmentId: string,
  it: NewEntitlement,
): Promise<string | undefined> {
  const [row] = await db.execute<{ id: string }>(sql`
    with found as (
      select case when ${it.kind} = 'beamline' then (select id from beamlines where lower(code) = lower(${it.subject})) end as beamline,
        case when ${it.kind} = 'experiment' then (select id from experiments where lower(code) = lower(${it.subject})) end as experiment,
        case when ${it.kind} = 'group' then (select id from groups where name = ${it.subject}) end as "group",
        case when ${it.kind} = 'person' then (select id from users where username = ${it.subject} and kind = 'person') end as person
    )
    insert into entitlements
      (environment_id, kind, beamline_id, experiment_id, group_id, user_id, from_at, until_at)
    select e.id, ${it.kind}, f.beamline, f.experiment, f."group", f.person, ${it.from}::timestamptz, ${it.until}::timestamptz
    from environments e, found f
    where e.id = ${environmentId}
      and (${it.kind} = 'everyone' or coalesce(f.beamline, f.experiment, f."group", f.person) is not null)
      and ${within(reach, sql`coalesce(f.beamline, (select beamline_id from experiments where id = f.experiment))`)}
    returning id`);
  return row?.id;
}

/** @returns what it was; undefined where there was none */
export async function deleteEntitlement(
  db: Queryable,
  reach: Reach,
  environmentId: string,
  id: string,
): Promise<{ kind: string } | undefined> {
  const [row] = await db.execute<{ kind: string }>(sql`
    delete from entitlements t where t.id = ${id} and t.environment_id = ${environmentId}
      and ${within(reach, sql`coalesce(t.beamline_id, (select beamline_id from experiments where id = t.experiment_id))`)}
    returning kind`);
  return row;
}
