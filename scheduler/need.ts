/** What a request effectively needs: requests with the same need see the same nodes and scores. */
import { couldFitGpus, type GpuRoom } from "./gpus.ts";
import type { Effects, RuleSelector } from "./rules.ts";
import { formatSelector, matchesSelector, type Selector } from "./selector.ts";
import { imagePoints } from "./score.ts";
import type { Site } from "./site.ts";
import type { Size } from "./types.ts";

export interface Need {
  readonly key: string;
  readonly size: Size;
  readonly strategy: "pack" | "spread";
  /** By number of node: 1 where its labels meet all that is required. */
  readonly admits: Uint8Array;
  readonly admitted: number;
  /** How many nodes could hold it if they were empty, and how many of them are admitted. */
  readonly largeEnough: number;
  readonly possible: number;
  /** By number of node: the points that do not depend on what is placed there. */
  readonly base: Float64Array;
  /** Whose dedicated nodes it may use. */
  readonly experimentId: string | null;
  /** Only nodes that are dedicated to its experiment. */
  readonly onlyOwn: boolean;
  /** Only nodes that are dedicated to nobody. */
  readonly onlyFree: boolean;
  /** Reservations whose held room it may use. */
  readonly insider: ReadonlySet<string>;
}
export interface NeedQuestion {
  readonly effects: Effects;
  readonly size: Size;
  readonly versionId: string;
  readonly experimentId: string | null;
  readonly dedication: "none" | "own" | "new";
  readonly insider: ReadonlySet<string>;
}

const sizeKey = (it: Size) => `${it.cpus} ${it.memoryBytes} ${it.gpus} ${it.gpuMemoryBytes}`;
const keyOf = ({ selector, text }: Pick<RuleSelector, "selector" | "text">) =>
  selector ? formatSelector(selector) : `? ${text}`;

interface EffectKeys {
  readonly require: string;
  readonly prefer: string;
}

/** The nodes that selectors admit, and how many of each shape. */
interface Admits {
  readonly mask: Uint8Array;
  readonly count: number;
  readonly ofShape: Uint32Array;
}

/** Nodes of the same capacity are of one shape. */
interface Shapes {
  readonly of: Uint32Array;
  /** One node of each. */
  readonly first: readonly number[];
}

function shapesOf(site: Site): Shapes {
  const of = new Uint32Array(site.size);
  const known = new Map<string, number>();
  const first: number[] = [];
  for (let node = 0; node < site.size; node++) {
    const gpus = (site.gpus[node] ?? []).map((it) => it.memoryBytes).sort((a, b) => a - b);
    const key = `${site.cpus[node]} ${site.memory[node]} ${gpus.join(" ")}`;
    const shape = known.get(key) ?? first.length;
    if (shape === first.length) first.push(node);
    known.set(key, shape);
    of[node] = shape;
  }
  return { of, first };
}

/** Evaluates every selector once for every node, and every need once. */
export class Needs {
  readonly #site: Site;
  readonly #masks = new Map<string, Uint8Array>();
  readonly #bases = new Map<string, Float64Array>();
  readonly #versions = new Map<string, Uint8Array>();
  readonly #admitting = new Map<string, Admits>();
  readonly #shapes: Shapes;
  readonly #needs = new Map<string, Need>();
  readonly #keys = new WeakMap<Effects, EffectKeys>();

  constructor(site: Site) {
    this.#site = site;
    this.#shapes = shapesOf(site);
  }

