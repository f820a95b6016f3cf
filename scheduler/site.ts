/** The nodes as a round of placing changes them. */
import { awayBy, type FilterName } from "./filter.ts";
import { gpusUsed, openGpus, returnGpus, takeGpus, type GpuRoom } from "./gpus.ts";
import type { Attributes, Candidate, GpuGrant, Live, Size } from "./types.ts";

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

function add(all: Map<string, Counts>, key: string, node: number, by: number): void {
  const counts = all.get(key) ?? new Map<number, number>();
  all.set(key, counts);
  const count = (counts.get(node) ?? 0) + by;
  if (count > 0) counts.set(node, count);
  else counts.delete(node);
}

const byName = (a: Candidate, b: Candidate) =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1;

/**
 * Nodes by number, in order of name and id, so that equals go by name whatever order they came in.
 * Every change of a node is written to `changes`, for those who keep figures of all nodes.
 */
export class Site {
  readonly nodes: readonly Candidate[];
  readonly numbers: ReadonlyMap<string, number>;
  /** The filter that keeps everything new away from a node. */
  readonly away: readonly (FilterName | null)[];
  readonly cpus: Float64Array;
  readonly memory: Float64Array;
  readonly usedCpus: Float64Array;
  readonly usedMemory: Float64Array;
  readonly gpus: (readonly GpuRoom[])[];
  /** GPUs taken, in whole GPUs and parts, and how many are present. */
  readonly usedGpus: Float64Array;
  readonly presentGpus: Uint16Array;
  readonly dedicatedTo: (string | null)[];
  readonly holds: (readonly Hold[])[];
  readonly occupants: Uint32Array;
  readonly changes: number[] = [];
  readonly #ofPerson = new Map<string, Counts>();
  readonly #owned = new Map<string, Set<number>>();
  readonly #ofExperiment = new Map<string, Counts>();

  constructor(nodes: readonly Candidate[], live: readonly Live[]) {
    this.nodes = [...nodes].sort(byName);
    this.numbers = new Map(this.nodes.map((it, index) => [it.id, index]));
    this.away = this.nodes.map(awayBy);
    this.cpus = Float64Array.from(this.nodes, (it) => it.cpus);
    this.memory = Float64Array.from(this.nodes, (it) => it.memoryBytes);
    this.usedCpus = Float64Array.from(this.nodes, (it) => it.allocatedCpus);
    this.usedMemory = Float64Array.from(this.nodes, (it) => it.allocatedMemoryBytes);
    this.gpus = this.nodes.map((it) => openGpus(it.gpus));
    this.usedGpus = Float64Array.from(this.gpus, gpusUsed);
    this.presentGpus = Uint16Array.from(this.gpus, (it) => it.filter((gpu) => gpu.present).length);
    this.dedicatedTo = this.nodes.map((it) => it.dedicatedTo);
    for (const [node, owner] of this.dedicatedTo.entries()) this.#own(node, owner);
    this.holds = this.nodes.map(() => []);
    this.occupants = new Uint32Array(this.nodes.length);
    for (const it of live) {
      const node = this.numbers.get(it.nodeId);
      if (node !== undefined) this.#count(node, it, 1);
    }
  }

  get size(): number {
    return this.nodes.length;
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
    return this.#ofPerson.get(userId) ?? new Map();
  }

  ofExperiment(experimentId: string | null): ReadonlyMap<number, number> {
    return (experimentId === null ? null : this.#ofExperiment.get(experimentId)) ?? new Map();
  }

  #change(node: number, size: Size, sign: 1 | -1, gpus: readonly GpuRoom[]): void {
    this.usedCpus[node] = (this.usedCpus[node] ?? 0) + sign * size.cpus;
    this.usedMemory[node] = (this.usedMemory[node] ?? 0) + sign * size.memoryBytes;
    if (gpus !== this.gpus[node]) {
      this.gpus[node] = gpus;
      this.usedGpus[node] = gpusUsed(gpus);
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
    return (experimentId === null ? null : this.#owned.get(experimentId)) ?? new Set();
  }

  dedicate(node: number, experimentId: string | null): void {
    const before = this.dedicatedTo[node] ?? null;
    if (before !== null) this.#owned.get(before)?.delete(node);
    this.dedicatedTo[node] = experimentId;
    this.#own(node, experimentId);
    this.changes.push(node);
  }

  setHolds(node: number, holds: readonly Hold[]): void {
    this.holds[node] = holds;
    this.changes.push(node);
  }
}
