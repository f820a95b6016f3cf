/** What the scheduler is told: the queue, the nodes, and all that decisions hang on. */
import { sql, type SQL } from "drizzle-orm";
import type {
  Attributes,
  Candidate,
  Gpu,
  GpuShare,
  Live,
  Request,
  Reservation,
  Rule,
  Situation,
  Size,
} from "../scheduler/types.ts";
import type { Queryable } from "./client.ts";
import { readGatherings, type Gathering } from "./gatherings.ts";
import { nodeSilenceMs } from "./nodes.ts";
import { askedBy } from "./rules.ts";

export const ms = (at: SQL) => sql`(extract(epoch from ${at}) * 1000)::float8`;

/**
 * Of an instance `i` with its environment `e`, owner `u` and experiment `x`. Lists as JSON: the driver
 * looks up no types, and would hand out an array as the text that the database writes.
 */
export const attributes = sql`e.slug as environment, e.kind, b.code as beamline, b.id as "beamlineId",
  x.code as experiment, x.id as "experimentId",
  case when x.id is not null
    then jsonb_build_object('from', ${ms(sql`x.starts_at`)}, 'until', ${ms(sql`x.ends_at`)}) end as beamtime,
  u.username as user, u.id as "userId", to_json(u.roles) as roles,
  to_json(array(select group_id::text from group_members g where g.user_id = u.id)) as "groupIds"`;

export const attributed = sql`join environments e on e.id = i.environment_id
  join users u on u.id = i.owner_id
  left join experiments x on x.id = i.experiment_id
  left join beamlines b on b.id = x.beamline_id`;

interface FlatSize {
  readonly cpus: number;
  readonly memoryBytes: string;
  readonly gpus: number;
  readonly gpuMemoryBytes: string | null;
}
export type Flat = Attributes & FlatSize & Record<string, unknown>;

export function sizeOf(row: FlatSize): Size {
  return {
    cpus: row.cpus,
    memoryBytes: Number(row.memoryBytes),
    gpus: row.gpus,
    gpuMemoryBytes: row.gpuMemoryBytes === null ? null : Number(row.gpuMemoryBytes),
  };
}

export function attributesOf(row: Flat): Attributes {
  const { environment, kind, beamline, beamlineId, experiment, experimentId } = row;
  const { beamtime, user, userId, roles, groupIds } = row;
  const place = { beamline, beamlineId, experiment, experimentId, beamtime };
  return { environment, kind, ...place, user, userId, roles, groupIds };
}

/** Where a walk through the queue stands. */
export interface QueuePosition {
  readonly priority: number;
  readonly at: string;
  readonly id: string;
}
export type Waiting = Request & {
  readonly position: QueuePosition;
  /** When it counts as queued. */
  readonly standsAt: number;
  /** Whether its place in the queue was worked out already; else it stands where its age puts it. */
  readonly ranked: boolean;
  /** How many of the same person's stand before it: alive, or waiting for longer. */
  readonly ahead: number;
};

export const standing = sql`coalesce(i.queue_at, i.queued_at)`;

const ahead = sql`(
  select count(*)::int from instances o
  where o.owner_id = i.owner_id and o.id <> i.id
    and (o.state in ('starting', 'running', 'paused', 'stopping', 'lost')
      or o.state = 'queued' and (o.queued_at, o.id) < (i.queued_at, i.id)))`;

/**
 * A page of the queue in order, by priority and then by age, from after `position`. Who is to change the rows locks
 * them: those that a person is changing right now are left out then, and wait for the next round.
 */
