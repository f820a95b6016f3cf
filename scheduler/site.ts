/** The nodes as a round of placing changes them. */
import { awayBy } from "./filter.ts";
import {
  gpusUsed,
  largestShare,
  openGpus,
  returnGpus,
  takeGpus,
  wholeGpus,
  type GpuRoom,
} from "./gpus.ts";
import type { Attributes, Candidate, GpuGrant, GpuShare, Live, Size } from "./types.ts";

type Who = Pick<Attributes, "userId" | "experimentId">;
/** How many instances of one kind stand on which node. */
type Counts = Map<number, number>;

/** Room that is kept on a node for a seat of a reservation. */
export interface Hold {
  readonly reservationId: string;
  readonly node: number;
  readonly size: Size;
  readonly gpus: readonly GpuGrant[];
}

/** All that is kept on a node for one reservation. */
export interface HeldSum {
  readonly reservationId: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly gpus: readonly GpuGrant[];
}

const noHolds: readonly Hold[] = [];
const noSums: readonly HeldSum[] = [];
const noCounts: ReadonlyMap<number, number> = new Map();
const noNodes: ReadonlySet<number> = new Set();

function add(all: Map<string, Counts>, key: string, node: number, by: number): void {
  const counts = all.get(key) ?? new Map<number, number>();
  all.set(key, counts);
  const count = (counts.get(node) ?? 0) + by;
  if (count > 0) counts.set(node, count);
  else counts.delete(node);
}

function grantsOf(holds: readonly Hold[]): GpuGrant[] {
  const shares = new Map<string, GpuShare[]>();
  for (const hold of holds)
    for (const grant of hold.gpus) {
      const of = shares.get(grant.uuid);
      if (of) of.push(...grant.shares);
      else shares.set(grant.uuid, [...grant.shares]);
    }
  return [...shares].map(([uuid, of]) => ({ uuid, shares: of }));
}

/** Summed once for each change: a node may keep hundreds of seats, and every request asks for their sum. */
function sumsOf(holds: readonly Hold[]): HeldSum[] {
  const ids = Map.groupBy(holds, (it) => it.reservationId);
  return [...ids].map(([reservationId, of]) => {
    // Seats of one reservation are of one size.
    const { cpus, memoryBytes } = of[0]?.size ?? { cpus: 0, memoryBytes: 0 };
    const count = of.length;
    return {
      reservationId,
      cpus: count * cpus,
      memoryBytes: count * memoryBytes,
      gpus: grantsOf(of),
    };
  });
}

const byName = (a: Candidate, b: Candidate) =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1;

/**
 * Nodes by number, in order of name and id, so that equals go by name whatever order they came in.
 * Every change of a node is written to `changes`, for those who keep figures of all nodes.
 */
export class Site {
  readonly nodes: readonly Candidate[];
  readonly size: number;
  readonly numbers: ReadonlyMap<string, number>;
  /** The filter's verdict that keeps everything new away from a node. */
  readonly away: Uint8Array;
  readonly cpus: Float64Array;
  readonly memory: Float64Array;
  readonly usedCpus: Float64Array;
  readonly usedMemory: Float64Array;
  readonly gpus: (readonly GpuRoom[])[];
  /** GPUs taken, in whole GPUs and parts, and how many are present. */
  readonly usedGpus: Float64Array;
  readonly presentGpus: Uint16Array;
  /** GPUs of which nothing is taken, and the most memory that a share of one could have; -1: none. */
  readonly wholeGpus: Uint16Array;
  readonly largestShare: Float64Array;
  readonly dedicatedTo: (string | null)[];
  readonly holds: (readonly Hold[])[];
  readonly heldSums: (readonly HeldSum[])[];
  /** The request for which a node takes nothing else; null: it takes what fits. */
  readonly gatheredFor: (string | null)[];
  readonly occupants: Uint32Array;
  readonly changes: number[] = [];
  readonly #ofPerson = new Map<string, Counts>();
  readonly #owned = new Map<string, Set<number>>();
  readonly #ofExperiment = new Map<string, Counts>();

