/** Instances as a node's controller sees and reports them. Every write of a state names its lease. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { LeaseLostError, retrying } from "./errors.ts";
import { sourcesOf, type Desire, type State } from "./states.ts";
import { held, uuidArray, type Lease } from "./work.ts";

/** An experiment's data as a desktop is to find it. */
export interface ExperimentData {
  readonly experiment: string;
  readonly beamline: string;
  /** In which it began, UTC. */
  readonly year: number;
  /** Null: where the site's template says. */
  readonly path: string | null;
  readonly access: "read" | "write";
  readonly gid: number;
  /** Whether the desktop was started for this experiment. */
  readonly chosen: boolean;
  readonly begun: boolean;
}

/** The wish, and all that a container of it needs. */
export interface InstanceSpec {
  readonly id: string;
  readonly state: State;
  readonly desired: Desire;
  readonly incarnation: number;
  readonly wantedIncarnation: number;
  readonly environment: string;
  readonly geometry: string | null;
  readonly versionId: string;
  readonly image: string;
  readonly digest: string;
  /** Cores; null: as the node allows. A rule's size, where it was placed with one. */
  readonly cpuLimit: number | null;
  readonly memoryLimitBytes: number;
  readonly person: {
    readonly username: string;
    readonly uid: number;
    readonly gid: number;
    readonly displayName: string;
    /** Nobody: what would be its home ends with the desktop. */
    readonly station: boolean;
    /** Beside the own one; those that matter first. */
    readonly groups: readonly { readonly name: string; readonly gid: number }[];
    /** With which they may write somewhere, in whatever desktop of theirs. */
    readonly allGids: readonly number[];
  };
  /** UUIDs of what it holds of this node's GPUs, in order. */
  readonly gpus: readonly string[];
  /** What its owner may see at this moment. */
  readonly data: readonly ExperimentData[];
  readonly vncControl: string;
  readonly vncView: string;
  readonly containerId: string | null;
  /** Whether this incarnation has answered before. */
  readonly wasReady: boolean;
}

/** @returns undefined where the instance is no longer this node's */
export async function getInstanceSpec(
  db: Queryable,
  instanceId: string,
): Promise<InstanceSpec | undefined> {
  const [row] = await db.execute<InstanceSpec & Record<string, unknown>>(sql`
    select i.id, i.state, i.desired, i.incarnation, i.wanted_incarnation as "wantedIncarnation",
      e.slug as environment, i.geometry, v.id as "versionId", v.image, v.digest,
      -- Placed with another size than the environment's, by a rule: what it was placed with is what it may take.
      case when a.cpus <> e.cpus then a.cpus else e.cpu_limit end as "cpuLimit",
      case when a.memory_bytes <> e.memory_bytes then a.memory_bytes
        else coalesce(e.memory_limit_bytes, e.memory_bytes) end as "memoryLimitBytes",
      jsonb_build_object('username', p.username, 'uid', p.uid, 'gid', p.gid, 'displayName', p.display_name,
        'station', p.station, 'groups', p.groups, 'allGids', p.all_gids) as person,
      coalesce((select jsonb_agg(distinct g.uuid order by g.uuid) from allocation_gpus g
        where g.instance_id = i.id), '[]') as gpus,
      coalesce((select jsonb_agg(to_jsonb(d)) from instance_data(i.id) d), '[]') as data,
      c.vnc_control as "vncControl", c.vnc_view as "vncView", c.container_id as "containerId",
      c.ready_at is not null as "wasReady"
    from instances i
    join environments e on e.id = i.environment_id
    join versions v on v.id = i.version_id
    join incarnations c on c.instance_id = i.id and c.number = i.incarnation
    left join allocations a on a.instance_id = i.id
    cross join lateral instance_person(i.id) p
    where i.id = ${instanceId}`);
  return row ? { ...row, memoryLimitBytes: Number(row.memoryLimitBytes) } : undefined;
}

export interface Report {
  readonly to: State;
  readonly reason?: { readonly code: string; readonly text: string } | null;
  readonly exitCode?: number | null;
}

/**
 * Moves an instance to a state that this controller has seen to be true. The first move to `running`
 * sets when it began; an end frees the allocation, as its container is known to be gone.
 *
 * @returns false where the state does not allow the change (it was moved meanwhile: look again)
 * @throws LeaseLostError
 */
