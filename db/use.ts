/** Use over time: what placements held, by node, GPU or beamline. */
import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface UseQuestion {
  readonly by: "node" | "gpu" | "beamline";
  /** Ms since 1970; the first step begins here. */
  readonly from: number;
  readonly stepMs: number;
  readonly steps: number;
  /** Only what was on this one. */
  readonly nodeId: string | null;
}

/** By how much what is held changes with the step `at`, counted from 0. */
interface Change {
  readonly at: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly gpuMemoryBytes: number;
  readonly instances: number;
}
export interface UseRow {
  readonly key: string;
  /** Empty where there is none: what ran for no beamline. */
  readonly name: string;
  readonly capacity: { cpus: number; memoryBytes: number; gpuMemoryBytes: number } | null;
  readonly changes: Change[];
}

interface Told extends Record<string, unknown>, Omit<UseRow, "changes"> {
  readonly changes: (readonly [
    at: number,
    cpus: number,
    memoryBytes: number,
    gpuMemoryBytes: number,
    instances: number,
  ])[];
}

/** Stands for no beamline. */
const none = "00000000-0000-0000-0000-000000000000";

/** Who there is, `key`, `name` and `capacity`; and of held `h` whose it was. */
const dimensions: Record<UseQuestion["by"], (nodeId: string | null) => { all: SQL; held: SQL }> = {
  node: (nodeId) => ({
    all: sql`select n.id as key, n.name, jsonb_build_object('cpus', n.cpus, 'memoryBytes', n.memory_bytes,
        'gpuMemoryBytes', (select coalesce(sum(g.memory_bytes), 0) from node_gpus g where g.node_id = n.id and g.present)) as capacity
      from nodes n where ${nodeId}::uuid is null or n.id = ${nodeId}::uuid`,
    held: sql`select h.node_id as key, h.* from held h`,
  }),
  gpu: (nodeId) => ({
    all: sql`select g.uuid as key, n.name || ' ' || g.model || ' ' || left(split_part(g.uuid, '-', 2), 8) as name,
        jsonb_build_object('cpus', 0, 'memoryBytes', 0, 'gpuMemoryBytes', g.memory_bytes) as capacity
      from node_gpus g join nodes n on n.id = g.node_id
      where ${nodeId}::uuid is null or n.id = ${nodeId}::uuid`,
    held: sql`select u ->> 'uuid' as key, h.first, h.last, h.cpus, h.memory_bytes,
        (u ->> 'memoryBytes')::bigint as gpu_memory_bytes
      from held h cross join jsonb_array_elements(h.gpus) u`,
  }),
  beamline: () => ({
    all: sql`select b.id as key, b.code as name, null::jsonb as capacity from beamlines b
      union all select ${none}::uuid, '', null`,
    held: sql`select coalesce(x.beamline_id, ${none}::uuid) as key, h.* from held h
      join instances i on i.id = h.instance_id left join experiments x on x.id = i.experiment_id`,
  }),
};

/**
 * Of everybody that there is the changes of what was held, at the middle of each step: where one begins, and
 * where it is over. Every placement counts in two steps, however long it lasted.
 */
export async function readUse(db: Queryable, it: UseQuestion): Promise<UseRow[]> {
  const { all, held } = dimensions[it.by](it.nodeId);
  const from = sql`to_timestamp(${it.from}::float8 / 1000)`;
  const until = sql`to_timestamp(${it.from + it.steps * it.stepMs}::float8 / 1000)`;
  /** The first step whose middle is not before a time. */
  const stepFrom = (at: SQL) =>
    sql`ceil(date_part('epoch', ${at} - ${from}) * 1000 / ${it.stepMs}::float8 - 0.5)`;
  const rows = await db.execute<Told>(sql`
    with held as (
      select c.instance_id, c.node_id, c.gpus, coalesce(c.cpus, 0)::float8 as cpus,
        coalesce(c.memory_bytes, 0) as memory_bytes,
        -- Of most there is none or one.
        case jsonb_array_length(c.gpus) when 0 then 0 when 1 then (c.gpus -> 0 ->> 'memoryBytes')::bigint
          else (select sum((u ->> 'memoryBytes')::bigint) from jsonb_array_elements(c.gpus) u)
        end as gpu_memory_bytes,
        greatest(${stepFrom(sql`c.placed_at`)}, 0)::int as first,
        -- What has not ended is held until now.
        least(${stepFrom(sql`coalesce(c.ended_at, now())`)}, ${it.steps})::int as last
      from incarnations c
      where c.placed_at < ${until} and (c.ended_at is null or c.ended_at > ${from})
        and (${it.nodeId}::uuid is null or c.node_id = ${it.nodeId}::uuid)
    ), own as (
      select key, first, last, cpus, memory_bytes, gpu_memory_bytes from (${held}) o where first < last
    ), changes as (
      select key, at, sum(sign * cpus) as cpus, sum(sign * memory_bytes)::float8 as memory,
        sum(sign * gpu_memory_bytes)::float8 as gpu_memory, sum(sign)::int as instances
      from own cross join lateral (values (first, 1), (last, -1)) as v(at, sign)
      where at < ${it.steps} group by key, at
    ), per_key as (
      -- Written as text at once, without names: there are a hundred thousand of them.
      select key, json_agg(json_build_array(at, cpus, memory, gpu_memory, instances) order by at) as changes
      from changes group by key
    )
    select case when a.key::text = ${none} then '' else a.key::text end as key, a.name, a.capacity, coalesce(p.changes, '[]') as changes
    from (${all}) a left join per_key p on p.key = a.key order by a.name, a.key`);
  return rows.map(({ changes, ...row }) => ({
    ...row,
    changes: changes.map(([at, cpus, memoryBytes, gpuMemoryBytes, instances]) => ({
      at,
      cpus,
      memoryBytes,
      gpuMemoryBytes,
      instances,
    })),
  }));
}

/** The database's clock, ms since 1970. */
export async function readClock(db: Queryable): Promise<number> {
  const [row] = await db.execute<{ now: number }>(sql`
    select (extract(epoch from now()) * 1000)::float8 as now`);
  return Number(row?.now);
}
