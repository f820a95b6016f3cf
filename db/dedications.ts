/** Nodes that experiments have to themselves during their beamtime. */
import { sql } from "drizzle-orm";
import type { Beamtime, OpenEnvironment } from "../scheduler/beforehand.ts";
import { stillDedicates } from "../scheduler/dedicate.ts";
import { compileRules } from "../scheduler/rules.ts";
import type { Size } from "../scheduler/types.ts";
import type { Queryable } from "./client.ts";
import { noteNode, takeBack } from "./notices.ts";
import { ms, readRules } from "./situation.ts";

export interface Dedication {
  readonly nodeId: string;
  readonly experimentId: string;
  readonly ruleId: string;
  readonly ruleName: string;
}

/**
 * Gives a node to an experiment until its beamtime ends. Whoever else is there is asked to go elsewhere, and
 * left alone otherwise. @returns false where the node is another's already, or the beamtime is over
 */
export async function dedicateNode(db: Queryable, dedication: Dedication): Promise<boolean> {
  const { nodeId, experimentId, ruleId, ruleName } = dedication;
  const rows = await db.execute(sql`
    insert into dedications (node_id, experiment_id, rule_id, rule_name, until_at)
    select ${nodeId}, x.id, ${ruleId}, ${ruleName}, x.ends_at from experiments x
    where x.id = ${experimentId} and x.ends_at > now()
    on conflict (node_id) where ended_at is null do nothing
    returning 1`);
  if (rows.length > 0) await noteNode(db, nodeId);
  return rows.length > 0;
}

interface Open extends Record<string, unknown> {
  readonly id: string;
  readonly nodeId: string;
  readonly ruleId: string;
  readonly experiment: string;
  readonly beamline: string;
  /** By the experiment's dates as they are now. */
  readonly over: boolean;
  readonly now: number;
}

/**
 * Ends what is over, by the experiment's dates and by the rules as they are now, and takes back what was asked of others
 * there. @returns how many
 */
export async function endDedications(db: Queryable): Promise<number> {
  const open = await db.execute<Open>(sql`
    select d.id, d.node_id as "nodeId", d.rule_id as "ruleId", x.code as experiment, b.code as beamline,
      x.ends_at <= now() or x.starts_at > now() as over, ${ms(sql`now()`)} as now
    from dedications d join experiments x on x.id = d.experiment_id
    join beamlines b on b.id = x.beamline_id where d.ended_at is null`);
  if (open.length === 0) return 0;
  await db.execute(sql`
    update dedications d set until_at = x.ends_at from experiments x
    where x.id = d.experiment_id and d.ended_at is null and x.ends_at <> d.until_at`);
  const rules = compileRules(await readRules(db));
  const ended = open.filter((it) => it.over || !stillDedicates(rules, it, it.now));
  for (const { id, nodeId } of ended) {
    await db.execute(sql`update dedications set ended_at = now() where id = ${id}`);
    await takeBack(db, nodeId, "node_needed_for_beamtime");
  }
  return ended.length;
}

interface BeamtimeRow extends Omit<Beamtime, "environments"> {
  readonly environments: readonly (Omit<OpenEnvironment, "size"> & Size)[];
}

/**
 * The experiments that are running now and have no node to themselves, with the environments that are open to the
 * experiment or to its beamline; those for which there is none are left out.
 */
export async function readUndedicated(db: Queryable): Promise<Beamtime[]> {
  const rows = await db.execute<BeamtimeRow & Record<string, unknown>>(sql`
    select x.id, x.code, b.code as beamline, b.id as "beamlineId",
      ${ms(sql`x.starts_at`)} as from, ${ms(sql`x.ends_at`)} as until, o.environments
    from experiments x join beamlines b on b.id = x.beamline_id
    cross join lateral (
      select jsonb_agg(jsonb_build_object('slug', e.slug, 'kind', e.kind, 'versionId', v.id,
        'cpus', e.cpus, 'memoryBytes', e.memory_bytes, 'gpus', e.gpus,
        'gpuMemoryBytes', e.gpu_memory_bytes) order by e.slug) as environments
      from environments e cross join lateral (
        select id from versions where environment_id = e.id order by created_at desc limit 1) v
      where e.enabled and exists (select from entitlements t
        where t.environment_id = e.id and (t.experiment_id = x.id or t.beamline_id = x.beamline_id)
          and (t.from_at is null or t.from_at <= now()) and (t.until_at is null or t.until_at > now()))
    ) o
    where x.starts_at <= now() and x.ends_at > now() and o.environments is not null
      and not exists (select from dedications d where d.experiment_id = x.id and d.ended_at is null)
    order by x.starts_at, x.id limit 1000`);
  return rows.map(({ environments, ...row }) => ({
    ...row,
    environments: environments.map(({ slug, kind, versionId, ...size }) => {
      return { slug, kind, versionId, size };
    }),
  }));
}
