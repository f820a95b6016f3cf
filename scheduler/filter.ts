/** Filters: which nodes can take a request now. A node counts at the first filter that refuses it. */
import { chooseGpus, fitsGpus, takeGpus, type GpuRoom } from "./gpus.ts";
import type { Need } from "./need.ts";
import type { HeldSum, Site } from "./site.ts";
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
  "gathered",
] as const;
export type FilterName = (typeof filters)[number];
/** How many nodes each filter refused. */
export type Refused = Partial<Record<FilterName, number>>;

/** Sums of 32-bit floats are not exact; a millionth of a core is nobody's. */
const tolerance = 1e-6;

/** A filter's number in `filters` and one more; 0: no filter refuses. */
export type Verdict = number;
const number = Object.fromEntries(filters.map((it, at) => [it, at + 1])) as Record<
  FilterName,
  Verdict
>;
export const filterOf = (verdict: Verdict): FilterName | null => filters[verdict - 1] ?? null;

/** Whether a node takes anything new at all. */
export function awayBy(node: Candidate): Verdict {
  if (!node.ready) return number.ready;
  if (node.draining) return number.draining;
  return node.schedulable ? 0 : number.schedulable;
}

const isForeign = (hold: HeldSum, need: Pick<Need, "insider">) =>
  !need.insider.has(hold.reservationId);

/** A node's GPUs as this request sees them: without what is kept for others. */
export function gpusFor(site: Site, need: Pick<Need, "insider">, node: number): readonly GpuRoom[] {
  return (site.heldSums[node] ?? [])
    .filter((it) => it.gpus.length > 0 && isForeign(it, need))
    .reduce<readonly GpuRoom[]>((rooms, it) => takeGpus(rooms, it.gpus), site.gpus[node] ?? []);
}

/** With what is kept on a node for others; GPUs are looked at one by one. */
function besideHolds(site: Site, need: Pick<Need, "insider" | "size">, node: number) {
  const sum = { ...need.size, gpus: 0 };
  for (const held of site.heldSums[node] ?? []) {
    if (!isForeign(held, need)) continue;
    sum.cpus += held.cpus;
    sum.memoryBytes += held.memoryBytes;
  }
  return sum;
}

/** Whether a node has room beside what is kept there for others. */
export function fitsBesideHolds(
  site: Site,
  need: Pick<Need, "insider" | "size">,
  node: number,
): boolean {
  if (lacks(site, besideHolds(site, need, node), node) !== 0) return false;
  return need.size.gpus === 0 || fitsGpus(gpusFor(site, need, node), need.size);
}

/** So many of one size as a node has room for beside what is kept there for others, each with its GPUs. */
export function seatsBesideHolds(
  site: Site,
  need: Pick<Need, "insider" | "size">,
  { node, most }: { readonly node: number; readonly most: number },
): (readonly GpuGrant[])[] {
  const { cpus, memoryBytes, gpus } = need.size;
  const seats: (readonly GpuGrant[])[] = [];
  const taken = besideHolds(site, need, node);
  let rooms = gpus === 0 ? [] : gpusFor(site, need, node);
  while (seats.length < most && lacks(site, taken, node) === 0) {
    const grants = chooseGpus(rooms, need.size);
    if (!grants) break;
    seats.push(grants);
    rooms = takeGpus(rooms, grants);
    taken.cpus += cpus;
    taken.memoryBytes += memoryBytes;
  }
  return seats;
}

/** What a node has too little of; 0: it has room. */
function lacks(site: Site, size: Size, node: number): Verdict {
  // Written so that what is no number fits nowhere.
  if (!((site.usedCpus[node] ?? 0) + size.cpus <= (site.cpus[node] ?? 0) + tolerance))
    return number.cpus;
  if (!((site.usedMemory[node] ?? 0) + size.memoryBytes <= (site.memory[node] ?? 0)))
    return number.memory;
  return size.gpus === 0 || fitsOpenGpus(site, size, node) ? 0 : number.gpus;
}

/** As `fitsGpus`, by the node's two figures where they say enough. */
function fitsOpenGpus(site: Site, { gpus, gpuMemoryBytes }: Size, node: number): boolean {
  if (gpuMemoryBytes === null) return (site.wholeGpus[node] ?? 0) >= gpus;
  if (!((site.largestShare[node] ?? -1) >= gpuMemoryBytes)) return false;
  return gpus === 1 || fitsGpus(site.gpus[node] ?? [], { gpus, gpuMemoryBytes });
}

/** Which filter refuses a node first. */
export function judgeNode(site: Site, need: Need, node: number): Verdict {
  const away = site.away[node];
  if (away) return away;
  if (!need.admits[node]) return number.labels;
  const owner = site.dedicatedTo[node] ?? null;
  if (owner === null ? need.onlyOwn : owner !== need.experimentId || need.onlyFree)
    return number.dedicated;
  const lacking = lacks(site, need.size, node);
  if (lacking) return lacking;
  if (site.holds[node]?.length && !fitsBesideHolds(site, need, node)) return number.reserved;
  // A beamtime comes first.
  return site.gatheredFor[node] === null || need.onlyFree ? 0 : number.gathered;
}

/** The filter that refuses a node; null: it can take the request now. */
export function refusedBy(site: Site, need: Need, node: number): FilterName | null {
  return filterOf(judgeNode(site, need, node));
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
