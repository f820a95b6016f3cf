import type { Decision } from "./decision.ts";
import { Ahead } from "./limits.ts";
import { Round } from "./round.ts";
import type { Request, Situation } from "./types.ts";

export type { Decision } from "./decision.ts";

/**
 * Decides requests in order, each against what the ones before it left. Pure: the same input gives
 * the same answer, whatever order nodes and rules come in.
 *
 * @param ahead who waits for room in front of all of these; those of these that do so are put there
 * @param gathers whether nodes may begin to take nothing but one of these
 */
export function place(
  requests: readonly Request[],
  situation: Situation,
  { ahead = new Ahead(), gathers = false }: { ahead?: Ahead; gathers?: boolean } = {},
): Decision[] {
  const decided = new Set(requests.map((it) => it.id));
  const round = new Round(situation, { ahead, decided, gathers });
  return requests.map((it) => round.decide(it));
}
