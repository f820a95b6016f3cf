/** Scores: which of the nodes that fit is the best, line by line. */
import type { Need } from "./need.ts";
import type { Effects } from "./rules.ts";
import { matchesSelector } from "./selector.ts";
import type { Site } from "./site.ts";
import type { Attributes, ScoreLine, Size } from "./types.ts";

/** For a node that has the image already: fetching it takes minutes. */
export const imagePoints = 30;
/** Enough to decide between equals: their home and their data are in that node's memory. */
const nearPoints = { person: 1, experiment: 0.5 };

/** Of a node's GPUs how much is taken after this request, 0 to 1. */
function gpusAfter(site: Site, { gpus, gpuMemoryBytes }: Size, node: number): number {
  const present = site.presentGpus[node] ?? 0;
  if (present === 0) return 0;
  const [gpu] = site.gpus[node] ?? [];
  const part =
    gpus === 0 || gpuMemoryBytes === null || !gpu
      ? 1
      : Math.min(1, Math.max(gpuMemoryBytes / gpu.memoryBytes, 1 / gpu.slots));
  return ((site.usedGpus[node] ?? 0) + gpus * part) / present;
}
const cpusAfter = (site: Site, size: Size, node: number) =>
  ((site.usedCpus[node] ?? 0) + size.cpus) / (site.cpus[node] ?? 1);
const memoryAfter = (site: Site, size: Size, node: number) =>
  ((site.usedMemory[node] ?? 0) + size.memoryBytes) / (site.memory[node] ?? 1);

/** The share that stays free of what is scarcest. */
function spreadPoints(site: Site, size: Size, node: number): number {
  const room = Math.max(cpusAfter(site, size, node), memoryAfter(site, size, node));
  const used = size.gpus > 0 ? Math.max(room, gpusAfter(site, size, node)) : room;
  return 100 * Math.max(0, 1 - used);
}

/** The share that is taken, of cores, memory and GPUs on average. */
function packPoints(site: Site, size: Size, node: number): number {
  const room = cpusAfter(site, size, node) + memoryAfter(site, size, node);
  return site.presentGpus[node] === 0
    ? 50 * room
    : (100 / 3) * (room + gpusAfter(site, size, node));
}

/** The points of a node but for what depends on the person and the experiment. */
export function scoreOf(site: Site, need: Need, node: number): number {
  const points = need.strategy === "pack" ? packPoints : spreadPoints;
  return (need.base[node] ?? 0) + points(site, need.size, node);
}

type Who = Pick<Attributes, "userId" | "experimentId">;

/** The few nodes with more points for this person and experiment, with these points. */
export function nearby(site: Site, who: Who): Map<number, number> {
  const points = new Map<number, number>();
  for (const node of site.ofPerson(who.userId).keys()) points.set(node, nearPoints.person);
  for (const node of site.ofExperiment(who.experimentId).keys())
    points.set(node, (points.get(node) ?? 0) + nearPoints.experiment);
  return points;
}

const rounded = (points: number) => Math.round(points * 10) / 10;

function strategyLine(site: Site, need: Need, node: number): ScoreLine {
  const pack = need.strategy === "pack";
  const points = (pack ? packPoints : spreadPoints)(site, need.size, node);
  return { rule: pack ? "pack: share taken" : "spread: share left free", points: rounded(points) };
}

/** Where a node's score comes from, to a tenth of a point. */
export function scoreLines(
  site: Site,
  { need, effects, who }: { need: Need; effects: Effects; who: Who & { versionId: string } },
  node: number,
): { score: number; lines: ScoreLine[] } {
  const { labels, images } = site.node(node);
  const lines: ScoreLine[] = [strategyLine(site, need, node)];
  for (const { rule, text, selector, weight } of effects.prefer)
    if (selector && matchesSelector(selector, labels))
      lines.push({ rule: `${rule.name}: prefers ${text}`, points: weight });
  if (images.has(who.versionId)) lines.push({ rule: "has the image", points: imagePoints });
  if (site.ofPerson(who.userId).has(node))
    lines.push({ rule: "has the person's others", points: nearPoints.person });
  if (site.ofExperiment(who.experimentId).has(node))
    lines.push({ rule: "has the experiment's others", points: nearPoints.experiment });
  return { score: rounded(lines.reduce((sum, it) => sum + it.points, 0)), lines };
}
