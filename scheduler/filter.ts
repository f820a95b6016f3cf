import type { Candidate, Request } from "./types.ts";

export const filters = ["ready", "schedulable", "cpus", "memory"] as const;
export type FilterName = (typeof filters)[number];

/** Sums of 32-bit floats are not exact; a millionth of a core is nobody's. */
const tolerance = 1e-6;

const passes: Record<FilterName, (request: Request, node: Candidate) => boolean> = {
  ready: (_request, node) => node.ready,
  schedulable: (_request, node) => node.schedulable,
  cpus: (request, node) => node.allocatedCpus + request.size.cpus <= node.cpus + tolerance,
  memory: (request, node) =>
    node.allocatedMemoryBytes + request.size.memoryBytes <= node.memoryBytes,
};

export interface Filtered {
  readonly fitting: readonly Candidate[];
  /** How many nodes each filter refused; a node counts at the first one that refuses it. */
  readonly refused: Partial<Record<FilterName, number>>;
}

export function filterNodes(request: Request, nodes: readonly Candidate[]): Filtered {
  const refused: Partial<Record<FilterName, number>> = {};
  const fitting = nodes.filter((node) => {
    const by = filters.find((name) => !passes[name](request, node));
    if (by) refused[by] = (refused[by] ?? 0) + 1;
    return by === undefined;
  });
  return { fitting, refused };
}

/** Whether the request is larger than every node is when empty: waiting will not help. */
export function neverFits(request: Request, nodes: readonly Candidate[]): boolean {
  const empty = nodes.map((node) => ({ ...node, allocatedCpus: 0, allocatedMemoryBytes: 0 }));
  return (
    nodes.length > 0 &&
    !empty.some((node) => passes.cpus(request, node) && passes.memory(request, node))
  );
}
