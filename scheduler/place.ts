import type { Decision } from "./decision.ts";
import { Ahead } from "./limits.ts";
import { Round } from "./round.ts";
import { compileRules } from "./rules.ts";
import type { Request, Situation } from "./types.ts";

export type { Decision } from "./decision.ts";

/**
 * Decides requests in order, each against what the ones before it left. Pure: the same input gives
 * the same answer, whatever order nodes and rules come in.
 *
 * @param ahead who waits for room in front of all of these; those of these that do so are put there
 */
export function place(
  requests: readonly Request[],
  situation: Situation,
  ahead: Ahead = new Ahead(),
): Decision[] {
  const round = new Round(situation, compileRules(situation.rules), ahead);
  return requests.map((it) => round.decide(it));
}
