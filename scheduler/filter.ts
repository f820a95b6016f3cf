/** Filters: which nodes can take a request now. A node counts at the first filter that refuses it. */
import { chooseGpus, fitsGpus, takeGpus, type GpuRoom } from "./gpus.ts";
import type { Need } from "./need.ts";
import type { Hold, Site } from "./site.ts";
import type { Candidate, GpuGrant, Size } from "./types.ts";

export const filters = [
  "ready",
  "schedulable",
  "draining",
  "labels",
  "dedicated",
  "cpus",
  "memory",
  "gpus",
  "reserved",
] as const;
export type FilterName = (typeof filters)[number];
/** How many nodes each filter refused. */
export type Refused = Partial<Record<FilterName, number>>;

/** Sums of 32-bit floats are not exact; a millionth of a core is nobody's. */
const tolerance = 1e-6;

/** Whether a node takes anything new at all; null: it does. */
export function awayBy(node: Candidate): FilterName | null {
  if (!node.ready) return "ready";
  if (node.draining) return "draining";
  return node.schedulable ? null : "schedulable";
}

const isForeign = (hold: Hold, need: Pick<Need, "insider">) =>
  !need.insider.has(hold.reservationId);

/** A node's GPUs as this request sees them: without what is kept for others. */
export function gpusFor(site: Site, need: Pick<Need, "insider">, node: number): readonly GpuRoom[] {
  return (site.holds[node] ?? [])
    .filter((it) => isForeign(it, need))
    .reduce<readonly GpuRoom[]>((rooms, it) => takeGpus(rooms, it.gpus), site.gpus[node] ?? []);
}

/** Whether a node has room beside what is kept there for others. */
export function fitsBesideHolds(
  site: Site,
  need: Pick<Need, "insider" | "size">,
  node: number,
): boolean {
  const sum = { cpus: need.size.cpus, memoryBytes: need.size.memoryBytes };
  for (const hold of site.holds[node] ?? []) {
    if (!isForeign(hold, need)) continue;
    sum.cpus += hold.size.cpus;
    sum.memoryBytes += hold.size.memoryBytes;
  }
  const rest = { ...need.size, ...sum, gpus: 0 };
  return lacks(site, rest, node) === null && fitsGpus(gpusFor(site, need, node), need.size);
}

/** What a node has too little of; null: it has room. */
export function lacks(site: Site, size: Size, node: number): "cpus" | "memory" | "gpus" | null {
  // Written so that what is no number fits nowhere.
  if (!((site.usedCpus[node] ?? 0) + size.cpus <= (site.cpus[node] ?? 0) + tolerance))
    return "cpus";
  if (!((site.usedMemory[node] ?? 0) + size.memoryBytes <= (site.memory[node] ?? 0)))
    return "memory";
  return size.gpus === 0 || fitsGpus(site.gpus[node] ?? [], size) ? null : "gpus";
}

/** The filter that refuses a node; null: it can take the request now. */
export function refusedBy(site: Site, need: Need, node: number): FilterName | null {
  const away = site.away[node];
  if (away) return away;
  if (!need.admits[node]) return "labels";
  const owner = site.dedicatedTo[node] ?? null;
  if (owner === null ? need.onlyOwn : owner !== need.experimentId || need.onlyFree)
    return "dedicated";
  const lacking = lacks(site, need.size, node);
  if (lacking) return lacking;
  return site.holds[node]?.length && !fitsBesideHolds(site, need, node) ? "reserved" : null;
}

/** The GPUs that a request takes on a node that has passed. */
export function grantsOn(
  site: Site,
  need: Pick<Need, "insider" | "size">,
  node: number,
): readonly GpuGrant[] {
  if (need.size.gpus === 0) return [];
  const chosen = chooseGpus(gpusFor(site, need, node), need.size);
  if (!chosen) throw new Error(`node ${site.node(node).name} has passed without GPUs for it`);
  return chosen;
}
