/** Limits of rules: how many instances that a rule matches may live at once. */
import type { Effects, LimitOfRule, RuleRef } from "./rules.ts";
import type { Attributes, RuleLimits } from "./types.ts";

export interface ReachedLimit {
  readonly rule: RuleRef;
  readonly kind: keyof RuleLimits;
  readonly limit: number;
  readonly live: number;
  /** Those that wait for room in front of it count as well: their turn is first. */
  readonly ahead: number;
  /** Whose instances were counted; null: everybody's. */
  readonly of: string | null;
}

interface Place {
  readonly key: string;
  readonly rule: RuleRef;
  readonly kind: keyof RuleLimits;
  readonly limit: number;
  readonly of: string | null;
}

export const limitKinds = ["perPerson", "perExperiment", "perBeamline", "total"] as const;

export const scopeTexts: Record<keyof RuleLimits, string> = {
  perPerson: " per person",
  perExperiment: " per experiment",
  perBeamline: " per beamline",
  total: "",
};

/** What a limit counts by: an id and a name; null: it does not look at this instance. */
export function countedBy(
  kind: keyof RuleLimits,
  it: Attributes,
): { id: string; name: string | null } | null {
  switch (kind) {
    case "perPerson":
      return { id: it.userId, name: it.user };
    case "perExperiment":
      return it.experimentId === null ? null : { id: it.experimentId, name: it.experiment };
    case "perBeamline":
      return it.beamlineId === null ? null : { id: it.beamlineId, name: it.beamline };
    case "total":
      return { id: "", name: null };
  }
}

function placesOf(limits: readonly LimitOfRule[], it: Attributes): Place[] {
  return limits.flatMap(({ rule, limits }) =>
    limitKinds.flatMap((kind) => {
      const limit = limits[kind];
      const counted = limit === undefined ? null : countedBy(kind, it);
      if (limit === undefined || counted === null) return [];
      return [{ key: `${rule.id} ${kind} ${counted.id}`, rule, kind, limit, of: counted.name }];
    }),
  );
}

type Limiting = Pick<Effects, "limits">;

/**
 * Who waits for room, and so has a place within limits before those behind: kept over the pages of one walk through
 * the queue, each of which is a round of its own.
 */
export class Ahead {
  readonly #keys = new Map<string, readonly string[]>();
  readonly #counts = new Map<string, number>();

  #count(keys: readonly string[], by: 1 | -1): void {
    for (const key of keys) this.#counts.set(key, this.count(key) + by);
  }

  /** @param keys of the limits that look at it */
  add(id: string, keys: readonly string[]): void {
    this.remove(id);
    this.#keys.set(id, keys);
    this.#count(keys, 1);
  }

  /** It is decided anew, or waits for nothing any more. */
  remove(id: string): void {
    this.#count(this.#keys.get(id) ?? [], -1);
    this.#keys.delete(id);
  }

  /** Of these what another round has found since. */
  takeOver(ids: readonly string[], found: Ahead): void {
    for (const id of ids) {
      const keys = found.#keys.get(id);
      if (keys) this.add(id, keys);
      else this.remove(id);
    }
  }

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }
}

export class LimitCounts {
  readonly ahead: Ahead;
  readonly #live = new Map<string, number>();

  constructor(ahead: Ahead) {
    this.ahead = ahead;
  }

  addLive(it: Attributes, effects: Limiting, by: 1 | -1 = 1): void {
    for (const { key } of placesOf(effects.limits, it))
      this.#live.set(key, (this.#live.get(key) ?? 0) + by);
  }

  waitsForRoom(it: Attributes & { readonly id: string }, effects: Limiting): void {
    const keys = this.keysOf(it, effects);
    if (keys.length > 0) this.ahead.add(it.id, keys);
  }

  /** The first limit that leaves no place for one more. */
  reached(it: Attributes, effects: Limiting): (ReachedLimit & { readonly key: string }) | null {
    for (const place of placesOf(effects.limits, it)) {
      const [live, ahead] = [this.#live.get(place.key) ?? 0, this.ahead.count(place.key)];
      if (live + ahead >= place.limit) return { ...place, live, ahead };
    }
    return null;
  }

  /** What stands against this instance's limits, for whoever waits for one of them. */
  keysOf(it: Attributes, effects: Limiting): string[] {
    return placesOf(effects.limits, it).map((place) => place.key);
  }
}
