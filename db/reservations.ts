/** Capacity that is kept for an experiment, a group or a beamline's people for a time. */
import { sql } from "drizzle-orm";
import type { Size } from "../scheduler/types.ts";
import type { StartCursor } from "./experiments.ts";
import { within, type Reach } from "./beamlines.ts";
import type { Queryable } from "./client.ts";

export type ReservationKind = "experiment" | "group" | "beamline";
export interface ReservationFields extends Size {
  readonly title: string;
  /** ISO 8601. */
  readonly from: string;
  readonly until: string;
  readonly seats: number;
  readonly selector: string;
}
export interface NewReservation extends ReservationFields {
  readonly kind: ReservationKind;
  /** The code of the experiment or beamline, or the group's name. */
  readonly subject: string;
}
export interface ReservationRow extends NewReservation {
  readonly id: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly cancelledAt: string | null;
}

const columns = sql`r.id, r.title, r.kind, coalesce(x.code, g.name, b.code) as subject,
  iso(r.from_at) as from, iso(r.until_at) as until, r.seats, r.cpus, r.memory_bytes as "memoryBytes",
  r.gpus, r.gpu_memory_bytes as "gpuMemoryBytes", r.selector, r.created_by_name as "createdBy",
  iso(r.created_at) as "createdAt", iso(r.cancelled_at) as "cancelledAt"`;

const joined = sql`left join experiments x on x.id = r.experiment_id
  left join groups g on g.id = r.group_id left join beamlines b on b.id = r.beamline_id`;

/** Of staff: those for beamlines of theirs and their experiments. */
const reached = (reach: Reach) =>
  reach === "all" ? sql`true` : within(reach, sql`coalesce(r.beamline_id, x.beamline_id)`);

type Row = ReservationRow & Record<string, unknown>;

export interface ReservationPage {
  readonly search: string;
  /** Those that are not over then; ISO 8601; null: now. */
  readonly from: string | null;
  /** Those that begin before; null: all. */
  readonly until: string | null;
  /** Those that were called off as well. */
  readonly cancelled: boolean;
  readonly limit: number;
  readonly cursor: StartCursor | null;
}

/** By their begin. */
export async function listReservations(
  db: Queryable,
  reach: Reach,
  page: ReservationPage,
): Promise<ReservationRow[]> {
  const { startsAt = null, id = null } = page.cursor ?? {};
  return db.execute<Row>(sql`
    select ${columns} from reservations r ${joined}
    where ${reached(reach)} and (${page.cancelled} or r.cancelled_at is null)
      and r.until_at > coalesce(${page.from}::timestamptz, now())
      and (${page.until}::timestamptz is null or r.from_at < ${page.until}::timestamptz)
      and (${page.search} = '' or position(lower(${page.search}) in lower(concat_ws(' ', r.title, r.kind,
        coalesce(x.code, g.name, b.code), r.selector, r.created_by_name))) > 0)
      and (${id}::uuid is null
        or (date_trunc('milliseconds', r.from_at), r.id) > (${startsAt}::timestamptz, ${id}::uuid))
    order by date_trunc('milliseconds', r.from_at), r.id limit ${page.limit}`);
}

export async function getReservation(
  db: Queryable,
  reach: Reach,
  id: string,
): Promise<ReservationRow | undefined> {
  const [row] = await db.execute<Row>(sql`
    select ${columns} from reservations r ${joined} where r.id = ${id} and ${reached(reach)}`);
  return row;
}

/** Lets nobody else change it for this transaction. */
export async function lockReservation(db: Queryable, id: string): Promise<void> {
  await db.execute(sql`select 1 from reservations where id = ${id} for update`);
}

/** Which of these are within reach. */
export async function reservationsWithin(
  db: Queryable,
  reach: Reach,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await db.execute<{ id: string }>(sql`
    select r.id from reservations r ${joined}
    where r.id::text in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)) and ${reached(reach)}`);
  return new Set(rows.map((it) => it.id));
}

/** @returns undefined where the subject does not exist, for them */
export async function insertReservation(
  db: Queryable,
  reach: Reach,
  by: { readonly id: string; readonly name: string },
  it: NewReservation,
): Promise<string | undefined> {
  const [row] = await db.execute<{ id: string }>(sql`
    with found as (
      select case when ${it.kind} = 'experiment' then (select id from experiments where lower(code) = lower(${it.subject})) end as experiment,
        case when ${it.kind} = 'group' then (select id from groups where name = ${it.subject}) end as "group",
        case when ${it.kind} = 'beamline' then (select id from beamlines where lower(code) = lower(${it.subject})) end as beamline
    )
    insert into reservations (title, kind, experiment_id, group_id, beamline_id, from_at, until_at, seats,
      cpus, memory_bytes, gpus, gpu_memory_bytes, selector, created_by, created_by_name)
    select ${it.title}, ${it.kind}, f.experiment, f."group", f.beamline, ${it.from}::timestamptz,
      ${it.until}::timestamptz, ${it.seats}, ${it.cpus}, ${it.memoryBytes}, ${it.gpus},
      ${it.gpuMemoryBytes}, ${it.selector}, ${by.id}, ${by.name}
    from found f
    where coalesce(f.experiment, f."group", f.beamline) is not null
      and ${within(reach, sql`coalesce(f.beamline, (select beamline_id from experiments where id = f.experiment))`)}
    returning id`);
  return row?.id;
}

/** Writes all that may change of one; whose it is stays. @throws a check violation where it would end before it begins */
export async function updateReservation(
  db: Queryable,
  id: string,
  it: ReservationFields,
): Promise<void> {
  await db.execute(sql`
    update reservations set title = ${it.title}, from_at = ${it.from}::timestamptz,
      until_at = ${it.until}::timestamptz, seats = ${it.seats}, cpus = ${it.cpus},
      memory_bytes = ${it.memoryBytes}, gpus = ${it.gpus}, gpu_memory_bytes = ${it.gpuMemoryBytes},
      selector = ${it.selector}
    where id = ${id}`);
}

/** Calls one off; the row stays. @returns whether there was one that was not called off yet */
export async function cancelReservation(db: Queryable, reach: Reach, id: string): Promise<boolean> {
  const rows = await db.execute(sql`
    update reservations set cancelled_at = now()
    where cancelled_at is null and id in (
      select r.id from reservations r ${joined} where r.id = ${id} and ${reached(reach)})
    returning 1`);
  return rows.length > 0;
}
