/**
 * What a person may start, and by what. All of it asks one function of the database, `entitled`, so that
 * a list and a start cannot answer differently.
 */
import { sql, type SQL } from "drizzle-orm";
import { within, type Reach } from "./beamlines.ts";
import type { Queryable } from "./client.ts";

/** What opens an environment to a person: being anyone at all, themselves, a group, an experiment of
 * theirs, its beamline, or looking after that beamline. To a station: what runs there. */
export type Via = "everyone" | "person" | "group" | "experiment" | "beamline" | "staff" | "station";

export interface StartQuestion {
  readonly userId: string;
  /** The environment's slug. */
  readonly environment: string;
  /** A version's tag; null: the newest. */
  readonly version: string | null;
  /** An experiment's code; null: without one, or with the only one there is. */
  readonly experiment: string | null;
}

export type StartVerdict =
  | {
      readonly allowed: true;
      readonly environmentId: string;
      readonly environmentName: string;
      readonly versionId: string;
      readonly experimentId: string | null;
      readonly via: Via;
    }
  | { readonly allowed: false; readonly code: StartRefusal; readonly experiments: string[] };

export type StartRefusal =
  | "unknown_environment"
  | "not_entitled"
  | "unknown_version"
  | "unknown_experiment"
  | "not_a_member"
  | "not_for_experiment"
  | "experiment_needed";

/** Whether this person takes part in the experiment `x`: as a member, or by looking after its beamline. A station: while
 * it runs there. */
export const takesPart = (userId: string): SQL => sql`(
  exists (select from members m where m.experiment_id = x.id and m.user_id = ${userId}
    and (m.until is null or m.until > now()))
  or exists (select from beamline_staff s join users u on u.id = s.user_id
    where s.beamline_id = x.beamline_id and s.user_id = ${userId} and u.roles && '{staff,admin}')
  or x.id in (select experiment_id from station_experiments(${userId})))`;

interface Route {
  readonly via: Via;
  readonly experimentId: string | null;
  readonly code: string | null;
}

interface Facts extends Record<string, unknown> {
  readonly environmentId: string;
  readonly environmentName: string;
  readonly versionId: string | null;
  readonly experimentId: string | null;
  readonly takesPart: boolean;
  readonly routes: Route[];
}

async function factsOf(db: Queryable, it: StartQuestion): Promise<Facts | undefined> {
  const [row] = await db.execute<Facts>(sql`
    with e as (
      select id, name from environments where slug = ${it.environment} and enabled
    ), asked as (
      select x.id, ${takesPart(it.userId)} as takes_part
      from experiments x where lower(x.code) = lower(${it.experiment})
    )
    select e.id as "environmentId", e.name as "environmentName", a.id as "experimentId",
      coalesce(a.takes_part, false) as "takesPart",
      (select id from versions v where v.environment_id = e.id
        and (${it.version}::text is null or tag = ${it.version})
        order by v.created_at desc limit 1) as "versionId",
      (select coalesce(jsonb_agg(jsonb_build_object('via', r.via, 'experimentId', r.experiment_id, 'code', x.code)
          order by x.starts_at desc nulls first), '[]')
        from entitled(${it.userId}) r left join experiments x on x.id = r.experiment_id
        where r.environment_id = e.id) as routes
    from e left join asked a on true`);
  return row;
}

function refuse(code: StartRefusal, routes: readonly Route[] = []): StartVerdict {
  const codes = routes.flatMap((it) => it.code ?? []);
  return { allowed: false, code, experiments: [...new Set(codes)] };
}

