/**
 * Room that is gathered for what has waited long. What is smaller and comes later would otherwise take whatever becomes
 * free, and something large would wait for as long as small ones come, though it stands first.
 */
import { chooseGpus, fitsGpus, returnGpus, sharesHeld, type GpuRoom } from "./gpus.ts";
import { couldHold, type Need } from "./need.ts";
import type { Hold, Site } from "./site.ts";
import type { GpuGrant, Live, Request, Size } from "./types.ts";

/** Room is gathered for nobody who has waited for less. */
export const patienceMs = 5 * 60_000;
/** Nor for longer than this: what keeps being extended must not keep others out for good. */
export const gathersForMs = 4 * 3_600_000;
/** Only what is expected to end within this is waited for: until then part of a node stands idle. */
export const horizonMs = 2 * 3_600_000;

/** On so many nodes at once, at most. */
export const mostGathered = (nodes: number): number =>
  Math.min(10, Math.max(1, Math.floor(nodes / 20)));

/** As for filters: sums of 32-bit floats are not exact. */
const tolerance = 1e-6;

interface Ending {
  readonly id: string;
  readonly size: Size;
  /** By its limit; null: it has none. */
  readonly endsAt: number | null;
  /** When its like usually would have ended; null: not known. */
  readonly usuallyAt: number | null;
}

/** A node on which there will be room, and what of its free room must not be taken until then. */
interface Promised {
  readonly at: number;
  readonly hold: Omit<Hold, "reservationId" | "node"> | null;
}

/** When something is expected to end. What has lasted longer than usual may last for ever. */
function endOf({ endsAt, usuallyAt }: Ending, now: number): number {
  if (endsAt !== null) return Math.max(now, endsAt);
  return usuallyAt !== null && usuallyAt > now ? usuallyAt : Infinity;
}

/** Of GPUs that will be free then, the shares that are free now. */
function freeNow(grants: readonly GpuGrant[], rooms: readonly GpuRoom[]): GpuGrant[] {
  return grants.flatMap(({ uuid, shares }) => {
    const taken = new Set(rooms.find((it) => it.uuid === uuid)?.taken.map((it) => it.slot));
    const free = shares.filter((it) => !taken.has(it.slot));
    return free.length === 0 ? [] : [{ uuid, shares: free }];
  });
}

const keyOf = (requestId: string) => `gathered for ${requestId}`;

export class Gathering {
  readonly #site: Site;
  readonly #most: number;
  /** By number of node and id of instance. */
  readonly #endings = new Map<number, Map<string, Ending>>();
  readonly #nodes = new Map<string, number>();
  /** Needs for which there is nothing to gather as the site is now. */
  readonly #hopeless = new Set<string>();

  constructor(site: Site, live: readonly Live[]) {
    this.#site = site;
    this.#most = mostGathered(site.size);
    for (const { id, nodeId, size, endsAt, placedAt, usualMs } of live) {
      const node = site.numbers.get(nodeId);
      const usuallyAt = usualMs === null ? null : placedAt + usualMs;
      if (node !== undefined) this.#expect(node, { id, size, endsAt, usuallyAt });
    }
  }

  #expect(node: number, ending: Ending): void {
    const endings = this.#endings.get(node) ?? new Map<string, Ending>();
    this.#endings.set(node, endings.set(ending.id, ending));
  }

  /** @param endsAt by its limit; null: it has none */
  placed(node: number, id: string, size: Size, endsAt: number | null): void {
    this.#expect(node, { id, size, endsAt, usuallyAt: null });
  }

  ended(node: number, id: string): void {
    this.#endings.get(node)?.delete(id);
    this.#hopeless.clear();
  }

  #mayUse(need: Need, node: number): boolean {
    const site = this.#site;
    if (site.away[node] || !need.admits[node] || site.holds[node]?.length) return false;
    const owner = site.dedicatedTo[node] ?? null;
    if (owner === null ? need.onlyOwn : owner !== need.experimentId || need.onlyFree) return false;
    return couldHold(site, need.size, node);
  }

  /** @returns null where it is not known that there will be room in time */
  #promised({ size }: Need, node: number, now: number): Promised | null {
    const site = this.#site;
    const cpus = (site.cpus[node] ?? 0) - (site.usedCpus[node] ?? 0) + tolerance;
    const memory = (site.memory[node] ?? 0) - (site.usedMemory[node] ?? 0);
    const rooms = site.gpus[node] ?? [];
    let gpus = rooms;
    const freed = { cpus: 0, memoryBytes: 0 };
    const endings = [...(this.#endings.get(node)?.values() ?? [])]
      .map((it) => ({ ...it, at: endOf(it, now) }))
      .filter((it) => it.at <= now + horizonMs)
      // Of those that end together always the same first: how much is kept depends on it.
      .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    for (const ending of endings) {
      freed.cpus += ending.size.cpus;
      freed.memoryBytes += ending.size.memoryBytes;
      if (ending.size.gpus > 0) gpus = returnGpus(gpus, sharesHeld(gpus, ending.size));
      if (cpus + freed.cpus < size.cpus || memory + freed.memoryBytes < size.memoryBytes) continue;
      if (!fitsGpus(gpus, size)) continue;
      const held = {
        cpus: Math.max(0, size.cpus - freed.cpus),
        memoryBytes: Math.max(0, size.memoryBytes - freed.memoryBytes),
        gpus: 0,
        gpuMemoryBytes: null,
      };
      const grants = freeNow(chooseGpus(gpus, size) ?? [], rooms);
      const nothing = held.cpus <= tolerance && held.memoryBytes === 0 && grants.length === 0;
      return { at: ending.at, hold: nothing ? null : { size: held, gpus: grants } };
    }
    return null;
  }

  #soonest(need: Need, now: number): { node: number; promised: Promised } | null {
    let best: { node: number; promised: Promised } | null = null;
    for (let node = 0; node < this.#site.size; node++) {
      const promised = this.#mayUse(need, node) ? this.#promised(need, node, now) : null;
      if (promised && (best === null || promised.at < best.promised.at)) best = { node, promised };
    }
    return best;
  }

  /**
   * Keeps room for a request that does not fit now, on the node where it will first, if what lives there ends when it is
   * expected to: only so much of what is free that, with what becomes free, it will do.
   */
  begin({ id, queuedAt }: Pick<Request, "id" | "queuedAt">, need: Need, now: number): boolean {
    const waited = now - queuedAt;
    if (waited < patienceMs || waited > patienceMs + gathersForMs) return false;
    if (this.#nodes.size >= this.#most || this.#hopeless.has(need.key)) return false;
    const found = this.#soonest(need, now);
    if (!found) this.#hopeless.add(need.key);
    if (!found?.promised.hold) return false;
    const { node } = found;
    const hold: Hold = { reservationId: keyOf(id), node, gathered: true, ...found.promised.hold };
    this.#site.setHolds(node, [...(this.#site.holds[node] ?? []), hold]);
    this.#nodes.set(id, node);
    return true;
  }

  /** It is decided anew, or waits for nothing any more. */
  drop(requestId: string): void {
    const node = this.#nodes.get(requestId);
    if (node === undefined) return;
    this.#nodes.delete(requestId);
    const key = keyOf(requestId);
    const rest = (this.#site.holds[node] ?? []).filter((it) => it.reservationId !== key);
    this.#site.setHolds(node, rest);
  }

  /** What a request needs, with the room that is kept for it. */
  asSeenBy(requestId: string, need: Need): Need {
    if (!this.#nodes.has(requestId)) return need;
    return { ...need, insider: new Set([...need.insider, keyOf(requestId)]) };
  }
}