export async function readQueue(
  db: Queryable,
  limit: number,
  position: QueuePosition | null = null,
  {
    unranked = false,
    lock = true,
  }: {
    /** Only those whose place has not been worked out. */
    unranked?: boolean;
    lock?: boolean;
  } = {},
): Promise<Waiting[]> {
  const after = position
    ? sql`(-i.queue_priority, ${standing}, i.id)
        > (${-position.priority}::int, ${position.at}::timestamptz, ${position.id}::uuid)`
    : sql`true`;
  const rows = await db.execute<Flat & { id: string; versionId: string; at: string }>(sql`
    select i.id, i.version_id as "versionId", ${attributes}, e.cpus, e.memory_bytes as "memoryBytes",
      e.gpus, e.gpu_memory_bytes as "gpuMemoryBytes", ${ms(sql`i.queued_at`)} as "queuedAt",
      i.queue_priority as priority, ${standing}::text as at,
      ${ms(standing)} as "standsAt", i.queue_at is not null as ranked,
      case when i.queue_at is null then ${ahead} else 0 end as ahead
    from instances i ${attributed}
    where i.state = 'queued' and i.desired = 'running' and ${after}
      and (not ${unranked} or i.queue_at is null)
    order by i.queue_priority desc, ${standing}, i.id limit ${limit}
    ${lock ? sql`for update of i skip locked` : sql``}`);
  return rows.map((row) => ({
    ...attributesOf(row),
    id: row.id,
    versionId: row.versionId,
    size: sizeOf(row),
    queuedAt: Number(row["queuedAt"]),
    standsAt: Number(row["standsAt"]),
    ranked: row["ranked"] === true,
    ahead: Number(row["ahead"]),
    position: { priority: Number(row["priority"]), at: row.at, id: row.id },
  }));
}

type NodeRow = Omit<Candidate, "images" | "gpus"> & {
  readonly images: string[];
  readonly gpus: (Omit<Gpu, "taken"> & { readonly taken: GpuShare[] | null })[];
};

/**
 * Every node with what is allocated on it: free is capacity less the sum, never a counter. The sum is
 * one of decimals: with 32-bit floats a few hundred small desktops would miss a whole one's room.
 */
export async function readNodes(db: Queryable): Promise<Candidate[]> {
  const rows = await db.execute<NodeRow & Record<string, unknown>>(sql`
    with allocated as (
      select node_id, sum(cpus::numeric)::float8 as cpus, sum(memory_bytes) as memory
      from allocations group by node_id
    ), taken as (
      select node_id, uuid, jsonb_agg(jsonb_build_object('slot', slot, 'memoryBytes', memory_bytes)
        order by slot) as shares
      from allocation_gpus group by node_id, uuid
    ), gpus as (
      select g.node_id, jsonb_agg(jsonb_build_object('uuid', g.uuid, 'model', g.model,
        'memoryBytes', g.memory_bytes, 'slots', coalesce(g.set_slots, g.slots), 'present', g.present,
        'taken', t.shares) order by g.uuid) as all
      from node_gpus g left join taken t on t.node_id = g.node_id and t.uuid = g.uuid
      group by g.node_id
    ), images as (
      select node_id, jsonb_agg(version_id) as versions
      from node_images where state = 'present' group by node_id
    )
    select n.id, n.name, n.schedulable, n.draining, n.labels, n.cpus, n.memory_bytes as "memoryBytes",
      coalesce(n.ready and n.last_seen_at > now() - ${nodeSilenceMs} * interval '1 ms', false) as ready,
      (extract(epoch from now() - case when n.ready then n.last_seen_at
        else coalesce(n.unready_at, n.created_at) end) * 1000)::float8 as "unreadyMs",
      coalesce(a.cpus, 0) as "allocatedCpus", coalesce(a.memory, 0) as "allocatedMemoryBytes",
      coalesce(g.all, '[]') as gpus, coalesce(p.versions, '[]') as images,
      (select d.experiment_id from dedications d
        where d.node_id = n.id and d.ended_at is null) as "dedicatedTo"
    from nodes n left join allocated a on a.node_id = n.id left join gpus g on g.node_id = n.id
    left join images p on p.node_id = n.id
    -- What has never reported has no size yet, and would make everything look too large.
    where n.last_seen_at is not null
    order by n.name`);
  return rows.map((row) => ({
    ...row,
    memoryBytes: Number(row.memoryBytes),
    allocatedMemoryBytes: Number(row.allocatedMemoryBytes),
    gpus: row.gpus.map((gpu) => ({ ...gpu, taken: gpu.taken ?? [] })),
    images: new Set(row.images),
  }));
}

