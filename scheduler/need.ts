/** What a request effectively needs: requests with the same need see the same nodes and scores. */
import { couldFitGpus } from "./gpus.ts";
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

function count(mask: Uint8Array, other?: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < mask.length; at++) if (mask[at] && (!other || other[at])) sum += 1;
  return sum;
}

/** Evaluates every selector once for every node, and every need once. */
export class Needs {
  readonly #site: Site;
  readonly #masks = new Map<string, Uint8Array>();
  readonly #bases = new Map<string, Float64Array>();
  readonly #sizes = new Map<string, Uint8Array>();
  readonly #needs = new Map<string, Need>();
  readonly #keys = new WeakMap<Effects, EffectKeys>();

  constructor(site: Site) {
    this.#site = site;
  }

  #mask(key: string, selector: Selector | null): Uint8Array {
    let mask = this.#masks.get(key);
    if (!mask) {
      const meets = (labels: Readonly<Record<string, string>>) =>
        Number(selector !== null && matchesSelector(selector, labels));
      mask = Uint8Array.from(this.#site.nodes, (it) => meets(it.labels));
      this.#masks.set(key, mask);
    }
    return mask;
  }

  /** By number of node whether it meets a selector; null admits none. */
  maskOf(selector: Pick<RuleSelector, "selector" | "text">): Uint8Array {
    return this.#mask(keyOf(selector), selector.selector);
  }

  #admits(key: string, require: readonly RuleSelector[]): Uint8Array {
    const whole = `all ${key}`;
    let mask = this.#masks.get(whole);
    if (!mask) {
      mask = new Uint8Array(this.#site.size).fill(1);
      for (const it of require) {
        const one = this.maskOf(it);
        for (let at = 0; at < mask.length; at++) mask[at] = Number(mask[at] && one[at]);
      }
      this.#masks.set(whole, mask);
    }
    return mask;
  }

  #base(key: string, effects: Effects, versionId: string): Float64Array {
    let base = this.#bases.get(key);
    if (!base) {
      base = Float64Array.from(this.#site.nodes, (it) =>
        it.images.has(versionId) ? imagePoints : 0,
      );
      for (const preference of effects.prefer) {
        const mask = this.maskOf(preference);
        for (let at = 0; at < base.length; at++)
          if (mask[at]) base[at] = (base[at] ?? 0) + preference.weight;
      }
      this.#bases.set(key, base);
    }
    return base;
  }

  /** By number of node whether it could hold this if it were empty. */
  #largeEnough(size: Size): Uint8Array {
    const key = sizeKey(size);
    let mask = this.#sizes.get(key);
    if (!mask) {
      mask = Uint8Array.from(this.#site.nodes, (_, node) =>
        Number(couldHold(this.#site, size, node)),
      );
      this.#sizes.set(key, mask);
    }
    return mask;
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
    const large = this.#largeEnough(size);
    const need: Need = {
      key,
      size,
      strategy: effects.strategy,
      admits,
      admitted: count(admits),
      largeEnough: count(large),
      possible: count(large, admits),
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

/** Whether a node could hold this if it were empty, ready and nobody else's. */
export function couldHold(site: Site, size: Size, node: number): boolean {
  return (
    size.cpus <= (site.cpus[node] ?? 0) &&
    size.memoryBytes <= (site.memory[node] ?? 0) &&
    couldFitGpus(site.gpus[node] ?? [], size)
  );
}
