import type { Candidate, Request, Scored } from "./types.ts";

/** The share of a node that stays free after this request, of what is scarcer: 0 to 100. */
function freeShare(request: Request, node: Candidate): number {
  const cpus = 1 - (node.allocatedCpus + request.size.cpus) / node.cpus;
  const memory = 1 - (node.allocatedMemoryBytes + request.size.memoryBytes) / node.memoryBytes;
  return Math.round(Math.max(0, Math.min(cpus, memory)) * 1000) / 10;
}

/**
 * Nodes from best to worst. Spreading leaves each desktop the most room; equals go by name, so the
 * same input gives the same answer.
 */
export function scoreNodes(request: Request, nodes: readonly Candidate[]): Scored[] {
  return nodes
    .map((node) => {
      const points = freeShare(request, node);
      return { node, score: points, lines: [{ rule: "spread: share left free", points }] };
    })
    .sort((a, b) => b.score - a.score || (a.node.name < b.node.name ? -1 : 1));
}
