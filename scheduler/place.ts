import type { Decision } from "./decision.ts";
import { Round } from "./round.ts";
import type { Request, Situation } from "./types.ts";

export type { Decision } from "./decision.ts";

/**
 * Decides requests in order, each against what the ones before it left. Pure: the same input gives
 * the same answer, whatever order nodes and rules come in.
 */
export function place(requests: readonly Request[], situation: Situation): Decision[] {
  const round = new Round(situation);
  return requests.map((it) => round.decide(it));
}
