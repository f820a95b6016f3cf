/** How the lines of each kind of import look beside what is there, and how they are written. */
import { sql, type SQL } from "drizzle-orm";
import { within, type Reach } from "./beamlines.ts";
import type { Queryable } from "./client.ts";
import { isGroups, rowsOf, writeBeamlines, writePeople, type SyncPerson } from "./sync.ts";

export type ImportKind = "people" | "beamlines" | "experiments" | "members";

/** By the names of the kind's columns; null: not said. Times in ISO 8601, UTC, to the millisecond. */
export type ImportRow = Readonly<Record<string, string | number | null>>;

/** What is there already where a line points, and what is against the line. */
export interface Looked extends Record<string, unknown> {
  /** Null: nothing, so that the line makes it. */
  readonly current: Readonly<Record<string, string | null>> | null;
  readonly faults: readonly LookedFault[];
}
export interface LookedFault {
  readonly column: string;
  readonly code:
    | "uid_differs"
    | "uid_taken"
    | "email_taken"
    | "unknown_beamline"
    | "beamline_differs"
    | "code_taken"
    | "username_taken"
    | "unknown_experiment"
    | "unknown_person";
  readonly value: string;
}

interface KindQueries {
  /** The columns that a line may change; what it does not say of them it leaves, but for `until`. */
  readonly changeable: readonly string[];
  look(rows: readonly ImportRow[], reach: Reach): SQL;
  write(db: Queryable, rows: readonly ImportRow[], reach: Reach): Promise<unknown>;
}

/** The rows of a query `f`, as a list. */
const listed = (faults: SQL) =>
  sql`(select coalesce(jsonb_agg(to_jsonb(f)), '[]') from (${faults}) f) as faults`;

const people: KindQueries = {
  changeable: ["displayName", "email"],
  look: (rows) => sql`
    select case when u.id is not null
        then jsonb_build_object('displayName', u.display_name, 'email', u.email) end as current,
      ${listed(sql`
        select 'uid' as "column", 'uid_differs' as code, u.uid::text as value where u.uid <> p.uid
        union all
        select 'uid', 'uid_taken', o.username from users o where o.uid = p.uid and o.username <> p.username
        union all
        select 'uid', 'uid_taken', 'a group' where ${isGroups(sql`p.uid`, sql`u.uid`)}
        union all
        select 'email', 'email_taken', o.username from users o
        where o.email = p.email and o.username <> p.username
        union all
        select 'username', 'username_taken', 'a station' where u.kind = 'station'`)}
    from ${rowsOf(rows, sql`username text, email text, uid integer`)} p
    left join users u on u.username = p.username order by p.n`,
  write: (db, rows) => writePeople(db, { people: rows as unknown as SyncPerson[] }),
};

const beamlines: KindQueries = {
  changeable: ["name"],
  look: (rows) => sql`
    select case when b.id is not null then jsonb_build_object('name', b.name) end as current,
      '[]'::jsonb as faults
    from ${rowsOf(rows, sql`code text`)} r left join beamlines b on lower(b.code) = lower(r.code)
    order by r.n`,
  write: (db, rows) =>
    writeBeamlines(db, { beamlines: rows as unknown as { code: string; name: string }[] }),
};

const experimentsOf = (rows: readonly ImportRow[]) =>
  rowsOf(
    rows,
    sql`code text, beamline text, title text, "startsAt" timestamptz, "endsAt" timestamptz,
      "dataPath" text, "dataAccess" text`,
  );

/** Both as they were looked at: what came meanwhile hurts a constraint, or is out of reach. */
async function writeExperiments(db: Queryable, rows: readonly ImportRow[], reach: Reach) {
  await db.execute(sql`
    update experiments x set beamline_id = b.id, title = r.title, starts_at = r."startsAt",
      ends_at = r."endsAt", data_path = r."dataPath", data_access = r."dataAccess"
    from ${experimentsOf(rows)} r, beamlines b
    where lower(x.code) = lower(r.code) and lower(b.code) = lower(r.beamline)
      and ${within(reach, sql`b.id`)} and ${within(reach, sql`x.beamline_id`)}`);
  await db.execute(sql`
    insert into experiments (code, beamline_id, title, starts_at, ends_at, data_path, data_access)
    select r.code, b.id, r.title, r."startsAt", r."endsAt", r."dataPath", r."dataAccess"
    from ${experimentsOf(rows)} r join beamlines b on lower(b.code) = lower(r.beamline)
    where ${within(reach, sql`b.id`)} and not exists (
      select from experiments x where lower(x.code) = lower(r.code) and ${within(reach, sql`x.beamline_id`)})
    order by lower(r.code)`);
}

