/** Priorities that put rules into an order, with as few of them changed as can be. */

const step = 10;
const most = 1_000_000;

export interface Prioritised {
  readonly id: string;
  readonly priority: number;
}

/** The positions of a longest run of falling priorities: these can stay as they are. */
function longestFall(priorities: readonly number[]): number[] {
  // Of every length the run that ends highest, by the position of its end.
  const ends: number[] = [];
  const before: number[] = [];
  for (const [at, priority] of priorities.entries()) {
    const length = ends.findIndex((end) => (priorities[end] ?? 0) <= priority);
    const to = length < 0 ? ends.length : length;
    before[at] = ends[to - 1] ?? -1;
    ends[to] = at;
  }
  const run: number[] = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) run.unshift(at);
  return run;
}

/** `count` whole numbers between two, falling; undefined where there is no room. */
function between(above: number | undefined, below: number | undefined, count: number) {
  const top = above ?? (below ?? 0) + step * (count + 1);
  const bottom = below ?? top - step * (count + 1);
  if (top - bottom <= count) return undefined;
  const numbers = Array.from({ length: count }, (_, n) =>
    Math.floor(top - ((top - bottom) * (n + 1)) / (count + 1)),
  );
  return numbers.every((it) => Math.abs(it) <= most) ? numbers : undefined;
}

/**
 * @param rules in the order in which they are to be asked
 * @returns every rule's priority, each lower than the one before it
 */
export function prioritiesFor(rules: readonly Prioritised[]): Map<string, number> {
  const stay = longestFall(rules.map((it) => it.priority));
  const priorities = rules.map((it) => it.priority);
  const edges = [-1, ...stay, rules.length];
  for (const [nth, from] of edges.slice(0, -1).entries()) {
    const to = edges[nth + 1] ?? rules.length;
    if (to - from < 2) continue;
    const found = between(rules[from]?.priority, rules[to]?.priority, to - from - 1);
    if (!found) return new Map(rules.map(({ id }, at) => [id, (rules.length - at) * step]));
    priorities.splice(from + 1, found.length, ...found);
  }
  return new Map(rules.map(({ id }, at) => [id, priorities[at] ?? 0]));
}