/** How long instances of an environment usually last, ms, by its slug. */
export type UsualTimes = ReadonlyMap<string, number>;
export const nothingUsual: UsualTimes = new Map();

/** By the last 2,000 that were placed in the last 30 days and have ended: the middle one of each environment. */
export async function readUsual(db: Queryable): Promise<UsualTimes> {
  const rows = await db.execute<{ environment: string; ms: number }>(sql`
    select e.slug as environment, (percentile_cont(0.5)
      within group (order by extract(epoch from l.ended_at - l.placed_at)) * 1000)::float8 as ms
    from (
      select instance_id, placed_at, ended_at from incarnations
      where ended_at is not null and placed_at > now() - interval '30 days'
      order by placed_at desc limit 2000
    ) l join instances i on i.id = l.instance_id join environments e on e.id = i.environment_id
    group by e.slug`);
  return new Map(rows.map((it) => [it.environment, Number(it.ms)]));
}

/** What holds a place. */
export async function readLive(db: Queryable): Promise<Omit<Live, "usualMs">[]> {
  const rows = await db.execute<Flat & { id: string; nodeId: string }>(sql`
    with gpus as (
      select instance_id, count(distinct uuid)::int as gpus,
        max(memory_bytes) as memory from allocation_gpus group by instance_id
    )
    select i.id, a.node_id as "nodeId", ${attributes}, a.cpus, a.memory_bytes as "memoryBytes",
      coalesce(g.gpus, 0) as gpus, g.memory as "gpuMemoryBytes",
      ${ms(sql`a.created_at`)} as "placedAt", ${ms(sql`i.expires_at`)} as "endsAt"
    from allocations a join instances i on i.id = a.instance_id ${attributed}
    left join gpus g on g.instance_id = a.instance_id
    order by i.id`);
  return rows.map((row) => ({
    ...attributesOf(row),
    id: row.id,
    nodeId: row.nodeId,
    size: sizeOf(row),
    placedAt: Number(row["placedAt"]),
    endsAt: row["endsAt"] === null ? null : Number(row["endsAt"]),
  }));
}

/** Every rule, also those that are switched off, in the order in which they are asked. */
export async function readRules(db: Queryable): Promise<Rule[]> {
  return db.execute<Rule & Record<string, unknown>>(sql`
    select id, name, priority, enabled, conditions as when, effects as then
    from rules order by priority desc, ${askedBy(sql`name`)}`);
}

/** Reservations that are not over. */
export async function readReservations(db: Queryable): Promise<Reservation[]> {
  const rows = await db.execute<Reservation & FlatSize & Record<string, unknown>>(sql`
    select id, title, kind, coalesce(experiment_id, group_id, beamline_id) as "subjectId",
      ${ms(sql`from_at`)} as from, ${ms(sql`until_at`)} as until, seats, selector,
      cpus, memory_bytes as "memoryBytes", gpus, gpu_memory_bytes as "gpuMemoryBytes"
    from reservations where cancelled_at is null and until_at > now()
    order by from_at, id`);
  return rows.map((row) => {
    const { id, title, kind, subjectId, from, until, seats, selector } = row;
    return { id, title, kind, subjectId, from, until, seats, selector, size: sizeOf(row) };
  });
}

/**
 * All of it, in one round trip of the caller's connection.
 * @param known how long what lives is expected to last, if somebody has read it already
 */
export async function readSituation(
  db: Queryable,
  known: UsualTimes | Promise<UsualTimes> = nothingUsual,
): Promise<Situation & { readonly gathered: readonly Gathering[] }> {
  const [clock, nodes, rules, lives, reservations, gathered, usual] = await Promise.all([
    db.execute<{ now: number }>(sql`select ${ms(sql`now()`)} as now`),
    readNodes(db),
    readRules(db),
    readLive(db),
    readReservations(db),
    readGatherings(db),
    known,
  ]);
  const live = lives.map((it) => ({ ...it, usualMs: usual.get(it.environment) ?? null }));
  return { now: Number(clock[0]?.now), nodes, rules, live, reservations, gathered };
}