  constructor(nodes: readonly Candidate[], live: readonly Live[]) {
    this.nodes = [...nodes].sort(byName);
    this.size = this.nodes.length;
    this.numbers = new Map(this.nodes.map((it, index) => [it.id, index]));
    const figures = () => new Float64Array(this.size);
    this.away = new Uint8Array(this.size);
    [this.cpus, this.memory, this.usedCpus, this.usedMemory] = [
      figures(),
      figures(),
      figures(),
      figures(),
    ];
    [this.usedGpus, this.largestShare] = [figures(), figures()];
    [this.presentGpus, this.wholeGpus] = [new Uint16Array(this.size), new Uint16Array(this.size)];
    this.gpus = this.nodes.map((it) => openGpus(it.gpus));
    this.dedicatedTo = this.nodes.map((it) => it.dedicatedTo);
    this.holds = this.nodes.map(() => noHolds);
    this.heldSums = this.nodes.map(() => noSums);
    this.gatheredFor = this.nodes.map(() => null);
    this.occupants = new Uint32Array(this.size);
    for (let node = 0; node < this.size; node++) this.#open(node);
    for (const it of live) {
      const node = this.numbers.get(it.nodeId);
      if (node !== undefined) this.#count(node, it, 1);
    }
  }

  #open(node: number): void {
    const it = this.node(node);
    this.away[node] = awayBy(it);
    this.cpus[node] = it.cpus;
    this.memory[node] = it.memoryBytes;
    this.usedCpus[node] = it.allocatedCpus;
    this.usedMemory[node] = it.allocatedMemoryBytes;
    this.#own(node, it.dedicatedTo);
    const gpus = this.gpus[node] ?? [];
    for (const gpu of gpus)
      if (gpu.present) this.presentGpus[node] = (this.presentGpus[node] ?? 0) + 1;
    this.#figureGpus(node, gpus);
  }

  #figureGpus(node: number, gpus: readonly GpuRoom[]): void {
    this.usedGpus[node] = gpusUsed(gpus);
    this.wholeGpus[node] = wholeGpus(gpus);
    this.largestShare[node] = largestShare(gpus);
  }

  /** @throws RangeError where there is no such node */
  node(number: number): Candidate {
    const found = this.nodes[number];
    if (!found) throw new RangeError(`there is no node number ${number}`);
    return found;
  }

  #count(node: number, who: Who, by: number): void {
    this.occupants[node] = (this.occupants[node] ?? 0) + by;
    add(this.#ofPerson, who.userId, node, by);
    if (who.experimentId !== null) add(this.#ofExperiment, who.experimentId, node, by);
  }

  ofPerson(userId: string): ReadonlyMap<number, number> {
    return this.#ofPerson.get(userId) ?? noCounts;
  }

  ofExperiment(experimentId: string | null): ReadonlyMap<number, number> {
    return (experimentId === null ? null : this.#ofExperiment.get(experimentId)) ?? noCounts;
  }

  #change(node: number, size: Size, sign: 1 | -1, gpus: readonly GpuRoom[]): void {
    this.usedCpus[node] = (this.usedCpus[node] ?? 0) + sign * size.cpus;
    this.usedMemory[node] = (this.usedMemory[node] ?? 0) + sign * size.memoryBytes;
    if (gpus !== this.gpus[node]) {
      this.gpus[node] = gpus;
      this.#figureGpus(node, gpus);
    }
    this.changes.push(node);
  }

  take(node: number, size: Size, grants: readonly GpuGrant[], who: Who): void {
    const gpus = this.gpus[node] ?? [];
    this.#count(node, who, 1);
    this.#change(node, size, 1, grants.length === 0 ? gpus : takeGpus(gpus, grants));
  }

  giveBack(node: number, size: Size, grants: readonly GpuGrant[], who: Who): void {
    const gpus = this.gpus[node] ?? [];
    this.#count(node, who, -1);
    this.#change(node, size, -1, grants.length === 0 ? gpus : returnGpus(gpus, grants));
  }

  #own(node: number, experimentId: string | null): void {
    if (experimentId === null) return;
    const owned = this.#owned.get(experimentId) ?? new Set<number>();
    this.#owned.set(experimentId, owned.add(node));
  }

  /** The nodes that an experiment has to itself. */
  ownedBy(experimentId: string | null): ReadonlySet<number> {
    return (experimentId === null ? null : this.#owned.get(experimentId)) ?? noNodes;
  }

  dedicate(node: number, experimentId: string | null): void {
    const before = this.dedicatedTo[node] ?? null;
    if (before !== null) this.#owned.get(before)?.delete(node);
    this.dedicatedTo[node] = experimentId;
    this.#own(node, experimentId);
    this.changes.push(node);
  }

  gather(node: number, requestId: string | null): void {
    if (this.gatheredFor[node] === requestId) return;
    this.gatheredFor[node] = requestId;
    this.changes.push(node);
  }

  setHolds(node: number, holds: readonly Hold[]): void {
    this.holds[node] = holds;
    this.heldSums[node] = holds.length === 0 ? noSums : sumsOf(holds);
    this.changes.push(node);
  }
}
