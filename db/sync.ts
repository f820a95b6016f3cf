/** What a facility's user office knows, made true here: beamlines, people, experiments and their members. */
import { sql, type SQL } from "drizzle-orm";
import { planAnew, type Db, type Queryable } from "./client.ts";

export interface SyncPerson {
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  /** Null: allotted here. */
  readonly uid: number | null;
  /** The group of their files. Null: as it is, at first one of their own. */
  readonly gid: number | null;
}
export interface SyncExperiment {
  readonly code: string;
  readonly beamline: string;
  readonly title: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly dataPath: string | null;
  readonly dataAccess: "none" | "read" | "write";
  /** The group to which its data belongs. Null: as it is, at first allotted here. */
  readonly gid: number | null;
  /** User names: all who take part, and nobody else afterwards. */
  readonly members: readonly string[];
}
export interface SyncBatch {
  readonly beamlines: readonly { readonly code: string; readonly name: string }[];
  readonly people: readonly SyncPerson[];
  readonly experiments: readonly SyncExperiment[];
}

interface Counts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}
export interface SyncEffect {
  readonly beamlines: Counts;
  readonly people: Counts;
  readonly experiments: Counts;
  readonly members: { readonly added: number; readonly removed: number };
}
/** `18342: ada`: a membership that came or went. */
type Membership = string;
interface Memberships {
  readonly added: readonly Membership[];
  readonly removed: readonly Membership[];
}
/** What keeps a batch from being made true, and where in it. */
export interface SyncFault extends Record<string, unknown> {
  readonly path: string;
  readonly code:
    | "unknown_beamline"
    | "unknown_person"
    | "uid_taken"
    | "uid_differs"
    | "gid_taken"
    | "email_taken"
    | "username_taken";
  readonly value: string;
}

/** Numbered from 0, as they stand in the batch. */
export const rowsOf = (items: readonly unknown[], columns: SQL) =>
  sql`(select ordinality - 1 as n, r.* from jsonb_array_elements(${JSON.stringify(items)}::jsonb)
    with ordinality as e(item, ordinality), jsonb_to_record(item) as r(${columns}))`;

/** Whether a uid that somebody is to get is a group's number; `has` is the one that they have. */
export const isGroups = (
  uid: SQL,
  has: SQL,
) => sql`(exists (select from users o where o.gid = ${uid})
  or ${has} is distinct from ${uid} and not exists (select from users o where o.uid = ${uid})
    and exists (select from posix_ids i where i.id = ${uid}))`;

const peopleOf = ({ people }: Pick<SyncBatch, "people">) =>
  rowsOf(people, sql`username text, "displayName" text, email text, uid integer, gid integer`);
const experimentsOf = ({ experiments }: SyncBatch) =>
  rowsOf(
    experiments,
    sql`code text, beamline text, title text, "startsAt" timestamptz, "endsAt" timestamptz,
      "dataPath" text, "dataAccess" text, gid integer, members jsonb`,
  );

async function faultsOfPeople(db: Queryable, batch: SyncBatch): Promise<SyncFault[]> {
  return db.execute<SyncFault>(sql`
    select 'people.' || p.n || f.field as path, f.code, f.value from ${peopleOf(batch)} p
    left join users u on u.username = p.username
    cross join lateral (
      select '.uid' as field, 'uid_differs' as code, u.uid::text as value where u.uid <> p.uid
      union all
      select '.uid', 'uid_taken', o.username from users o where o.uid = p.uid and o.username <> p.username
      union all
      select '.uid', 'uid_taken', 'a group' where ${isGroups(sql`p.uid`, sql`u.uid`)}
      union all
      select '.gid', 'gid_taken', p.gid::text
      where p.gid is distinct from coalesce(u.uid, p.uid) and exists (select from posix_ids i where i.id = p.gid)
      union all
      select '.email', 'email_taken', o.username from users o
      where o.email = p.email and o.username <> p.username
      union all
      select '.username', 'username_taken', 'a station' where u.kind = 'station'
    ) f
    order by p.n limit 100`);
}

