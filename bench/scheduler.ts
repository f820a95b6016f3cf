/** A thousand requests onto ten thousand nodes, beside a scan of every node for every request; and packing. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { chooseGpus, openGpus, takeGpus, type GpuRoom } from "../scheduler/gpus.ts";
import { place } from "../scheduler/place.ts";
import type { Size } from "../scheduler/types.ts";
import { median } from "./figures.ts";
import type { BenchRow } from "./relay.ts";
import { gib, gpusOf, nodeOf, requestOf, sequence } from "./scheduler-site.ts";

interface Run {
  readonly ms: number;
  readonly memoryMb: number;
  readonly chosen: readonly (string | null)[];
}

async function run(what: "ours" | "own-sizes" | "naive", count: number): Promise<Run> {
  const script = join(import.meta.dirname, "harness", "scheduler-side.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, what, String(count)], {
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout) as Run;
}

async function times(count: number, what: Parameters<typeof run>[0]): Promise<Run[]> {
  const runs: Run[] = [];
  for (let round = 0; round < count; round++) runs.push(await run(what, 1000));
  return runs;
}

/** Of a process that has just started, so nothing is warm, as little as it is in a placer that has just started. */
export async function benchScheduler(): Promise<BenchRow[]> {
  const ours = await times(5, "ours");
  const own = await times(3, "own-sizes");
  // A hundred of them are enough to know how long the rest would take.
  const naive = await run("naive", 100);
  const [first] = ours;
  if (!first || JSON.stringify(first.chosen.slice(0, 100)) !== JSON.stringify(naive.chosen))
    throw new Error("the scan of every node chooses other nodes");
  if (first.chosen.some((it) => it === null)) throw new Error("something was not placed");
  const ms = median(ours.map((it) => it.ms));
  const ownMs = median(own.map((it) => it.ms));
  const memoryMb = Math.max(...[...ours, ...own].map((it) => it.memoryMb));
  const name = "1,000 requests onto 10,000 nodes with 50 rules";
  return [
    {
      name: `${name}, beside a scan of every node (ten times its first 100)`,
      ours: ms,
      peer: naive.ms * 10,
      unit: "ms",
      goal: "≤ 2000 ms",
      pass: ms <= 2000,
    },
    {
      name: `${name}, each of a size of its own`,
      ours: ownMs,
      unit: "ms",
      goal: "none",
      pass: true,
    },
    {
      name: `${name}: the whole process's memory`,
      ours: memoryMb,
      peer: naive.memoryMb,
      unit: "MB",
      goal: "≤ 500 MB",
      pass: memoryMb <= 500,
    },
  ];
}

// Packing -----------------------------------------------------------------------------------------

const shape = { cpus: 64, memoryBytes: 384 * gib, gpus: 4 };

/** How often, cores, GiB, GPUs, and GiB of each; null: the whole GPU. */
type Kind = readonly [
  share: number,
  cpus: number,
  gibs: number,
  gpus: number,
  gpuGibs: number | null,
];
const gpuKinds: readonly Kind[] = [
  [15, 4, 16, 1, 10],
  [15, 6, 24, 1, 20],
  [8, 8, 48, 1, 40],
  [5, 3, 12, 1, 16],
  [5, 5, 30, 1, 24],
  [8, 12, 64, 1, null],
  [4, 24, 128, 2, null],
  [1, 48, 256, 4, null],
];
const mixedKinds: readonly Kind[] = [
  [30, 2, 8, 0, null],
  [20, 4, 16, 0, null],
  [10, 8, 32, 0, null],
  ...gpuKinds,
];

function workload(kinds: readonly Kind[], count: number, seed: number): Size[] {
  const random = sequence(seed);
  const all = kinds.reduce((sum, [share]) => sum + share, 0);
  return Array.from({ length: count }, () => {
    let left = random() * all;
    const kind = kinds.find(([share]) => (left -= share) <= 0) ?? kinds[0];
    const [, cpus = 1, gibs = 1, gpus = 0, gpuGibs = null] = kind ?? [];
    const gpuMemoryBytes = gpuGibs === null ? null : gpuGibs * gib;
    return { cpus, memoryBytes: gibs * gib, gpus, gpuMemoryBytes };
  });
}

/** What of a node an instance takes, of what it takes most. */
function part({ cpus, memoryBytes, gpus, gpuMemoryBytes }: Size): number {
  const gpu = gpuMemoryBytes === null ? 1 : gpuMemoryBytes / (80 * gib);
  return Math.max(cpus / shape.cpus, memoryBytes / shape.memoryBytes, (gpus * gpu) / shape.gpus);
}

/** All is known beforehand: the largest first, each onto the first node that has room. */
function firstFitDecreasing(sizes: readonly Size[]): number {
  const bins: { cpus: number; memory: number; gpus: GpuRoom[] }[] = [];
  for (const size of [...sizes].sort((a, b) => part(b) - part(a))) {
    const fits = (it: (typeof bins)[number]) =>
      it.cpus + size.cpus <= shape.cpus &&
      it.memory + size.memoryBytes <= shape.memoryBytes &&
      chooseGpus(it.gpus, size) !== null;
    let bin = bins.find(fits);
    if (!bin) bins.push((bin = { cpus: 0, memory: 0, gpus: openGpus(gpusOf("", shape.gpus)) }));
    bin.cpus += size.cpus;
    bin.memory += size.memoryBytes;
    bin.gpus = takeGpus(bin.gpus, chooseGpus(bin.gpus, size) ?? []);
  }
  return bins.length;
}

function packed(sizes: readonly Size[]): number {
  const rule = { id: "pack", name: "pack", priority: 0, enabled: true, when: {} };
  const nodes = Array.from({ length: sizes.length }, (_, at) =>
    nodeOf(at, { ...shape, gpus: gpusOf(String(at), shape.gpus) }),
  );
  const decisions = place(
    sizes.map((size, at) => requestOf(at, size)),
    { now: 0, nodes, rules: [{ ...rule, then: { strategy: "pack" } }], live: [], reservations: [] },
  );
  return new Set(decisions.map((it) => (it.kind === "placed" ? it.node.id : it.reason.text))).size;
}

/** In the order in which they come, beside what knows all of them beforehand. */
export function benchPacking(): BenchRow[] {
  const rounds = 12;
  return Object.entries({ mixed: mixedKinds, "of GPUs only": gpuKinds }).map(([name, kinds]) => {
    const all = Array.from({ length: rounds }, (_, at) => workload(kinds, 1000, at + 1));
    const ours = all.map(packed).reduce((sum, it) => sum + it, 0) / rounds;
    const peer = all.map(firstFitDecreasing).reduce((sum, it) => sum + it, 0) / rounds;
    return {
      name: `nodes for 1,000 desktops, ${name}, mean of ${rounds}, beside first-fit-decreasing`,
      ours,
      peer,
      unit: "nodes",
      goal: "≤ 1.05 × peer",
      pass: ours <= 1.05 * peer,
    };
  });
}