export async function reportState(db: Queryable, lease: Lease, report: Report): Promise<boolean> {
  const sources = `{${sourcesOf(report.to, "controller").join(",")}}`;
  const ended = report.to === "stopped" || report.to === "failed" || report.to === "shelved";
  const keepsReason = report.reason === undefined;
  const write = sql`
    with seen as (
      select id, state, reason_code, reason_text from instances where id = ${lease.subjectId} for update
    ), held as (${held(lease, sql`seen`)}
    ), p as (
      select seen.* from seen join held on held.subject_id = seen.id
    ), asked as (
      -- What held a stop up is over; why it was asked for stays.
      select h.reason_code as code, h.reason_text as text
      from p join instance_history h on h.instance_id = p.id and h.to_state = 'stopping'
      where p.state = 'stopping' order by h.id desc limit 1
    ), kept as (
      select p.id, p.state, coalesce(a.code, p.reason_code) as code, coalesce(a.text, p.reason_text) as text
      from p left join asked a on true
    ), moved as (
      update instances i set state = ${report.to},
        reason_code = case when ${keepsReason} then p.code else ${report.reason?.code ?? null} end,
        reason_text = case when ${keepsReason} then p.text else ${report.reason?.text ?? null} end,
        started_at = case when ${report.to} = 'running' and p.state = 'starting' then now() else i.started_at end,
        ended_at = case when ${ended} then now() else i.ended_at end,
        queued_at = case when ${report.to} = 'queued' then now() else i.queued_at end
      from kept p where i.id = p.id and p.state = any (${sources}::text[])
      returning i.id, i.incarnation, p.state as before, i.reason_code, i.reason_text
    ), noted as (
      insert into instance_history (instance_id, from_state, to_state, actor, reason_code, reason_text)
      select id, before, ${report.to}, 'controller', reason_code, reason_text from moved
    ), freed as (
      delete from allocations a using moved where a.instance_id = moved.id and ${ended}
    ), closed as (
      update incarnations c set ended_at = now(), exit_code = ${report.exitCode ?? null}
      from moved where c.instance_id = moved.id and c.number = moved.incarnation and ${ended}
    )
    select exists (select from held) as held, exists (select from moved) as moved`;
  const [row] = await retrying(() => db.execute<{ held: boolean; moved: boolean }>(write));
  if (!row?.held) throw new LeaseLostError(lease.subjectId);
  return row.moved;
}

/** Says why a start or a stop has not come further yet. @throws LeaseLostError */
export async function reportReason(
  db: Queryable,
  lease: Lease,
  reason: { code: string; text: string },
): Promise<void> {
  const write = sql`
    with seen as (
      select id, state from instances where id = ${lease.subjectId} for update
    ), held as (${held(lease, sql`seen`)}
    ), noted as (
      update instances i set reason_code = ${reason.code}, reason_text = ${reason.text}
      from seen join held on held.subject_id = seen.id
      where i.id = seen.id and seen.state in ('starting', 'stopping')
    )
    select 1 from held`;
  const rows = await retrying(() => db.execute(write));
  if (rows.length === 0) throw new LeaseLostError(lease.subjectId);
}

/** When a phase of a start was reached. Facts, so they need no lease; the first report stays. */
export async function recordPhase(
  db: Queryable,
  instanceId: string,
  incarnation: number,
  phase: "container" | "ready" | "panel",
  containerId: string | null = null,
): Promise<void> {
  const column = sql.raw(`${phase}_at`);
  await db.execute(sql`
    update incarnations set ${column} = now(), container_id = coalesce(${containerId}, container_id)
    where instance_id = ${instanceId} and number = ${incarnation} and ${column} is null`);
}

/** This node's instances on which no work is due or under way: engine and wish should agree on them. */
export async function settledInstances(
  db: Queryable,
  nodeId: string,
): Promise<
  Pick<
    InstanceSpec,
    "id" | "state" | "desired" | "incarnation" | "wantedIncarnation" | "containerId" | "wasReady"
  >[]
> {
  return db.execute(sql`
    select i.id, i.state, i.desired, i.incarnation, i.wanted_incarnation as "wantedIncarnation",
      c.container_id as "containerId", c.ready_at is not null as "wasReady"
    from instances i
    join work w on w.subject_kind = 'instance' and w.subject_id = i.id and w.node_id = i.node_id
      and w.wanted = w.done
    join incarnations c on c.instance_id = i.id and c.number = i.incarnation
    where i.node_id = ${nodeId} and i.state in ('starting', 'running', 'paused', 'stopping', 'lost')`);
}

/** Raises work for every instance of this node that holds a place or has a container. @returns how many */
export async function wishAll(
  db: Queryable,
  nodeId: string,
  withContainer: readonly string[],
): Promise<number> {
  const rows = await db.execute(sql`
    with rows as (
      select w.subject_id from work w
      where w.subject_kind = 'instance' and w.node_id = ${nodeId}
        and (w.subject_id = any (${uuidArray(withContainer)}) or exists (
          select from instances i where i.id = w.subject_id and i.node_id = ${nodeId}
            and i.state in ('starting', 'running', 'paused', 'stopping', 'lost')))
      order by w.subject_id for update
    )
    update work w set wanted = w.wanted + 1, run_at = least(w.run_at, now())
    from rows where w.subject_kind = 'instance' and w.subject_id = rows.subject_id
      and w.node_id = ${nodeId}
    returning 1`);
  return rows.length;
}

/** Which of these the database knows, on whatever node, each with its newest incarnation. */
export async function knownInstances(
  db: Queryable,
  ids: readonly string[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{ id: string; incarnation: number }>(sql`
    select id, incarnation from known_instances(${uuidArray(ids)})`);
  return new Map(rows.map((row) => [row.id, row.incarnation]));
}