async function faultsOfExperiments(db: Queryable, batch: SyncBatch): Promise<SyncFault[]> {
  return db.execute<SyncFault>(sql`
    select f.path, f.code, f.value from ${experimentsOf(batch)} x
    cross join lateral (
      select 'experiments.' || x.n || '.beamline' as path, 'unknown_beamline' as code, x.beamline as value
      where not exists (select from beamlines b where lower(b.code) = lower(x.beamline))
      union all
      select 'experiments.' || x.n || '.gid', 'gid_taken', x.gid::text
      where exists (select from users u where u.gid = x.gid) or exists (select from posix_ids i where i.id = x.gid)
        and not exists (select from experiments o where o.gid = x.gid and lower(o.code) = lower(x.code))
      union all
      select 'experiments.' || x.n || '.members.' || m.at - 1, 'unknown_person', m.name
      from jsonb_array_elements_text(x.members) with ordinality as m(name, at)
      where not exists (select from users u where u.username = m.name and u.kind = 'person')
    ) f
    order by x.n limit 100`);
}

/** Counts an upsert that returns whether each row that it wrote is new. */
async function countOf(db: Queryable, offered: number, upsert: SQL): Promise<Counts> {
  const rows = await db.execute<{ created: boolean }>(upsert);
  const created = rows.filter((it) => it.created).length;
  return { created, updated: rows.length - created, unchanged: offered - rows.length };
}

export const writeBeamlines = (db: Queryable, { beamlines }: Pick<SyncBatch, "beamlines">) =>
  countOf(
    db,
    beamlines.length,
    sql`insert into beamlines as b (code, name)
      select code, name from ${rowsOf(beamlines, sql`code text, name text`)} r order by lower(code)
      on conflict (lower(code)) do update set name = excluded.name where b.name <> excluded.name
      returning xmax = 0 as created`,
  );

// Only rows that come or change are written: those of the others are locked for nobody, and no uid is used up.
export const writePeople = (db: Queryable, batch: Pick<SyncBatch, "people">) =>
  countOf(
    db,
    batch.people.length,
    sql`with offered as (select * from ${peopleOf(batch)} r),
      made as (
        insert into users (username, display_name, email, uid, gid)
        select username, "displayName", email, coalesce(uid, allot_uid()), nullif(gid, uid) from offered o
        where not exists (select from users u where u.username = o.username) order by username
        on conflict (username) do nothing returning true as created
      ), changed as (
        update users u set display_name = o."displayName", email = coalesce(o.email, u.email),
          gid = coalesce(nullif(o.gid, u.uid), u.gid)
        from offered o where u.username = o.username and (u.display_name, u.email, u.gid)
          is distinct from (o."displayName", coalesce(o.email, u.email), coalesce(nullif(o.gid, u.uid), u.gid))
        returning false as created
      )
      select created from made union all select created from changed`,
  );

// A code keeps the case in which it came first: folders are named by it.
const writeExperiments = (db: Queryable, batch: SyncBatch) =>
  countOf(
    db,
    batch.experiments.length,
    sql`insert into experiments as x
        (code, beamline_id, title, starts_at, ends_at, data_path, data_access, gid)
      select r.code, b.id, r.title, r."startsAt", r."endsAt", r."dataPath", r."dataAccess",
        coalesce(r.gid, o.gid, allot_gid())
      from ${experimentsOf(batch)} r join beamlines b on lower(b.code) = lower(r.beamline)
      left join experiments o on lower(o.code) = lower(r.code)
      order by lower(r.code)
      on conflict (lower(code)) do update set beamline_id = excluded.beamline_id, title = excluded.title,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at, data_path = excluded.data_path,
        data_access = excluded.data_access, gid = excluded.gid
      where (x.beamline_id, x.title, x.starts_at, x.ends_at, x.data_path, x.data_access, x.gid) is distinct from
        (excluded.beamline_id, excluded.title, excluded.starts_at, excluded.ends_at, excluded.data_path,
          excluded.data_access, excluded.gid)
      returning xmax = 0 as created`,
  );