/** Whether this person may start this now, and by what. */
export async function mayStart(db: Queryable, question: StartQuestion): Promise<StartVerdict> {
  const facts = await factsOf(db, question);
  if (!facts) return refuse("unknown_environment");
  const { routes, environmentId, environmentName, versionId } = facts;
  if (routes.length === 0) return refuse("not_entitled");
  if (versionId === null) return refuse("unknown_version");
  const by = ({ via, experimentId }: Pick<Route, "via" | "experimentId">): StartVerdict => {
    return { allowed: true, environmentId, environmentName, versionId, experimentId, via };
  };
  const free = routes.find((it) => it.experimentId === null);
  if (question.experiment !== null) {
    const { experimentId, takesPart } = facts;
    if (experimentId === null) return refuse("unknown_experiment");
    if (!takesPart) return refuse("not_a_member");
    const own = routes.find((it) => it.experimentId === experimentId);
    if (own) return by(own);
    return free ? by({ via: free.via, experimentId }) : refuse("not_for_experiment", routes);
  }
  if (free) return by(free);
  const [first] = routes;
  const only = routes.every((it) => it.experimentId === first?.experimentId);
  return first && only ? by(first) : refuse("experiment_needed", routes);
}

/** What a start of this person's instance would ask for now; undefined where it is not theirs. */
export async function findStartQuestion(
  db: Queryable,
  userId: string,
  instanceId: string,
): Promise<StartQuestion | undefined> {
  const [row] = await db.execute<StartQuestion & Record<string, unknown>>(sql`
    select i.owner_id as "userId", e.slug as environment, v.tag as version, x.code as experiment
    from instances i join environments e on e.id = i.environment_id
    join versions v on v.id = i.version_id left join experiments x on x.id = i.experiment_id
    where i.id = ${instanceId} and i.owner_id = ${userId}
      and i.id in (select instance_id from reachable_instances(${userId}))`);
  return row;
}

export interface WeighedEntitlement extends Record<string, unknown> {
  readonly kind: "everyone" | "beamline" | "experiment" | "group" | "person";
  /** A code or a name; null: everyone. */
  readonly subject: string | null;
  readonly from: string | null;
  readonly until: string | null;
  /** `opens` it to this person; or it does not begin until later, has ended, or is for others. */
  readonly effect: "opens" | "not_yet" | "ended" | "for_others";
}

/**
 * What opens an environment to anybody, and what each does for this person: at most 200, those that
 * open it first. To staff only what opens it to everyone and to their beamlines.
 */
export async function weighEntitlements(
  db: Queryable,
  reach: Reach,
  { userId, environment }: Pick<StartQuestion, "userId" | "environment">,
): Promise<WeighedEntitlement[]> {
  const rows = await db.execute<WeighedEntitlement>(sql`
    select kind, subject, "from", until, effect from (
    select t.kind, coalesce(b.code, x.code, g.name, u.username) as subject, t.created_at, t.id,
      iso(t.from_at) as "from", iso(t.until_at) as until,
      case when t.id in (select entitlement_id from entitled(${userId})) then 'opens'
        when t.from_at > now() then 'not_yet' when t.until_at <= now() then 'ended'
        else 'for_others' end as effect
    from environments e join entitlements t on t.environment_id = e.id
    left join beamlines b on b.id = t.beamline_id
    left join experiments x on x.id = t.experiment_id
    left join groups g on g.id = t.group_id
    left join users u on u.id = t.user_id
    where e.slug = ${environment} and (${reach === "all"} or t.kind = 'everyone'
      or t.kind in ('beamline', 'experiment')
        and ${within(reach, sql`coalesce(t.beamline_id, x.beamline_id)`)})
    ) weighed
    order by effect <> 'opens', created_at, id limit 200`);
  return rows;
}

/** Of these codes, those of experiments within reach. */
export async function codesWithin(
  db: Queryable,
  reach: Reach,
  codes: readonly string[],
): Promise<string[]> {
  const rows = await db.execute<{ code: string }>(sql`
    select x.code from experiments x
    where lower(x.code) in (select lower(c) from jsonb_array_elements_text(${JSON.stringify(codes)}::jsonb) c)
      and ${within(reach, sql`x.beamline_id`)}
    order by x.starts_at desc`);
  return rows.map((it) => it.code);
}