  #mask(key: string, selector: Selector | null): Uint8Array {
    let mask = this.#masks.get(key);
    if (!mask) {
      mask = new Uint8Array(this.#site.size);
      if (selector !== null)
        for (const [node, { labels }] of this.#site.nodes.entries())
          mask[node] = Number(matchesSelector(selector, labels));
      this.#masks.set(key, mask);
    }
    return mask;
  }

  /** By number of node whether it meets a selector; null admits none. */
  maskOf(selector: Pick<RuleSelector, "selector" | "text">): Uint8Array {
    return this.#mask(keyOf(selector), selector.selector);
  }

  #admits(key: string, require: readonly RuleSelector[]): Admits {
    let known = this.#admitting.get(key);
    if (!known) {
      const mask = new Uint8Array(this.#site.size).fill(1);
      for (const it of require) {
        const one = this.maskOf(it);
        for (let at = 0; at < mask.length; at++) mask[at] = Number(mask[at] && one[at]);
      }
      const ofShape = new Uint32Array(this.#shapes.first.length);
      for (const [node, shape] of this.#shapes.of.entries())
        if (mask[node]) ofShape[shape] = (ofShape[shape] ?? 0) + 1;
      known = { mask, ofShape, count: ofShape.reduce((sum, it) => sum + it, 0) };
      this.#admitting.set(key, known);
    }
    return known;
  }

  /** By number of node whether it has a version's image. */
  #images(versionId: string): Uint8Array {
    let mask = this.#versions.get(versionId);
    if (!mask) {
      mask = new Uint8Array(this.#site.size);
      for (const [node, { images }] of this.#site.nodes.entries())
        mask[node] = Number(images.has(versionId));
      this.#versions.set(versionId, mask);
    }
    return mask;
  }

  #base(key: string, effects: Effects, versionId: string): Float64Array {
    let base = this.#bases.get(key);
    if (!base) {
      base = new Float64Array(this.#site.size);
      const images = this.#images(versionId);
      for (let at = 0; at < base.length; at++) if (images[at]) base[at] = imagePoints;
      for (const preference of effects.prefer) {
        const mask = this.maskOf(preference);
        for (let at = 0; at < base.length; at++)
          if (mask[at]) base[at] = (base[at] ?? 0) + preference.weight;
      }
      this.#bases.set(key, base);
    }
    return base;
  }

  /** How many nodes that `admits` could hold this if they were empty. */
  #roomy(size: Size, admits: Admits): number {
    let sum = 0;
    for (const [shape, node] of this.#shapes.first.entries())
      if (couldHold(this.#site, size, node)) sum += admits.ofShape[shape] ?? 0;
    return sum;
  }

  #keysOf(effects: Effects): EffectKeys {
    let keys = this.#keys.get(effects);
    if (!keys) {
      const require = [...new Set(effects.require.map(keyOf))].sort().join(" & ");
      const prefer = effects.prefer.map((it) => `${it.weight} ${keyOf(it)}`).join(" & ");
      keys = { require, prefer };
      this.#keys.set(effects, keys);
    }
    return keys;
  }

  of(question: NeedQuestion): Need {
    const { effects, size, versionId, experimentId, dedication, insider } = question;
    const keys = this.#keysOf(effects);
    const base = `${versionId} | ${keys.prefer}`;
    const key = [
      sizeKey(size),
      effects.strategy,
      keys.require,
      base,
      `${experimentId} ${dedication}`,
      [...insider].join(" "),
    ].join(" | ");
    const known = this.#needs.get(key);
    if (known) return known;
    const admits = this.#admits(keys.require, effects.require);
    const everywhere = this.#admits("", []);
    const need: Need = {
      key,
      size,
      strategy: effects.strategy,
      admits: admits.mask,
      admitted: admits.count,
      largeEnough: this.#roomy(size, everywhere),
      possible: this.#roomy(size, admits),
      base: this.#base(base, effects, versionId),
      experimentId,
      onlyOwn: dedication === "own",
      onlyFree: dedication === "new",
      insider,
    };
    this.#needs.set(key, need);
    return need;
  }
}

/** Whether a node could hold this if it were empty, ready, nobody else's, and had all of its GPUs. */
export function couldHold(site: Site, size: Size, node: number): boolean {
  return couldHoldWith(site, size, node, site.gpus[node] ?? []);
}

/** Whether a node could hold this once others have gone: a GPU that is away is nothing to wait for. */
export function holdsOnceEmpty(site: Site, size: Size, node: number): boolean {
  const present = (site.gpus[node] ?? []).filter((it) => it.present);
  return couldHoldWith(site, size, node, present);
}

function couldHoldWith(site: Site, size: Size, node: number, gpus: readonly GpuRoom[]): boolean {
  return (
    size.cpus <= (site.cpus[node] ?? 0) &&
    size.memoryBytes <= (site.memory[node] ?? 0) &&
    couldFitGpus(gpus, size)
  );
}
