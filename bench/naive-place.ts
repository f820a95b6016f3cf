/**
 * Placing as one would first write it: every request looks at every node with every rule. The same
 * filters and scores, so it must choose the same nodes.
 */
import { chooseGpus, fitsGpus, gpusUsed, openGpus, takeGpus } from "../scheduler/gpus.ts";
import { compileRules, effectsOf, mergeSize, type Effects } from "../scheduler/rules.ts";
import { matchesSelector } from "../scheduler/selector.ts";
import type { Candidate, Request, Situation, Size } from "../scheduler/types.ts";

interface Open {
  readonly node: Candidate;
  cpus: number;
  memory: number;
  gpus: ReturnType<typeof openGpus>;
  readonly people: Set<string>;
}

function fits({ node, cpus, memory, gpus }: Open, size: Size, { require }: Effects): boolean {
  return (
    node.ready &&
    !node.draining &&
    node.schedulable &&
    require.every((it) => it.selector && matchesSelector(it.selector, node.labels)) &&
    cpus + size.cpus <= node.cpus + 1e-6 &&
    memory + size.memoryBytes <= node.memoryBytes &&
    fitsGpus(gpus, size)
  );
}

function points(
  { node, cpus, memory, gpus, people }: Open,
  request: Request,
  size: Size,
  effects: Effects,
) {
  const used = [(cpus + size.cpus) / node.cpus, (memory + size.memoryBytes) / node.memoryBytes];
  const [card] = gpus;
  if (card) {
    const part =
      size.gpuMemoryBytes === null || size.gpus === 0
        ? 1
        : Math.max(size.gpuMemoryBytes / card.memoryBytes, 1 / card.slots);
    const present = gpus.filter((it) => it.present).length;
    used.push((gpusUsed(gpus) + size.gpus * part) / present);
  }
  const asked = size.gpus > 0 ? used : used.slice(0, 2);
  const strategy =
    effects.strategy === "pack"
      ? (100 * used.reduce((sum, it) => sum + it, 0)) / used.length
      : 100 * Math.max(0, 1 - Math.max(...asked));
  const preferred = effects.prefer
    .filter((it) => it.selector && matchesSelector(it.selector, node.labels))
    .reduce((sum, it) => sum + it.weight, 0);
  const image = node.images.has(request.versionId) ? 30 : 0;
  return strategy + preferred + image + (people.has(request.userId) ? 3 : 0);
}

/** @returns the ids of the chosen nodes */
export function naivePlace(requests: readonly Request[], site: Situation): (string | null)[] {
  const rules = compileRules(site.rules);
  const open = site.nodes.map((node): Open => ({
    node,
    cpus: node.allocatedCpus,
    memory: node.allocatedMemoryBytes,
    gpus: openGpus(node.gpus),
    people: new Set(),
  }));
  return requests.map((request) => {
    const effects = effectsOf(request, rules, site.now);
    const size = mergeSize(request.size, effects);
    let best: { at: Open; score: number } | null = null;
    for (const at of open) {
      if (!fits(at, size, effects)) continue;
      const score = points(at, request, size, effects);
      // Sums in another order differ in the last digits.
      if (!best || score > best.score + 1e-9) best = { at, score };
    }
    if (!best) return null;
    best.at.cpus += size.cpus;
    best.at.memory += size.memoryBytes;
    best.at.gpus = takeGpus(best.at.gpus, chooseGpus(best.at.gpus, size) ?? []);
    best.at.people.add(request.userId);
    return best.at.node.id;
  });
}