async function writeMembers(db: Queryable, batch: SyncBatch): Promise<Memberships> {
  const wanted = sql`wanted as (
    select distinct x.id as experiment_id, u.id as user_id
    from ${experimentsOf(batch)} r join experiments x on lower(x.code) = lower(r.code)
    cross join lateral jsonb_array_elements_text(r.members) as m(name) join users u on u.username = m.name
  )`;
  const told = sql`select x.code || ': ' || u.username as it from moved m
    join experiments x on x.id = m.experiment_id join users u on u.id = m.user_id order by 1`;
  const removed = await db.execute<{ it: Membership }>(sql`
    with ${wanted}, moved as (
      delete from members m using ${experimentsOf(batch)} r, experiments x
      where lower(x.code) = lower(r.code) and m.experiment_id = x.id and not exists (
        select from wanted w where w.experiment_id = m.experiment_id and w.user_id = m.user_id)
      returning m.experiment_id, m.user_id
    ) ${told}`);
  const added = await db.execute<{ it: Membership }>(sql`
    with ${wanted}, moved as (
      insert into members as m (experiment_id, user_id)
      select experiment_id, user_id from wanted order by user_id, experiment_id
      on conflict (user_id, experiment_id) do update set until = null where m.until is not null
      returning m.experiment_id, m.user_id
    ) ${told}`);
  return { added: added.map(({ it }) => it), removed: removed.map(({ it }) => it) };
}

/** Ends the transaction of a dry run. */
class DryRun extends Error {
  readonly effect: SyncEffect;
  constructor(effect: SyncEffect) {
    super("dry run");
    this.effect = effect;
  }
}

class Faulty extends Error {
  readonly faults: SyncFault[];
  constructor(faults: SyncFault[]) {
    super("faults");
    this.faults = faults;
  }
}

function refuse(faults: SyncFault[]): void {
  if (faults.length > 0) throw new Faulty(faults);
}

export interface SyncOptions {
  /** Finds out what would happen, and leaves everything as it was. */
  readonly dryRun: boolean;
  /** In the same transaction, e.g. a row in the audit trail. */
  readonly also?: (db: Queryable, effect: SyncEffect, moved: Memberships) => Promise<void>;
}

/**
 * Makes a batch true, as a whole or not at all. The same batch again changes nothing. Experiments that
 * the batch does not name stay as they are.
 */
export async function applySync(
  db: Db,
  batch: SyncBatch,
  { dryRun, also }: SyncOptions,
): Promise<{ effect: SyncEffect } | { faults: SyncFault[] }> {
  try {
    return await db.transaction(async (tx) => {
      await planAnew(tx);
      // One at a time, and nobody else changes memberships meanwhile; everyone goes on reading.
      await tx.execute(sql`lock table members in share row exclusive mode`);
      const beamlines = await writeBeamlines(tx, batch);
      refuse(await faultsOfPeople(tx, batch));
      const people = await writePeople(tx, batch);
      // What the batch brings itself is known by now.
      refuse(await faultsOfExperiments(tx, batch));
      const experiments = await writeExperiments(tx, batch);
      const moved = await writeMembers(tx, batch);
      const members = { added: moved.added.length, removed: moved.removed.length };
      const effect = { beamlines, people, experiments, members };
      if (dryRun) throw new DryRun(effect);
      await also?.(tx, effect, moved);
      return { effect };
    });
  } catch (error) {
    if (error instanceof DryRun) return { effect: error.effect };
    if (error instanceof Faulty) return { faults: error.faults };
    throw error;
  }
}
