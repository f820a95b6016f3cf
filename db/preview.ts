/** What a preview of rules looks at beside the situation: who waits, who came lately, and the catalogue. */
import { sql, type SQL } from "drizzle-orm";
import type { Attributes, Request, Size } from "../scheduler/types.ts";
import type { Queryable } from "./client.ts";
import {
  attributed,
  attributes,
  attributesOf,
  ms,
  sizeOf,
  standing,
  type Flat,
} from "./situation.ts";

interface RequestRow extends Flat {
  readonly id: string;
  readonly versionId: string;
}

/** Of an instance `i` with its environment `e`; its size is the environment's. */
const requested = (queuedAt: SQL) => sql`i.version_id as "versionId", ${attributes}, e.cpus,
  e.memory_bytes as "memoryBytes", e.gpus, e.gpu_memory_bytes as "gpuMemoryBytes",
  ${ms(queuedAt)} as "queuedAt"`;

const requestOf = (row: RequestRow): Request => ({
  ...attributesOf(row),
  id: row.id,
  versionId: row.versionId,
  size: sizeOf(row),
  queuedAt: Number(row["queuedAt"]),
});

/** The first of the queue, in order; nothing is locked. */
export async function readWaiting(db: Queryable, limit: number): Promise<Request[]> {
  const rows = await db.execute<RequestRow>(sql`
    select i.id, ${requested(sql`i.queued_at`)} from instances i ${attributed}
    where i.state = 'queued' and i.desired = 'running'
    order by i.queue_priority desc, ${standing}, i.id limit ${limit}`);
  return rows.map(requestOf);
}

/** A request of the last days; `durationMs` null: it never came to a node. */
export type Past = Request & { readonly durationMs: number | null };

/**
 * The newest requests of so many days, each start by itself: those that were placed, and those that ended
 * before they were. @returns at most `limit`, and how many there were in all
 */
export async function readPast(
  db: Queryable,
  { days, limit }: { readonly days: number; readonly limit: number },
): Promise<{ readonly requests: Past[]; readonly inAll: number }> {
  const since = sql`now() - ${days} * interval '1 day'`;
  const rows = await db.execute<RequestRow & { duration: number | null; in_all: number }>(sql`
    with starts as (
      select c.instance_id as id, c.number, c.queued_at,
        extract(epoch from coalesce(c.ended_at, now()) - c.placed_at) * 1000 as duration
      from incarnations c where c.placed_at > ${since}
      union all
      select i.id, 0, i.queued_at, null from instances i
      where i.created_at > ${since} and i.ended_at is not null
        and not exists (select from incarnations c where c.instance_id = i.id)
    ), counted as (
      select count(*)::int as in_all from starts
    ), newest as (
      select * from starts order by queued_at desc, id, number limit ${limit}
    )
    select i.id || '/' || s.number as id, s.duration::float8 as duration, n.in_all,
      ${requested(sql`s.queued_at`)}
    from newest s cross join counted n join instances i on i.id = s.id ${attributed}`);
  const requests = rows.map((row) => ({ ...requestOf(row), durationMs: row.duration }));
  return { requests, inAll: rows[0]?.in_all ?? 0 };
}

export interface KnownEnvironment {
  readonly slug: string;
  readonly kind: "desktop" | "service";
  readonly size: Size;
  /** Of its newest version; null: it has none. */
  readonly versionId: string | null;
}

/** Everything in the catalogue. */
export async function readEnvironments(db: Queryable): Promise<KnownEnvironment[]> {
  const rows = await db.execute<Flat & { slug: string; versionId: string | null }>(sql`
    select e.slug, e.kind, e.cpus, e.memory_bytes as "memoryBytes", e.gpus,
      e.gpu_memory_bytes as "gpuMemoryBytes", (select v.id from versions v where v.environment_id = e.id
        order by v.created_at desc limit 1) as "versionId"
    from environments e where e.enabled order by e.slug`);
  return rows.map((row) => ({
    slug: row.slug,
    kind: row.kind,
    size: sizeOf(row),
    versionId: row.versionId,
  }));
}

/** What the rules' `when` would look at of a request of this person's. @returns undefined where one of them is not there */
export async function findAttributes(
  db: Queryable,
  it: {
    readonly userId: string;
    readonly environment: string;
    readonly experimentId: string | null;
  },
): Promise<Attributes | undefined> {
  const [row] = await db.execute<Flat>(sql`
    select ${attributes} from environments e join users u on u.id = ${it.userId}
    left join experiments x on x.id = ${it.experimentId} left join beamlines b on b.id = x.beamline_id
    where e.slug = ${it.environment}`);
  return row && attributesOf(row);
}

/** Ids by names, where they are; an experiment's code in whatever case. */
export async function findSubjects(
  db: Queryable,
  it: { readonly user: string; readonly experiment: string | null },
): Promise<{ readonly userId: string | null; readonly experimentId: string | null }> {
  const [row] = await db.execute<{ userId: string | null; experimentId: string | null }>(sql`
    select (select id from users where username = ${it.user}) as "userId",
      (select id from experiments where lower(code) = lower(${it.experiment}::text)) as "experimentId"`);
  return row ?? { userId: null, experimentId: null };
}
