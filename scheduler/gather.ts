/**
 * Room that is gathered for what has waited long: a node that takes nothing else until there is. What is smaller and comes
 * later would otherwise take whatever becomes free, and something large would wait for as long as small ones come, though
 * it stands first. Which node it is is kept until then, or until its time is over: one that changed with every round
 * would be kept free for nobody.
 */
import { fitsGpus, hasGpusOf, returnGpus, sharesHeld, type GpuRoom } from "./gpus.ts";
import { holdsOnceEmpty, type Need } from "./need.ts";
import type { Site } from "./site.ts";
import type { Gathered, Live, Request, Situation, Size } from "./types.ts";

/** Room is gathered for nobody who has waited for less. */
export const patienceMs = 5 * 60_000;
/** Only what is expected to end within this is waited for: until then part of a node stands idle. */
export const horizonMs = 60 * 60_000;
/** For so long after that, as ends are late. */
export const graceMs = 15 * 60_000;
/** After a time in vain so long for nothing, neither for this request nor on this node: others have their turn. */
export const pauseMs = 30 * 60_000;
/** What should have ended so long ago may not end at all. */
const overdueMs = 10 * 60_000;

/** Looking for a node asks all of them, and what lives there: so often in a round, at most. There are many rounds. */
const searchesInRound = 4;

/** On so many nodes at once, at most. */
export const mostGathered = (nodes: number): number =>
  Math.min(10, Math.max(1, Math.floor(nodes / 20)));

/** As for filters: sums of 32-bit floats are not exact. */
const tolerance = 1e-6;

interface Ending {
  readonly id: string;
  readonly size: Size;
  readonly at: number;
}

/** A node that has begun to take nothing else for a request. */
export interface Begun {
  readonly nodeId: string;
  readonly until: number;
}

/** When something is expected to end. What has lasted longer than usual may last for ever. */
function endOf({ endsAt, placedAt, usualMs }: Live, now: number): number {
  if (endsAt !== null) return endsAt < now - overdueMs ? Infinity : Math.max(now, endsAt);
  const usuallyAt = usualMs === null ? Infinity : placedAt + usualMs;
  return usuallyAt > now ? usuallyAt : Infinity;
}

/** Whether one that ends leaves room for this by itself: then it has its turn by the queue's order. */
const isAsLarge = (it: Size, size: Size, rooms: readonly GpuRoom[]): boolean =>
  it.cpus >= size.cpus && it.memoryBytes >= size.memoryBytes && hasGpusOf(size, it, rooms);

export class Gathering {
  readonly #site: Site;
  readonly #situation: Situation;
  readonly #most: number;
  /** By id of request. */
  readonly #nodes = new Map<string, number>();
  readonly #people = new Map<string, string>();
  readonly #behind = new Set<string>();
  /** From when on a request may have another try. */
  readonly #pausedUntil = new Map<string, number>();
  /** On which nobody has just got room in time: now they take what fits. */
  readonly #pausedNodes = new Set<number>();
  /** When each ends. */
  readonly ends: { readonly requestId: string; readonly at: number }[] = [];
  /** Needs for which there is nothing to gather in this round. */
  readonly #hopeless = new Set<string>();
  #searches = searchesInRound;
  #endings: Map<number, Ending[]> | null = null;

  constructor(site: Site, situation: Situation) {
    this.#site = site;
    this.#situation = situation;
    this.#most = mostGathered(site.size);
    for (const it of situation.gathered ?? []) this.#recall(it);
  }

