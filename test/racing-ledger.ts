/** What must hold on a site whatever races on it, judged from the database and what its engines hold. */
import { sql } from "drizzle-orm";
import type { ObservedContainer } from "../controller/runtimes/runtime.ts";
import type { Queryable } from "../db/client.ts";

export interface Size {
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** What an environment asks for beside: so many GPUs, of each so much memory (null: the whole of it). */
export interface GpuNeed {
  readonly gpus: number;
  readonly gpuMemoryBytes: number | null;
}

/** A container, and the node that it stands on. */
export type Standing = ObservedContainer & { readonly node: string };

/** Sums of 32-bit floats: a millionth of a core is nobody's. */
const tolerance = 1e-6;

export interface Ledger {
  readonly nodes: readonly (Size & {
    readonly id: string;
    readonly schedulable: boolean;
    readonly usedCpus: number;
    readonly usedMemoryBytes: number;
    readonly gpus: readonly {
      readonly memoryBytes: number;
      readonly slots: number;
      readonly usedMemoryBytes: number;
      readonly usedSlots: number;
    }[];
  })[];
  readonly instances: readonly {
    readonly id: string;
    readonly state: string;
    readonly desired: string;
    readonly reason: string | null;
    readonly node: string | null;
    readonly incarnation: number;
    readonly wanted: number;
    readonly cpus: number;
    readonly memoryBytes: number;
    readonly gpus: number;
    readonly gpuMemoryBytes: number | null;
    readonly openWork: number;
    readonly allocations: readonly {
      readonly node: string;
      readonly at: string;
      /** Of how many it has something. */
      readonly gpus: number;
    }[];
  }[];
}

/** One statement, so one moment. Exact sums: decimals, not floats. */
const ledger = sql`
  select
    (select jsonb_agg(jsonb_build_object('id', n.id, 'schedulable', n.schedulable,
      'cpus', n.cpus::numeric, 'memoryBytes', n.memory_bytes,
      'usedCpus', coalesce(a.cpus, 0), 'usedMemoryBytes', coalesce(a.memory, 0), 'gpus', (
        select coalesce(jsonb_agg(jsonb_build_object('memoryBytes', g.memory_bytes, 'slots', g.slots,
          'usedMemoryBytes', coalesce(t.memory, 0), 'usedSlots', coalesce(t.slots, 0))), '[]')
        from node_gpus g left join (
          select node_id, uuid, sum(memory_bytes) as memory, count(*) as slots
          from allocation_gpus group by node_id, uuid) t on t.node_id = g.node_id and t.uuid = g.uuid
        where g.node_id = n.id)))
    from nodes n left join (
      select node_id, sum(cpus::numeric) as cpus, sum(memory_bytes) as memory
      from allocations group by node_id) a on a.node_id = n.id) as nodes,
    (select coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'state', i.state, 'desired', i.desired, 'reason', i.reason_code,
      'node', i.node_id, 'incarnation', i.incarnation, 'wanted', i.wanted_incarnation,
      'cpus', e.cpus::numeric, 'memoryBytes', e.memory_bytes,
      'gpus', e.gpus, 'gpuMemoryBytes', e.gpu_memory_bytes,
      'openWork', (select coalesce(sum(w.wanted - w.done), 0) from work w where w.subject_id = i.id),
      'allocations', (select coalesce(jsonb_agg(jsonb_build_object(
          'node', a.node_id, 'at', a.created_at, 'gpus', (
            select count(distinct g.uuid) from allocation_gpus g
            where g.instance_id = a.instance_id and g.node_id = a.node_id))), '[]')
        from allocations a where a.instance_id = i.id))), '[]')
    from instances i join environments e on e.id = i.environment_id) as instances`;

export async function readLedger(db: Queryable): Promise<Ledger> {
  const [row] = await db.execute<Ledger & Record<string, unknown>>(ledger);
  if (!row) throw new Error("the ledger was not returned");
  return row;
}

class Broken extends Error {
  constructor(rule: string, found: unknown) {
    super(`${rule}: ${JSON.stringify(found)}`);
  }
}

const placesOf = ({ instances }: Ledger) =>
  instances.flatMap((it) => it.allocations.map((one) => ({ ...one, key: `${it.id} ${one.at}` })));

/**
 * Judges every later moment by the one it begins with. A node may shrink below what it holds: then
 * nothing is added to it until it fits again.
 *
 * @param sizes that nodes may be found to have meanwhile
 */
export function startJudgingPlaces(
  begin: Ledger,
  sizes: readonly (Size & { readonly node: string })[],
): (ledger: Ledger) => void {
  const old = new Set(placesOf(begin).map((it) => it.key));
  const most = new Map(
    begin.nodes.map((node) => {
      const all = [node, ...sizes.filter((it) => it.node === node.id)];
      const cpus = Math.max(...all.map((it) => it.cpus));
      return [node.id, { cpus, memoryBytes: Math.max(...all.map((it) => it.memoryBytes)) }];
    }),
  );
  return (ledger) => {
    const added = new Set(placesOf(ledger).flatMap((it) => (old.has(it.key) ? [] : [it.node])));
    for (const node of ledger.nodes) {
      const limit = most.get(node.id);
      if (!limit || !added.has(node.id)) continue;
      if (node.usedCpus > limit.cpus + tolerance || node.usedMemoryBytes > limit.memoryBytes)
        throw new Broken("more is allocated than there is", { node, limit });
      // GPUs do not shrink here, so nothing excuses one that holds too much.
      const crowded = node.gpus.find(
        (it) => it.usedMemoryBytes > it.memoryBytes || it.usedSlots > it.slots,
      );
      if (crowded) throw new Broken("more of a GPU is allocated than there is", { node, crowded });
    }
    judgeInstances(ledger);
  };
}

const placed = new Set(["starting", "running", "paused", "lost"]);

/** An instance holds one place from its placement until its container was seen gone, and no other. */
function judgeInstances(ledger: Ledger): void {
  for (const it of ledger.instances) {
    const holds = placed.has(it.state) || (it.state === "stopping" && it.node !== null);
    const [first, ...more] = it.allocations;
    if (more.length > 0) throw new Broken("two places", it);
    if (holds !== (first !== undefined)) throw new Broken("a place that its state forbids", it);
    if (first && first.gpus !== it.gpus) throw new Broken("a place without its GPUs", it);
    if (first && first.node !== it.node) throw new Broken("a place on another node", it);
  }
}

/** @param containers that stood in the ledger's moment */
export function judgeContainers(ledger: Ledger, containers: readonly Standing[]): void {
  for (const it of containers) {
    const instance = ledger.instances.find((one) => one.id === it.instanceId);
    if (!instance?.allocations.some((one) => one.node === it.node))
      throw new Broken("a container without a place", { it, instance });
  }
}

/** At rest: every wish is fulfilled, what waits fits nowhere, and the engines hold what runs. */
export function judgeRest(ledger: Ledger, containers: readonly Standing[]): void {
  const { nodes, instances } = ledger;
  const stand = containers.map((it) => [it.instanceId, it.incarnation, it.node, it.status].join());
  const wanted = instances
    .filter((it) => it.state === "running")
    .map((it) => [it.id, it.wanted, it.node, "running"].join());
  if (stand.sort().join(" ") !== wanted.sort().join(" "))
    throw new Broken("containers and wishes differ", { stand, wanted });
  for (const it of instances) {
    if (!["queued", "running", "stopped", "failed"].includes(it.state))
      throw new Broken("it stays on its way", it);
    if (it.state === "running" && it.desired !== "running")
      throw new Broken("it runs though nobody wants it to", it);
    const refused = it.state === "queued" || it.reason === "never_fits";
    if (!refused && it.desired === "running" && it.wanted > it.incarnation)
      throw new Broken("a restart was forgotten", it);
    const fits = nodes.find((node) => it.state === "queued" && fitsOn(it, node));
    if (fits) throw new Broken("it waits though it fits", { it, fits });
  }
}

const gpuFits = (
  { gpuMemoryBytes }: GpuNeed,
  gpu: Ledger["nodes"][number]["gpus"][number],
): boolean =>
  gpuMemoryBytes === null
    ? gpu.usedSlots === 0
    : gpu.usedSlots < gpu.slots && gpu.usedMemoryBytes + gpuMemoryBytes <= gpu.memoryBytes;

const fitsOn = (size: Size & GpuNeed, node: Ledger["nodes"][number]): boolean =>
  node.schedulable &&
  node.usedCpus + size.cpus <= node.cpus + tolerance / 2 &&
  node.usedMemoryBytes + size.memoryBytes <= node.memoryBytes &&
  node.gpus.filter((gpu) => gpuFits(size, gpu)).length >= size.gpus;