const experiments: KindQueries = {
  changeable: ["beamline", "title", "startsAt", "endsAt", "dataPath", "dataAccess"],
  look: (rows, reach) => sql`
    select case when x.id is not null then jsonb_build_object(
        'beamline', case when x.beamline_id = b.id then r.beamline else xb.code end, 'title', x.title,
        'startsAt', iso(x.starts_at), 'endsAt', iso(x.ends_at), 'dataPath', x.data_path,
        'dataAccess', x.data_access) end as current,
      ${listed(sql`
        select 'beamline' as "column", 'unknown_beamline' as code, r.beamline as value
        where r.beamline is not null and b.id is null
        union all
        select 'code', 'code_taken', r.code where x.id is not null and not (${within(reach, sql`x.beamline_id`)})
        union all
        select 'beamline', 'beamline_differs', xb.code
        where ${reach !== "all"} and x.beamline_id <> b.id and ${within(reach, sql`x.beamline_id`)}`)}
    from ${experimentsOf(rows)} r
    left join beamlines b on lower(b.code) = lower(r.beamline) and ${within(reach, sql`b.id`)}
    left join experiments x on lower(x.code) = lower(r.code)
    left join beamlines xb on xb.id = x.beamline_id order by r.n`,
  write: writeExperiments,
};

const membersOf = (rows: readonly ImportRow[]) =>
  rowsOf(rows, sql`experiment text, username text, until timestamptz`);

const members: KindQueries = {
  changeable: ["until"],
  look: (rows, reach) => sql`
    select case when m.user_id is not null then jsonb_build_object('until', iso(m.until)) end as current,
      ${listed(sql`
        select 'experiment' as "column", 'unknown_experiment' as code, r.experiment as value
        where r.experiment is not null and x.id is null
        union all
        select 'username', 'unknown_person', r.username where r.username is not null and u.id is null`)}
    from ${membersOf(rows)} r
    left join experiments x on lower(x.code) = lower(r.experiment) and ${within(reach, sql`x.beamline_id`)}
    left join users u on u.username = r.username and u.kind = 'person'
    left join members m on m.experiment_id = x.id and m.user_id = u.id order by r.n`,
  write: (db, rows, reach) =>
    db.execute(sql`
      insert into members (experiment_id, user_id, until)
      select x.id, u.id, r.until from ${membersOf(rows)} r
      join experiments x on lower(x.code) = lower(r.experiment) and ${within(reach, sql`x.beamline_id`)}
      join users u on u.username = r.username and u.kind = 'person' order by u.id, x.id
      on conflict (user_id, experiment_id) do update set until = excluded.until`),
};

export const queries: Readonly<Record<ImportKind, KindQueries>> = {
  people,
  beamlines,
  experiments,
  members,
};

/** Members of the experiments that are named, who are not named with them; `18342: ada`. */
export function unnamedMembers(rows: readonly ImportRow[], reach: Reach, remove: boolean): SQL {
  const unnamed = sql`m.experiment_id = x.id and m.user_id = u.id and ${within(reach, sql`x.beamline_id`)}
    and lower(x.code) in (select lower(experiment) from named)
    and not exists (select from named n where lower(n.experiment) = lower(x.code) and n.username = u.username)`;
  const found = sql`x.code || ': ' || u.username as it`;
  const named = sql`named as materialized (select experiment, username from ${membersOf(rows)} r)`;
  if (!remove)
    return sql`with ${named} select ${found} from members m, experiments x, users u where ${unnamed} order by 1`;
  return sql`with ${named}, gone as (
      delete from members m using experiments x, users u where ${unnamed} returning ${found}
    ) select it from gone order by 1`;
}
