/** The nodes as one need sees them: who refuses which, and the best, kept up to date. */
import { filters, judgeNode, type Refused } from "./filter.ts";
import type { Need } from "./need.ts";
import { scoreOf } from "./score.ts";
import type { Site } from "./site.ts";

export interface Ranked {
  readonly node: number;
  readonly score: number;
}

/**
 * A tournament over the nodes: each inner place holds the better of the two below it, so that a
 * changed node costs a walk to the root and the best few a walk down.
 */
export class View {
  readonly #site: Site;
  readonly #need: Need;
  /** By node: 0 where it fits, else 1 and up by filter. */
  readonly #verdicts: Uint8Array;
  readonly #scores: Float64Array;
  readonly #counts = new Uint32Array(filters.length + 1);
  /** Nodes that won below; built at the second question, as many needs come once. */
  #winners: Int32Array | null = null;
  #asked = false;
  #leaves = 1;
  #seen = 0;

  constructor(site: Site, need: Need) {
    this.#site = site;
    this.#need = need;
    this.#verdicts = new Uint8Array(site.size);
    this.#scores = new Float64Array(site.size);
    this.#judgeAll();
  }

  #judgeAll(): void {
    this.#counts.fill(0);
    for (let node = 0; node < this.#site.size; node++) this.#judge(node);
    this.#seen = this.#site.changes.length;
    this.#winners = null;
  }

  #judge(node: number): void {
    const verdict = judgeNode(this.#site, this.#need, node);
    this.#verdicts[node] = verdict;
    this.#scores[node] = verdict === 0 ? scoreOf(this.#site, this.#need, node) : -Infinity;
    this.#counts[verdict] = (this.#counts[verdict] ?? 0) + 1;
  }

  #better(a: number, b: number): number {
    if (a < 0 || b < 0) return Math.max(a, b);
    const scores = this.#scores;
    const [first = -Infinity, second = -Infinity] = [scores[a], scores[b]];
    if (first !== second) return first > second ? a : b;
    return Math.min(a, b);
  }

  #build(): Int32Array {
    this.#leaves = 1;
    while (this.#leaves < this.#site.size) this.#leaves *= 2;
    const winners = new Int32Array(2 * this.#leaves).fill(-1);
    for (let node = 0; node < this.#site.size; node++) winners[this.#leaves + node] = node;
    for (let at = this.#leaves - 1; at > 0; at--)
      winners[at] = this.#better(winners[2 * at] ?? -1, winners[2 * at + 1] ?? -1);
    return winners;
  }

  /** Looks again at what has changed since the last question. */
  refresh(): void {
    const { changes } = this.#site;
    if (changes.length - this.#seen > this.#site.size) this.#judgeAll();
    for (; this.#seen < changes.length; this.#seen++) this.#update(changes[this.#seen] ?? 0);
  }

  #update(node: number): void {
    const before = this.#verdicts[node] ?? 0;
    this.#counts[before] = (this.#counts[before] ?? 0) - 1;
    this.#judge(node);
    const winners = this.#winners;
    if (!winners) return;
    for (let at = (this.#leaves + node) >> 1; at > 0; at >>= 1)
      winners[at] = this.#better(winners[2 * at] ?? -1, winners[2 * at + 1] ?? -1);
  }

  fits(node: number): boolean {
    return this.#verdicts[node] === 0;
  }

  score(node: number): number {
    return this.#scores[node] ?? -Infinity;
  }

  get refused(): Refused {
    const refused: Refused = {};
    for (const [at, name] of filters.entries()) {
      const count = this.#counts[at + 1] ?? 0;
      if (count > 0) refused[name] = count;
    }
    return refused;
  }

  get fitting(): number {
    return this.#counts[0] ?? 0;
  }

  /** The best `count` nodes that fit, but for those in `without`; equals by number. */
  best(count: number, without: ReadonlyMap<number, unknown>): Ranked[] {
    if (!this.#asked) {
      this.#asked = true;
      return this.#scan(count, without);
    }
    this.#winners ??= this.#build();
    const winners = this.#winners;
    const found: Ranked[] = [];
    const open = [1];
    while (open.length > 0 && found.length < count) {
      const at = this.#takeBest(open, winners);
      const node = winners[at] ?? -1;
      if (node < 0 || !this.fits(node)) break;
      if (!without.has(node)) found.push({ node, score: this.score(node) });
      // All whom it beat on its way up.
      for (let place = this.#leaves + node; place > at; place >>= 1) open.push(place ^ 1);
    }
    return found;
  }

  #scan(count: number, without: ReadonlyMap<number, unknown>): Ranked[] {
    const found: Ranked[] = [];
    let least = -Infinity;
    for (let node = 0; node < this.#site.size; node++) {
      const score = this.#scores[node] ?? -Infinity;
      if (!(score > least) || without.has(node)) continue;
      const at = found.findIndex((it) => it.score < score);
      found.splice(at < 0 ? found.length : at, 0, { node, score });
      if (found.length > count) found.pop();
      if (found.length === count) least = found.at(-1)?.score ?? least;
    }
    return found;
  }

  #takeBest(open: number[], winners: Int32Array): number {
    let best = 0;
    for (let at = 1; at < open.length; at++) {
      const [mine, other] = [winners[open[at] ?? 0] ?? -1, winners[open[best] ?? 0] ?? -1];
      if (mine >= 0 && this.#better(mine, other) === mine) best = at;
    }
    return open.splice(best, 1)[0] ?? 1;
  }
}
