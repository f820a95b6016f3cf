import { explainRefusal, type Refusal } from "./explain.ts";
import { filterNodes, neverFits } from "./filter.ts";
import { scoreNodes } from "./score.ts";
import type { Candidate, Request, Scored } from "./types.ts";

export type Decision =
  | {
      readonly kind: "placed";
      readonly request: Request;
      readonly node: Candidate;
      readonly refused: Readonly<Record<string, number>>;
      readonly best: readonly Scored[];
    }
  | { readonly kind: "waits"; readonly request: Request; readonly reason: Refusal };

function take(node: Candidate, request: Request): Candidate {
  return {
    ...node,
    allocatedCpus: node.allocatedCpus + request.size.cpus,
    allocatedMemoryBytes: node.allocatedMemoryBytes + request.size.memoryBytes,
  };
}

/**
 * Decides requests in order, each against what the ones before it left. Pure: the same input gives
 * the same answer.
 */
export function place(requests: readonly Request[], nodes: readonly Candidate[]): Decision[] {
  let now = [...nodes];
  return requests.map((request) => {
    const { fitting, refused } = filterNodes(request, now);
    const ranked = scoreNodes(request, fitting);
    const [best] = ranked;
    if (!best) {
      const never = neverFits(request, now);
      return { kind: "waits", request, reason: explainRefusal(now.length, refused, never) };
    }
    now = now.map((node) => (node.id === best.node.id ? take(node, request) : node));
    return { kind: "placed", request, node: best.node, refused, best: ranked.slice(0, 5) };
  });
}