  #recall({ requestId, userId, experimentId, nodeId, until, behind }: Gathered): void {
    const site = this.#site;
    const node = site.numbers.get(nodeId);
    const { now } = this.#situation;
    if (until <= now) {
      this.#pausedUntil.set(requestId, until + pauseMs);
      if (node !== undefined && now < until + pauseMs) this.#pausedNodes.add(node);
      return;
    }
    // Where it cannot go any more, or a reservation has come to keep room, it may have another node at once.
    if (node === undefined || site.away[node] || site.holds[node]?.length) return;
    const owner = site.dedicatedTo[node] ?? null;
    if (owner !== null && owner !== experimentId) return;
    this.#nodes.set(requestId, node);
    this.#people.set(requestId, userId);
    if (behind) this.#behind.add(requestId);
    this.ends.push({ requestId, at: until });
  }

  has(requestId: string): boolean {
    return this.#nodes.has(requestId);
  }

  /** Those who are not decided on in this round keep theirs. */
  keepOthers(decided: ReadonlySet<string>): void {
    for (const id of this.#nodes.keys())
      if (!decided.has(id) && !this.#behind.has(id)) this.restore(id);
  }

  /** After others, who stand before it, have been decided on. */
  restore(requestId: string): void {
    const node = this.#nodes.get(requestId);
    if (node !== undefined) this.#site.gather(node, requestId);
  }

  /** While a request is decided on, the room is its own. */
  lift(requestId: string): void {
    const node = this.#nodes.get(requestId);
    if (node !== undefined && this.#site.gatheredFor[node] === requestId)
      this.#site.gather(node, null);
  }

  /** It waits on. @returns the node that takes nothing else meanwhile; undefined: none does */
  keep(requestId: string, need: Need): number | undefined {
    const node = this.#nodes.get(requestId);
    if (node === undefined) return undefined;
    if (!this.#mayUse(need, node)) {
      this.end(requestId);
      return undefined;
    }
    this.#site.gather(node, requestId);
    return node;
  }

  /** Its time is over, or it has got its place. */
  end(requestId: string): void {
    this.lift(requestId);
    this.#nodes.delete(requestId);
    this.#people.delete(requestId);
  }

  #mayUse(need: Need, node: number): boolean {
    const site = this.#site;
    if (site.away[node] || !need.admits[node]) return false;
    const owner = site.dedicatedTo[node] ?? null;
    if (owner === null ? need.onlyOwn : owner !== need.experimentId || need.onlyFree) return false;
    return holdsOnceEmpty(site, need.size, node);
  }

  #endingsOn(node: number): readonly Ending[] {
    const { live, now } = this.#situation;
    if (this.#endings === null) {
      this.#endings = new Map();
      for (const it of live) {
        const number = this.#site.numbers.get(it.nodeId);
        const at = endOf(it, now);
        if (number === undefined || at > now + horizonMs) continue;
        const there = this.#endings.get(number);
        if (there) there.push({ id: it.id, size: it.size, at });
        else this.#endings.set(number, [{ id: it.id, size: it.size, at }]);
      }
      for (const it of this.#endings.values())
        it.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    }
    return this.#endings.get(node) ?? [];
  }

  /**
   * When there will be room on a node, if what lives there ends when it is expected to.
   * @param before only that is of interest
   * @returns null where it is not known, or nothing has to be gathered
   */
  #roomAt({ size }: Need, node: number, before: number): number | null {
    const site = this.#site;
    let cpus = (site.cpus[node] ?? 0) - (site.usedCpus[node] ?? 0) + tolerance;
    let memory = (site.memory[node] ?? 0) - (site.usedMemory[node] ?? 0);
    let gpus = site.gpus[node] ?? [];
    const rooms = gpus;
    for (const ending of this.#endingsOn(node)) {
      if (ending.at >= before || isAsLarge(ending.size, size, rooms)) return null;
      cpus += ending.size.cpus;
      memory += ending.size.memoryBytes;
      if (ending.size.gpus > 0) gpus = returnGpus(gpus, sharesHeld(gpus, ending.size));
      if (cpus >= size.cpus && memory >= size.memoryBytes && fitsGpus(gpus, size)) return ending.at;
    }
    return null;
  }

  #soonest(need: Need): { node: number; at: number } | null {
    let best: { node: number; at: number } | null = null;
    const others = new Set(this.#nodes.values());
    for (let node = 0; node < this.#site.size; node++) {
      // Where room is kept for a reservation it is not ours to gather.
      if (others.has(node) || this.#site.holds[node]?.length) continue;
      if (this.#pausedNodes.has(node) || !this.#mayUse(need, node)) continue;
      const at = this.#roomAt(need, node, best?.at ?? Infinity);
      if (at !== null) best = { node, at };
    }
    return best;
  }

  #mayBegin({ id, userId, queuedAt }: Request, need: Need): boolean {
    const { now } = this.#situation;
    return (
      now - queuedAt >= patienceMs &&
      now >= (this.#pausedUntil.get(id) ?? -Infinity) &&
      this.#nodes.size < this.#most &&
      // Nobody has several nodes kept for them.
      ![...this.#people.values()].includes(userId) &&
      this.#searches > 0 &&
      !this.#hopeless.has(need.key)
    );
  }

  /** Chooses the node on which there will be room first. */
  begin(request: Request, need: Need): Begun | null {
    if (!this.#mayBegin(request, need)) return null;
    this.#searches -= 1;
    const found = this.#soonest(need);
    if (!found) {
      this.#hopeless.add(need.key);
      return null;
    }
    this.#nodes.set(request.id, found.node);
    this.#people.set(request.id, request.userId);
    this.#site.gather(found.node, request.id);
    return { nodeId: this.#site.node(found.node).id, until: found.at + graceMs };
  }
}
