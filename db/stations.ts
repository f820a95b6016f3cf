/** Stations: shared computers at beamlines, each with an account of its own that is nobody's. */
import { sql } from "drizzle-orm";
import { within, type Reach } from "./beamlines.ts";
import type { Queryable } from "./client.ts";

/** What becomes of people's own desktops on a station when the experiment ends. */
export type StationEnding = "end" | "owner";

export interface StationRow {
  readonly id: string;
  readonly name: string;
  /** Of its account, as desktops and the audit trail have it. */
  readonly username: string;
  readonly createdAt: string;
  /** Null: no computer has taken its code yet. */
  readonly enrolledAt: string | null;
  /** Of the computer that it is now; null: it is none. */
  readonly lastSeenAt: string | null;
  readonly address: string | null;
  /** Until when a code can be taken; null: there is none. */
  readonly codeExpiresAt: string | null;
}

/** In order of name; revoked ones are not shown any more. */
const stationsOf = (beamline: ReturnType<typeof sql>) => sql`(
  select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name, 'username', u.username,
    'createdAt', iso(s.created_at), 'enrolledAt', iso(s.enrolled_at), 'lastSeenAt', iso(i.last_seen_at),
    'address', i.address, 'codeExpiresAt',
    case when s.code_expires_at > now() then iso(s.code_expires_at) end) order by lower(s.name)), '[]')
  from stations s join users u on u.id = s.user_id
  left join lateral (
    select last_seen_at, address from sign_ins
    where user_id = s.user_id and revoked_at is null and expires_at > now()
    order by created_at desc limit 1
  ) i on true
  where s.beamline_id = ${beamline} and s.revoked_at is null)`;

export interface BeamlineStations extends Record<string, unknown> {
  readonly beamline: { readonly id: string; readonly code: string; readonly name: string };
  readonly ending: StationEnding;
  readonly items: StationRow[];
}

/** @returns undefined where there is no such beamline within reach */
export async function listStations(
  db: Queryable,
  reach: Reach,
  beamlineId: string,
): Promise<BeamlineStations | undefined> {
  const [row] = await db.execute<BeamlineStations>(sql`
    select jsonb_build_object('id', b.id, 'code', b.code, 'name', b.name) as beamline,
      b.station_ending as ending, ${stationsOf(sql`b.id`)} as items
    from beamlines b where b.id = ${beamlineId} and ${within(reach, sql`b.id`)}`);
  return row;
}

/** @returns whether there is such a beamline within reach */
export async function setStationEnding(
  db: Queryable,
  reach: Reach,
  beamlineId: string,
  ending: StationEnding,
): Promise<boolean> {
  const rows = await db.execute(sql`
    update beamlines b set station_ending = ${ending}
    where b.id = ${beamlineId} and ${within(reach, sql`b.id`)} returning 1`);
  return rows.length > 0;
}

/** More at one beamline are a mistake of some script. */
const mostStations = 100;

/**
 * Makes a station with its account.
 * @returns its id; undefined where there is no such beamline within reach, or it has a hundred
 * @throws a unique violation where the beamline has one of that name
 */
export async function insertStation(
  db: Queryable,
  reach: Reach,
  it: { readonly beamlineId: string; readonly name: string; readonly createdBy: string },
): Promise<string | undefined> {
  // Of two at once each takes a number of its own.
  await db.execute(sql`select pg_advisory_xact_lock(hashtext('asci stations'))`);
  const [row] = await db.execute<{ id: string }>(sql`
    with b as (
      select b.id, b.code, 'station-' || left(lower(b.code), 18) || '-' as prefix from beamlines b
      where b.id = ${it.beamlineId} and ${within(reach, sql`b.id`)} and (
        select count(*) from stations s where s.beamline_id = b.id and s.revoked_at is null) < ${mostStations}
    ), account as (
      insert into users (username, display_name, kind, roles)
      select b.prefix || (
          select min(n) from generate_series(1, 9999) n
          where not exists (select from users u where u.username = b.prefix || n)),
        b.code || ' · ' || ${it.name}, 'station', '{station}' from b
      returning id
    )
    insert into stations (beamline_id, name, user_id, created_by)
    select b.id, ${it.name}, account.id, ${it.createdBy}::uuid from b, account returning id`);
  return row?.id;
}

/**
 * Gives a station a code that can be taken once; one of before is void.
 * @returns until when; undefined where there is no such station of that beamline within reach
 */
export async function setStationCode(
  db: Queryable,
  reach: Reach,
  it: { readonly beamlineId: string; readonly stationId: string; readonly codeHash: Uint8Array },
  lifeSeconds: number,
): Promise<string | undefined> {
  const [row] = await db.execute<{ until: string }>(sql`
    update stations s set code_hash = ${it.codeHash}, code_expires_at = now() + ${lifeSeconds} * interval '1 s'
    where s.id = ${it.stationId} and s.beamline_id = ${it.beamlineId} and s.revoked_at is null
      and ${within(reach, sql`s.beamline_id`)}
    returning iso(code_expires_at) as until`);
  return row?.until;
}

/** Takes a code: of several who come with it, one gets it. @returns the station's account */
export async function takeStationCode(
  db: Queryable,
  codeHash: Uint8Array,
): Promise<{ stationId: string; userId: string } | undefined> {
  const [row] = await db.execute<{ stationId: string; userId: string; holds: boolean }>(sql`
    update stations s set code_hash = null, code_expires_at = null,
      enrolled_at = case when o.holds then now() else s.enrolled_at end
    from (
      select id, code_expires_at > now() and revoked_at is null as holds
      from stations where code_hash = ${codeHash} for update
    ) o
    where s.id = o.id returning s.id as "stationId", s.user_id as "userId", o.holds`);
  return row?.holds ? row : undefined;
}

/** People's own desktops on a station stay with them alone. @returns how many there were */
export async function leaveStation(db: Queryable, stationId: string): Promise<number> {
  const rows = await db.execute(sql`
    update instances i set station_id = null from stations s
    where s.id = ${stationId} and i.station_id = s.id and i.owner_id <> s.user_id returning 1`);
  return rows.length;
}

/**
 * Ends a station for good: its account with its sign-in, and what it could reach. Its desktops end with the
 * placer's next look.
 * @returns whether there was such a station of that beamline within reach
 */
export async function revokeStation(
  db: Queryable,
  reach: Reach,
  it: { readonly beamlineId: string; readonly stationId: string },
): Promise<boolean> {
  const rows = await db.execute(sql`
    with gone as (
      update stations s set revoked_at = now(), code_hash = null, code_expires_at = null
      where s.id = ${it.stationId} and s.beamline_id = ${it.beamlineId} and s.revoked_at is null
        and ${within(reach, sql`s.beamline_id`)}
      returning user_id
    ), out as (
      update sign_ins i set revoked_at = now() from gone
      where i.user_id = gone.user_id and i.revoked_at is null
    )
    update users u set disabled_at = now() from gone where u.id = gone.user_id returning 1`);
  return rows.length > 0;
}
